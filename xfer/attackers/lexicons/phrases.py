"""Phrases of a text with their translations, out of parallel text: rows of a data set, or a bitext of one's own.

May import: alignment, segment, units, dictionaries, core.errors, the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from xfer.attackers.lexicons.located import filled, located
from xfer.attackers.lexicons.word_alignment import Aligner, Links, extract_phrases
from xfer.core.errors import BadRow, MissingPart
from xfer.text.scripts import UNSPACED, script_of
from xfer.text.segment import PIECES, segmenter_name
from xfer.text.words import cut_words

_Row = dict[str, Any]
_Span = tuple[int, int]
SEPARATOR = "|||"  # between the sides of a line, as fast_align has it
_TEXT_COLUMNS = ("text", "pair", "question")
_INNER_MARKS = "'’-"  # marks within a word that is cut there


class Phrase(NamedTuple):
    """``text[start:end]``, how many words it has, and what says the same in the other language."""

    start: int
    end: int
    words: int
    new: str


class ParallelRows:
    """Rows of the same data set in several languages; those of the same id say the same."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self.rows: dict[str, dict[str, _Row]] = {}
        for row in rows:
            self.rows.setdefault(row["language"], {})[row["id"]] = row
        self.aligners: dict[tuple[str, str], Aligner] = {}

    def aligned_phrases(self, row: _Row, name: str, text: str, other: str, most: int) -> list[Phrase]:
        """The phrases of a text of a row that its translation has as well; none where there is no such row."""
        translated_row = self.rows.get(other, {}).get(row["id"])
        translation = (
            None
            if translated_row is None or translated_row.get("label") != row.get("label")
            else _side_text(translated_row, name)
        )
        if not translation or not (has_word_boundaries(text) and has_word_boundaries(translation)):
            return []
        ours, theirs = _word_spans(text), _word_spans(translation)
        aligner = self.aligner(row["language"], other)
        links, sure = aligner.align_words(_lower_words(text, ours), _lower_words(translation, theirs))
        return list(_translated_phrases(text, translation, ours, theirs, links, sure, most))

    def aligner(self, language: str, other: str) -> Aligner:
        """What was learnt from all rows of two languages, once asked for."""
        if (language, other) not in self.aligners:
            our_rows, their_rows = self.rows.get(language, {}), self.rows.get(other, {})
            texts = (
                (_row_texts(our_rows[key]), _row_texts(their_rows[key]))
                for key in sorted(our_rows.keys() & their_rows.keys())
            )
            pairs = dict.fromkeys(pair for sides in texts for pair in zip(*sides, strict=False))
            cuts = [
                (_lower_words(a, _word_spans(a)), _lower_words(b, _word_spans(b)))
                for a, b in pairs
                if has_word_boundaries(a) and has_word_boundaries(b)
            ]
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

    def aligned_phrases(self, row: _Row, name: str, text: str, other: str, most: int) -> list[Phrase]:
        """The phrases of a text that the bitext has a translation of; none where it does not have the text."""
        lines = self._lines(row["language"], other)
        match = lines.get("".join(text.split()))
        if match is None:
            return []
        sentence, translation, links = match
        if links is not None:
            ours, theirs = _token_spans(text, sentence.split()), _token_spans(translation, translation.split())
            return list(_translated_phrases(text, translation, ours, theirs, links, links, most))
        if not (has_word_boundaries(text) and has_word_boundaries(translation)):
            return []
        ours, theirs = _word_spans(text), _word_spans(translation)
        links, sure = self._aligner(row["language"], other).align_words(
            _lower_words(text, ours), _lower_words(translation, theirs)
        )
        return list(_translated_phrases(text, translation, ours, theirs, links, sure, most))

    def _aligner(self, language: str, other: str) -> Aligner:
        if (language, other) not in self.aligners:
            lines = self._lines(language, other).values()
            sides = (line[:2] for line in lines if has_word_boundaries(line[0]) and has_word_boundaries(line[1]))
            cuts = [(_lower_words(a, _word_spans(a)), _lower_words(b, _word_spans(b))) for a, b in sides]
            self.aligners[language, other] = Aligner(cuts)
        return self.aligners[language, other]

    def _lines(self, language: str, other: str) -> dict[str, tuple[str, str, Links | None]]:
        if (language, other) not in self.known:
            text, links = bitext_files(self.folder, language, other)
            self.known[language, other] = {
                "".join(sentence.split()): (sentence, translation, alignment)
                for sentence, translation, alignment in _parse_bitext(text, links)
            }
        return self.known[language, other]


