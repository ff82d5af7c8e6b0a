"""What one grapheme cluster may be mistyped as: a neighbouring key, a sound-alike, a lost mark.

Every function returns ``(new cluster, weight)`` pairs in a fixed order and none that equals the
cluster; the drawing is done elsewhere. May import: scripts, keyboards, hangul, homophones, standard library.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from xfer.text import hangul
from xfer.text.homophones import confusion_table
from xfer.text.keyboards import Weighted, key_neighbours
from xfer.text.scripts import INDIC_BLOCKS, is_mark, letter_class, script_of

_TWO_CASE_SCRIPTS = frozenset(("Latin", "Greek", "Cyrillic"))
_MARKED = _TWO_CASE_SCRIPTS | {"Arabic", "Hebrew", "Hiragana", "Katakana"}
_INDIC_SCRIPTS = frozenset(INDIC_BLOCKS)
_DOTLESS_LANGUAGES = frozenset(("tr", "az"))
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
        return tuple(_syllable_slips(cluster, language))
    if script in _TWO_CASE_SCRIPTS and len(cluster) > 1:
        return ()  # the mark was typed with the letter: another letter under it is no slip
    return tuple(
        (cluster[:position] + new + cluster[position + 1 :], weight)
        for position, char in enumerate(cluster)
        for new, weight in _same_case_slips(char, language)
    )


@lru_cache(maxsize=4096)
def by_sound(cluster: str, language: str, han: str) -> Weighted:
    """The cluster as a writer who goes by sound may spell it; ``han`` names the table for Han characters."""
    script = script_of(cluster[0])
    if script == "Hangul":
        return _equal_weights(_vowel_slips(cluster))
    name = {"Han": han, "Hiragana": "kana", "Katakana": "kana"}.get(script)
    return _equal_weights(confusion_table(name).get(cluster, ())) if name else ()


@lru_cache(maxsize=4096)
def by_mark(cluster: str, language: str) -> Weighted:
    """The cluster without one of its diacritics (or all), or with the mark it is often confused with."""
    script = script_of(cluster[0])
    if script in _INDIC_SCRIPTS:
        return _equal_weights(_indic_variants(cluster))
    if script in ("Thai", "Lao"):
        return _equal_weights(_without_signs(cluster, _TONES))
    if script not in _MARKED:
        return ()
    if script == "Latin" and language in _DOTLESS_LANGUAGES and cluster in _DOTS:
        return ((_DOTS[cluster], 1),)
    options = [_STROKES[cluster]] if cluster in _STROKES else [*_unmarked(cluster, language)]
    return _equal_weights([*options, *confusion_table("kana marks").get(cluster, ())])


def _equal_weights(options: Iterator[str] | list[str] | tuple[str, ...]) -> Weighted:
    return tuple((option, 1) for option in dict.fromkeys(options))


def _syllable_slips(cluster: str, language: str) -> Iterator[tuple[str, int]]:
    for slot, jamo in hangul.filled_slots(cluster):
        for other, weight in key_neighbours(jamo, language):
            new = hangul.replace_jamo(cluster, slot, other)
            if new is not None:
                yield new, weight


def _vowel_slips(cluster: str) -> Iterator[str]:
    for slot, jamo in hangul.filled_slots(cluster):
        for other in confusion_table("hangul vowels").get(jamo, ()):
            new = hangul.replace_jamo(cluster, slot, other)
            if new is not None:
                yield new


def _same_case_slips(char: str, language: str) -> Iterator[tuple[str, int]]:
    small = _lower_letter(char, language)
    for other, weight in key_neighbours(small, language):
        new = other if small == char else _upper_letter(other, language)
        if len(new) == 1:  # "ß" has no single capital
            yield new, weight


def _lower_letter(char: str, language: str) -> str:
    if language in _DOTLESS_LANGUAGES and char in "Iİ":
        return _DOTS["i"] if char == "I" else "i"
    low = char.lower()
    return low if len(low) == 1 else char


def _upper_letter(char: str, language: str) -> str:
    return "İ" if language in _DOTLESS_LANGUAGES and char == "i" else char.upper()


def _unmarked(cluster: str, language: str) -> Iterator[str]:
    composed = unicodedata.is_normalized("NFC", cluster)
    letters = unicodedata.normalize("NFD", cluster)
    marks = [position for position in range(1, len(letters)) if is_mark(letters[position])]
    for removed in [*([position] for position in marks), *([marks] if len(marks) > 1 else [])]:
        rest = "".join(char for position, char in enumerate(letters) if position not in removed)
        if language != "ar" and script_of(rest[0]) == "Arabic":
            rest = rest.replace(_ARABIC_YEH, _PERSIAN_YEH)  # what is left of the hamza seat there
        yield unicodedata.normalize("NFC", rest) if composed else rest


def _without_signs(cluster: str, signs: frozenset[str]) -> Iterator[str]:
    for position, char in enumerate(cluster):
        if char in signs:
            yield cluster[:position] + cluster[position + 1 :]


def _indic_variants(cluster: str) -> Iterator[str]:
    for position, char in enumerate(cluster):
        offset = ord(char) & 0x7F
        if script_of(char) in _INDIC_SCRIPTS and offset == _NUKTA:
            yield cluster[:position] + cluster[position + 1 :]
        other = chr(ord(char) - offset + _LONGER.get(offset, offset))
        if script_of(char) in _INDIC_SCRIPTS and other != char and letter_class(other) == letter_class(char):
            yield cluster[:position] + other + cluster[position + 1 :]
