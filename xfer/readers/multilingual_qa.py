"""Question answering in many languages: XQuAD, MLQA and TyDiQA-GoldP, with their translated training data.

XTREME hands out the test files of MLQA and TyDiQA with empty answers, and the answers apart: where
``labels/<task>/test-<language>.json`` stands in a folder above, they are put together again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from xfer.core.errors import BadRow, MissingData
from xfer.core.files import FileStamp, file_stamp
from xfer.readers import submission
from xfer.readers.base import Card, HubPart, Reader, Row, Settings, Source
from xfer.readers.labels import NO_BREAKERS
from xfer.readers.qa import (
    TARGET_SETTINGS,
    XTREME_SOURCE,
    Question,
    Squad,
    SquadV1,
    as_row,
    each_paragraph,
    each_question,
    nearest_start,
)

Gold = dict[str, list[list[str]]]  # id -> the answers of each question that has it


class _Target(Squad):
    def file_questions(self, path: Path, split: str, language: str) -> Iterator[Question | BadRow]:
        """The questions of one language in a file."""
        return each_question(path)

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        """Where the answers may stand that XTREME took out of a test file."""
        if split == "test":
            name = Path("labels") / self.type_name / f"test-{language}.json"
            yield from (folder / name for folder in path.parents[1:4])

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        labels = next(
            (candidate for candidate in self.companion_files(path, split, language) if candidate.is_file()), None
        )
        gold: Gold | None = None
        for question in self.file_questions(path, split, language):
            if isinstance(question, Question) and question.answers is None and labels:
                gold = gold if gold is not None else _gold(labels)
                question = _with_answers(question, gold, path, labels)
            yield question if isinstance(question, BadRow) else as_row(question, language)


def _gold(labels: Path) -> Gold:
    """The answers that stand under each id, in the order of the file."""
    gold: Gold = {}
    for question in submission.read_gold_answers(labels):
        gold.setdefault(question.id, []).append(question.answers)
    return gold


def _with_answers(question: Question, gold: Gold, path: Path, labels: Path) -> Question | BadRow:
    """The question with the answers of XTREME's labels; as it is if they do not have it.

    The questions of one id take its answers in turn: both files have them in one order.
    """
    waiting = gold.get(question.id)
    if not waiting:
        return question
    answers = waiting.pop(0)
    starts = [nearest_start(question.context, answer, 0) for answer in answers]
    if None in starts:
        lost = answers[starts.index(None)]
        what = f"the answer '{lost}' of question {question.id} is not in its context in {path.name}"
        return BadRow(str(labels), _line_of(labels, question.id, len(waiting)), what)
    return question._replace(answers=answers, starts=[start for start in starts if start is not None])


def _line_of(path: Path, name: str, behind: int) -> int:
    """The line of the question of this id behind which so many others have it; 0 in a file that tells none."""
    try:
        asked = [(spot, q, one) for spot, paragraph in each_paragraph(path) for q, one in enumerate(paragraph["qas"])]
    except BadRow:
        return 0
    spot, number = [(spot, q) for spot, q, one in asked if str(one["id"]) == name][-1 - behind]
    return spot.mark("qas", number, "id")[0]


def _translated_squad(split: str, language: str) -> Iterator[str]:
    """XTREME's machine translations of SQuAD 1.1."""
    name = f"SQuAD/translate-{split}/squad.translate.{split}.en-{language}.json"
    yield from (f"{folder}{name}" for folder in ("", "xtreme_translations/"))


