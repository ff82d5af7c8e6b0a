"""Multiple choice: HellaSwag, Cosmos QA, CommonsenseQA, Social IQa, COPA and XCOPA.

Every data set writes its answers in another way (numbers from 0 or from 1, as numbers or as text, letters, a file
of their own, "" or -1 where they are withheld); rows hold the index of the right option, counted from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, ClassVar

from xfer.core.errors import BadRow, MissingData
from xfer.readers import sources, tables
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings

WITHHELD = (None, "", -1, "-1")
XTREME_R = Settings(
    learning_rate=2e-5,
    epochs=5,
    batch_size=32,
    max_length=128,
    source="XTREME-R's XCOPA scripts: Social IQa, then COPA (reference: xtreme_r section 3; XLM-R large: 3e-5)",
)
HUB_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


class Line:
    """The cells of one line of a file (or row of a hub table) and where they stand, for its faults."""

    def __init__(self, cells: Mapping[str, Any], place: str, number: int, split: str) -> None:
        self.cells, self.place, self.number, self.split = cells, place, number, split

    def bad(self, message: str) -> BadRow:
        return BadRow(self.place, self.number, message)

    def cell(self, name: str) -> Any:
        if name not in self.cells:
            raise self.bad(f"has no column '{name}'; found {', '.join(map(str, self.cells))}")
        return self.cells[name]

    def text(self, name: str) -> str:
        found = self.cell(name)
        if not isinstance(found, str):
            raise self.bad(f"column '{name}' holds {found!r}, not text")
        return found

    def texts(self, found: Any, count: int, name: str) -> list[str]:
        """``found`` as ``count`` options."""
        if not isinstance(found, list) or not all(isinstance(option, str) for option in found):
            raise self.bad(f"column '{name}' holds {found!r}, not a list of texts")
        if len(found) != count:
            raise self.bad(f"column '{name}' holds {len(found)} options where {count} are expected")
        return found

    def name(self, column: str) -> str:
        """The row's own name, else its number."""
        found = self.cells.get(column)
        return str(self.number if found in (None, "") else found)

    def answer(self, column: str, spellings: Sequence[str]) -> int | None:
        """The index of the right option; None where a test withholds it."""
        found = self.cells.get(column) if self.split == "test" else self.cell(column)
        if self.split == "test" and found in WITHHELD:
            return None
        if isinstance(found, bool) or not isinstance(found, str | int) or str(found) not in tuple(spellings):
            raise self.bad(f"label {found!r} in '{column}' is not one of {', '.join(spellings)}")
        return spellings.index(str(found))


class Choice(Reader):
    """What the multiple-choice readers share: ``row`` turns one line into a row, whatever the source."""

    world: ClassVar[str] = "choices"
    form: ClassVar[str] = "choose"
    labels: ClassVar[tuple[str, ...]] = ()

    def row(self, line: Line) -> Row:
        """id, text, question, options and label of one line."""
        raise NotImplementedError

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        csv = path.suffix == ".csv"
        for number, cells in tables.tsv(path, quoted=True, delimiter=",") if csv else tables.jsonl(path):
            yield self.row(Line(cells, str(path), number, split)) | {"language": language}

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, None, HUB_SPLITS[split])

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        part = self.hub_part(split, language)
        place = f"{part.repository}/{part.config or 'default'}/{part.split}"
        return self.row(Line(row, place, number + 1, split)) | {"language": language}


