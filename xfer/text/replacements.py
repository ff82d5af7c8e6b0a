"""What one grapheme cluster may be mistyped as: a neighbouring key, a sound-alike, a lost mark.

Every function returns ``(new cluster, weight)`` pairs in a fixed order and none that equals the
cluster; the drawing is done elsewhere. May import: scripts, keyboards, hangul, homophones, standard library.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from xfer.text import hangul
from xfer.text.homophones import table
from xfer.text.keyboards import INDIC_BLOCKS, Weighted, neighbours
from xfer.text.scripts import is_mark, letter_class, script_of

_CASED = frozenset(("Latin", "Greek", "Cyrillic"))
_MARKED = _CASED | {"Arabic", "Hebrew", "Hiragana", "Katakana"}
_INDIC = frozenset(INDIC_BLOCKS)
_DOTLESS = frozenset(("tr", "az"))
_STROKES = dict(zip("đłøħŧĐŁØĦŦ", "dlohtDLOHT", strict=True))
_DOTS = {"ı": "i", "i": "ı", "I": "İ", "İ": "I"}
_NUKTA, _LONGER = 0x3C, {0x3F: 0x40, 0x40: 0x3F, 0x41: 0x42, 0x42: 0x41, 0x07: 0x08, 0x08: 0x07, 0x09: 0x0A, 0x0A: 0x09}
_TONES = frozenset("\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0ec8\u0ec9\u0eca\u0ecb")
_ARABIC_YEH, _PERSIAN_YEH = "\u064a", "\u06cc"


@lru_cache(maxsize=4096)
def by_key(cluster: str, language: str) -> Weighted:
    """The cluster with one of its letters or signs hit on a neighbouring key, in the same case."""
    script = script_of(cluster[0])
    if script == "Hangul":
        return tuple(_syllables(cluster, language))
    if script in _CASED and len(cluster) > 1:
        return ()  # the mark was typed with the letter: another letter under it is no slip
    return tuple(
        (cluster[:place] + new + cluster[place + 1 :], weight)
        for place, char in enumerate(cluster)
        for new, weight in _cased(char, language)
    )


@lru_cache(maxsize=4096)
def by_sound(cluster: str, language: str, han: str) -> Weighted:
    """The cluster as a writer who goes by sound may spell it; ``han`` names the table for Han characters."""
    script = script_of(cluster[0])
    if script == "Hangul":
        return _even(_vowels(cluster))
    name = {"Han": han, "Hiragana": "kana", "Katakana": "kana"}.get(script)
    return _even(table(name).get(cluster, ())) if name else ()


@lru_cache(maxsize=4096)
def by_mark(cluster: str, language: str) -> Weighted:
    """The cluster without one of its diacritics (or all), or with the mark it is often confused with."""
    script = script_of(cluster[0])
    if script in _INDIC:
        return _even(_indic(cluster))
    if script in ("Thai", "Lao"):
        return _even(_without(cluster, _TONES))
    if script not in _MARKED:
        return ()
    if script == "Latin" and language in _DOTLESS and cluster in _DOTS:
        return ((_DOTS[cluster], 1),)
    options = [_STROKES[cluster]] if cluster in _STROKES else [*_bare(cluster, language)]
    return _even([*options, *table("kana marks").get(cluster, ())])


def _even(options: Iterator[str] | list[str] | tuple[str, ...]) -> Weighted:
    return tuple((option, 1) for option in dict.fromkeys(options))


def _syllables(cluster: str, language: str) -> Iterator[tuple[str, int]]:
    for slot, jamo in hangul.slots(cluster):
        for other, weight in neighbours(jamo, language):
            new = hangul.replaced(cluster, slot, other)
            if new is not None:
                yield new, weight


def _vowels(cluster: str) -> Iterator[str]:
    for slot, jamo in hangul.slots(cluster):
        for other in table("hangul vowels").get(jamo, ()):
            new = hangul.replaced(cluster, slot, other)
            if new is not None:
                yield new


def _cased(char: str, language: str) -> Iterator[tuple[str, int]]:
    small = _lower(char, language)
    for other, weight in neighbours(small, language):
        new = other if small == char else _upper(other, language)
        if len(new) == 1:  # "ß" has no single capital
            yield new, weight


def _lower(char: str, language: str) -> str:
    if language in _DOTLESS and char in "Iİ":
        return _DOTS["i"] if char == "I" else "i"
    low = char.lower()
    return low if len(low) == 1 else char


def _upper(char: str, language: str) -> str:
    return "İ" if language in _DOTLESS and char == "i" else char.upper()


def _bare(cluster: str, language: str) -> Iterator[str]:
    composed = unicodedata.is_normalized("NFC", cluster)
    letters = unicodedata.normalize("NFD", cluster)
    marks = [place for place in range(1, len(letters)) if is_mark(letters[place])]
    for gone in [*([place] for place in marks), *([marks] if len(marks) > 1 else [])]:
        rest = "".join(char for place, char in enumerate(letters) if place not in gone)
        if language != "ar" and script_of(rest[0]) == "Arabic":
            rest = rest.replace(_ARABIC_YEH, _PERSIAN_YEH)  # what is left of the hamza seat there
        yield unicodedata.normalize("NFC", rest) if composed else rest


def _without(cluster: str, signs: frozenset[str]) -> Iterator[str]:
    for place, char in enumerate(cluster):
        if char in signs:
            yield cluster[:place] + cluster[place + 1 :]


def _indic(cluster: str) -> Iterator[str]:
    for place, char in enumerate(cluster):
        offset = ord(char) & 0x7F
        if script_of(char) in _INDIC and offset == _NUKTA:
            yield cluster[:place] + cluster[place + 1 :]
        other = chr(ord(char) - offset + _LONGER.get(offset, offset))
        if script_of(char) in _INDIC and other != char and letter_class(other) == letter_class(char):
            yield cluster[:place] + other + cluster[place + 1 :]
