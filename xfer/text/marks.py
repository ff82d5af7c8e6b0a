"""Marks above and below letters that writers leave out: by script, since elsewhere a mark is a vowel or a letter.

May import: scripts, the standard library.
"""

from __future__ import annotations

import unicodedata

from xfer.text.scripts import is_mark, script_of

_BARE = dict(zip("đłøħŧıĐŁØĦŦİ", "dlohtiDLOHTI", strict=True))
_STRESS = "\u0300\u0301"  # Cyrillic: й and ї are letters of their own, only ё is written without its dots
_YO = {"ё": "е", "Ё": "Е"}
_HARAKAT = frozenset(map(chr, (*range(0x064B, 0x0653), 0x0670)))


def strip_marks(text: str) -> str:
    """``text`` without accents (Latin, Greek), stress and dots of ё (Cyrillic), vowel signs (Arabic, Hebrew)."""
    composed = unicodedata.is_normalized("NFC", text)
    kept, base = [], ""
    for char in unicodedata.normalize("NFD", "".join(_YO.get(char, char) for char in text)):
        base = base if is_mark(char) else script_of(char)
        if not (is_mark(char) and _is_omitted(char, base)):
            kept.append(_BARE.get(char, char) if base == "Latin" else char)
    stripped = "".join(kept)
    return unicodedata.normalize("NFC", stripped) if composed else stripped


def _is_omitted(mark: str, base: str) -> bool:
    if base == "Cyrillic":
        return mark in _STRESS
    if base == "Arabic":
        return mark in _HARAKAT
    return base in ("Latin", "Greek", "Hebrew")
