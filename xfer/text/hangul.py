"""Hangul syllables as keystrokes: taken apart into jamo and put together again, as an input method does.

Unicode arithmetic only, in compatibility jamo (the letters printed on the keys).
May import: the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator

_FIRST, _LAST = 0xAC00, 0xD7A3
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
# Jamo that the Dubeolsik layout types as two.
_DOUBLE = {
    **{"ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ"},
    **{"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ"},
    **{"ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"},
}
_DOUBLED_JAMO = {pair: jamo for jamo, pair in _DOUBLE.items()}
_JAMO_SLOTS = (tuple(_INITIALS), tuple(_VOWELS), _FINALS)


def decompose_syllable(syllable: str) -> tuple[str, str, str] | None:
    """Initial, vowel and final ("" for none) of a precomposed syllable; None for anything else."""
    if len(syllable) != 1 or not _FIRST <= ord(syllable) <= _LAST:
        return None
    rest, final = divmod(ord(syllable) - _FIRST, len(_FINALS))
    initial, vowel = divmod(rest, len(_VOWELS))
    return _INITIALS[initial], _VOWELS[vowel], _FINALS[final]


def compose_syllable(initial: str, vowel: str, final: str = "") -> str | None:
    """The precomposed syllable, None where a jamo cannot stand in its slot."""
    jamo = (initial, vowel, final)
    if any(letter not in slot for letter, slot in zip(jamo, _JAMO_SLOTS, strict=True)):
        return None
    first, second, third = (slot.index(letter) for letter, slot in zip(jamo, _JAMO_SLOTS, strict=True))
    return chr(_FIRST + (first * len(_VOWELS) + second) * len(_FINALS) + third)


def replace_jamo(syllable: str, slot: int, jamo: str) -> str | None:
    """The syllable with another jamo in a slot (0 initial, 1 vowel, 2 final), None if there is none."""
    jamos = decompose_syllable(syllable)
    if jamos is None:
        return None
    initial, vowel, final = (jamo if position == slot else letter for position, letter in enumerate(jamos))
    return compose_syllable(initial, vowel, final)


def filled_slots(syllable: str) -> Iterator[tuple[int, str]]:
    """The filled slots of a precomposed syllable, with their jamo; none for anything else."""
    return ((slot, jamo) for slot, jamo in enumerate(decompose_syllable(syllable) or ()) if jamo)


def word_keystrokes(word: str) -> str:
    """The keys that type a word on the Dubeolsik layout; what is no Hangul stays."""
    jamo = (letter for char in word for letter in (decompose_syllable(char) or (char,)))
    return "".join(_DOUBLE.get(letter, letter) for letter in jamo)


def type_keys(keys: str) -> str:
    """What an input method makes of keys: each consonant goes to the syllable before until a vowel claims it."""
    text_so_far, syllable = "", ["", "", ""]  # initial, vowel, final

    def flushed() -> str:
        composed = compose_syllable(*syllable) if syllable[0] and syllable[1] else None
        text = composed or "".join(syllable)
        syllable[:] = ["", "", ""]
        return text

    for key in keys:
        if key in _VOWELS:
            if syllable[2]:  # the last consonant begins the next syllable
                last = _DOUBLE.get(syllable[2], syllable[2])[-1]
                syllable[2] = syllable[2] if len(_DOUBLE.get(syllable[2], "")) == 2 else ""
                syllable[2] = _DOUBLE[syllable[2]][0] if syllable[2] else ""
                text_so_far += flushed()
                syllable[0] = last
            if syllable[1] and syllable[1] + key in _DOUBLED_JAMO and not syllable[2]:
                syllable[1] = _DOUBLED_JAMO[syllable[1] + key]
            else:
                text_so_far += flushed() if syllable[1] else ""
                syllable[1] = key
        elif key in _INITIALS or key in _FINALS[1:]:
            if (
                syllable[0]
                and syllable[1]
                and (syllable[2] + key in _DOUBLED_JAMO or not syllable[2] and key in _FINALS)
            ):
                syllable[2] = _DOUBLED_JAMO.get(syllable[2] + key, key)
            else:
                text_so_far += flushed()
                syllable[0] = key
        else:
            text_so_far += flushed() + key
    return text_so_far + flushed()
