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
from xfer.readers.taken import check_taken, present_languages, taken_languages, taken_splits, taken_texts, taken_worlds
from xfer.readers.text import Text

HELD_OUT = 3  # one row in this many is for the test


@Reader.register("language")
class TextLanguage(Reader):
    """The language of a text, of the texts of another reader: what a linear probe of an encoder is asked.

    A third of the rows of the other reader is for the test, drawn by their ids: the translations of a row, and all
    texts of it, stand on one side together, so that nothing but the language is left to be learnt. Texts that stand in
    several rows (the premises of XNLI, a context with many questions) would stand on both sides and are left out.
    """

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
        check_taken(self.of, self.take)
        if "text" not in self.of.texts or getattr(self.of, "of", None) is not None:
            hint = {"hint": "name the reader of a data set with texts of its own", "name": self.of.type_name}
            raise PydanticCustomError("of_text", "of names {name}, which has no texts of its own", hint)
        return self

    def known_languages(self, split: str) -> tuple[str, ...]:
        return taken_languages(self.of, self.take) if split in self.card.splits else ()

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        return present_languages(self.of, self.take, source, self.languages) if split in self.card.splits else ()

    def label_names(self, source: Source | None = None) -> tuple[str, ...]:
        """The languages that are told apart."""
        return self.offered_languages(source or "hub", "train")

    def form_options(self) -> dict[str, Any]:
        return {"blind": True}

    def origin_splits(self, split: str, language: str) -> tuple[tuple[Reader, str], ...]:
        return taken_splits(self.of, self.take, language)

    def rows_from_origins(self, rows: Iterator[Row], split: str, language: str) -> Iterator[Row]:
        texts = [(row["id"], *text) for row in rows for text in taken_texts(self.of, row) if text[1].strip()]
        counts = Counter(text for _, _, text in texts)
        for row_id, column, text in texts:
            is_tested = derive_seed("language probe", row_id) % HELD_OUT == 0
            if counts[text] == 1 and is_tested == (split == "test"):
                name = f"{row_id}:{column}"
                yield {"id": name, "language": language, "text": text, "pair": None, "label": language}

    def world_parts(self, split: str) -> tuple[str, ...]:
        return taken_worlds(self.of, self.take)
