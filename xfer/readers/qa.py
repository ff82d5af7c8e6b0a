"""Extractive question answering in SQuAD's format, and SQuAD 1.1 and 2.0 themselves.

Offsets are code points. In the official files every answer stands where its offset says; on the hub some do not,
because the loading scripts stripped contexts without moving the offsets (reference: hub_datasets section 5.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from xfer.core.errors import BadRow
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings
from xfer.readers.json_text import Doubled, Spot, tree
from xfer.readers.labels import NO_BREAKERS

XTREME_SOURCE = "XTREME scripts/train_qa.sh (reference: xtreme section 3; warm-up of 500 steps"
# SQuAD's dev set holds the contexts of XQuAD's English test: as XTREME's scripts do, the last checkpoint is taken.
_JIANT = JIANT._replace(
    max_length=384, select="last", source=f"{JIANT.source}, with XTREME's length for question answering"
)
TARGET_SETTINGS = Settings(
    learning_rate=3e-5,
    epochs=3,
    batch_size=32,
    max_length=384,
    weight_decay=1e-4,
    warmup=0.06,
    source=f"{XTREME_SOURCE}, which are 0.06 of them)",
    select="last",
)


class Question(NamedTuple):
    """One question of a file in SQuAD's format; ``answers`` None where they are withheld."""

    id: str
    context: str
    question: str
    answers: list[str] | None
    starts: list[int] | None
    spot: Spot | None = None  # where it stands, if in a file


def each_question(path: Path, unanswerable: bool = False) -> Iterator[Question | BadRow]:
    """All questions of a file in SQuAD's format, a BadRow in the place of one (or of a paragraph) that cannot be read.

    Without ``unanswerable`` (SQuAD 2.0) a question that has no answer, or an empty one, is one whose answer is
    withheld, as in the test files that XTREME makes of MLQA and TyDiQA.
    Raises BadRow for a file that is not JSON, or holds no list of articles.
    """
    for spot, paragraph in each_paragraph(path):
        yield from paragraph_questions(spot, paragraph, unanswerable)


def each_paragraph(path: Path) -> Iterator[tuple[Spot, dict[str, Any]]]:
    """Each paragraph of a file in SQuAD's format and where it stands in it."""
    whole = Spot(path, (), "the file")
    for a, article in enumerate(_object_list(whole, _parse_json(path), "data")):
        at = whole.inside("data", a, f"article {a + 1}")
        for p, paragraph in enumerate(_object_list(at, article, "paragraphs")):
            yield at.inside("paragraphs", p, f"article {a + 1}, paragraph {p + 1}"), paragraph


def paragraph_questions(
    spot: Spot, paragraph: dict[str, Any], unanswerable: bool = False
) -> Iterator[Question | BadRow]:
    """The questions of one paragraph, their answers checked against it."""
    try:
        context = _text_field(spot, paragraph, "context")
        items = _object_list(spot, paragraph, "qas")
    except BadRow as bad:
        yield bad
        return
    for q, item in enumerate(items):
        try:
            yield _read_question(spot.inside("qas", q, f"{spot}, question {q + 1}"), item, context, unanswerable)
        except BadRow as bad:
            yield bad


def _read_question(spot: Spot, item: dict[str, Any], context: str, unanswerable: bool) -> Question:
    name = _name(spot, item)
    named = spot._replace(name=f"{spot} ({name})")
    answers, starts = _read_answers(named, item, context, unanswerable)
    return Question(name, context, _text_field(spot, item, "question"), answers, starts, named)


def _name(spot: Spot, one: dict[str, Any]) -> str:
    """The id of a question, which some files (TQuAD) write as a number."""
    if type(one.get("id")) is int:
        return str(one["id"])
    return _text_field(spot, one, "id")


def _read_answers(
    spot: Spot, question: dict[str, Any], context: str, unanswerable: bool
) -> tuple[list[str], list[int]] | tuple[None, None]:
    if unanswerable and question.get("is_impossible") is True:
        return [], []
    given = _object_list(spot, question, "answers") if unanswerable or "answers" in question else []
    each = [(spot.inside("answers", number, spot.name), item) for number, item in enumerate(given)]
    answers = [(text, at, item.get("answer_start")) for at, item in each if (text := _text_field(at, item, "text"))]
    if not answers and not unanswerable:
        return None, None
    return [text for text, _, _ in answers], [_start(at, context, text, start) for text, at, start in answers]


