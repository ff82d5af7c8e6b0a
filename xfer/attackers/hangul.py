"""Hangul syllables as keystrokes: taken apart into jamo and put together again.

Unicode arithmetic only, in compatibility jamo (the letters printed on the keys).
May import: the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator

_FIRST, _LAST = 0xAC00, 0xD7A3
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_SLOTS = (tuple(_INITIALS), tuple(_VOWELS), _FINALS)


def decompose(syllable: str) -> tuple[str, str, str] | None:
    """Initial, vowel and final ("" for none) of a precomposed syllable; None for anything else."""
    if len(syllable) != 1 or not _FIRST <= ord(syllable) <= _LAST:
        return None
    rest, final = divmod(ord(syllable) - _FIRST, len(_FINALS))
    initial, vowel = divmod(rest, len(_VOWELS))
    return _INITIALS[initial], _VOWELS[vowel], _FINALS[final]


def compose(initial: str, vowel: str, final: str = "") -> str | None:
    """The precomposed syllable, None where a jamo cannot stand in its slot."""
    jamo = (initial, vowel, final)
    if any(letter not in slot for letter, slot in zip(jamo, _SLOTS, strict=True)):
        return None
    first, second, third = (slot.index(letter) for letter, slot in zip(jamo, _SLOTS, strict=True))
    return chr(_FIRST + (first * len(_VOWELS) + second) * len(_FINALS) + third)


def replaced(syllable: str, slot: int, jamo: str) -> str | None:
    """The syllable with another jamo in a slot (0 initial, 1 vowel, 2 final), None if there is none."""
    parts = decompose(syllable)
    if parts is None:
        return None
    initial, vowel, final = (jamo if place == slot else part for place, part in enumerate(parts))
    return compose(initial, vowel, final)


def slots(syllable: str) -> Iterator[tuple[int, str]]:
    """The filled slots of a precomposed syllable, with their jamo; none for anything else."""
    return ((slot, jamo) for slot, jamo in enumerate(decompose(syllable) or ()) if jamo)
