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

from xfer.text.scripts import grapheme_spans
from xfer.text.segment import group_clusters

# Grapheme clusters in a piece: Thai words have about four, Chinese and Japanese ones about two.
PIECE_SCRIPTS = {
    4: r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}",
    2: r"\p{Han}\p{Hiragana}\p{Katakana}ー",
}
_ALL = "".join(PIECE_SCRIPTS.values())
_RUNS = "|".join(
    rf"(?P<run{size}>[[{scripts}]&&[\p{{L}}\p{{N}}]][[{scripts}\p{{M}}]&&[\p{{L}}\p{{M}}\p{{N}}]]*)"
    for size, scripts in PIECE_SCRIPTS.items()
)
# A word starts with a letter or digit: a mark, joiner, hyphen or apostrophe can only follow one.
_WORD_GROUP = rf"(?P<word>[[\p{{L}}\p{{N}}]--[{_ALL}]][[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d'’-]--[{_ALL}]]*)"
_TOKEN = regex.compile(f"{_RUNS}|{_WORD_GROUP}", regex.V1)
_LETTER = regex.compile(r"\p{L}")


class WordSpan(NamedTuple):
    """A word: ``text[start:end]`` of one column (code points)."""

    start: int
    end: int


def word_spans(text: str) -> list[WordSpan]:
    """The words of ``text``, in order. No span starts with a combining mark; none is empty."""
    words: list[WordSpan] = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":
            words.append(WordSpan(match.start(), match.start() + len(match.group().rstrip("'’-"))))
        else:
            words += _run_words(match.group(), match.start(), int((match.lastgroup or "run2")[3:]))
    return words


def _run_words(run: str, start: int, size: int) -> list[WordSpan]:
    """The words of a run without spaces. Without a segmenter it is cut after every ``size`` clusters; a single one
    left over joins the piece before it."""
    cells = [(start + first, start + past) for first, past in grapheme_spans(run)]
    words = group_clusters(cells, run, start)
    if words is not None:
        return [WordSpan(word[0][0], word[-1][1]) for word in words]
    ends = [end - start for _, end in cells]
    cuts = ends[size - 1 :: size]
    if len(cuts) * size < len(ends):
        if cuts and len(ends) - len(cuts) * size == 1:
            cuts.pop()  # one cluster alone could not be edited
        cuts.append(ends[-1])
    return [WordSpan(start + left, start + right) for left, right in zip([0, *cuts], cuts, strict=False)]


def grapheme_clusters(text: str) -> list[str]:
    """User-perceived characters (Unicode UAX 29, section 3): a base with its marks, a Hindi conjunct whole."""
    return [text[start:end] for start, end in grapheme_spans(text)]


@lru_cache(maxsize=1 << 16)
def letter_script(letter: str) -> str:
    """The Unicode script of one code point; ``Common`` where a character belongs to none of the known ones."""
    for name in _KNOWN_SCRIPTS:
        if _script_pattern(name).match(letter):
            return name
    return "Common"


def word_script(word: str) -> str:
    """The script of a word's first letter; ``Common`` for a number."""
    first = _LETTER.search(word)
    return letter_script(first.group()) if first else "Common"


def script_alphabet(words: Iterable[str]) -> Mapping[str, str]:
    """For each script the letters seen in ``words``, sorted, each once.

    These are what an edit may insert. A letter that would melt into the one before it (Thai sara am) is no
    candidate: at the start of a word it would belong to the word before.
    """
    seen: dict[str, set[str]] = {}
    for letter in set("".join(words)):
        if _LETTER.match(letter) and len(grapheme_clusters("a" + letter)) == 2:
            seen.setdefault(letter_script(letter), set()).add(letter)
    return {name: "".join(sorted(letters)) for name, letters in seen.items()}


# The scripts of the languages of XTREME-R and their neighbours (Ruder et al. 2021, table 7).
_KNOWN_SCRIPTS = (
    *("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya"),
    *("Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"),
    *("Han", "Hiragana", "Katakana", "Hangul", "Georgian", "Armenian", "Ethiopic", "Thaana", "Mongolian"),
)


@cache
def _script_pattern(name: str) -> regex.Pattern[str]:
    return regex.compile(rf"\p{{{name}}}")
