"""COPA and XCOPA: which of two is the likelier cause, or effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from xfer.core.errors import BadRow, MissingData
from xfer.core.files import FileStamp, file_stamp
from xfer.readers import hub, tables
from xfer.readers.base import Card, HubPart, Reader, Row, Settings, Split
from xfer.readers.choice import HUB_SPLITS, XTREME_R_SETTINGS, Choice, ChoiceLine
from xfer.readers.labels import SENTENCE_MEANING


class _Causes(Choice):
    """COPA's columns, in any language."""

    published: ClassVar[Settings] = XTREME_R_SETTINGS
    texts: ClassVar[tuple[str, ...]] = ("text", "options")  # the question is ours, the same in every row

    def line_to_row(self, line: ChoiceLine) -> Row:
        return self.asked(line, line.text("question"))

    def asked(self, line: ChoiceLine, question: str) -> Row:
        if question not in ("cause", "effect"):
            raise line.bad(f"question '{question}' is neither cause nor effect")
        options = [line.text("choice1"), line.text("choice2")]
        # English in every language, as XTREME-R asks
        row_texts = {"text": line.text("premise"), "question": f"What was the {question}?", "options": options}
        return {"id": line.name("idx"), **row_texts, "label": line.answer("label", "01")}


@Reader.register("copa")
class Copa(_Causes):
    """COPA (Roemmele et al. 2011) as SuperGLUE has it: the likelier cause or effect; test labels are withheld."""

    unlabelled: ClassVar[tuple[Split, ...]] = ("test",)
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
        label_breakers=SENTENCE_MEANING,
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

    advice: ClassVar[str] = "train on social_iqa, then on copa, as XTREME-R does, and test with reader: xcopa"
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
        label_breakers=SENTENCE_MEANING,
        traits=("parallel",),
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        name = "val" if split == "dev" else split
        yield f"xcopa/data/{language}/{name}.{language}.jsonl"
        yield f"xcopa/{name}-{language}.jsonl"

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        if language in MISLABELLED and path.name.endswith(f"-{language}.jsonl"):
            yield path.with_name(f"{path.name.partition('-')[0]}-et.jsonl")
        elif language in MISLABELLED:
            yield path.parent.parent / "et" / f"{path.name.partition('.')[0]}.et.jsonl"

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        questions = None
        for estonian in self.companion_files(path, split, language):
            if not estonian.is_file():
                what = f"{path} asks for cause or effect wrongly in places, and {estonian}, which has it right"
                raise MissingData(f"{what}, is not there; put it there")
            questions = _questions(estonian, file_stamp(estonian))
        return tables.make_rows(
            tables.each_jsonl(path),
            lambda number, cells: (
                self._repaired(ChoiceLine(cells, str(path), number, split), questions) | {"language": language}
            ),
        )

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, language, HUB_SPLITS[split])

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        hub_table = self.hub_part(split, language)
        questions = None
        if language in MISLABELLED:
            local = hub.local_copy(hub_table.repository)
            questions = _questions_on_hub(hub_table.repository, hub_table.split, self.card.revision, local)
        line = ChoiceLine(row, f"{hub_table.repository}/{hub_table.config}/{hub_table.split}", number + 1, split)
        return self._repaired(line, questions) | {"language": language}

    def _repaired(self, line: ChoiceLine, questions: Mapping[str, str] | None) -> Row:
        if questions is None:
            return self.line_to_row(line)
        name = line.name("idx")
        if name not in questions:
            raise line.bad(
                f"idx {name} is not among the Estonian rows, which say whether a cause or an effect is asked"
            )
        return self.asked(line, questions[name])


@lru_cache(maxsize=2)
def _questions(path: Path, stamp: FileStamp) -> dict[str, str]:
    """``question`` by ``idx`` of a file."""
    lines = (ChoiceLine(cells, str(path), number, "test") for number, cells in tables.jsonl(path))
    return {line.name("idx"): line.text("question") for line in lines}


@lru_cache(maxsize=2)
def _questions_on_hub(repository: str, split: str, revision: str | None, local: Path | None) -> dict[str, str]:
    return {str(row["idx"]): row["question"] for row in hub.load_table(repository, "et", split, revision)}
