"""Phrases of a text with their translations, out of parallel text: rows of a data set, or a bitext of one's own.

May import: alignment, segment, units, dictionaries, core.errors, the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from xfer.attackers.lexicons.located import filled, located
from xfer.attackers.lexicons.word_alignment import Aligner, Links, phrases
from xfer.core.errors import BadRow, MissingPart
from xfer.text.scripts import UNSPACED, script_of
from xfer.text.segment import PIECES, segmenter
from xfer.text.words import cut

Row = dict[str, Any]
Span = tuple[int, int]
SEPARATOR = "|||"  # between the sides of a line, as fast_align has it
_TEXTS = ("text", "pair", "question")
_INNER = "'’-"  # marks within a word that is cut there


class Phrase(NamedTuple):
    """``text[start:end]``, how many words it has, and what says the same in the other language."""

    start: int
    end: int
    words: int
    new: str


class Rows:
    """Rows of the same data set in several languages; those of the same id say the same."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows: dict[str, dict[str, Row]] = {}
        for row in rows:
            self.rows.setdefault(row["language"], {})[row["id"]] = row
        self.aligners: dict[tuple[str, str], Aligner] = {}

    def phrases(self, row: Row, name: str, text: str, other: str, most: int) -> list[Phrase]:
        """The phrases of a text of a row that its translation has as well; none where there is no such row."""
        beside = self.rows.get(other, {}).get(row["id"])
        translation = None if beside is None or beside.get("label") != row.get("label") else _named(beside, name)
        if not translation or not (cuttable(text) and cuttable(translation)):
            return []
        ours, theirs = _places(text), _places(translation)
        aligner = self.aligner(row["language"], other)
        links, sure = aligner.links(_words(text, ours), _words(translation, theirs))
        return list(_phrases(text, translation, ours, theirs, links, sure, most))

    def aligner(self, language: str, other: str) -> Aligner:
        """What was learnt from all rows of two languages, once asked for."""
        if (language, other) not in self.aligners:
            one, two = self.rows.get(language, {}), self.rows.get(other, {})
            texts = ((_texts(one[key]), _texts(two[key])) for key in sorted(one.keys() & two.keys()))
            pairs = dict.fromkeys(pair for both in texts for pair in zip(*both, strict=False))
            cuts = [(_words(a, _places(a)), _words(b, _places(b))) for a, b in pairs if cuttable(a) and cuttable(b)]
            self.aligners[language, other] = Aligner(cuts)
        return self.aligners[language, other]