@Reader.register("xquad")
class Xquad(_Target):
    """XQuAD (Artetxe et al. 2020): 240 paragraphs of SQuAD's dev set, translated by people; as in XTREME its
    training and dev data are SQuAD 1.1 in English, or XTREME's machine translations of it (``languages``)."""

    card: ClassVar[Card] = Card(
        title="XQuAD",
        hub="google/xquad",
        revision=None,
        licence="CC-BY-SA-4.0",
        citation="Artetxe, Ruder, Yogatama: On the Cross-lingual Transferability of Monolingual Representations. "
        "ACL 2020",
        languages=tuple("ar de el en es hi ro ru th tr vi zh".split()),
        train_languages=tuple("ar de el en es hi ru th tr vi zh".split()),
        splits=("train", "dev", "test"),
        layout="xquad/xquad.<language>.json; SQuAD's squad/{train,dev}-v1.1.json; XTREME's "
        "SQuAD/translate-{train,dev}/squad.translate.{train,dev}.en-<language>.json",
        sizes={"train": 87_599, "dev": 10_570, "test": 1_190},
        trains_on=("squad_v1",),
        label_breakers=NO_BREAKERS,
        traits=("parallel",),
    )
    published: ClassVar[Settings] = TARGET_SETTINGS

    benchmark: Literal["xtreme", "xtreme_r"] = Field(
        "xtreme", description="whose languages: XTREME's 11, or XTREME-R's 12 (with Romanian)"
    )

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        if split == "test":
            left_out = () if self.benchmark == "xtreme_r" else ("ro",)
            return tuple(language for language in super().offered_languages(source, split) if language not in left_out)
        languages = (
            super().offered_languages(source, "train") if source != "hub" else ("en",)
        )  # XTREME's translations are not there
        if split == "train" or self.languages == "all":
            return languages
        return tuple(language for language in languages if language == "en" or language in self.languages)

    def places(self, split: str, language: str) -> Iterable[str]:
        if split == "test":
            yield from (f"{folder}xquad.{language}.json" for folder in ("xquad/", ""))
        elif language == "en":
            yield from SquadV1().places(split, language)
        else:
            yield from _translated_squad(split, language)

    def hub_part(self, split: str, language: str) -> HubPart:
        if split == "test":
            return HubPart(self.card.hub, f"xquad.{language}", "validation")
        if language != "en":
            raise MissingData(
                f"the hub has no translation of SQuAD into '{language}'; use source: mirror with XTREME's"
            )
        return SquadV1().hub_part(split, language)

    def layout_variants(self) -> tuple[Reader, ...]:
        return (self.model_copy(update={"benchmark": "xtreme_r", "languages": "all"}),)


