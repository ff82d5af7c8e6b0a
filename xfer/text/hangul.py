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
_PAIRS = {pair: jamo for jamo, pair in _DOUBLE.items()}
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


def keystrokes(word: str) -> str:
    """The keys that type a word on the Dubeolsik layout; what is no Hangul stays."""
    jamo = (letter for char in word for letter in (decompose(char) or (char,)))
    return "".join(_DOUBLE.get(letter, letter) for letter in jamo)


def typed(keys: str) -> str:
    """What an input method makes of keys: each consonant goes to the syllable before until a vowel claims it."""
    done, now = "", ["", "", ""]  # initial, vowel, final

    def flushed() -> str:
        made = compose(*now) if now[0] and now[1] else None
        text = made or "".join(now)
        now[:] = ["", "", ""]
        return text

    for key in keys:
        if key in _VOWELS:
            if now[2]:  # the last consonant begins the next syllable
                last = _DOUBLE.get(now[2], now[2])[-1]
                now[2] = now[2] if len(_DOUBLE.get(now[2], "")) == 2 else ""
                now[2] = _DOUBLE[now[2]][0] if now[2] else ""
                done += flushed()
                now[0] = last
            if now[1] and now[1] + key in _PAIRS and not now[2]:
                now[1] = _PAIRS[now[1] + key]
            else:
                done += flushed() if now[1] else ""
                now[1] = key
        elif key in _INITIALS or key in _FINALS[1:]:
            if now[0] and now[1] and (now[2] + key in _PAIRS or not now[2] and key in _FINALS):
                now[2] = _PAIRS.get(now[2] + key, key)
            else:
                done += flushed()
                now[0] = key
        else:
            done += flushed() + key
    return done + flushed()
