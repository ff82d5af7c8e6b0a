"""Upper and lower case by the rules of a language. May import: scripts, marks, the standard library."""

from __future__ import annotations

import unicodedata

from xfer.text.marks import strip_marks
from xfer.text.scripts import script_of

_CASED_SCRIPTS = frozenset(("Latin", "Greek", "Cyrillic", "Armenian"))  # Georgian capitals are for headlines, and new
_DOTLESS_LANGUAGES = frozenset(("tr", "az"))
_DIAERESIS = "\u0308"


def apply_case(word: str, language: str, to: str) -> str:
    """``word`` in ``lower``, ``upper``, ``title`` or ``swap`` case; the same word in a script without case."""
    if script_of(word[0]) not in _CASED_SCRIPTS:
        return word
    if to == "title":
        return _upper_case(word[0], language) + _lower_case(word[1:], language)
    if to == "swap":
        return "".join(_upper_case(char, language) if char.islower() else _lower_case(char, language) for char in word)
    return _upper_case(word, language) if to == "upper" else _lower_case(word, language)


def _lower_case(text: str, language: str) -> str:
    if language in _DOTLESS_LANGUAGES:
        text = text.replace("I", "ı").replace("İ", "i")
    return text.replace("İ", "i").lower()


def _upper_case(text: str, language: str) -> str:
    if language in _DOTLESS_LANGUAGES:
        text = text.replace("i", "İ")
    if language == "el" and _DIAERESIS not in unicodedata.normalize("NFD", text):
        text = strip_marks(text)
    return text.upper()
