"""Paraphrase identification: Quora question pairs, PAWS and PAWS-X."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings
from xfer.readers.cells import named
from xfer.readers.labels import NEAR_PARAPHRASES, SENTENCE_MEANING
from xfer.readers.pairs import PAIR_SIDES, LabelSpellings, PairColumns, labels_of, numbered_rows, pair_row, xtreme_rows

_QQP = ("not_duplicate", "duplicate")
_PAWS = ("different", "paraphrase")
_PAWSX = tuple("de en es fr ja ko zh".split())
_PLACEHOLDER = "NS"  # PAWS-X for "no sentence": it was not translated


def _binary(names: tuple[str, ...]) -> LabelSpellings:
    return dict(zip("01", names, strict=True))


@Reader.register("qqp")
class Qqp(Reader):
    """Quora Question Pairs as in GLUE: are two English questions the same? Its test labels are withheld."""

    world: ClassVar[str] = "paraphrases"
    form: ClassVar[str] = "classify"
    labels: ClassVar[tuple[str, ...]] = _QQP
    card: ClassVar[Card] = Card(
        title="Quora Question Pairs (GLUE)",
        hub="nyu-mll/glue",
        revision=None,
        licence="Quora's terms; GLUE's hub card: CC-BY-4.0 and other",
        citation="Iyer, Dandekar, Csernai: First Quora Dataset Release: Question Pairs. 2017; Wang et al.: GLUE. "
        "ICLR 2019",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev"),
        layout="QQP/{train,dev}.tsv of GLUE",
        sizes={"train": 363_846, "dev": 40_430},
        label_breakers=SENTENCE_MEANING,
        traits=("symmetric",),
    )
    published: ClassVar[Settings] = JIANT

    def form_options(self) -> dict[str, Any]:
        return {"positive": "duplicate"}

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}/{split}.tsv" for folder in ("QQP", "glue/QQP", "qqp/QQP", "qqp"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        keys = ("question1", "question2", "is_duplicate")

        def make(line: int, cells: dict[str, str]) -> Row | None:
            # GLUE's files hold a few lines that a line break inside a question has torn apart.
            if "is_duplicate" not in cells:
                return None
            row = pair_row(path, line, cells, keys, named(cells, "id", line), language, _binary(_QQP))
            return row if row and _has_texts(row) else None

        return tables.make_rows(tables.each_tsv(path, short=True), make)

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "qqp", {"dev": "validation"}.get(split, split))

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        converted = _hub_row(row, str(row["idx"]), ("question1", "question2", "label"), language, _QQP)
        return converted if converted and _has_texts(converted) else None


@Reader.register("paws")
class Paws(Reader):
    """PAWS-Wiki (Zhang et al. 2019), labeled_final: English pairs that share most words, in another order."""

    world: ClassVar[str] = "paraphrases"
    form: ClassVar[str] = "classify"
    labels: ClassVar[tuple[str, ...]] = _PAWS
    card: ClassVar[Card] = Card(
        title="PAWS: Paraphrase Adversaries from Word Scrambling (Wikipedia, labelled)",
        hub="google-research-datasets/paws",
        revision=None,
        licence="free for any purpose, with acknowledgement of Google LLC",
        citation="Zhang, Baldridge, He: PAWS: Paraphrase Adversaries from Word Scrambling. NAACL 2019",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="final/{train,dev,test}.tsv of paws_wiki_labeled_final.tar.gz",
        sizes={"train": 49_401, "dev": 8_000, "test": 8_000},
        label_breakers=NEAR_PARAPHRASES,
        traits=("symmetric",),
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5,
        epochs=5,
        batch_size=32,
        max_length=128,
        source="XTREME scripts/train_pawsx.sh, whose training rows these are (reference: xtreme section 3)",
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}/{split}.tsv" for folder in ("final", "paws/final", "paws_wiki_labeled_final/final"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        return numbered_rows(path, tables.each_tsv(path), PAIR_SIDES, language, _binary(_PAWS), "id")

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, "labeled_final", {"dev": "validation"}.get(split, split))

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        return _hub_row(row, str(row["id"]), PAIR_SIDES, language, _PAWS)


@Reader.register("pawsx")
class Pawsx(Reader):
    """PAWS-X (Yang et al. 2019): dev and test by people in 7 languages; training data is PAWS, outside English its
    machine translation. Pairs that lack a sentence are not trained on, but tested on as others do."""

    world: ClassVar[str] = "paraphrases"
    form: ClassVar[str] = "classify"
    labels: ClassVar[tuple[str, ...]] = _PAWS
    card: ClassVar[Card] = Card(
        title="PAWS-X",
        hub="google-research-datasets/paws-x",
        revision=None,
        licence="free for any purpose, with acknowledgement of Google LLC",
        citation="Yang, Zhang, Tar, Baldridge: PAWS-X: A Cross-lingual Adversarial Dataset for Paraphrase "
        "Identification. EMNLP 2019",
        languages=_PAWSX,
        train_languages=_PAWSX,
        splits=("train", "dev", "test"),
        layout="x-final/<language>/{train (en), translated_train, dev_2k, test_2k}.tsv; or XTREME's "
        "pawsx/{train,dev,test}-<language>.tsv and PAWSX/translate-train/en-<language>-translated.tsv",
        sizes={"train": 49_401, "dev": 2_000, "test": 2_000},
        label_breakers=NEAR_PARAPHRASES,
        traits=(
            "symmetric",
            "parallel",
        ),
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5,
        epochs=5,
        batch_size=32,
        max_length=128,
        source="XTREME scripts/train_pawsx.sh (reference: xtreme section 3)",
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        train = "train" if language == "en" else "translated_train"
        name = {"train": train, "dev": "dev_2k", "test": "test_2k"}[split]
        yield from (f"{folder}x-final/{language}/{name}.tsv" for folder in ("", "pawsx/", "paws-x/"))
        yield from (f"{folder}/{split}-{language}.tsv" for folder in ("pawsx", "pawsx/xtreme_layout"))
        if split == "train" and language != "en":
            yield f"PAWSX/translate-train/en-{language}-translated.tsv"
            yield f"xtreme_translations/PAWSX/translate-train/en-{language}-translated.tsv"
        if (split, language) == ("train", "en"):
            yield from Paws().places(split, language)

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if path.parent.name == "translate-train":
            rows = _translated_rows(path, language)
        elif path.name == f"{split}-{language}.tsv":
            rows = xtreme_rows(path, split, language, _binary(_PAWS))
        else:
            rows = Paws().parse(path, split, language)
        for row in rows:
            complete = row if isinstance(row, BadRow) else _complete_row(row, split)
            if complete is not None:
                yield complete

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        return (labels_of(path),) if path.name == f"test-{language}.tsv" else ()

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, language, {"dev": "validation"}.get(split, split))

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        converted = _hub_row(row, str(row["id"]), PAIR_SIDES, language, _PAWS)
        return converted and _complete_row(converted, split)


def _hub_row(row: Row, name: str, keys: PairColumns, language: str, names: tuple[str, ...]) -> Row | None:
    """A hub row whose label is a number or its digits; None where it is withheld or illegal (-1)."""
    text, other, label = (row[key] for key in keys)
    if str(label) == "-1":
        return None
    return {"id": name, "language": language, "text": text, "pair": other, "label": _binary(names)[str(label)]}


def _has_texts(row: Row) -> bool:
    """Whether both questions hold something: a few of Quora's are empty."""
    return bool(row["text"].strip() and row["pair"].strip())


def _complete_row(row: Row, split: str) -> Row | None:
    """A pair that lacks a sentence is no training row; elsewhere its gap is written in PAWS-X's own way.

    Scores count such pairs everywhere (paws/pawsx/README.md), so they must stay in dev and test.
    """
    sides = {side: row[side] if row[side].strip() else _PLACEHOLDER for side in ("text", "pair")}
    if split == "train" and any(text.strip() == _PLACEHOLDER for text in sides.values()):
        return None
    return row | sides


def _translated_rows(path: Path, language: str) -> Iterator[Row | BadRow]:
    """XTREME's translations: both English sentences, both translations, label; some lines are broken and left out."""

    def make(line: int, text: str) -> Row | None:
        cells = text.split("\t")
        if len(cells) != 5 or cells[4] not in ("0", "1"):
            return None
        sides = {"text": cells[2], "pair": cells[3], "label": _PAWS[int(cells[4])]}
        return {"id": str(line), "language": language, **sides}

    return tables.make_rows(tables.each_line(path), make)
