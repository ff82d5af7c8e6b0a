"""Extractive question answering: SQuAD 1.1 and 2.0, and XQuAD, MLQA and TyDiQA-GoldP, which share its format.

Offsets are code points. In the official files every answer stands where its offset says; on the hub some do not,
because the loading scripts stripped contexts without moving the offsets (reference: hub_datasets section 5.5).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from xfer.core.errors import BadRow, MissingData
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings, Source

_XTREME = "XTREME scripts/train_qa.sh (reference: xtreme section 3; warm-up of 500 steps"
_JIANT = JIANT._replace(max_length=384, source=f"{JIANT.source}, with XTREME's length for question answering")
_TARGET = Settings(
    learning_rate=3e-5,
    epochs=3,
    batch_size=32,
    max_length=384,
    weight_decay=1e-4,
    warmup=0.06,
    source=f"{_XTREME}, which are 0.06 of them)",
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
    return list(_walk(path, unanswerable))


def _walk(path: Path, unanswerable: bool) -> Iterator[Question]:
    for place, paragraph in paragraphs(path):
        yield from in_paragraph(path, paragraph, place, unanswerable)


def paragraphs(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each paragraph of a file in SQuAD's format and where it stands in it."""
    for a, article in enumerate(_items(path, _tree(path), "data", "the file"), 1):
        for p, paragraph in enumerate(_items(path, article, "paragraphs", f"article {a}"), 1):
            yield f"article {a}, paragraph {p}", paragraph


def in_paragraph(path: Path, paragraph: dict[str, Any], place: str, unanswerable: bool = False) -> Iterator[Question]:
    """The questions of one paragraph, their answers checked against it."""
    context = _text(path, paragraph, "context", place)
    for q, one in enumerate(_items(path, paragraph, "qas", place), 1):
        here = f"{place}, question {q}"
        name = _text(path, one, "id", here)
        answers = _answers(path, one, context, f"{here} ({name})", unanswerable)
        yield Question(name, context, _text(path, one, "question", here), *answers)


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


class _Squad(Reader):
    world: ClassVar[str] = "passages"
    form: ClassVar[str] = "span"
    labels: ClassVar[tuple[str, ...]] = ()
    rules: ClassVar[str] = "squad"
    unanswerable: ClassVar[bool] = False

    def form_options(self) -> dict[str, Any]:
        return {"rules": self.rules}

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        for asked in questions(path, self.unanswerable):
            yield _row(asked, language)

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        context, answers = row["context"], [text for text in row["answers"]["text"] if text]
        starts = [start for text, start in _pairs(row) if text]
        placed = [nearest(context, text, start) for text, start in zip(answers, starts, strict=True)]
        if None in placed:
            lost = answers[placed.index(None)]
            place = f"{self.hub_part(split, language).repository} {split} {language}"
            raise BadRow(place, number + 1, f"the answer '{lost}' of question {row['id']} is not in its context")
        if not answers and not self.unanswerable:
            return _row(Question(row["id"], context, row["question"], None, None), language)
        return _row(
            Question(row["id"], context, row["question"], answers, [p for p in placed if p is not None]), language
        )


def _pairs(row: Row) -> Iterator[tuple[str, int]]:
    return zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)


def _row(asked: Question, language: str) -> Row:
    text = {"text": asked.context, "pair": asked.question}
    return {"id": asked.id, "language": language, **text, "answers": asked.answers, "starts": asked.starts}


@Reader.register("squad_v1")
class SquadV1(_Squad):
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
class SquadV2(_Squad):
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


@Reader.register("xquad")
class Xquad(_Squad):
    """XQuAD (Artetxe et al. 2020): 240 paragraphs of SQuAD's dev set, translated by people; as in XTREME its
    training and dev data are SQuAD 1.1 in English."""

    card: ClassVar[Card] = Card(
        title="XQuAD",
        hub="google/xquad",
        revision=None,
        licence="CC-BY-SA-4.0",
        citation="Artetxe, Ruder, Yogatama: On the Cross-lingual Transferability of Monolingual Representations. "
        "ACL 2020",
        languages=tuple("ar de el en es hi ro ru th tr vi zh".split()),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="xquad/xquad.<language>.json; SQuAD's squad/{train,dev}-v1.1.json",
        sizes={"train": 87_599, "dev": 10_570, "test": 1_190},
    )
    published: ClassVar[Settings] = _TARGET

    benchmark: Literal["xtreme", "xtreme_r"] = Field(
        "xtreme", description="whose languages: XTREME's 11, or XTREME-R's 12 (with Romanian)"
    )

    def offered(self, source: Source, split: str) -> tuple[str, ...]:
        if split != "test":
            return ("en",)
        left_out = () if self.benchmark == "xtreme_r" else ("ro",)
        return tuple(language for language in super().offered(source, split) if language not in left_out)

    def parts(self, split: str) -> tuple[Reader, ...]:
        return (self,) if split == "test" else (SquadV1(),)

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}xquad.{language}.json" for folder in ("xquad/", ""))

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, f"xquad.{language}", "validation")


