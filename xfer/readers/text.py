"""Unlabelled text, one sentence or passage a line, for masked language modelling: plain files, Wikipedia, or the
texts of another data set without their labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, SerializeAsAny, model_validator
from pydantic_core import PydanticCustomError

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import Card, HubPart, Languages, Reader, Row, Settings, Source, Split, held_out
from xfer.readers.labels import NO_BREAKERS
from xfer.readers.sources import mirror_root
from xfer.readers.taken import (
    check_taken,
    present_languages,
    taken_languages,
    taken_splits,
    taken_texts,
    taken_worlds,
)

_WIKIPEDIA = tuple(
    "af ar az bg bn de el en es et eu fa fi fr gu he hi ht hu id it ja jv ka kk ko lt ml mr ms my nl pa pl pt qu "
    "ro ru sw ta te th tl tr uk ur vi wo yo zh".split()
)


@Reader.register("text")
class Text(Reader):
    """Plain text by language: Wikipedia from the hub; from the mirror ``<folder>/<language>/*.txt`` (also packed as
    .gz, .xz or .bz2) or a copy of the hub's Wikipedia; or, with ``of``, the texts of another reader in any source.

    Every ``held_out``-th line or so (drawn by its content) is kept for dev and test. Of Wikipedia the beginning of
    each article is read, ``longest`` characters at most. ``of`` takes all text columns and no label, each text once a
    language, from the splits ``take``.
    """

    world: ClassVar[str] = "text"
    form: ClassVar[str] = "mask"
    labels: ClassVar[tuple[str, ...]] = ()
    any_language: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        title="Plain text (Wikipedia, or any folder of .txt files)",
        hub="wikimedia/wikipedia",
        revision=None,
        licence="Wikipedia: CC-BY-SA-3.0 and GFDL; own folders: theirs",
        citation="Wikimedia Foundation: Wikimedia Downloads, https://dumps.wikimedia.org",
        languages=_WIKIPEDIA,
        train_languages=_WIKIPEDIA,
        splits=("train", "dev", "test"),
        layout="<folder>/<language>/*.txt, one sentence or passage a line, or the hub's "
        "wikipedia/<dump>.<language>/train-*.parquet",
        sizes={},
        label_breakers=NO_BREAKERS,
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=1e-4,
        epochs=1,
        batch_size=32,
        max_length=256,
        weight_decay=0.01,
        warmup=0.06,
        source="BERT's learning rate and RoBERTa's warm-up share, of our choosing: no source prescribes them here",
    )

    languages: Languages = Field("all", description="languages to read (ISO 639-1), or all")
    folder: str = Field("text", description="mirror: the folder under $XFER_DATA (or an absolute path)")
    dump: str = Field("20231101", description="hub and mirror: the date of the Wikipedia dump")
    of: SerializeAsAny[Reader] | None = Field(None, description="another reader whose texts are read, unlabelled")
    take: tuple[Split, ...] = Field(
        ("train",), min_length=1, description="with of: the splits whose texts are taken (test: transductive)"
    )
    masking: float = Field(0.15, gt=0, lt=1, description="share of the subwords that are predicted")
    held_out: int = Field(50, ge=3, description="one line in this many is kept for dev and for test each")
    longest: int = Field(600, ge=1, description="characters: longer lines are cut at the last space before it")

    @model_validator(mode="after")
    def _one_origin(self) -> Text:
        if self.of is None:
            if self._given(self, "take"):
                raise PydanticCustomError("take", "take says which splits of another reader", {"hint": "give of: too"})
            return self
        if isinstance(self.of, Text):
            raise PydanticCustomError("of_text", "of names the reader text itself", {"hint": "leave out one of them"})
        for field in ("source", "languages", "bad_rows"):
            if self._given(self.of, field):
                context = {"hint": f"say {field} beside of, for the texts", "field": field}
                raise PydanticCustomError("of_field", "of holds {field}, which has no effect there", context)
        for field in ("folder", "dump"):
            if self._given(self, field):
                raise PydanticCustomError("of_and", "gives both of and {field}", {"hint": "keep one", "field": field})
        check_taken(self.of, self.take)
        return self

    @staticmethod
    def _given(reader: Reader, field: str) -> bool:
        """Whether a field was given another value than its default."""
        return bool(getattr(reader, field) != type(reader).model_fields[field].default)

    def known_languages(self, split: str) -> tuple[str, ...]:
        if self.of is None:
            return super().known_languages(split)
        return taken_languages(self.of, self.take)

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        if self.of is not None:
            return present_languages(self.of, self.take, source, self.languages)
        languages = super().offered_languages(source, split)
        if self.languages != "all":
            return tuple(language for language in self.languages if source != "miniature" or language in languages)
        return languages if source != "mirror" else tuple(filter(self._present, languages))

    def holds_out(self, split: str) -> bool:
        return split != "train"

    def origin_splits(self, split: str, language: str) -> tuple[tuple[Reader, str], ...]:
        if self.of is None:
            return super().origin_splits(split, language)
        return taken_splits(self.of, self.take, language)

    def rows_from_origins(self, rows: Iterator[Row], split: str, language: str) -> Iterator[Row]:
        """Each text of the other reader's rows once, its labels left behind."""
        if self.of is None:
            yield from rows
            return
        seen: set[str] = set()
        for number, row in enumerate(rows, 1):
            for column, text in taken_texts(self.of, row):
                text_row = self._row(" ".join(text.split()), f"{number}:{column}", split, language)
                if text_row and text_row["text"] not in seen:
                    seen.add(text_row["text"])
                    yield text_row

    def world_parts(self, split: str) -> tuple[str, ...]:
        if self.of is None:
            return super().world_parts(split)
        return taken_worlds(self.of, self.take)

    def _present(self, language: str) -> bool:
        return any(next(mirror_root().glob(pattern), None) for pattern in self.places("train", language))

    def form_options(self) -> dict[str, Any]:
        return {"rate": self.masking}

    def places(self, split: str, language: str) -> Iterable[str]:
        for end in ("txt", "txt.gz", "txt.xz", "txt.bz2"):
            yield from (f"{self.folder}/{language}/*.{end}", f"{self.folder}/{language}.{end}")
        if not self._given(self, "folder"):
            for base in ("wikipedia", "wikimedia/wikipedia"):
                yield f"{base}/{self.dump}.{language}/train-*.parquet"

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if path.suffix == ".parquet":
            return tables.make_rows(
                tables.parquet(path, ("id", "text")), lambda number, row: self.from_hub(row, number, split, language)
            )
        return tables.make_rows(
            tables.each_line(path), lambda line, text: self._row(text, f"{path.name}:{line}", split, language)
        )

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, f"{self.dump}.{language}", "train")

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        if not isinstance(row["text"], str):
            raise BadRow(f"{self.dump}.{language}", number, f"column 'text' holds {row['text']!r}, not text")
        return self._row(" ".join(row["text"].split()), str(row.get("id", number)), split, language)

    def _row(self, text: str, name: str, split: str, language: str) -> Row | None:
        text = self._cut(text.strip())
        if not text or held_out(text, self.held_out) != split:
            return None
        return {"id": name, "language": language, "text": text}

    def _cut(self, text: str) -> str:
        if len(text) <= self.longest:
            return text
        return text[: text.rfind(" ", 1, self.longest) if " " in text[1 : self.longest] else self.longest].rstrip()
