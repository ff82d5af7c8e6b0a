"""Mewsli-X: the description, in any language, of the entity that a piece of news mentions (Ruder et al. 2021).

The files are those that the makers' get-mewsli-x.sh leaves.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.core.errors import BadRow, MissingData
from xfer.core.files import file_stamp
from xfer.readers import hub
from xfer.readers.base import Card, Reader, Row, Settings, Source
from xfer.readers.labels import NO_BREAKERS
from xfer.readers.mentions import entity_rows, mention_rows, pair_rows

ENTITY_FILE = "candidate_set_entities.jsonl"
HUB_ARCHIVE = "raw.tar.gz"


@Reader.register("mewsli_x")
class MewsliX(Reader):
    """Mewsli-X: the entity that a mention in the news means, among a million descriptions in 50 languages, which
    are searched together. Training pairs are from Wikipedia, in English, and so is what training selects by.

    Descriptions in a language without mentions are read with the English ones.
    """

    world: ClassVar[str] = "mentions"
    form: ClassVar[str] = "retrieve"
    labels: ClassVar[tuple[str, ...]] = ()
    card: ClassVar[Card] = Card(
        title="Mewsli-X",
        hub="izhx/mewsli-x",
        revision=None,
        licence="Apache-2.0; its text: WikiNews CC-BY-2.5, Wikipedia CC-BY-SA",
        citation="Ruder et al.: XTREME-R: Towards More Challenging and Nuanced Multilingual Evaluation. EMNLP 2021",
        languages=tuple("ar de en es fa ja pl ro ta tr uk".split()),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="mewsli_x/ with wikinews_mentions-{dev,test}.jsonl, wikipedia_pairs-{train,dev}.jsonl and "
        f"{ENTITY_FILE}, as get-mewsli-x.sh leaves them",
        sizes={},
        label_breakers=NO_BREAKERS,
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5,
        epochs=2,
        batch_size=256,
        max_length=64,
        source="XTREME-R scripts/train_mewslix.sh for mBERT (reference: xtreme_r section 3; its batches are 64 x 4, so "
        "that a mention there has 63 wrong entities beside it, here 255; XLM-R large: 1e-5 and 8 x 4)",
        large_rate=1e-5,
        large_batch=32,
    )

    layer: int | None = Field(None, ge=0, description="hidden state that gives the vectors, 0 the embeddings; the last")
    pooling: Literal["mean", "cls", "max", "last"] = Field("cls", description="how a text's subwords become one vector")

    dev: Literal["wikipedia", "wikinews"] = Field(
        "wikipedia",
        description="split dev: pairs like those of training, among their own entities, or the news in 11 languages",
    )

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        return ("en",) if self._paired(split) else super().offered_languages(source, split)

    def layout_variants(self) -> tuple[Reader, ...]:
        return tuple(self.model_copy(update={"dev": dev}) for dev in ("wikipedia", "wikinews"))

    def form_options(self) -> dict[str, Any]:
        return {"pool": "shared", "task": "ranking", "layer": self.layer, "pooling": self.pooling}

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}{self._file(split)}" for folder in ("mewsli_x/", "mewslix/", "mewsli-x/", ""))

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        return () if self._paired(split) else (path.with_name(ENTITY_FILE),)

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if self._paired(split):
            yield from pair_rows(path, language)
            return
        wanted: dict[str, tuple[str, int]] = {}
        for row in mention_rows(path, language):
            if not isinstance(row, BadRow):
                wanted.setdefault(row["gold"][0], (row["id"], row["line"]))
            yield row
        if not wanted:
            raise MissingData(f"{path} holds no mention in {language}")
        entity_file = path.with_name(ENTITY_FILE)
        if not entity_file.is_file():
            raise MissingData(
                f"{entity_file} is not there; {self.type_name} searches its entities ({self.card.layout})"
            )
        yield from entity_rows(entity_file, self._is_described(language), wanted)
        if wanted:
            entity, (mention, line) = min(wanted.items())
            what = f"the entity {entity} of mention {mention} is not among those of {entity_file.name}"
            raise BadRow(str(path), line, what)

    def _paired(self, split: str) -> bool:
        """Whether a split's mentions stand with their entities."""
        return split == "train" or (split == "dev" and self.dev == "wikipedia")

    def _file(self, split: str) -> str:
        return f"{'wikipedia_pairs' if self._paired(split) else 'wikinews_mentions'}-{split}.jsonl"

    def _is_described(self, language: str) -> Callable[[str], bool]:
        """Whether the descriptions in a language are read with the rows of ``language``."""
        languages = self.card.languages
        return lambda code: code == language or (language == "en" and code not in languages)

    def hub_rows(self, split: str, language: str) -> Iterator[Row | BadRow] | None:
        return self.parse(_unpacked(self.card) / self._file(split), split, language)


# the hub


def _unpacked(card: Card) -> Path:
    """The folder of the official files, unpacked once from the archive that the hub's copy holds beside its tables.

    The tables themselves lack the ids of the entities.
    """
    from huggingface_hub import cached_assets_path, hf_hub_download  # late: only the hub needs its client

    local = hub.local_copy(card.hub)
    if local:
        archive = local / HUB_ARCHIVE
        if not archive.is_file():
            raise MissingData(f"{local} holds no {HUB_ARCHIVE}")
        version = "-".join(map(str, file_stamp(archive)))
    else:
        version = card.revision or hub.repository_commit(card.hub)
        with hub.offline_mode(bool(os.environ.get("HF_HUB_OFFLINE"))):
            archive = Path(hf_hub_download(card.hub, HUB_ARCHIVE, repo_type="dataset", revision=version))
    folder = cached_assets_path(library_name="xfer", namespace=card.hub, subfolder=version)
    _unpack(archive, folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    wanted = {ENTITY_FILE, *(f"wikipedia_pairs-{split}.jsonl" for split in ("train", "dev"))}
    wanted |= {f"wikinews_mentions-{split}.jsonl" for split in ("dev", "test")}
    if all((folder / name).is_file() for name in wanted):
        return
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                name = Path(member.name).name
                source = packed.extractfile(member) if name in wanted else None
                if source is not None:
                    aside = folder / f"{name}.part"
                    with source, aside.open("wb") as file:
                        shutil.copyfileobj(source, file)
                    aside.replace(folder / name)
                    wanted.discard(name)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadRow(str(archive), 0, f"cannot be unpacked: {error}") from None
    if wanted:
        raise BadRow(str(archive), 0, f"holds no {', '.join(sorted(wanted))}")
