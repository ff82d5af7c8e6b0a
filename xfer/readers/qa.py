"""Extractive question answering in SQuAD's format, and SQuAD 1.1 and 2.0 themselves.

Offsets are code points. In the official files every answer stands where its offset says; on the hub some do not,
because the loading scripts stripped contexts without moving the offsets (reference: hub_datasets section 5.5).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings

XTREME = "XTREME scripts/train_qa.sh (reference: xtreme section 3; warm-up of 500 steps"
_JIANT = JIANT._replace(max_length=384, source=f"{JIANT.source}, with XTREME's length for question answering")
TARGET = Settings(
    learning_rate=3e-5,
    epochs=3,
    batch_size=32,
    max_length=384,
    weight_decay=1e-4,
    warmup=0.06,
    source=f"{XTREME}, which are 0.06 of them)",
)


class Question(NamedTuple):
    """One question of a file in SQuAD's format; ``answers`` None where they are withheld."""

    id: str
    context: str
    question: str
    answers: list[str] | None
    starts: list[int] | None


def questions(path: Path, unanswerable: bool = False) -> list[Question]:
    """All questions of a file in SQuAD's format. Raises BadRow with the place inside the file.

    Without ``unanswerable`` (SQuAD 2.0) a question that has no answer, or an empty one, is one whose answer is
    withheld, as in the test files that XTREME makes of MLQA and TyDiQA.
    """
    return [one for _, one in tables.sound((0, one) for one in each_question(path, unanswerable))]


def each_question(path: Path, unanswerable: bool = False) -> Iterator[Question | BadRow]:
    """``questions``, with a BadRow in the place of a question (or paragraph) that cannot be read.

    Raises BadRow for a file that is not JSON, or holds no list of articles.
    """
    for place, paragraph in paragraphs(path):
        yield from in_paragraph(path, paragraph, place, unanswerable)


def paragraphs(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each paragraph of a file in SQuAD's format and where it stands in it."""
    for a, article in enumerate(_items(path, _tree(path), "data", "the file"), 1):
        for p, paragraph in enumerate(_items(path, article, "paragraphs", f"article {a}"), 1):
            yield f"article {a}, paragraph {p}", paragraph


def in_paragraph(
    path: Path, paragraph: dict[str, Any], place: str, unanswerable: bool = False
) -> Iterator[Question | BadRow]:
    """The questions of one paragraph, their answers checked against it."""
    try:
        context = _text(path, paragraph, "context", place)
        asked = _items(path, paragraph, "qas", place)
    except BadRow as bad:
        yield bad
        return
    for q, one in enumerate(asked, 1):
        try:
            yield _question(path, one, context, f"{place}, question {q}", unanswerable)
        except BadRow as bad:
            yield BadRow(bad.file, _line(path, one.get("id")), bad.message)


def _question(path: Path, one: dict[str, Any], context: str, place: str, unanswerable: bool) -> Question:
    name = _text(path, one, "id", place)
    answers = _answers(path, one, context, f"{place} ({name})", unanswerable)
    return Question(name, context, _text(path, one, "question", place), *answers)


def _line(path: Path, name: Any) -> int:
    """The line on which a question's id stands, found only for a fault; 0 where it has none."""
    text = path.read_text("utf-8-sig")
    place = max(text.find(f": {json.dumps(name)}"), text.find(f":{json.dumps(name)}")) if name else -1
    return text.count("\n", 0, place) + 1 if place >= 0 else 0


def _answers(
    path: Path, asked: dict[str, Any], context: str, place: str, unanswerable: bool
) -> tuple[list[str], list[int]] | tuple[None, None]:
    if unanswerable and asked.get("is_impossible") is True:
        return [], []
    given = _items(path, asked, "answers", place) if unanswerable or "answers" in asked else []
    pairs = [(_text(path, one, "text", place), one.get("answer_start")) for one in given]
    found: list[tuple[str, Any]] = [(text, start) for text, start in pairs if text]
    if not found and not unanswerable:
        return None, None
    for text, start in found:
        if type(start) is not int or start < 0 or not context.startswith(text, start):
            raise BadRow(str(path), 0, f"{place}: the answer '{text}' does not stand at {start} of its context")
    return [text for text, _ in found], [start for _, start in found]


def _tree(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start + 1}: 0x{error.object[error.start]:02x}); convert it with iconv"
        raise BadRow(str(path), 0, what) from None
    except json.JSONDecodeError as error:
        raise BadRow(str(path), error.lineno, f"is not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise BadRow(str(path), 0, "nests too deeply") from None
    except OSError as error:
        raise BadRow(str(path), 0, f"cannot be read: {error.strerror}") from None


def _items(path: Path, value: Any, key: str, place: str) -> list[dict[str, Any]]:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise BadRow(str(path), 0, f"{place} has no list '{key}' of objects, as SQuAD's format has it")
    return found


def _text(path: Path, value: dict[str, Any], key: str, place: str) -> str:
    if not isinstance(value.get(key), str):
        raise BadRow(str(path), 0, f"{place}: '{key}' is {value.get(key)!r}, not text")
    return str(value[key])


def nearest(context: str, answer: str, start: int) -> int | None:
    """Where the answer stands: at ``start``, or at its occurrence nearest to it; None if nowhere."""
    if start >= 0 and context.startswith(answer, start):
        return start
    before = context.rfind(answer, 0, max(start, 0) + len(answer))
    after = context.find(answer, max(start, 0))
    found = [place for place in (before, after) if place >= 0]
    return min(found, key=lambda place: abs(place - start)) if found else None


class Squad(Reader):
    """What the readers of this format share: ``rules`` names those of the score."""

    world: ClassVar[str] = "passages"
    form: ClassVar[str] = "span"
    labels: ClassVar[tuple[str, ...]] = ()
    rules: ClassVar[str] = "squad"
    unanswerable: ClassVar[bool] = False

    def form_options(self) -> dict[str, Any]:
        return {"rules": self.rules}

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        for asked in each_question(path, self.unanswerable):
            yield asked if isinstance(asked, BadRow) else as_row(asked, language)

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        context, answers = row["context"], [text for text in row["answers"]["text"] if text]
        starts = [start for text, start in _pairs(row) if text]
        placed = [nearest(context, text, start) for text, start in zip(answers, starts, strict=True)]
        if None in placed:
            lost = answers[placed.index(None)]
            place = f"{self.hub_part(split, language).repository} {split} {language}"
            raise BadRow(place, number + 1, f"the answer '{lost}' of question {row['id']} is not in its context")
        if not answers and not self.unanswerable:
            return as_row(Question(row["id"], context, row["question"], None, None), language)
        return as_row(
            Question(row["id"], context, row["question"], answers, [p for p in placed if p is not None]), language
        )


def _pairs(row: Row) -> Iterator[tuple[str, int]]:
    return zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)


