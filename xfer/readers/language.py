"""``language``: the texts of another data set, labelled with the language that they are written in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field, SerializeAsAny, model_validator
from pydantic_core import PydanticCustomError

from xfer.core.seeds import derive_seed
from xfer.readers.base import Card, Languages, Reader, Row, Settings, Source, Split
from xfer.readers.labels import NO_BREAKERS
from xfer.readers.text import Text

HELD_OUT = 3  # one row in this many is for the test


@Reader.register("language")
class TextLanguage(Reader):
    """The language of a text, of the texts of another reader: what a linear probe of an encoder is asked.

    A third of the rows of the other reader is for the test, drawn by their ids: the translations of a row, and all
    texts of it, stand on one side together, so that nothing but the language is left to be learnt. Texts that stand in
    several rows (the premises of XNLI, a context with many questions) would stand on both sides and are left out.
    """

    version: ClassVar[int] = 2
    form: ClassVar[str] = "classify"
    labels: ClassVar[tuple[str, ...]] = ()
    card: ClassVar[Card] = Card(
        title="The language of the texts of another data set",
        hub="facebook/xnli",  # of the reader that is taken if none is named
        revision=None,
        licence="that of the other data set",
        citation="Libovicky, Rosa, Fraser 2020, On the Language Neutrality of Pre-trained Multilingual Representations",
        languages=Text.card.languages,
        train_languages=Text.card.train_languages,
        splits=("train", "test"),
        layout="that of the other data set",
        sizes={},
        label_breakers=NO_BREAKERS,
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5,
        epochs=1,
        batch_size=32,
        max_length=128,
        weight_decay=0.01,
        warmup=0.1,
        source="ours: no source prescribes them here",
    )

    languages: Languages = Field("all", description="languages that are told apart (ISO 639-1), or all")
    of: SerializeAsAny[Reader] = Field(
        "xnli", validate_default=True, description="another reader, whose texts are read"
    )
    take: tuple[Split, ...] = Field(("dev",), min_length=1, description="the splits whose texts are taken")

    @model_validator(mode="after")
    def _check_origin(self) -> TextLanguage:
        missing = [split for split in self.take if split not in self.of.card.splits]
        if missing or len(set(self.take)) != len(self.take):
            what = {"name": self.of.type_name, "hint": f"it has {', '.join(self.of.card.splits)}, each once"}
            raise PydanticCustomError("take", "take names no split of {name}, or one twice", what)
        if "text" not in self.of.texts or getattr(self.of, "of", None) is not None:
            hint = {"hint": "name the reader of a data set with texts of its own", "name": self.of.type_name}
            raise PydanticCustomError("of_text", "of names {name}, which has no texts of its own", hint)
        return self

    def known_languages(self, split: str) -> tuple[str, ...]:
        every = {language for its in self.take for language in self.of.known_languages(its)}
        return tuple(sorted(every)) if split in self.card.splits else ()

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        every = self.of.model_copy(update={"languages": "all"})
        present = {language for its in self.take for language in every.offered_languages(source, its)}
        chosen = present if self.languages == "all" else present & set(self.languages)
        return tuple(sorted(chosen)) if split in self.card.splits else ()

    def label_names(self, source: Source | None = None) -> tuple[str, ...]:
        """The languages that are told apart."""
        return self.offered_languages(source or "hub", "train")

    def form_options(self) -> dict[str, Any]:
        return {"blind": True}

    def origin_splits(self, split: str, language: str) -> tuple[tuple[Reader, str], ...]:
        every = self.of.model_copy(update={"languages": "all"})
        return tuple((every, its) for its in self.take if language in every.known_languages(its))

    def rows_from_origins(self, rows: Iterator[Row], split: str, language: str) -> Iterator[Row]:
        named = [(row["id"], name, text) for row in rows for name, text in self._texts(row)]
        counts = Counter(text for _, _, text in named)
        for row_id, name, text in named:
            is_tested = derive_seed("language probe", row_id) % HELD_OUT == 0
            if counts[text] == 1 and is_tested == (split == "test"):
                yield {"id": name, "language": language, "text": text, "pair": None, "label": language}

    def _texts(self, row: Row) -> Iterator[tuple[str, str]]:
        """A name and each text of a row of the other reader that holds anything."""
        for column in self.of.texts:
            value = row.get(column)
            for number, text in enumerate([value] if isinstance(value, str) else value or ()):
                if text.strip():
                    yield f"{row['id']}:{column}{number or ''}", text

    def world_parts(self, split: str) -> tuple[str, ...]:
        return tuple(sorted({world for its in self.take for world in self.of.world_parts(its)}))
