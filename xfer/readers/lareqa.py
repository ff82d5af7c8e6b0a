"""LAReQA: the sentences of all languages that answer a question (Roy et al. 2020, Ruder et al. 2021).

XQuAD-R is XQuAD with the borders of its sentences. Every sentence of a paragraph is a candidate, read together with
the paragraph; right for a question are, in each language, the sentence in which its answer begins and its equals in
that paragraph. Ids are those of google-research/xtreme (third_party/utils_lareqa.py): ``<question>_<language>`` and
``<language>_<paragraph from 1>_<sentence from 0>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from xfer.core.errors import BadRow, MissingData
from xfer.forms.sheet import Pooling
from xfer.readers.answering import AnsweredQuestion, Paragraph, cached_paragraphs, hub_paragraphs, read_file
from xfer.readers.base import Card, HubPart, Reader, Row, Settings
from xfer.readers.identity import occurrences
from xfer.readers.json_text import Spot
from xfer.readers.labels import NO_BREAKERS

QuestionKey = tuple[str, int, int]  # id, which of the questions with it, how many there are
_SETTINGS = Settings(
    learning_rate=2e-5,
    epochs=3,
    batch_size=16,
    max_length=256,
    source="XTREME-R scripts/train_lareqa.sh (reference: xtreme_r section 3; its batches are 4 x 4, so that a question "
    "there has 3 wrong answers beside it, here 15; questions are cut at 96 there)",
    select="last",  # SQuAD's dev set holds the contexts of this test
)
_SPLITS = {"train": "train", "dev": "validation", "test": "validation"}


class _SentenceRetrieval(Reader):
    form: ClassVar[str] = "retrieve"
    labels: ClassVar[tuple[str, ...]] = ()
    published: ClassVar[Settings] = _SETTINGS

    layer: int | None = Field(None, ge=0, description="hidden state that gives the vectors, 0 the embeddings; the last")
    pooling: Pooling = Field("cls", description="how a text's subwords become one vector")

    def form_options(self) -> dict[str, Any]:
        return {"pool": "shared", "task": "ranking", "layer": self.layer, "pooling": self.pooling}


@Reader.register("squad_r")
class SquadR(_SentenceRetrieval):
    """SQuAD 1.1 as LAReQA trains on it: which sentence, read with its paragraph, answers the question.

    The sentences are found by our own rule (``sentences``); of several answers the first counts. In training only
    sentences that answer a question are candidates.
    """

    world: ClassVar[str] = "passages"
    card: ClassVar[Card] = Card(
        title="SQuAD 1.1 as sentence retrieval",
        hub="rajpurkar/squad",
        revision=None,
        licence="CC-BY-SA-4.0",
        citation="Rajpurkar, Zhang, Lopyrev, Liang: SQuAD: 100,000+ Questions for Machine Comprehension of Text. "
        "EMNLP 2016; as retrieval: Roy et al.: LAReQA. EMNLP 2020",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev"),
        layout="squad/{train,dev}-v1.1.json",
        sizes={"train": 87_599, "dev": 10_570},
        trains_on=("squad_v1",),
        label_breakers=NO_BREAKERS,
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}{split}-v1.1.json" for folder in ("squad/", "SQuAD/", "squad_v1/", ""))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        return _monolingual_rows(read_file(path, official=False), split, language)

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "plain_text", _SPLITS[split])

    def hub_rows(self, split: str, language: str) -> Iterator[Row | BadRow] | None:
        return _monolingual_rows(hub_paragraphs(self, split, language), split, language)


@Reader.register("lareqa")
class Lareqa(_SentenceRetrieval):
    """LAReQA as XTREME-R has it: XQuAD-R. Candidates of all languages are searched together, and a question is only
    answered well when its answers in all languages come first. Trained on SQuAD 1.1 in English (``squad_r``).

    The right answers are looked up in all files of the folder. The copy on the hub lacks the sentence borders.
    """

    world: ClassVar[str] = "answers"
    card: ClassVar[Card] = Card(
        title="LAReQA (XQuAD-R)",
        hub="google-research-datasets/xquad_r",
        revision=None,
        licence="CC-BY-SA-4.0",
        citation="Roy, Constant, Al-Rfou, Barua, Phillips, Yang: LAReQA: Language-agnostic Answer Retrieval from a "
        "Multilingual Pool. EMNLP 2020",
        languages=tuple("ar de el en es hi ru th tr vi zh".split()),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="lareqa/xquad-r/<language>.json of all languages; SQuAD's squad/{train,dev}-v1.1.json",
        sizes={"train": 87_599, "dev": 10_570, "test": 1_190},
        trains_on=("squad_v1",),
        label_breakers=NO_BREAKERS,
    )

    sentences: Literal["official", "rule"] = Field(
        "official",
        description="the borders that the official files hold, or found by our rule, also on the hub (another pool)",
    )

    def identity(self) -> dict[str, Any]:
        """Under ``bad_rows: skip`` the questions of tr.json's one misspelt paragraph were once left out."""
        return super().identity() | ({"version": 2} if self.bad_rows == "skip" else {})

    def offered_languages(self, source: Any, split: str) -> tuple[str, ...]:
        return super().offered_languages(source, split) if split == "test" else ("en",)

    def part_readers(self, split: str) -> tuple[Reader, ...]:
        return (self,) if split == "test" else (SquadR(layer=self.layer, pooling=self.pooling),)

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}{language}.json" for folder in ("lareqa/xquad-r/", "xquad-r/", "lareqa/"))

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        return tuple(path.with_name(f"{other}.json") for other in self.card.languages if other != language)

    def file_caveats(self, split: str, language: str, files: list[Path]) -> list[str]:
        """The languages whose answers nobody can look up."""
        other_files = self.companion_files(files[0], split, language)
        missing = [path.stem for path in other_files if not path.is_file()]
        what = f"lareqa test in {language}: the mirror lacks {', '.join(missing)}, whose answers are right as well"
        return [f"{what}; scores are not comparable with others"] if missing else []

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        official = self.sentences == "official"
        others = [other for other in self.companion_files(path, split, language) if other.is_file()]
        answers = {
            other.stem: (str(other), _right_candidates(cached_paragraphs(other, official), other.stem))
            for other in others
        }
        yield from _multilingual_rows(cached_paragraphs(path, official), language, str(path), answers)

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, language, _SPLITS[split])

    def hub_rows(self, split: str, language: str) -> Iterator[Row | BadRow] | None:
        if self.sentences == "official":
            raise MissingData(
                f"{self.card.hub} on the hub lacks the sentence borders that LAReQA scores by; put the official files "
                f"in $XFER_DATA ({self.card.layout}) and use source: mirror, or set sentences: rule on the reader"
            )
        paragraphs_by_language = {code: hub_paragraphs(self, split, code) for code in self.card.languages}
        answers = {
            code: (f"{self.card.hub}/{code}", _right_candidates(paragraphs, code))
            for code, paragraphs in paragraphs_by_language.items()
            if code != language
        }
        return _multilingual_rows(paragraphs_by_language[language], language, f"{self.card.hub}/{language}", answers)