class Bitext:
    """Files ``<language>-<other>.txt`` of lines ``sentence ||| translation``, and beside them, if they are there,
    ``<language>-<other>.align`` with the links of each line as Pharaoh has them: ``0-0 1-2``, of words between spaces.
    A row's text is looked up without its spaces, so that it need not be tokenised alike.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.known: dict[tuple[str, str], dict[str, tuple[str, str, Links | None]]] = {}
        self.aligners: dict[tuple[str, str], Aligner] = {}

    def phrases(self, row: Row, name: str, text: str, other: str, most: int) -> list[Phrase]:
        """The phrases of a text that the bitext has a translation of; none where it does not have the text."""
        lines = self._lines(row["language"], other)
        found = lines.get("".join(text.split()))
        if found is None:
            return []
        sentence, translation, links = found
        if links is not None:
            ours, theirs = _located(text, sentence.split()), _located(translation, translation.split())
            return list(_phrases(text, translation, ours, theirs, links, links, most))
        if not (cuttable(text) and cuttable(translation)):
            return []
        ours, theirs = _places(text), _places(translation)
        links, sure = self._aligner(row["language"], other).links(_words(text, ours), _words(translation, theirs))
        return list(_phrases(text, translation, ours, theirs, links, sure, most))

    def _aligner(self, language: str, other: str) -> Aligner:
        if (language, other) not in self.aligners:
            lines = self._lines(language, other).values()
            sides = (line[:2] for line in lines if cuttable(line[0]) and cuttable(line[1]))
            cuts = [(_words(a, _places(a)), _words(b, _places(b))) for a, b in sides]
            self.aligners[language, other] = Aligner(cuts)
        return self.aligners[language, other]

    def _lines(self, language: str, other: str) -> dict[str, tuple[str, str, Links | None]]:
        if (language, other) not in self.known:
            text, links = files(self.folder, language, other)
            self.known[language, other] = {"".join(one.split()): (one, two, of) for one, two, of in _read(text, links)}
        return self.known[language, other]


def files(folder: str, language: str, other: str) -> tuple[Path, Path | None]:
    """The bitext of two languages and its links, if there are any. Raises MissingPart without a bitext."""
    text = located(folder) / f"{language}-{other}.txt"
    if not text.is_file():
        raise MissingPart(f"there is no bitext {text}; a line of it is: sentence {SEPARATOR} translation")
    links = text.with_suffix(".align")
    return filled(text), links if links.is_file() else None


def cuttable(text: str) -> bool:
    """Whether the words of a text can be told: with spaces between them, or by a segmenter."""
    return segmenter() != PIECES or not any(script_of(char) in UNSPACED for char in text)


def _read(text: Path, links: Path | None) -> Iterator[tuple[str, str, Links | None]]:
    lines = _split(text)
    beside = [None] * len(lines) if links is None else _split(links)
    if len(beside) != len(lines):
        raise BadRow(str(links), len(beside), f"has {len(beside)} lines, its bitext {len(lines)}")
    for number, (line, said) in enumerate(zip(lines, beside, strict=True), 1):
        one, found, two = (part.strip() for part in line.partition(SEPARATOR))
        if not found or not one or not two:
            raise BadRow(str(text), number, f"is not: sentence {SEPARATOR} translation")
        try:
            of = None if said is None else {(int(i), int(j)) for i, _, j in (x.partition("-") for x in said.split())}
        except ValueError:
            raise BadRow(str(links), number, "is not a line of links such as 0-0 1-2") from None
        if of and not all(0 <= i < len(one.split()) and 0 <= j < len(two.split()) for i, j in of):
            raise BadRow(str(links), number, "links a word that the sentence or its translation does not have")
        yield one, two, of


def _split(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRow(str(path), 0, f"is not UTF-8 (byte {error.start})") from None
    return text.removesuffix("\n").split("\n")


def _phrases(
    text: str, other: str, ours: Sequence[Span], theirs: Sequence[Span], links: Links, sure: Links, most: int
) -> Iterator[Phrase]:
    for first, past, low, high in phrases(links, sure, most):
        start, end = ours[first][0], ours[past - 1][1]
        new = other[theirs[low][0] : theirs[high - 1][1]]
        whole = not (_inner(text, start) or _inner(text, end))
        if whole and new.lower() != text[start:end].lower():
            yield Phrase(start, end, past - first, new)


def _inner(text: str, place: int) -> bool:
    """Whether a place lies beside a mark within a word, as in "don't" and "tax-free"."""
    if text[place : place + 1] and text[place] in _INNER:
        return text[place + 1 : place + 2].isalnum() and text[place - 1 : place].isalnum()
    return place > 1 and text[place - 1] in _INNER and text[place - 2].isalnum()


def _places(text: str) -> list[Span]:
    return [(word.start, word.end) for word in cut(text)]


def _located(text: str, tokens: Sequence[str]) -> list[Span]:
    """Where the tokens of a text stand in it, however it is spaced."""
    solid = [i for i, char in enumerate(text) if not char.isspace()]
    ends = [0]
    for token in tokens:
        ends.append(ends[-1] + len(token))
    return [(solid[a], solid[b - 1] + 1) for a, b in pairwise(ends)]


def _words(text: str, places: Sequence[Span]) -> list[str]:
    return [text[start:end].lower() for start, end in places]


def _named(row: Row, name: str) -> str | None:
    head, _, number = name.partition("/")
    value = row.get(head)
    if not number:
        return value if isinstance(value, str) else None
    return value[int(number)] if isinstance(value, list) and int(number) < len(value) else None


def _texts(row: Row) -> list[str]:
    return [row.get(name) or "" for name in _TEXTS] + list(row.get("options") or ())
