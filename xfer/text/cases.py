"""Upper and lower case by the rules of a language. May import: scripts, marks, the standard library."""

from __future__ import annotations

import unicodedata

from xfer.text.marks import bare
from xfer.text.scripts import script_of

_CASED = frozenset(("Latin", "Greek", "Cyrillic", "Armenian"))  # Georgian capitals are for headlines, and new
_DOTLESS = frozenset(("tr", "az"))
_DIAERESIS = "\u0308"


def cased(word: str, language: str, to: str) -> str:
    """``word`` in ``lower``, ``upper``, ``title`` or ``swap`` case; the same word in a script without case."""
    if script_of(word[0]) not in _CASED:
        return word
    if to == "title":
        return _upper(word[0], language) + _lower(word[1:], language)
    if to == "swap":
        return "".join(_upper(char, language) if char.islower() else _lower(char, language) for char in word)
    return _upper(word, language) if to == "upper" else _lower(word, language)


def _lower(text: str, language: str) -> str:
    if language in _DOTLESS:
        text = text.replace("I", "ı").replace("İ", "i")
    return text.replace("İ", "i").lower()


def _upper(text: str, language: str) -> str:
    if language in _DOTLESS:
        text = text.replace("i", "İ")
    if language == "el" and _DIAERESIS not in unicodedata.normalize("NFD", text):
        text = bare(text)
    return text.upper()
