"""Full and half widths: Latin letters and figures as wide as Chinese characters, katakana half as wide.

Unicode's Halfwidth and Fullwidth Forms; NFKC takes both back, which many tokenizers do and others do not.
May import: scripts, the standard library.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_GAP = 0xFEE0  # from ASCII to its full-width forms
_PLAIN = range(0x21, 0x7F)
_HALF_KANA = range(0xFF61, 0xFFA0)
_VOICED = {"\u3099": "\uff9e", "\u309a": "\uff9f"}
_STOPS = {"。": ".", "，": ",", "、": ","}


def full(text: str) -> str:
    """ASCII letters, figures and marks in full width."""
    return "".join(chr(ord(char) + _GAP) if ord(char) in _PLAIN else char for char in text)


def half(text: str) -> str:
    """Katakana in half width, with voicing marks apart; what is full width of ASCII, plain; full stops and commas."""
    return "".join(_half(char) for char in text)


def _half(char: str) -> str:
    if ord(char) - _GAP in _PLAIN:
        return chr(ord(char) - _GAP)
    if char in _STOPS:
        return _STOPS[char]
    parts = unicodedata.normalize("NFD", char)
    if char in _kana():
        return _kana()[char]
    if len(parts) == 2 and parts[0] in _kana() and parts[1] in _VOICED:
        return _kana()[parts[0]] + _VOICED[parts[1]]
    return char


@lru_cache(maxsize=1)
def _kana() -> dict[str, str]:
    found = {unicodedata.normalize("NFKC", chr(point)): chr(point) for point in _HALF_KANA}
    return {wide: narrow for wide, narrow in found.items() if len(wide) == 1 and not unicodedata.combining(wide)}