def as_row(asked: Question, language: str) -> Row:
    """One row of form span."""
    text = {"text": asked.context, "pair": asked.question}
    return {"id": asked.id, "language": language, **text, "answers": asked.answers, "starts": asked.starts}


@Reader.register("squad_v1")
class SquadV1(Squad):
    """SQuAD 1.1 (Rajpurkar et al. 2016): English questions whose answers are pieces of a Wikipedia paragraph."""

    card: ClassVar[Card] = Card(
        title="SQuAD 1.1",
        hub="rajpurkar/squad",
        revision=None,
        licence="CC-BY-SA-4.0",
        citation="Rajpurkar, Zhang, Lopyrev, Liang: SQuAD: 100,000+ Questions for Machine Comprehension of Text. "
        "EMNLP 2016",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev"),
        layout="squad/{train,dev}-v1.1.json",
        sizes={"train": 87_599, "dev": 10_570},
    )
    published: ClassVar[Settings] = _JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}{split}-v1.1.json" for folder in ("squad/", "SQuAD/", "squad_v1/", ""))

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "plain_text", {"dev": "validation"}.get(split, split))


@Reader.register("squad_v2")
class SquadV2(Squad):
    """SQuAD 2.0 (Rajpurkar et al. 2018): SQuAD 1.1 and questions that their paragraph does not answer."""

    card: ClassVar[Card] = Card(
        title="SQuAD 2.0",
        hub="rajpurkar/squad_v2",
        revision=None,
        licence="CC-BY-SA-4.0",
        citation="Rajpurkar, Jia, Liang: Know What You Don't Know: Unanswerable Questions for SQuAD. ACL 2018",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev"),
        layout="squad/{train,dev}-v2.0.json",
        sizes={"train": 130_319, "dev": 11_873},
    )
    published: ClassVar[Settings] = _JIANT
    rules: ClassVar[str] = "squad_v2"
    unanswerable: ClassVar[bool] = True

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}{split}-v2.0.json" for folder in ("squad/", "SQuAD/", "squad_v2/", ""))

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "squad_v2", {"dev": "validation"}.get(split, split))