# rows


def candidate_id(language: str, paragraph: int, sentence: int) -> str:
    """The id of a candidate."""
    return f"{language}_{paragraph}_{sentence}"


def query_id(question: str, language: str) -> str:
    """The id of a question in one language."""
    return f"{question}_{language}"


def _right(paragraph: Paragraph, one: AnsweredQuestion, language: str) -> list[str]:
    """The right candidates of a question."""
    return [candidate_id(language, paragraph.number, number) for number in one.answers]


def _question_keys(found: Sequence[Paragraph]) -> Iterator[tuple[Paragraph, AnsweredQuestion, QuestionKey]]:
    """Each question, its id and, as an id may be given to several, which of them it is and how many there are."""
    asked = [(paragraph, one) for paragraph in found for one in paragraph.questions]
    counts = occurrences([one.id for _, one in asked])
    return ((paragraph, one, (one.id, *count)) for (paragraph, one), count in zip(asked, counts, strict=True))


def _right_candidates(paragraphs: Sequence[Paragraph], language: str) -> dict[QuestionKey, list[str]]:
    """The right candidates of each question."""
    return {key: _right(paragraph, question, language) for paragraph, question, key in _question_keys(paragraphs)}


def _monolingual_rows(paragraphs: Iterable[Paragraph], split: str, language: str) -> Iterator[Row | BadRow]:
    """Questions with their answers in one language; in training without the sentences that answer none."""
    for paragraph in paragraphs:
        yield from paragraph.faults
        wanted = (
            {number for question in paragraph.questions for number in question.answers} if split == "train" else None
        )
        yield from (
            _query_row(question, language, _right(paragraph, question, language)) for question in paragraph.questions
        )
        yield from _candidate_rows(paragraph, language, wanted)