@Reader.register("hellaswag")
class HellaSwag(Choice):
    """HellaSwag (Zellers et al. 2019): which of four endings goes on with an English text; test labels are withheld."""

    card: ClassVar[Card] = Card(
        title="HellaSwag",
        hub="Rowan/hellaswag",
        revision=None,
        licence="MIT",
        citation="Zellers et al.: HellaSwag: Can a Machine Really Finish Your Sentence? ACL 2019",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="hellaswag/data/hellaswag_{train,val,test}.jsonl",
        sizes={"train": 39_905, "dev": 10_042, "test": 10_003},
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        name = f"hellaswag_{'val' if split == 'dev' else split}.jsonl"
        yield from (f"{folder}/{name}" for folder in ("hellaswag/data", "hellaswag", "commonsense/hellaswag"))

    def row(self, line: Line) -> Row:
        options = line.texts(line.cell("endings"), 4, "endings")
        # the line and not `ind`: nothing promises that no two rows share one
        named = {"id": str(line.number), "text": line.text("ctx"), "question": None, "options": options}
        return named | {"label": line.answer("label", "0123")}


@Reader.register("cosmos_qa")
class CosmosQa(Choice):
    """Cosmos QA (Huang et al. 2019): English questions between the lines of a text; test labels are withheld."""

    card: ClassVar[Card] = Card(
        title="Cosmos QA",
        hub="allenai/cosmos_qa",
        revision="refs/convert/parquet",  # main holds a loading script only
        licence="CC-BY-4.0",
        citation="Huang et al.: Cosmos QA: Machine Reading Comprehension with Contextual Commonsense Reasoning. "
        "EMNLP-IJCNLP 2019",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="cosmosqa/data/{train.csv,valid.csv,test.jsonl}",
        sizes={"train": 25_262, "dev": 2_985, "test": 6_963},
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        name = {"train": "train.csv", "dev": "valid.csv", "test": "test.jsonl"}[split]
        folders = ("cosmosqa/data", "cosmosqa", "cosmos_qa", "commonsense/cosmosqa")
        yield from (f"{folder}/{name}" for folder in folders)

    def row(self, line: Line) -> Row:
        options = [line.text(f"answer{i}") for i in range(4)]
        asked = {"text": line.text("context"), "question": line.text("question"), "options": options}
        return {"id": line.name("id"), **asked, "label": line.answer("label", "0123")}


@Reader.register("commonsense_qa")
class CommonsenseQa(Choice):
    """CommonsenseQA (Talmor et al. 2019), random split: English questions with five answers and no text to read.

    Test labels are withheld.
    """

    card: ClassVar[Card] = Card(
        title="CommonsenseQA",
        hub="tau/commonsense_qa",
        revision=None,
        licence="MIT",
        citation="Talmor et al.: CommonsenseQA: A Question Answering Challenge Targeting Commonsense Knowledge. "
        "NAACL 2019",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="commonsenseqa/{train_rand_split,dev_rand_split,test_rand_split_no_answers}.jsonl",
        sizes={"train": 9_741, "dev": 1_221, "test": 1_140},
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        name = f"{split}_rand_split{'_no_answers' if split == 'test' else ''}.jsonl"
        folders = ("commonsenseqa", "commonsense_qa", "commonsense/commonsenseqa")
        yield from (f"{folder}/{name}" for folder in folders)

    def row(self, line: Line) -> Row:
        stem, options, keys = _choices(line)
        asked = {"id": line.name("id"), "text": stem, "question": None, "options": options}
        return asked | {"label": line.answer("answerKey", keys)}


def _choices(line: Line) -> tuple[str, list[str], list[str]]:
    """Question, options and their letters: nested in ``question`` by the makers, side by side on the hub."""
    asked = line.cell("question")
    if isinstance(asked, dict):
        inner = Line(asked, line.place, line.number, line.split)
        stem, choices = inner.text("stem"), inner.cell("choices")
        if not isinstance(choices, list) or not all(isinstance(one, dict) for one in choices):
            raise line.bad(f"column 'choices' holds {choices!r}, not a list of objects")
        columns: Any = {name: [one.get(name) for one in choices] for name in ("label", "text")}
    else:
        stem, columns = line.text("question"), line.cell("choices")
        if not isinstance(columns, dict):
            raise line.bad(f"column 'choices' holds {columns!r}, not an object")
    return stem, line.texts(columns.get("text"), 5, "choices"), line.texts(columns.get("label"), 5, "choices")


@Reader.register("social_iqa")
class SocialIqa(Choice):
    """Social IQa (Sap et al. 2019): English questions about what people in a scene want, feel and do.

    XTREME-R trains on it before COPA. The hub and the first release have no test.
    """

    card: ClassVar[Card] = Card(
        title="Social IQa",
        hub="lighteval/siqa",  # a copy: allenai/social_i_qa is a loading script
        revision=None,
        licence="not stated on the hub; CC-BY-4.0 where copies state one",
        citation="Sap et al.: Social IQa: Commonsense Reasoning about Social Interactions. EMNLP-IJCNLP 2019",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="siqa/socialIQa_v1.4_{trn,dev,tst}.jsonl, "
        "or socialiqa-train-dev/{train,dev}.jsonl with {train,dev}-labels.lst",
        sizes={"train": 33_410, "dev": 1_954, "test": 2_224},
    )
    published: ClassVar[Settings] = XTREME_R

    def places(self, split: str, language: str) -> Iterable[str]:
        part = {"train": "trn", "dev": "dev", "test": "tst"}[split]
        name = f"socialIQa_v1.4_{part}.jsonl"
        yield from (f"{folder}/{name}" for folder in ("siqa", "socialIQa_v1.4", "social_iqa", "commonsense/siqa"))
        if split != "test":
            yield from (f"{folder}{split}.jsonl" for folder in ("socialiqa-train-dev/", "siqa/socialiqa-train-dev/"))

    def beside(self, path: Path, split: str, language: str) -> Iterable[Path]:
        if not path.name.startswith("socialIQa"):
            yield path.with_name(f"{path.stem}-labels.lst")

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        for labels in self.beside(path, split, language):
            yield from self._labelled(path, labels, split, language)
            return
        yield from super().parse(path, split, language)

    def _labelled(self, path: Path, labels: Path, split: str, language: str) -> Iterator[Row]:
        """The first release: rows and labels in two files, line by line."""
        answers = ((line, text.strip()) for line, text in tables.lines(labels) if text.strip())
        for both in zip_longest(tables.jsonl(path), answers):
            if None in both:
                short, other = (labels, path) if both[0] else (path, labels)
                raise BadRow(str(other), (both[0] or both[1])[0], f"has no counterpart in {short.name}")
            (number, cells), (line, label) = both
            answer = Line({"label": label}, str(labels), line, split).answer("label", "123")
            yield self.row(Line(cells, str(path), number, split), answer) | {"language": language}

    def hub_part(self, split: str, language: str) -> HubPart:
        if split == "test":
            raise MissingData(
                "social_iqa has no test split on the hub; use source: mirror with socialIQa_v1.4_tst.jsonl"
            )
        return super().hub_part(split, language)

    def row(self, line: Line, label: int | None = None) -> Row:
        options = [line.text(f"answer{letter}") for letter in "ABC"]
        asked = {"text": line.text("context"), "question": line.text("question"), "options": options}
        if label is None:
            letters = "correct" in line.cells
            label = line.answer("correct", "ABC") if letters else line.answer("label", "123")
        return {"id": str(line.number), **asked, "label": label}


class _Causes(Choice):
    """COPA's columns, in any language."""

    published: ClassVar[Settings] = XTREME_R

    def row(self, line: Line) -> Row:
        return self.asked(line, line.text("question"))

    def asked(self, line: Line, question: str) -> Row:
        if question not in ("cause", "effect"):
            raise line.bad(f"question '{question}' is neither cause nor effect")
        options = [line.text("choice1"), line.text("choice2")]
        # English in every language, as XTREME-R asks
        asked = {"text": line.text("premise"), "question": f"What was the {question}?", "options": options}
        return {"id": line.name("idx"), **asked, "label": line.answer("label", "01")}


@Reader.register("copa")
class Copa(_Causes):
    """COPA (Roemmele et al. 2011) as SuperGLUE has it: the likelier cause or effect; test labels are withheld."""

    card: ClassVar[Card] = Card(
        title="COPA",
        hub="aps/super_glue",
        revision=None,
        licence="BSD-2-Clause",
        citation="Roemmele, Bejan, Gordon: Choice of Plausible Alternatives: An Evaluation of Commonsense Causal "
        "Reasoning. AAAI Spring Symposium 2011",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="COPA/{train,val,test}.jsonl, or XTREME-R's xcopa/{train,val}-en.jsonl",
        sizes={"train": 400, "dev": 100, "test": 500},
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        name = "val" if split == "dev" else split
        yield from (f"{folder}/{name}.jsonl" for folder in ("COPA", "superglue/COPA", "copa/COPA", "copa"))
        if split != "test":
            yield from (f"{folder}/{name}-en.jsonl" for folder in ("xcopa", "xcopa/copa_en"))

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "copa", HUB_SPLITS[split])


# The languages whose `question` differs from Estonian's for the same item; the labels agree in all
# (counted in cambridgeltl/xcopa e2e9d7f; reference: hub_datasets section 6).
MISLABELLED = ("id", "it", "sw", "th", "tr")


@Reader.register("xcopa")
class Xcopa(_Causes):
    """XCOPA (Ponti et al. 2020): COPA's dev and test in 11 languages; train on Social IQa, then COPA.

    Whether a cause or an effect is asked is wrong in parts of five languages; it is taken from the Estonian rows.
    """

    card: ClassVar[Card] = Card(
        title="XCOPA",
        hub="cambridgeltl/xcopa",
        revision=None,
        licence="CC-BY-4.0",
        citation="Ponti et al.: XCOPA: A Multilingual Dataset for Causal Commonsense Reasoning. EMNLP 2020",
        languages=tuple("et ht id it qu sw ta th tr vi zh".split()),
        train_languages=(),
        splits=("dev", "test"),
        layout="xcopa/data/<language>/{val,test}.<language>.jsonl, or XTREME-R's xcopa/{val,test}-<language>.jsonl",
        sizes={"dev": 100, "test": 500},
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        name = "val" if split == "dev" else split
        yield f"xcopa/data/{language}/{name}.{language}.jsonl"
        yield f"xcopa/{name}-{language}.jsonl"

    def beside(self, path: Path, split: str, language: str) -> Iterable[Path]:
        if language in MISLABELLED and path.name.endswith(f"-{language}.jsonl"):
            yield path.with_name(f"{path.name.partition('-')[0]}-et.jsonl")
        elif language in MISLABELLED:
            yield path.parent.parent / "et" / f"{path.name.partition('.')[0]}.et.jsonl"

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        questions = None
        for estonian in self.beside(path, split, language):
            if not estonian.is_file():
                what = f"{path} asks for cause or effect wrongly in places, and {estonian}, which has it right"
                raise MissingData(f"{what}, is not there; put it there")
            questions = _questions(estonian, estonian.stat().st_mtime_ns)
        for number, cells in tables.jsonl(path):
            yield self._repaired(Line(cells, str(path), number, split), questions) | {"language": language}

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, language, HUB_SPLITS[split])

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        part = self.hub_part(split, language)
        questions = None
        if language in MISLABELLED:
            local = sources.local_hub(part.repository)
            questions = _questions_on_hub(part.repository, part.split, self.card.revision, local)
        line = Line(row, f"{part.repository}/{part.config}/{part.split}", number + 1, split)
        return self._repaired(line, questions) | {"language": language}

    def _repaired(self, line: Line, questions: Mapping[str, str] | None) -> Row:
        if questions is None:
            return self.row(line)
        name = line.name("idx")
        if name not in questions:
            raise line.bad(
                f"idx {name} is not among the Estonian rows, which say whether a cause or an effect is asked"
            )
        return self.asked(line, questions[name])


@lru_cache(maxsize=2)
def _questions(path: Path, changed: int) -> dict[str, str]:
    """``question`` by ``idx`` of a file."""
    lines = (Line(cells, str(path), number, "test") for number, cells in tables.jsonl(path))
    return {line.name("idx"): line.text("question") for line in lines}


@lru_cache(maxsize=2)
def _questions_on_hub(repository: str, split: str, revision: str | None, local: Path | None) -> dict[str, str]:
    return {str(row["idx"]): row["question"] for row in sources.hub_table(repository, "et", split, revision)}
