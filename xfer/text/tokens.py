"""Words, letters and grapheme clusters of any script, for searches that edit words.

TextAttack splits by Python's ``\\w``, which cuts Hindi, Thai, Tamil or pointed Arabic at each combining
mark, and has no words for scripts written without spaces. Here a word is a run of letters, marks and
digits; in scripts without spaces it is what the segmenter finds, or a piece of fixed length where none is installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

import regex

from xfer.text.scripts import graphemes
from xfer.text.segment import grouped

# Grapheme clusters in a piece: Thai words have about four, Chinese and Japanese ones about two.
UNSPACED = {
    4: r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}",
    2: r"\p{Han}\p{Hiragana}\p{Katakana}ー",
}
_ALL = "".join(UNSPACED.values())
_RUNS = "|".join(
    rf"(?P<run{size}>[[{scripts}]&&[\p{{L}}\p{{N}}]][[{scripts}\p{{M}}]&&[\p{{L}}\p{{M}}\p{{N}}]]*)"
    for size, scripts in UNSPACED.items()
)
# A word starts with a letter or digit: a mark, joiner, hyphen or apostrophe can only follow one.
_WORD = rf"(?P<word>[[\p{{L}}\p{{N}}]--[{_ALL}]][[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d'’-]--[{_ALL}]]*)"
_TOKEN = regex.compile(f"{_RUNS}|{_WORD}", regex.V1)
_LETTER = regex.compile(r"\p{L}")


class Span(NamedTuple):
    """A word: ``text[start:end]`` of one column (code points)."""

    start: int
    end: int


def spans(text: str) -> list[Span]:
    """The words of ``text``, in order. No span starts with a combining mark; none is empty."""
    found: list[Span] = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":
            found.append(Span(match.start(), match.start() + len(match.group().rstrip("'’-"))))
        else:
            found += _pieces(match.group(), match.start(), int((match.lastgroup or "run2")[3:]))
    return found


def _pieces(run: str, start: int, size: int) -> list[Span]:
    """The words of a run without spaces. Without a segmenter it is cut after every ``size`` clusters; a single one
    left over joins the piece before it."""
    cells = [(start + first, start + past) for first, past in graphemes(run)]
    words = grouped(cells, run, start)
    if words is not None:
        return [Span(word[0][0], word[-1][1]) for word in words]
    ends = [end - start for _, end in cells]
    cuts = ends[size - 1 :: size]
    if len(cuts) * size < len(ends):
        if cuts and len(ends) - len(cuts) * size == 1:
            cuts.pop()  # one cluster alone could not be edited
        cuts.append(ends[-1])
    return [Span(start + left, start + right) for left, right in zip([0, *cuts], cuts, strict=False)]


def clusters(text: str) -> list[str]:
    """User-perceived characters (Unicode UAX 29, section 3): a base with its marks, a Hindi conjunct whole."""
    return [text[start:end] for start, end in graphemes(text)]


@lru_cache(maxsize=1 << 16)
def script(letter: str) -> str:
    """The Unicode script of one code point; ``Common`` where a character belongs to none of the known ones."""
    for name in _SCRIPTS:
        if _is(name).match(letter):
            return name
    return "Common"


def word_script(word: str) -> str:
    """The script of a word's first letter; ``Common`` for a number."""
    first = _LETTER.search(word)
    return script(first.group()) if first else "Common"


def alphabet(words: Iterable[str]) -> Mapping[str, str]:
    """For each script the letters seen in ``words``, sorted, each once.

    These are what an edit may insert. A letter that would melt into the one before it (Thai sara am) is no
    candidate: at the start of a word it would belong to the word before.
    """
    seen: dict[str, set[str]] = {}
    for letter in set("".join(words)):
        if _LETTER.match(letter) and len(clusters("a" + letter)) == 2:
            seen.setdefault(script(letter), set()).add(letter)
    return {name: "".join(sorted(letters)) for name, letters in seen.items()}


# The scripts of the languages of XTREME-R and their neighbours (Ruder et al. 2021, table 7).
_SCRIPTS = (
    *("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya"),
    *("Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"),
    *("Han", "Hiragana", "Katakana", "Hangul", "Georgian", "Armenian", "Ethiopic", "Thaana", "Mongolian"),
)


@cache
def _is(name: str) -> regex.Pattern[str]:
    return regex.compile(rf"\p{{{name}}}")