def bitext_files(folder: str, language: str, other: str) -> tuple[Path, Path | None]:
    """The bitext of two languages and its links, if there are any. Raises MissingPart without a bitext."""
    text = located(folder) / f"{language}-{other}.txt"
    if not text.is_file():
        raise MissingPart(f"there is no bitext {text}; a line of it is: sentence {SEPARATOR} translation")
    links = text.with_suffix(".align")
    return filled(text), links if links.is_file() else None


def has_word_boundaries(text: str) -> bool:
    """Whether the words of a text can be told: with spaces between them, or by a segmenter."""
    return segmenter_name() != PIECES or not any(script_of(char) in UNSPACED for char in text)


def _parse_bitext(text: Path, links: Path | None) -> Iterator[tuple[str, str, Links | None]]:
    lines = _read_lines(text)
    link_lines = [None] * len(lines) if links is None else _read_lines(links)
    if len(link_lines) != len(lines):
        raise BadRow(str(links), len(link_lines), f"has {len(link_lines)} lines, its bitext {len(lines)}")
    for number, (line, link_line) in enumerate(zip(lines, link_lines, strict=True), 1):
        sentence, separator, translation = (piece.strip() for piece in line.partition(SEPARATOR))
        if not separator or not sentence or not translation:
            raise BadRow(str(text), number, f"is not: sentence {SEPARATOR} translation")
        try:
            alignment = (
                None
                if link_line is None
                else {(int(i), int(j)) for i, _, j in (x.partition("-") for x in link_line.split())}
            )
        except ValueError:
            raise BadRow(str(links), number, "is not a line of links such as 0-0 1-2") from None
        if alignment and not all(
            0 <= i < len(sentence.split()) and 0 <= j < len(translation.split()) for i, j in alignment
        ):
            raise BadRow(str(links), number, "links a word that the sentence or its translation does not have")
        yield sentence, translation, alignment


def _read_lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRow(str(path), 0, f"is not UTF-8 (byte {error.start})") from None
    return text.removesuffix("\n").split("\n")


def _translated_phrases(
    text: str, other: str, ours: Sequence[_Span], theirs: Sequence[_Span], links: Links, sure: Links, most: int
) -> Iterator[Phrase]:
    for first, past, low, high in extract_phrases(links, sure, most):
        start, end = ours[first][0], ours[past - 1][1]
        new = other[theirs[low][0] : theirs[high - 1][1]]
        separate = not (_inside_word(text, start) or _inside_word(text, end))
        if separate and new.lower() != text[start:end].lower():
            yield Phrase(start, end, past - first, new)


def _inside_word(text: str, position: int) -> bool:
    """Whether a place lies beside a mark within a word, as in "don't" and "tax-free"."""
    if text[position : position + 1] and text[position] in _INNER_MARKS:
        return text[position + 1 : position + 2].isalnum() and text[position - 1 : position].isalnum()
    return position > 1 and text[position - 1] in _INNER_MARKS and text[position - 2].isalnum()


def _word_spans(text: str) -> list[_Span]:
    return [(word.start, word.end) for word in cut_words(text)]


def _token_spans(text: str, tokens: Sequence[str]) -> list[_Span]:
    """Where the tokens of a text stand in it, however it is spaced."""
    solid = [i for i, char in enumerate(text) if not char.isspace()]
    ends = [0]
    for token in tokens:
        ends.append(ends[-1] + len(token))
    return [(solid[a], solid[b - 1] + 1) for a, b in pairwise(ends)]


def _lower_words(text: str, places: Sequence[_Span]) -> list[str]:
    return [text[start:end].lower() for start, end in places]


def _side_text(row: _Row, name: str) -> str | None:
    head, _, number = name.partition("/")
    value = row.get(head)
    if not number:
        return value if isinstance(value, str) else None
    return value[int(number)] if isinstance(value, list) and int(number) < len(value) else None


def _row_texts(row: _Row) -> list[str]:
    return [row.get(name) or "" for name in _TEXT_COLUMNS] + list(row.get("options") or ())
