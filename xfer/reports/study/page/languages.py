"""Names, families and scripts of the languages, and their order on a page: by family, then by script."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Language(NamedTuple):
    """A language of the benchmarks."""

    code: str
    name: str
    family: str
    script: str

    @property
    def group(self) -> str:
        """What it stands under in a figure."""
        return f"{self.family}, {self.script}" if self.script else self.family


OTHER, PAIR = "other", "language pairs"


@cache
def _known() -> dict[str, Language]:
    text = files(__package__).joinpath("assets/languages.txt").read_text(encoding="utf-8")
    rows = (line.split(", ") for line in text.splitlines() if not line.startswith("#"))
    return {code: Language(code, name, family, script) for code, name, family, script in rows}


def language(code: str) -> Language:
    """What is known of a code; a pair such as ``de-sw`` is two languages, and an unknown code its own name."""
    known = _known()
    if code in known:
        return known[code]
    parts = code.split("-")
    if len(parts) == 2 and all(part in known for part in parts):
        return Language(code, " and ".join(known[part].name for part in parts), PAIR, "")
    return Language(code, code, OTHER, "")


def grouped(codes: Iterable[str]) -> list[tuple[str, list[Language]]]:
    """(family and script, its languages) of the codes; large families first, pairs and unknown ones last."""
    found = [language(code) for code in dict.fromkeys(codes)]
    sizes: dict[str, int] = {}
    for one in found:
        sizes[one.family] = sizes.get(one.family, 0) + 1

    def place(one: Language) -> tuple[bool, bool, int, str, str]:
        return one.family == OTHER, one.family == PAIR, -sizes[one.family], one.family, one.script

    groups: dict[str, list[Language]] = {}
    for one in sorted(found, key=lambda one: (*place(one), one.name)):
        groups.setdefault(one.group, []).append(one)
    return list(groups.items())
