"""Full and half widths: Latin letters and figures as wide as Chinese characters, katakana half as wide.

Unicode's Halfwidth and Fullwidth Forms; NFKC takes both back, which many tokenizers do and others do not.
May import: scripts, the standard library.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_GAP = 0xFEE0  # from ASCII to its full-width forms
_ASCII_POINTS = range(0x21, 0x7F)
_HALF_KANA = range(0xFF61, 0xFFA0)
_VOICED = {"\u3099": "\uff9e", "\u309a": "\uff9f"}
_STOPS = {"。": ".", "，": ",", "、": ","}


def full_width(text: str) -> str:
    """ASCII letters, figures and marks in full width."""
    return "".join(chr(ord(char) + _GAP) if ord(char) in _ASCII_POINTS else char for char in text)


def half_width(text: str) -> str:
    """Katakana in half width, with voicing marks apart; what is full width of ASCII, plain; full stops and commas."""
    return "".join(_half_width_char(char) for char in text)


def _half_width_char(char: str) -> str:
    if ord(char) - _GAP in _ASCII_POINTS:
        return chr(ord(char) - _GAP)
    if char in _STOPS:
        return _STOPS[char]
    parts = unicodedata.normalize("NFD", char)
    if char in _half_width_kana():
        return _half_width_kana()[char]
    if len(parts) == 2 and parts[0] in _half_width_kana() and parts[1] in _VOICED:
        return _half_width_kana()[parts[0]] + _VOICED[parts[1]]
    return char


@lru_cache(maxsize=1)
def _half_width_kana() -> dict[str, str]:
    wide_to_narrow = {unicodedata.normalize("NFKC", chr(point)): chr(point) for point in _HALF_KANA}
    return {
        wide: narrow for wide, narrow in wide_to_narrow.items() if len(wide) == 1 and not unicodedata.combining(wide)
    }
