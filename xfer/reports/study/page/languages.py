"""Names, families and scripts of the languages, and their order on a page: by family, then by script."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class LanguageInfo(NamedTuple):
    """A language of the benchmarks."""

    code: str
    name: str
    family: str
    script: str

    @property
    def group(self) -> str:
        """What it stands under in a figure."""
        return f"{self.family}, {self.script}" if self.script else self.family


OTHER_FAMILY, PAIR_FAMILY = "other", "language pairs"


@cache
def _languages_by_code() -> dict[str, LanguageInfo]:
    text = files(__package__).joinpath("assets/languages.txt").read_text(encoding="utf-8")
    rows = (line.split(", ") for line in text.splitlines() if not line.startswith("#"))
    return {code: LanguageInfo(code, name, family, script) for code, name, family, script in rows}


def language_info(code: str) -> LanguageInfo:
    """What is known of a code; a pair such as ``de-sw`` is two languages, and an unknown code its own name."""
    languages = _languages_by_code()
    if code in languages:
        return languages[code]
    parts = code.split("-")
    if len(parts) == 2 and all(member in languages for member in parts):
        return LanguageInfo(code, " and ".join(languages[member].name for member in parts), PAIR_FAMILY, "")
    return LanguageInfo(code, code, OTHER_FAMILY, "")


def group_languages(codes: Iterable[str]) -> list[tuple[str, list[LanguageInfo]]]:
    """(family and script, its languages) of the codes; large families first, pairs and unknown ones last."""
    languages = [language_info(code) for code in dict.fromkeys(codes)]
    sizes: dict[str, int] = {}
    for entry in languages:
        sizes[entry.family] = sizes.get(entry.family, 0) + 1

    def place(entry: LanguageInfo) -> tuple[bool, bool, int, str, str]:
        return (
            entry.family == OTHER_FAMILY,
            entry.family == PAIR_FAMILY,
            -sizes[entry.family],
            entry.family,
            entry.script,
        )

    groups: dict[str, list[LanguageInfo]] = {}
    for entry in sorted(languages, key=lambda entry: (*place(entry), entry.name)):
        groups.setdefault(entry.group, []).append(entry)
    return list(groups.items())