def _multilingual_rows(
    paragraphs: Sequence[Paragraph],
    language: str,
    location: str,
    others: dict[str, tuple[str, dict[QuestionKey, list[str]]]],
) -> Iterator[Row | BadRow]:
    """Questions with their answers in all languages, those of ``others`` (language: where they stand, answers)."""
    answers = {**others, language: (location, _right_candidates(paragraphs, language))}
    keys = (key for _, _, key in _question_keys(paragraphs))
    for paragraph in paragraphs:
        yield from paragraph.faults
        for question, key in zip(paragraph.questions, keys, strict=False):
            lacking = [where for where, by_question in answers.values() if key not in by_question]
            if lacking:
                stands_at = f"{location}:{question.spot.line()}" if question.spot else location
                yield BadRow(
                    lacking[0], 0, f"has no question {question.id} of use, as {stands_at} has it: they are not parallel"
                )
            else:
                gold = [name for _, (_, by_question) in sorted(answers.items()) for name in by_question[key]]
                yield _query_row(question, language, gold)
        yield from _candidate_rows(paragraph, language, None)


class RetrievalGold(NamedTuple):
    """The right candidates of each query of a language, and all candidates of the languages of its folder."""

    right: dict[str, list[str]]
    candidates: set[str]


def gold_file(path: Path) -> RetrievalGold:
    """What an official file, with those beside it, has to score by. Raises BadRow."""
    reader, right = Lareqa(), {}
    for row in reader.parse(path, "test", path.stem):
        if isinstance(row, BadRow):
            raise row
        if row["side"] == "query":
            right[row["id"]] = row["gold"]
    files = [path, *(other for other in reader.companion_files(path, "test", path.stem) if other.is_file())]
    pools = ((file.stem, paragraph) for file in files for paragraph in cached_paragraphs(file, official=True))
    return RetrievalGold(
        right, {candidate_id(code, p.number, number) for code, p in pools for number in range(len(p.sentences))}
    )


def _query_row(question: AnsweredQuestion, language: str, gold: list[str]) -> Row:
    return _retrieval_row(query_id(question.id, language), language, "query", question.text, None, gold) | _line(
        question.spot
    )


def _candidate_rows(paragraph: Paragraph, language: str, wanted: set[int] | None) -> Iterator[Row]:
    for number, (start, end) in enumerate(paragraph.sentences):
        if wanted is None or number in wanted:
            name = candidate_id(language, paragraph.number, number)
            row = _retrieval_row(name, language, "candidate", paragraph.context[start:end], paragraph.context, None)
            yield row | _line(paragraph.spot)


def _line(spot: Spot | None) -> Row:
    return {"line": spot.line} if spot else {}


def _retrieval_row(name: str, language: str, side: str, text: str, pair: str | None, gold: list[str] | None) -> Row:
    row = {"id": name, "language": language, "side": side, "text": text, "pair": pair}
    return row | {"gold": gold, "part": "test"}