def _start(spot: Spot, context: str, text: str, start: Any) -> int:
    """``start``, checked against the context."""
    if isinstance(start, str):
        raise spot.bad(f"{spot}: 'answer_start' is {start!r}, a text in the place of a number", "answer_start")
    if type(start) is not int:
        raise spot.bad(f"{spot}: 'answer_start' is {start!r}, not a whole number", "answer_start")
    if start < 0 or not context.startswith(text, start):
        there = nearest_start(context, text, start)
        hint = "is nowhere in it" if there is None else f"stands at {there}"
        what = f"{spot}: the answer '{text}' does not stand at {start} of its context; it {hint}"
        raise spot.bad(what, "answer_start")
    return start


def _parse_json(path: Path) -> Any:
    try:
        return tree(path.read_text("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8 (byte {error.start + 1}: 0x{error.object[error.start]:02x}); convert it with iconv"
        raise BadRow(str(path), line, what) from None
    except OSError as error:
        raise BadRow(str(path), 0, f"cannot be read: {error.strerror}") from None


def _object_list(spot: Spot, value: Any, key: str) -> list[dict[str, Any]]:
    _single(spot, value)
    items = value.get(key) if isinstance(value, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise spot.bad(f"{spot} has no list '{key}' of objects, as SQuAD's format has it", key)
    return items


def _text_field(spot: Spot, value: dict[str, Any], key: str) -> str:
    _single(spot, value)
    if not isinstance(value.get(key), str):
        raise spot.bad(f"{spot}: '{key}' is {value.get(key)!r}, not text", key)
    return str(value[key])


def _single(spot: Spot, value: Any) -> None:
    if isinstance(value, Doubled):
        raise spot.bad(f"{spot} gives the key '{value.key}' twice", value.key)


def nearest_start(context: str, answer: str, start: int) -> int | None:
    """Where the answer stands: at ``start``, or at its occurrence nearest to it; None if nowhere."""
    if start >= 0 and context.startswith(answer, start):
        return start
    before = context.rfind(answer, 0, max(start, 0) + len(answer))
    after = context.find(answer, max(start, 0))
    starts = [offset for offset in (before, after) if offset >= 0]
    return min(starts, key=lambda offset: abs(offset - start)) if starts else None


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
        for question in each_question(path, self.unanswerable):
            yield question if isinstance(question, BadRow) else as_row(question, language)

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        context, answers = row["context"], [text for text in row["answers"]["text"] if text]
        starts = [start for text, start in _answer_pairs(row) if text]
        placed = [nearest_start(context, text, start) for text, start in zip(answers, starts, strict=True)]
        if None in placed:
            lost = answers[placed.index(None)]
            where = f"{self.hub_part(split, language).repository} {split} {language}"
            raise BadRow(where, number + 1, f"the answer '{lost}' of question {row['id']} is not in its context")
        if not answers and not self.unanswerable:
            return as_row(Question(row["id"], context, row["question"], None, None), language)
        return as_row(
            Question(row["id"], context, row["question"], answers, [p for p in placed if p is not None]), language
        )


def _answer_pairs(row: Row) -> Iterator[tuple[str, int]]:
    return zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)


def as_row(question: Question, language: str) -> Row:
    """One row of form span."""
    text = {"text": question.context, "pair": question.question}
    row = {"id": question.id, "language": language, **text, "answers": question.answers, "starts": question.starts}
    return row | {"line": question.spot.line} if question.spot else row


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
        label_breakers=NO_BREAKERS,
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
        trains_on=("squad_v1", "squad_v2"),
        label_breakers={"added_sentence": "the sentence may answer a question that had no answer"},
    )
    published: ClassVar[Settings] = _JIANT
    rules: ClassVar[str] = "squad_v2"
    unanswerable: ClassVar[bool] = True

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}{split}-v2.0.json" for folder in ("squad/", "SQuAD/", "squad_v2/", ""))

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "squad_v2", {"dev": "validation"}.get(split, split))
