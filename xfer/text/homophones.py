"""Tables of characters that writers confuse because they sound (or, for a few, look) alike.

The groups stand in ``data/homophones.json``: any member may stand for any other. May import: character_data, scripts,
the standard library. Randomness has no place here.
"""

from __future__ import annotations

from functools import lru_cache

from xfer.text.character_data import character_data
from xfer.text.scripts import KATAKANA_OFFSET

_VARIANTS = ("simplified", "traditional")  # Chinese writing; both share a further list


@lru_cache(maxsize=16)
def confusion_table(name: str) -> dict[str, tuple[str, ...]]:
    """For each character of a table, those it is confused with, in a fixed order."""
    confusions: dict[str, list[str]] = {}
    data = character_data("homophones")
    groups = (data["shared"] if name in _VARIANTS else []) + data[name]
    for group in [*groups, *map(_katakana, groups)] if name.startswith("kana") else groups:
        for char in group:
            alternatives = confusions.setdefault(char, [])
            alternatives += [other for other in group if other != char and other not in alternatives]
    return {char: tuple(others) for char, others in confusions.items()}


def han_table(language: str, text: str) -> str:
    """The table for the Han characters of ``text``: Japanese by language, Chinese by what is written."""
    if language == "ja":
        return "japanese"
    simplified, traditional = confusion_table("simplified"), confusion_table("traditional")
    lead = sum((char in traditional) - (char in simplified) for char in text)
    return "traditional" if lead > 0 else "simplified"


def _katakana(group: str) -> str:
    return "".join(chr(ord(char) + KATAKANA_OFFSET) for char in group)