@Reader.register("mlqa")
class Mlqa(_Target):
    """MLQA (Lewis et al. 2020): Wikipedia paragraphs in 7 languages, questions translated by people; its training
    data is SQuAD 1.1 in English, or its machine translations (``languages``). A row is in the language of its
    context."""

    card: ClassVar[Card] = Card(
        title="MLQA",
        hub="google/xtreme",
        revision=None,
        licence="CC-BY-SA-3.0",
        citation="Lewis, Oguz, Rinott, Riedel, Schwenk: MLQA: Evaluating Cross-lingual Extractive Question "
        "Answering. ACL 2020",
        languages=tuple("ar de en es hi vi zh".split()),
        train_languages=tuple("ar de en es hi vi zh".split()),
        splits=("train", "dev", "test"),
        layout="MLQA_V1/{dev,test}/{dev,test}-context-<language>-question-<language>.json; "
        "SQuAD's squad/train-v1.1.json; mlqa-translate-train/<language>_squad-translate-train-train-v1.1.json, or "
        "XTREME's SQuAD/translate-train/squad.translate.train.en-<language>.json",
        sizes={"train": 87_599, "dev": 1_148, "test": 11_590},
        trains_on=("squad_v1",),
        label_breakers=NO_BREAKERS,
        traits=("parallel",),
    )
    published: ClassVar[Settings] = TARGET_SETTINGS
    rules: ClassVar[str] = "mlqa"

    question: Literal["ar", "de", "en", "es", "hi", "vi", "zh"] | None = Field(
        None, description="language of the questions of dev and test; that of the context if left out"
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        if split != "train":
            name = f"{split}/{split}-context-{language}-question-{self.question or language}.json"
            yield from (f"{folder}{name}" for folder in ("MLQA_V1/", "mlqa/MLQA_V1/", "mlqa/"))
        elif language == "en":
            yield from SquadV1().places(split, language)
        else:
            name = f"mlqa-translate-train/{language}_squad-translate-train-train-v1.1.json"
            yield from (f"{folder}{name}" for folder in ("", "mlqa/"))
            yield from _translated_squad(split, language)

    def hub_part(self, split: str, language: str) -> HubPart:
        if split != "train":
            hub_split = {"dev": "validation"}.get(split, split)
            return HubPart(self.card.hub, f"MLQA.{language}.{self.question or language}", hub_split)
        if language == "en":
            return SquadV1().hub_part(split, language)
        return HubPart("facebook/mlqa", f"mlqa-translate-train.{language}", "train")

    def layout_variants(self) -> tuple[Reader, ...]:
        question_languages = [None, *self.card.languages]
        return tuple(
            self.model_copy(update={"question": language, "languages": "all"}) for language in question_languages
        )


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
class Tydiqa(_Target):
    """TyDiQA-GoldP (Clark et al. 2020): questions by people who did not know the answer, in 9 languages. XTREME
    trains on the English part and tests on the dev set, so that no split is left to select by. ``languages`` trains
    on other parts too, or with ``translated`` on XTREME's machine translations of the English one."""

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
        "tydiqa/tydiqa-goldp-v1.1-{train,dev}/tydiqa.goldp.<language>.{train,dev}.json and "
        "TyDiQA-GoldP/translate-train/tydiqa.translate.train.en-<language>.json",
        sizes={"train": 3_696, "test": 440},
        label_breakers=NO_BREAKERS,
    )
    published: ClassVar[Settings] = TARGET_SETTINGS._replace(
        warmup=0.1, source=f"{XTREME_SOURCE} are more than this set has: 0.1, of our choosing)"
    )

    translated: bool = Field(
        False, description="train outside English on machine translations of the English part (XTREME), not on TyDiQA's"
    )

    def layout_variants(self) -> tuple[Reader, ...]:
        return (self, self.model_copy(update={"translated": True}))

    def places(self, split: str, language: str) -> Iterable[str]:
        if self.translated and split == "train" and language != "en":
            name = f"TyDiQA-GoldP/translate-train/tydiqa.translate.train.en-{language}.json"
            yield from (f"{folder}{name}" for folder in ("", "xtreme_translations/"))
            return
        file_split = {"test": "dev"}.get(split, split)
        for folder in ("tydiqa/", ""):
            stem = f"{folder}tydiqa-goldp-v1.1-{file_split}"
            yield f"{stem}.json"
            yield f"{stem}/tydiqa-goldp-{file_split}-{_TYDIQA[language]}.json"
            yield f"{stem}/tydiqa.goldp.{language}.{file_split}.json"

    def file_questions(self, path: Path, split: str, language: str) -> Iterator[Question | BadRow]:
        """A file that holds all languages tells them by the ids; XTREME's training files keep their last number
        alone, which is given to many rows. Those of the translations name English, from which they were made."""
        one_language = path.stem.split(".")[-2:-1] == [language] or path.stem.endswith(
            (_TYDIQA[language], f"en-{language}")
        )
        questions = _cached_questions(path, file_stamp(path))
        named = set(_TYDIQA.values())
        count = 0
        for number, question in enumerate(questions, 1):
            if isinstance(question, BadRow):
                yield question
                continue
            name, _, rest = question.id.partition("-")
            if name not in named and not one_language:
                what = f"the id '{question.id}' of question {number} does not name its language"
                yield question.spot.bad(what, "id") if question.spot else BadRow(str(path), 0, what)
            elif name not in named or name == _TYDIQA[language] or path.parent.name == "translate-train":
                count += 1
                yield question if rest else question._replace(id=f"{question.id}-{number}")
        if not count:
            raise MissingData(f"{path} holds no question in {_TYDIQA[language]}")

    def hub_part(self, split: str, language: str) -> HubPart:
        if self.translated and split == "train" and language != "en":
            raise MissingData("XTREME's translations of TyDiQA are not on the hub; use source: mirror")
        return HubPart(self.card.hub, "secondary_task", {"test": "validation"}.get(split, split))

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        in_language = row["id"].partition("-")[0] == _TYDIQA[language]
        return super().from_hub(row, number, split, language) if in_language else None


@lru_cache(maxsize=1)
def _cached_questions(path: Path, stamp: FileStamp) -> list[Question | BadRow]:
    """The questions of a file that may hold every language, read once for all of them."""
    return list(each_question(path))
