"""Commonsense by multiple choice, in English: HellaSwag, Cosmos QA, CommonsenseQA and Social IQa."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from xfer.core.errors import BadRow, MissingData
from xfer.readers import tables
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings, Split
from xfer.readers.choice import XTREME_R_SETTINGS, Choice, ChoiceLine
from xfer.readers.labels import SENTENCE_MEANING


@Reader.register("hellaswag")
class HellaSwag(Choice):
    """HellaSwag (Zellers et al. 2019): which of four endings goes on with an English text; test labels are withheld."""

    unlabelled: ClassVar[tuple[Split, ...]] = ("test",)
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
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        name = f"hellaswag_{'val' if split == 'dev' else split}.jsonl"
        yield from (f"{folder}/{name}" for folder in ("hellaswag/data", "hellaswag", "commonsense/hellaswag"))

    def line_to_row(self, line: ChoiceLine) -> Row:
        options = line.texts(line.cell("endings"), 4, "endings")
        # the line and not `ind`: nothing promises that no two rows share one
        named = {"id": str(line.number), "text": line.text("ctx"), "question": None, "options": options}
        return named | {"label": line.answer("label", "0123")}


@Reader.register("cosmos_qa")
class CosmosQa(Choice):
    """Cosmos QA (Huang et al. 2019): English questions between the lines of a text; test labels are withheld."""

    unlabelled: ClassVar[tuple[Split, ...]] = ("test",)
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
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        name = {"train": "train.csv", "dev": "valid.csv", "test": "test.jsonl"}[split]
        folders = ("cosmosqa/data", "cosmosqa", "cosmos_qa", "commonsense/cosmosqa")
        yield from (f"{folder}/{name}" for folder in folders)

    def line_to_row(self, line: ChoiceLine) -> Row:
        options = [line.text(f"answer{i}") for i in range(4)]
        row_texts = {"text": line.text("context"), "question": line.text("question"), "options": options}
        return {"id": line.name("id"), **row_texts, "label": line.answer("label", "0123")}


@Reader.register("commonsense_qa")
class CommonsenseQa(Choice):
    """CommonsenseQA (Talmor et al. 2019), random split: English questions with five answers and no text to read.

    Test labels are withheld.
    """

    unlabelled: ClassVar[tuple[Split, ...]] = ("test",)
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
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        name = f"{split}_rand_split{'_no_answers' if split == 'test' else ''}.jsonl"
        folders = ("commonsenseqa", "commonsense_qa", "commonsense/commonsenseqa")
        yield from (f"{folder}/{name}" for folder in folders)

    def line_to_row(self, line: ChoiceLine) -> Row:
        stem, options, keys = _choice_columns(line)
        row_texts = {"id": line.name("id"), "text": stem, "question": None, "options": options}
        return row_texts | {"label": line.answer("answerKey", keys)}


def _choice_columns(line: ChoiceLine) -> tuple[str, list[str], list[str]]:
    """Question, options and their letters: nested in ``question`` by the makers, side by side on the hub."""
    question = line.cell("question")
    if isinstance(question, dict):
        inner = ChoiceLine(question, line.place, line.number, line.split)
        stem, choices = inner.text("stem"), inner.cell("choices")
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise line.bad(f"column 'choices' holds {choices!r}, not a list of objects")
        columns: Any = {name: [choice.get(name) for choice in choices] for name in ("label", "text")}
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
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = XTREME_R_SETTINGS

    def places(self, split: str, language: str) -> Iterable[str]:
        file_split = {"train": "trn", "dev": "dev", "test": "tst"}[split]
        name = f"socialIQa_v1.4_{file_split}.jsonl"
        yield from (f"{folder}/{name}" for folder in ("siqa", "socialIQa_v1.4", "social_iqa", "commonsense/siqa"))
        if split != "test":
            yield from (f"{folder}{split}.jsonl" for folder in ("socialiqa-train-dev/", "siqa/socialiqa-train-dev/"))

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        if not path.name.startswith("socialIQa"):
            yield path.with_name(f"{path.stem}-labels.lst")

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        for labels in self.companion_files(path, split, language):
            return self._labelled_rows(path, labels, split, language)
        return super().parse(path, split, language)

    def _labelled_rows(self, path: Path, labels: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        """The first release: rows and labels in two files, line by line. Raises BadRow where one has more."""
        answers = {line: text for line, text in tables.each_line(labels) if isinstance(text, BadRow) or text.strip()}
        rows = list(tables.each_jsonl(path))
        if len(rows) != len(answers):
            longer, line = (path, rows[len(answers)][0]) if len(rows) > len(answers) else (labels, 0)
            line = line or list(answers)[len(rows)]
            shorter = labels if longer is path else path
            raise BadRow(str(longer), line, f"has no counterpart in {shorter.name}")
        numbered_pairs = [
            (number, (cells, answer)) for (number, cells), answer in zip(rows, answers.items(), strict=True)
        ]

        def make(number: int, line_pair: tuple[Row | BadRow, tuple[int, str | BadRow]]) -> Row:
            cells, (line, label) = line_pair
            for side in (cells, label):
                if isinstance(side, BadRow):
                    raise side
            assert isinstance(cells, dict) and isinstance(label, str)
            answer = ChoiceLine({"label": label.strip()}, str(labels), line, split).answer("label", "123")
            return self.line_to_row(ChoiceLine(cells, str(path), number, split), answer) | {"language": language}

        return tables.make_rows(numbered_pairs, make)

    def hub_part(self, split: str, language: str) -> HubPart:
        if split == "test":
            raise MissingData(
                "social_iqa has no test split on the hub; use source: mirror with socialIQa_v1.4_tst.jsonl"
            )
        return super().hub_part(split, language)

    def line_to_row(self, line: ChoiceLine, label: int | None = None) -> Row:
        options = [line.text(f"answer{letter}") for letter in "ABC"]
        row_texts = {"text": line.text("context"), "question": line.text("question"), "options": options}
        if label is None:
            letters = "correct" in line.cells
            label = line.answer("correct", "ABC") if letters else line.answer("label", "123")
        return {"id": str(line.number), **row_texts, "label": label}
