"""SNLI, adversarial NLI, and the union that Phang et al. 2020 call ANLI+: English, three labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings
from xfer.readers.cells import named
from xfer.readers.labels import SENTENCE_MEANING
from xfer.readers.nli import INFERENCE_LABELS, Mnli, Nli, gold_rows
from xfer.readers.pairs import LabelSpellings, pair_row

Round = Literal[1, 2, 3]
_LETTERS: LabelSpellings = dict(zip("enc", INFERENCE_LABELS, strict=True))  # ANLI's files hold the first letter only


@Reader.register("snli")
class Snli(Nli):
    """SNLI (Bowman et al. 2015): English image captions as premises; rows without a majority label are left out."""

    world: ClassVar[str] = "anli"
    card: ClassVar[Card] = Card(
        title="Stanford Natural Language Inference",
        hub="stanfordnlp/snli",
        revision=None,
        licence="CC-BY-SA-4.0",
        citation="Bowman, Angeli, Potts, Manning: A large annotated corpus for learning natural language inference. "
        "EMNLP 2015",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="snli_1.0/snli_1.0_{train,dev,test}.{jsonl,txt}",
        sizes={"train": 549_367, "dev": 9_842, "test": 9_824},
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        for folder in ("snli_1.0", "snli/snli_1.0", "snli"):
            yield from (f"{folder}/snli_1.0_{split}.{end}" for end in ("jsonl", "txt"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        return gold_rows(path, language)

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "plain_text", {"dev": "validation"}.get(split, split))


@Reader.register("anli")
class Anli(Nli):
    """Adversarial NLI (Nie et al. 2020): English pairs written to fool a model, in three rounds."""

    world: ClassVar[str] = "anli"
    card: ClassVar[Card] = Card(
        title="Adversarial NLI",
        hub="facebook/anli",
        revision=None,
        licence="CC-BY-NC-4.0",
        citation="Nie, Williams, Dinan, Bansal, Weston, Kiela: Adversarial NLI: A New Benchmark for Natural Language "
        "Understanding. ACL 2020",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="anli_v1.0/R{1,2,3}/{train,dev,test}.jsonl",
        sizes={"train": 162_865, "dev": 3_200, "test": 3_200},
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = JIANT

    rounds: tuple[Round, ...] = Field((1, 2, 3), min_length=1, description="rounds to read, in this order")

    @field_validator("rounds")
    @classmethod
    def _different(cls, value: tuple[Round, ...]) -> tuple[Round, ...]:
        if len(set(value)) != len(value):
            raise PydanticCustomError("rounds", "names a round twice", {"hint": "such as [1, 2, 3]"})
        return value

    def part_readers(self, split: str) -> tuple[Reader, ...]:
        return tuple(self.model_copy(update={"rounds": (round_number,)}) for round_number in self.rounds)

    def places(self, split: str, language: str) -> Iterable[str]:
        for folder in ("anli_v1.0", "anli/anli_v1.0", "nli/anli_v1.0", "anli_v0.1"):
            yield f"{folder}/R{self.rounds[0]}/{split}.jsonl"

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        def make(line: int, cells: Row) -> Row | None:
            premise = "context" if "context" in cells else "premise"  # the files and their README disagree
            keys = (premise, "hypothesis", "label")
            return pair_row(path, line, cells, keys, named(cells, "uid", line), language, _LETTERS)

        return tables.make_rows(tables.each_jsonl(path), make)

    def layout_variants(self) -> tuple[Reader, ...]:
        return self.part_readers("train")  # a round alone: a mirror may lack one

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "plain_text", f"{split}_r{self.rounds[0]}")

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        return super().from_hub({**row, "pairID": row["uid"]}, number, split, language)


@Reader.register("anli_plus")
class AnliPlus(Nli):
    """ANLI+ (Phang et al. 2020): SNLI, MultiNLI and all rounds of ANLI in one; test is ANLI's."""

    card: ClassVar[Card] = Card(
        title="ANLI+ (SNLI, MultiNLI and ANLI)",
        hub=" + ".join(part.card.hub for part in (Snli, Mnli, Anli)),
        revision=None,
        licence="; ".join(f"{part.card.title}: {part.card.licence}" for part in (Snli, Mnli, Anli)),
        citation="Phang et al.: English Intermediate-Task Training Improves Zero-Shot Cross-Lingual Transfer Too. "
        "AACL-IJCNLP 2020 (the union); and those of its parts",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="; ".join(part.card.layout for part in (Snli, Mnli, Anli)),
        sizes={"train": 549_367 + 392_702 + 162_865, "dev": 3_200, "test": 3_200},
        trains_on=("anli", "mnli", "snli"),
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = JIANT

    dev: Literal["anli", "snli", "mnli"] = Field("anli", description="whose dev split to select by")

    def layout_variants(self) -> tuple[Reader, ...]:
        return ()  # its files are those of its parts

    def part_readers(self, split: str) -> tuple[Reader, ...]:
        if split == "train":
            return (Snli(), Mnli(), Anli())
        return ({"anli": Anli(), "snli": Snli(), "mnli": Mnli()}[self.dev if split == "dev" else "anli"],)
