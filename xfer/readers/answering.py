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
from xfer.readers.qa import Question, each_paragraph, nearest_start, paragraph_questions
from xfer.readers.sentences import SentenceSpan, find_sentences, sentence_at


class AnsweredQuestion(NamedTuple):
    """A question, the numbers of the sentences that answer it, and where it stands, if in a file."""

    id: str
    text: str
    answers: tuple[int, ...]
    spot: Spot | None = None


class Paragraph(NamedTuple):
    """A paragraph, counted from 1 over the file, its sentences in characters, its questions and those of no use."""

    number: int
    context: str
    sentences: tuple[SentenceSpan, ...]
    questions: tuple[AnsweredQuestion, ...]
    faults: tuple[BadRow, ...] = ()
    spot: Spot | None = None  # where it stands, if in a file


def read_file(path: Path, official: bool) -> list[Paragraph]:
    """The paragraphs of a file in SQuAD's format, their sentences those of the file or by our rule.

    Raises BadRow for a file that is not in that format; what is wrong within a paragraph is a fault of it.
    """
    parsed = []
    for number, (spot, paragraph) in enumerate(each_paragraph(path), 1):
        given = list(paragraph_questions(spot, paragraph))
        faults = [question for question in given if isinstance(question, BadRow)]
        context = str(paragraph.get("context", ""))
        try:
            borders = tuple(_official_borders(spot, paragraph, context) if official else find_sentences(context))
        except BadRow as bad:
            parsed.append(Paragraph(number, context, (), (), (*faults, bad), spot))
            continue
        good = (question for question in given if not isinstance(question, BadRow))
        answered = [_answered_question(question, context, borders, official) for question in good]
        faults += [question for question in answered if isinstance(question, BadRow)]
        kept = tuple(question for question in answered if isinstance(question, AnsweredQuestion))
        parsed.append(Paragraph(number, context, borders, kept, tuple(faults), spot))
    return parsed


def _answered_question(
    question: Question, context: str, borders: Sequence[SentenceSpan], official: bool
) -> AnsweredQuestion | BadRow:
    assert question.spot is not None
    if not question.starts:
        return question.spot.bad(f"question {question.id} has no answer to look its sentence up by", "answers")
    sentence = _answer_sentence(borders, question.starts[0], official)
    if sentence is None:
        return question.spot.bad(f"the answer of question {question.id} begins in no sentence", "answers")
    return AnsweredQuestion(question.id, question.question, _equal_sentences(context, borders, sentence), question.spot)


@lru_cache(maxsize=12)  # every language looks its answers up in all the others
def _cached_file(path: Path, official: bool, stamp: FileStamp) -> list[Paragraph]:
    return read_file(path, official)


def cached_paragraphs(path: Path, official: bool) -> list[Paragraph]:
    """``read_file``, once for as long as the file stays as it is."""
    return _cached_file(path, official, file_stamp(path))


def _official_borders(spot: Spot, paragraph: dict[str, Any], context: str) -> list[SentenceSpan]:
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


def _answer_sentence(borders: Sequence[SentenceSpan], offset: int, official: bool) -> int | None:
    """The sentence in which an answer begins; the answer may reach beyond its end."""
    if not official:
        return sentence_at(borders, offset)
    return next((number for number, (start, end) in enumerate(borders) if start <= offset < end), None)


def _equal_sentences(context: str, borders: Sequence[SentenceSpan], sentence: int) -> tuple[int, ...]:
    texts = [context[start:end] for start, end in borders]
    return tuple(number for number, text in enumerate(texts) if text == texts[sentence])


def hub_paragraphs(reader: Reader, split: str, language: str) -> list[Paragraph]:
    """The paragraphs of a hub table, in which those of one paragraph follow each other, cut by our rule."""
    hub_table = reader.hub_part(split, language)
    where = "/".join((hub_table.repository, hub_table.config or "default", hub_table.split))
    rows_of_hub = hub.load_table(hub_table.repository, hub_table.config, hub_table.split, reader.card.revision)
    parsed: list[Paragraph] = []
    try:
        for context, rows in groupby(enumerate(rows_of_hub, 1), key=lambda row: row[1]["context"]):
            borders = tuple(find_sentences(context))
            questions = tuple(_hub_question(row, number, where, context, borders) for number, row in rows)
            parsed.append(Paragraph(len(parsed) + 1, context, borders, questions))
    except (KeyError, IndexError, TypeError) as error:
        what = f"has not the columns that {reader.type_name} expects: {error!r}"
        raise BadRow(where, len(parsed) + 1, what) from None
    return parsed


def _hub_question(row: Row, number: int, where: str, context: str, borders: Sequence[SentenceSpan]) -> AnsweredQuestion:
    answer, start = row["answers"]["text"][0], row["answers"]["answer_start"][0]
    offset = nearest_start(context, answer, start)  # the hub's contexts were stripped, but not its offsets
    if offset is None:
        raise BadRow(where, number, f"the answer '{answer}' of question {row['id']} is not in its context")
    return AnsweredQuestion(
        row["id"], row["question"], _equal_sentences(context, borders, sentence_at(borders, offset))
    )
