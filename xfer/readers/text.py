"""Unlabelled text, one sentence or passage a line, for masked language modelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from xfer.readers import tables
from xfer.readers.base import Card, HubPart, Languages, Reader, Row, Settings, Source, held_out
from xfer.readers.sources import mirror_root

_WIKIPEDIA = tuple(
    "af ar az bg bn de el en es et eu fa fi fr gu he hi ht hu id it ja jv ka kk ko lt ml mr ms my nl pa pl pt qu "
    "ro ru sw ta te th tl tr uk ur vi wo yo zh".split()
)


@Reader.register("text")
class Text(Reader):
    """Plain text by language: Wikipedia from the hub, ``<folder>/<language>/*.txt`` from the mirror.

    Every ``held_out``-th line or so (drawn by its content) is kept for dev and test.
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
        layout="<folder>/<language>/*.txt, one sentence or passage a line",
        sizes={},
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
    dump: str = Field("20231101", description="hub: the date of the Wikipedia dump")
    masking: float = Field(0.15, gt=0, lt=1, description="share of the subwords that are predicted")
    held_out: int = Field(50, ge=3, description="one line in this many is kept for dev and for test each")
    longest: int = Field(600, ge=1, description="characters: longer lines are cut at the last space before it")

    def offered(self, source: Source, split: str) -> tuple[str, ...]:
        known = super().offered(source, split)
        if self.languages != "all":
            return tuple(language for language in self.languages if source != "miniature" or language in known)
        return known if source != "mirror" else tuple(filter(self._present, known))

    def _present(self, language: str) -> bool:
        folder = mirror_root() / self.folder
        return (folder / language).is_dir() or (folder / f"{language}.txt").is_file()

    def form_options(self) -> dict[str, Any]:
        return {"rate": self.masking}

    def places(self, split: str, language: str) -> Iterable[str]:
        yield f"{self.folder}/{language}/*.txt"
        yield f"{self.folder}/{language}.txt"

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        for line, text in tables.lines(path):
            row = self._row(text, f"{path.name}:{line}", split, language)
            if row:
                yield row

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, f"{self.dump}.{language}", "train")

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
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
