"""The reader: one data set turned into rows, and the card it must carry.

A reader says where its files lie (``places``), what a file holds (``parse``) and what a hub row means
(``from_hub``); finding, downloading and checking are the same for all and stand in ``sources``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from xfer.core.component import Component
from xfer.core.errors import BadRow, MissingData
from xfer.core.seeds import derive_seed
from xfer.readers.labels import LabelBreakers, RowTrait

Source = Literal["hub", "mirror", "miniature"]
Split = Literal["train", "dev", "test"]
Row = dict[str, Any]


def _valid_languages(value: Any) -> Any:
    codes = value if isinstance(value, list | tuple) else ()
    if value == "all" or (codes and all(isinstance(c, str) and c for c in codes) and len(set(codes)) == len(codes)):
        return value
    raise PydanticCustomError("languages", "must be all, or a list of different codes", {"hint": "such as [en, de]"})


Languages = Annotated[tuple[str, ...] | Literal["all"], BeforeValidator(_valid_languages)]


class Settings(NamedTuple):
    """Published fine-tuning settings: what a stage uses unless its recipe says otherwise."""

    learning_rate: float
    epochs: float
    batch_size: int
    max_length: int
    weight_decay: float = 0.0
    warmup: float = 0.0
    source: str = ""
    select: Literal["best", "last"] = "best"  # the checkpoint by dev scores, or the last one
    large_rate: float | None = None  # the learning rate of a large encoder, where it is another
    large_batch: int | None = None  # its rows of a batch

    def at_size(self, is_large: bool) -> Settings:
        """These settings for an encoder of this size."""
        if not is_large:
            return self
        rate, batch = self.large_rate or self.learning_rate, self.large_batch or self.batch_size
        return self._replace(learning_rate=rate, batch_size=batch)


# Of intermediate tasks; the table of the paper itself could not be recovered.
JIANT = Settings(
    learning_rate=1e-5,
    epochs=3,
    batch_size=32,
    max_length=256,
    weight_decay=0.01,
    warmup=0.1,
    source="jiant's simple API as Phang et al. 2020 used it (reference: phang2020 section 4.1)",
)


class Card(NamedTuple):
    """What is known of a data set. ``languages`` are those of its test split (ISO 639-1)."""

    title: str
    hub: str
    revision: str | None
    licence: str
    citation: str
    languages: tuple[str, ...]
    train_languages: tuple[str, ...]
    splits: tuple[str, ...]
    layout: str
    sizes: dict[str, int]
    superseded_by: str = ""
    label_breakers: LabelBreakers | None = None  # changes after which labels are no longer true; None: nobody has said
    traits: tuple[RowTrait, ...] = ()
    trains_on: tuple[str, ...] = ()  # readers whose training rows are its own, or translated into its own


class HubPart(NamedTuple):
    """One table on the hub: ``load_dataset(repository, config, split=split)``.

    ``revision`` is for tables outside the card's repository, whose revision the card gives.
    """

    repository: str
    config: str | None
    split: str
    revision: str | None = None


class Reader(Component, kind="reader"):
    """One data set as rows of one form, per language and split."""

    form: ClassVar[str]
    card: ClassVar[Card]
    labels: ClassVar[tuple[str, ...]]
    published: ClassVar[Settings]
    world: ClassVar[str] = ""  # the part of the miniature world (miniature.writing.PARTS) that holds its files
    query_language: ClassVar[str] = ""  # of retrieval, where it is not that of the rows
    any_language: ClassVar[bool] = False  # a mirror may hold languages that the card does not name
    sources: ClassVar[tuple[Source, ...]] = ("hub", "mirror", "miniature")
    unlabelled: ClassVar[tuple[Split, ...]] = ()  # splits whose gold the makers keep: nothing there can be scored
    advice: ClassVar[str] = ""  # what to train on instead, for a data set without training rows
    texts: ClassVar[tuple[str, ...]] = ("text", "pair", "question", "options")  # columns whose texts are the data's own

    source: Source | None = Field(None, description="where rows come from; the recipe's source if left out")
    languages: Languages = Field(("en",), description="languages of the training side (ISO 639-1), or all")
    bad_rows: Literal["strict", "skip"] = Field(
        "strict",
        description="a row that cannot be read or used: strict stops and names it by file and line, skip leaves it "
        "out, counts it and reports it (languages are then no longer parallel row by row)",
    )

    def train_languages(self, source: Source) -> tuple[str, ...]:
        """The languages that a stage trains on."""
        return self.offered_languages(source, "train") if self.languages == "all" else tuple(self.languages)

    def known_languages(self, split: str) -> tuple[str, ...]:
        """The languages that this split has in any source."""
        return self.card.train_languages if split == "train" else self.card.languages

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        """The languages that this split has in this source, sorted as on the card; of a split it lacks none."""
        languages = self.known_languages(split) if split in self.card.splits else ()
        if source != "miniature":
            return languages
        from xfer.miniature import LANGUAGES  # late: only the miniature source needs its tables

        return tuple(language for language in languages if language in LANGUAGES)

    def label_names(self, source: Source | None = None) -> tuple[str, ...]:
        """The labels in the order of the head's outputs, as this source has them; empty for forms without labels."""
        return self.labels

    def form_options(self) -> dict[str, Any]:
        """Settings of the form that this data set prescribes."""
        return {}

    def breaker_reasons(self) -> LabelBreakers | None:
        """The changes after which labels are no longer true, and why; None where nobody has said."""
        return self.card.label_breakers

    def holds_out(self, split: str) -> bool:
        """Whether a split is drawn from the training file, so that it may have no row of a small one."""
        return False

    def part_readers(self, split: str) -> tuple[Reader, ...]:
        """The readers whose rows, one after another, make up this split: itself, unless it joins several."""
        return (self,)

    def origin_splits(self, split: str, language: str) -> tuple[tuple[Reader, str], ...]:
        """The readers and their splits that this split is made from: itself, unless it joins or rewrites others."""
        return tuple((reader, split) for reader in self.part_readers(split))

    def rows_from_origins(self, rows: Iterator[Row], split: str, language: str) -> Iterator[Row]:
        """The rows of this reader, from those of its ``origins``."""
        return rows

    def layout_variants(self) -> tuple[Reader, ...]:
        """The settings under which this reader, between them, reads every file of its layout."""
        return (self,)

    def world_parts(self, split: str) -> tuple[str, ...]:
        """The parts of the miniature world that this split is read from."""
        return tuple(sorted({reader.world for reader in self.part_readers(split)}))

    def file_caveats(self, split: str, language: str, files: list[Path]) -> list[str]:
        """What somebody must know of these files of a mirror, such as what is missing among them."""
        return []

    def places(self, split: str, language: str) -> Iterable[str]:
        """Paths under the data folder that may hold this split, the best first. ``*`` takes every match."""
        raise MissingData(f"reader {self.type_name} cannot read from source mirror; it has no official files")

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        """Further files that the rows of ``path`` depend on, such as its labels."""
        return ()

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        """The rows of one official file, a BadRow in the place of each that cannot be read (``tables.made``).

        A row says in ``line`` where it stands, by a number or by a function that finds it, and in ``file`` in which
        file, if not in ``path``; ``sources.rows`` takes both off. Raises BadRow for a file that is not readable as a
        whole; a raised one stops under any ``bad_rows``.
        """
        raise NotImplementedError

    def tables(self, paths: Sequence[Path], split: str, language: str) -> Iterator[tuple[str, Iterable[Row | BadRow]]]:
        """(path, its rows) of the files that together hold a split and language."""
        for path in paths:
            yield str(path), self.parse(path, split, language)

    def hub_part(self, split: str, language: str) -> HubPart:
        """The hub table that holds this split and language."""
        raise MissingData(f"reader {self.type_name} cannot read from source hub; it is not there")

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        """One hub row as a row of the form; None drops it (no gold label)."""
        raise NotImplementedError

    def hub_rows(self, split: str, language: str) -> Iterator[Row | BadRow] | None:
        """The rows from the hub where they do not follow one by one from those of ``hub_part``; None where they do."""
        return None


def held_out(content: str, one_in: int) -> str:
    """The split of a row of an unsplit data set, by its content: equal rows never stand on both sides."""
    return {0: "dev", 1: "test"}.get(derive_seed("held out", content) % one_in, "train")