@Reader.register("mlqa")
class Mlqa(_Squad):
    """MLQA (Lewis et al. 2020): Wikipedia paragraphs in 7 languages, questions translated by people; its training
    data is SQuAD 1.1 in English. A row is in the language of its context."""

    card: ClassVar[Card] = Card(
        title="MLQA",
        hub="google/xtreme",
        revision=None,
        licence="CC-BY-SA-3.0",
        citation="Lewis, Oguz, Rinott, Riedel, Schwenk: MLQA: Evaluating Cross-lingual Extractive Question "
        "Answering. ACL 2020",
        languages=tuple("ar de en es hi vi zh".split()),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="MLQA_V1/{dev,test}/{dev,test}-context-<language>-question-<language>.json; "
        "SQuAD's squad/train-v1.1.json",
        sizes={"train": 87_599, "dev": 1_148, "test": 11_590},
    )
    published: ClassVar[Settings] = _TARGET
    rules: ClassVar[str] = "mlqa"

    question: Literal["ar", "de", "en", "es", "hi", "vi", "zh"] | None = Field(
        None, description="language of the questions of dev and test; that of the context if left out"
    )

    def parts(self, split: str) -> tuple[Reader, ...]:
        return (SquadV1(),) if split == "train" else (self,)

    def places(self, split: str, language: str) -> Iterable[str]:
        name = f"{split}/{split}-context-{language}-question-{self.question or language}.json"
        yield from (f"{folder}{name}" for folder in ("MLQA_V1/", "mlqa/MLQA_V1/", "mlqa/"))

    def hub_part(self, split: str, language: str) -> HubPart:
        part = {"dev": "validation"}.get(split, split)
        return HubPart(self.card.hub, f"MLQA.{language}.{self.question or language}", part)


_TYDIQA = {
    "ar": "arabic",
    "bn": "bengali",
    "en": "english",
    "fi": "finnish",
    "id": "indonesian",
    "ko": "korean",
    "ru": "russian",
    "sw": "swahili",
    "te": "telugu",
}


@Reader.register("tydiqa")
class Tydiqa(_Squad):
    """TyDiQA-GoldP (Clark et al. 2020): questions by people who did not know the answer, in 9 languages. XTREME
    trains on the English part and tests on the dev set, so that no split is left to select by."""

    card: ClassVar[Card] = Card(
        title="TyDiQA-GoldP",
        hub="google-research-datasets/tydiqa",
        revision=None,
        licence="Apache-2.0",
        citation="Clark et al.: TyDi QA: A Benchmark for Information-Seeking Question Answering in Typologically "
        "Diverse Languages. TACL 2020",
        languages=tuple(_TYDIQA),
        train_languages=tuple(_TYDIQA),
        splits=("train", "test"),
        layout="tydiqa/tydiqa-goldp-v1.1-{train,dev}.json; or XTREME's "
        "tydiqa/tydiqa-goldp-v1.1-{train,dev}/tydiqa.goldp.<language>.{train,dev}.json",
        sizes={"train": 3_696, "test": 440},
    )
    published: ClassVar[Settings] = _TARGET._replace(
        warmup=0.1, source=f"{_XTREME} are more than this set has: 0.1, of our choosing)"
    )

    def offered(self, source: Source, split: str) -> tuple[str, ...]:
        return () if split == "dev" else super().offered(source, split)

    def places(self, split: str, language: str) -> Iterable[str]:
        part = {"test": "dev"}.get(split, split)
        for folder in ("tydiqa/", ""):
            whole = f"{folder}tydiqa-goldp-v1.1-{part}"
            yield f"{whole}.json"
            yield f"{whole}/tydiqa-goldp-{part}-{_TYDIQA[language]}.json"
            yield f"{whole}/tydiqa.goldp.{language}.{part}.json"

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        """A file that holds all languages tells them by the ids; XTREME's training files keep their last number
        alone, which is given to many rows."""
        found = _known(path, path.stat().st_mtime_ns)
        named = set(_TYDIQA.values())
        plain = path.stem.split(".")[-2:-1] == [language] or path.stem.endswith(_TYDIQA[language])
        count = 0
        for number, asked in enumerate(found, 1):
            name, _, rest = asked.id.partition("-")
            if name not in named and not plain:
                raise BadRow(str(path), 0, f"the id '{asked.id}' of question {number} does not name its language")
            if name not in named or name == _TYDIQA[language]:
                count += 1
                yield _row(asked if rest else asked._replace(id=f"{asked.id}-{number}"), language)
        if not count:
            raise MissingData(f"{path} holds no question in {_TYDIQA[language]}")

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "secondary_task", {"test": "validation"}.get(split, split))

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        own = row["id"].partition("-")[0] == _TYDIQA[language]
        return super().from_hub(row, number, split, language) if own else None


@lru_cache(maxsize=1)
def _known(path: Path, changed: int) -> list[Question]:
    """The questions of a file that may hold every language, read once for all of them."""
    return questions(path)
