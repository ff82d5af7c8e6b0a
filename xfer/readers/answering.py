"""Paragraphs cut into sentences, and which of them answer each question: SQuAD's format as retrieval.

An answer belongs to the sentence in which it begins, and to the equals of that sentence in the paragraph; of several
answers the first counts (google-research/xtreme, third_party/processors/lareqa.py and utils_lareqa.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from xfer.core.errors import BadRow
from xfer.core.files import FileStamp, file_stamp
from xfer.readers import hub
from xfer.readers.base import Reader, Row
from xfer.readers.json_text import Spot
from xfer.readers.qa import Question, in_paragraph, nearest, paragraphs
from xfer.readers.sentences import Span, holding, spans


class Asked(NamedTuple):
    """A question, the numbers of the sentences that answer it, and where it stands, if in a file."""

    id: str
    text: str
    answers: tuple[int, ...]
    spot: Spot | None = None


class Paragraph(NamedTuple):
    """A paragraph, counted from 1 over the file, its sentences in characters, its questions and those of no use."""

    number: int
    context: str
    sentences: tuple[Span, ...]
    asked: tuple[Asked, ...]
    faults: tuple[BadRow, ...] = ()
    spot: Spot | None = None  # where it stands, if in a file


def read_file(path: Path, official: bool) -> list[Paragraph]:
    """The paragraphs of a file in SQuAD's format, their sentences those of the file or by our rule.

    Raises BadRow for a file that is not in that format; what is wrong within a paragraph is a fault of it.
    """
    found = []
    for number, (spot, paragraph) in enumerate(paragraphs(path), 1):
        given = list(in_paragraph(spot, paragraph))
        faults = [one for one in given if isinstance(one, BadRow)]
        context = str(paragraph.get("context", ""))
        try:
            borders = tuple(_borders(spot, paragraph, context) if official else spans(context))
        except BadRow as bad:
            found.append(Paragraph(number, context, (), (), (*faults, bad), spot))
            continue
        good = (one for one in given if not isinstance(one, BadRow))
        asked = [_asked(one, context, borders, official) for one in good]
        faults += [one for one in asked if isinstance(one, BadRow)]
        kept = tuple(one for one in asked if isinstance(one, Asked))
        found.append(Paragraph(number, context, borders, kept, tuple(faults), spot))
    return found


def _asked(one: Question, context: str, borders: Sequence[Span], official: bool) -> Asked | BadRow:
    assert one.spot is not None
    if not one.starts:
        return one.spot.bad(f"question {one.id} has no answer to look its sentence up by", "answers")
    sentence = _sentence(borders, one.starts[0], official)
    if sentence is None:
        return one.spot.bad(f"the answer of question {one.id} begins in no sentence", "answers")
    return Asked(one.id, one.question, _equals(context, borders, sentence), one.spot)


@lru_cache(maxsize=12)  # every language looks its answers up in all the others
def _file(path: Path, official: bool, stamp: FileStamp) -> list[Paragraph]:
    return read_file(path, official)


def known(path: Path, official: bool) -> list[Paragraph]:
    """``read_file``, once for as long as the file stays as it is."""
    return _file(path, official, file_stamp(path))


def _borders(spot: Spot, paragraph: dict[str, Any], context: str) -> list[Span]:
    """The file's own borders; they may leave text between sentences out, but never overlap.

    The texts in 'sentences' beside them are never read, as in the official loader: in the official tr.json (article
    10, paragraph 4) they spell a fraction otherwise than the context that the borders cut.
    """
    given, end = paragraph.get("sentence_breaks"), 0
    if not isinstance(given, list) or not given:
        raise spot.bad(f"{spot} has no list 'sentence_breaks', as the files of XQuAD-R have it", "sentence_breaks")
    for number, pair in enumerate(given):
        here = ("sentence_breaks", number)
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(number) is int for number in pair)):
            raise spot.bad(f"{spot}: sentence_breaks holds {pair!r}, not [start, end]", *here)
        if not end <= pair[0] < pair[1] <= len(context):
            raise spot.bad(f"{spot}: sentence {pair} is not within the context and behind the one before", *here)
        end = pair[1]
    return [(start, end) for start, end in given]


def _sentence(borders: Sequence[Span], place: int, official: bool) -> int | None:
    """The sentence in which an answer begins; the answer may reach beyond its end."""
    if not official:
        return holding(borders, place)
    return next((number for number, (start, end) in enumerate(borders) if start <= place < end), None)


def _equals(context: str, borders: Sequence[Span], sentence: int) -> tuple[int, ...]:
    texts = [context[start:end] for start, end in borders]
    return tuple(number for number, text in enumerate(texts) if text == texts[sentence])


def table(reader: Reader, split: str, language: str) -> list[Paragraph]:
    """The paragraphs of a hub table, in which those of one paragraph follow each other, cut by our rule."""
    part = reader.hub_part(split, language)
    place = "/".join((part.repository, part.config or "default", part.split))
    rows_of_hub = hub.table(part.repository, part.config, part.split, reader.card.revision)
    found: list[Paragraph] = []
    try:
        for context, rows in groupby(enumerate(rows_of_hub, 1), key=lambda row: row[1]["context"]):
            borders = tuple(spans(context))
            asked = tuple(_hub_question(row, number, place, context, borders) for number, row in rows)
            found.append(Paragraph(len(found) + 1, context, borders, asked))
    except (KeyError, IndexError, TypeError) as error:
        what = f"has not the columns that {reader.type_name} expects: {error!r}"
        raise BadRow(place, len(found) + 1, what) from None
    return found


def _hub_question(row: Row, number: int, place: str, context: str, borders: Sequence[Span]) -> Asked:
    answer, start = row["answers"]["text"][0], row["answers"]["answer_start"][0]
    there = nearest(context, answer, start)  # the hub's contexts were stripped, but not its offsets
    if there is None:
        raise BadRow(place, number, f"the answer '{answer}' of question {row['id']} is not in its context")
    return Asked(row["id"], row["question"], _equals(context, borders, holding(borders, there)))
