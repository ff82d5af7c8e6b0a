"""Numbers and dates in other notation: other digits, another mark between thousands, another order. The value stays.

May import: draws, scripts, forms.edits, the standard library and ``regex``.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import regex

from xfer.text.draws import random_round, shuffle_items
from xfer.text.edits import Edit, minimal_edits

_ZEROS = {
    "ar": "٠", "fa": "۰", "ur": "۰", "hi": "०", "mr": "०", "ne": "०", "bn": "০", "pa": "੦", "gu": "૦", "or": "୦",
    "ta": "௦", "te": "౦", "kn": "೦", "ml": "൦", "th": "๐", "lo": "໐", "my": "၀", "km": "០", "zh": "０", "ja": "０",
}  # fmt: skip
# The mark between thousands: where a language sets a space, the narrow one that does not break a line.
_MARKS = {
    **dict.fromkeys("en zh ja ko th hi bn ta te mr ur he sw tl ms".split(), ","),
    **dict.fromkeys("de es it nl pt tr id da el hr ro sl sr vi".split(), "."),
    **dict.fromkeys("fr ru uk bg pl cs sk hu fi sv nb no et lt lv kk".split(), "\u202f"),
}
# Day, month and year as a language writes them in figures. English is left out: its two ways cannot be told apart.
_DATES = {
    **dict.fromkeys("de ru uk bg pl cs sk fi tr ro kk et lv nb no da".split(), "{d}.{m}.{y}"),
    **dict.fromkeys("fr es it pt el vi id ms he th hi bn ur sw ar".split(), "{d}/{m}/{y}"),
    "nl": "{d}-{m}-{y}",
    "hu": "{y}. {m}. {d}.",
    "ja": "{y}年{m}月{d}日",
    "zh": "{y}年{m}月{d}日",
    "ko": "{y}년 {m}월 {d}일",
}
_NUMBER = regex.compile(
    r"(?<![\p{L}\p{M}\p{N}.,:/\-@_])\p{Nd}+(?:[.,/:\-\u202f]\p{Nd}+)*(?![\p{L}\p{M}\p{N}/@_]|[.,:\-]\p{N})"
)
_ISO = regex.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MAX_DIGITS = 40  # digits: what is longer is no number that anybody reads


def notation_edits(text: str, language: str, rate: float, rng: Random, operations: Sequence[str]) -> list[Edit]:
    """A share ``rate`` of the numbers of ``text`` in another notation of ``language``, as sorted edits."""
    spans = [match.span() for match in _NUMBER.finditer(text) if match.end() - match.start() <= _MAX_DIGITS]
    wanted = random_round(rng, rate * len(spans))
    edits: list[Edit] = []
    for start, end in shuffle_items(rng, spans) if wanted else ():
        for operation in shuffle_items(rng, operations):
            new = _REWRITERS[operation](text[start:end], language)
            if new != text[start:end]:
                edits += minimal_edits(text, start, end, new, operation)
                break
        if len(edits) == wanted:
            break
    return sorted(edits)


def swap_digits(number: str, language: str) -> str:
    """Figures of the language for European ones, and European ones for those."""
    zero = _ZEROS.get(language)
    if zero is None:
        return number
    figures = {chr(ord(zero) + i): str(i) for i in range(10)}
    if any(char in figures for char in number):
        return "".join(figures.get(char, char) for char in number)
    to_native = {figure: char for char, figure in figures.items()}
    return "".join(to_native.get(char, char) for char in number)


def swap_thousands(number: str, language: str) -> str:
    """A mark between thousands, from five figures on, so that no year gets one; or none where there were marks."""
    mark = _MARKS.get(language)
    if mark is None:
        return number
    if regex.fullmatch(rf"[1-9][0-9]{{0,2}}(?:{regex.escape(mark)}[0-9]{{3}})+", number):
        # one mark alone and no more than four figures may be a decimal in another hand: left as it is
        return number.replace(mark, "") if len(number) > 5 else number
    plain = regex.fullmatch(r"[1-9][0-9]{4,}", number)
    return f"{int(number):,}".replace(",", mark) if plain else number


def localize_date(number: str, language: str) -> str:
    """A date of ISO 8601 as the language writes it."""
    match, pattern = _ISO.fullmatch(number), _DATES.get(language)
    if not match or not pattern:
        return number
    month, day = int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return number
    return pattern.format(y=match[1], m=month, d=day)


_REWRITERS = {"digits": swap_digits, "thousands": swap_thousands, "dates": localize_date}
