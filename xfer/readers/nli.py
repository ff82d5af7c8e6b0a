"""Natural language inference: MultiNLI and XNLI.

Labels are kept as words, so that the three label orders in use (hub, XTREME, models) cannot be mixed up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from xfer.core.errors import BadRow, MissingData
from xfer.core.files import FileStamp, file_stamp
from xfer.readers import tables
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings
from xfer.readers.cells import named
from xfer.readers.labels import SENTENCE_MEANING
from xfer.readers.pairs import LabelSpellings, labels_of, numbered_rows, pair_row, xtreme_rows

INFERENCE_LABELS = ("entailment", "neutral", "contradiction")
LABEL_SPELLINGS: LabelSpellings = {label: label for label in INFERENCE_LABELS} | {
    "contradictory": "contradiction",  # as XNLI-MT and XTREME's translations spell it
    "-": None,  # annotators found no majority
}
_GOLD = ("sentence1", "sentence2", "gold_label")
_XNLI = tuple("ar bg de el en es fr hi ru sw th tr ur vi zh".split())
_TRANSLATED = ("premise_en", "hypothesis_en", "premise", "hypothesis", "label")


def gold_rows(path: Path, language: str) -> Iterator[Row | BadRow]:
    """The rows of a file in the layout of SNLI and MultiNLI (.jsonl, or .txt and .tsv without quoting)."""
    # SNLI's lines end where the labels of single annotators end, and most training rows have one.
    lines = tables.each_jsonl(path) if path.suffix == ".jsonl" else tables.each_tsv(path, short=True)
    return numbered_rows(path, lines, _GOLD, language, LABEL_SPELLINGS, "pairID")


class Nli(Reader):
    """What the readers of inference pairs share."""

    world: ClassVar[str] = "nli"
    form: ClassVar[str] = "classify"
    labels: ClassVar[tuple[str, ...]] = INFERENCE_LABELS

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        if row["label"] < 0:
            return None
        label = INFERENCE_LABELS[row["label"]]  # every hub set of these: 0 entailment, 1 neutral, 2 contradiction
        text = {"text": row["premise"], "pair": row["hypothesis"]}
        return {"id": str(row.get("pairID", number)), "language": language, **text, "label": label}


@Reader.register("mnli")
class Mnli(Nli):
    """MultiNLI (Williams et al. 2018): English premise and hypothesis; dev is the matched set."""

    card: ClassVar[Card] = Card(
        title="MultiNLI",
        hub="nyu-mll/multi_nli",
        revision=None,
        licence="mixed by genre: OANC, CC-BY-3.0, CC-BY-SA-3.0, MIT",
        citation="Williams, Nangia, Bowman: A Broad-Coverage Challenge Corpus for Sentence Understanding through "
        "Inference. NAACL 2018",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev"),
        layout="multinli_1.0/multinli_1.0_{train,dev_matched}.{jsonl,txt} or GLUE's MNLI/{train,dev_matched}.tsv",
        sizes={"train": 392_702, "dev": 9_815},
        label_breakers=SENTENCE_MEANING,
    )
    published: ClassVar[Settings] = JIANT

    def places(self, split: str, language: str) -> Iterable[str]:
        file_split = {"train": "train", "dev": "dev_matched"}[split]
        folders = ("multinli_1.0", "mnli/multinli_1.0", "mnli", "nli/multinli_dev_subset")
        yield from (f"{folder}/multinli_1.0_{file_split}.{end}" for folder in folders for end in ("jsonl", "txt"))
        yield from (f"{folder}/{file_split}.tsv" for folder in ("MNLI", "glue/MNLI", "mnli/MNLI"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        return gold_rows(path, language)

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, None, {"train": "train", "dev": "validation_matched"}[split])


@Reader.register("xnli")
class Xnli(Nli):
    """XNLI (Conneau et al. 2018): dev and test by people in 15 languages; training data is MultiNLI,
    outside English its machine translation (XNLI-MT)."""

    card: ClassVar[Card] = Card(
        title="XNLI",
        hub="facebook/xnli",
        revision=None,
        licence="CC-BY-NC-4.0",
        citation="Conneau et al.: XNLI: Evaluating Cross-lingual Sentence Representations. EMNLP 2018",
        languages=_XNLI,
        train_languages=_XNLI,
        splits=("train", "dev", "test"),
        layout="XNLI-1.0/xnli.{dev,test}.tsv, XNLI-MT-1.0/multinli/multinli.train.<language>.tsv; "
        "or XTREME's xnli/{train,dev,test}-<language>.tsv and XNLI/translate-train/en-<language>-translated.tsv",
        sizes={"train": 392_702, "dev": 2_490, "test": 5_010},
        trains_on=("mnli",),
        label_breakers=SENTENCE_MEANING,
        traits=("parallel",),
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5,
        epochs=5,
        batch_size=32,
        max_length=128,
        source="XTREME scripts/train_xnli.sh (reference: xtreme section 3; XLM-R large: 3e-5)",
        large_rate=3e-5,
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        if split == "train":
            yield f"XNLI-MT-1.0/multinli/multinli.train.{language}.tsv"
            yield f"xnli/XNLI-MT-1.0/multinli/multinli.train.{language}.tsv"
        else:
            for folder in ("XNLI-1.0", "xnli/XNLI-1.0", "xnli"):
                yield from (f"{folder}/xnli.{split}.{end}" for end in ("tsv", "jsonl"))
        yield from (f"{folder}/{split}-{language}.tsv" for folder in ("xnli", "xnli/xtreme_layout"))
        if split == "train" and language != "en":
            yield f"XNLI/translate-train/en-{language}-translated.tsv"
            yield f"xtreme_translations/XNLI/translate-train/en-{language}-translated.tsv"
        if (split, language) == ("train", "en"):
            yield from Mnli().places(split, language)

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if path.name.startswith("multinli_1.0") or path.parent.name == "MNLI":
            return Mnli().parse(path, split, language)
        if path.name.startswith("multinli.train."):
            return numbered_rows(path, tables.each_tsv(path), ("premise", "hypo", "label"), language, LABEL_SPELLINGS)
        if path.parent.name == "translate-train":
            lines = tables.each_tsv(path, header=_TRANSLATED)
            return numbered_rows(path, lines, ("premise", "hypothesis", "label"), language, LABEL_SPELLINGS)
        if path.name.startswith(f"{split}-"):
            return xtreme_rows(path, split, language, LABEL_SPELLINGS)
        return _rows_of_language(path, language)

    def companion_files(self, path: Path, split: str, language: str) -> Iterable[Path]:
        return (labels_of(path),) if path.name == f"test-{language}.tsv" else ()

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, language, {"dev": "validation"}.get(split, split))


def _rows_of_language(path: Path, language: str) -> Iterator[Row | BadRow]:
    """The rows of one language of a file that holds all, and the lines that tell no language."""
    rows_by_language = _rows_by_language(path, file_stamp(path))
    yield from rows_by_language.get("", ())
    if language not in rows_by_language:
        languages = ", ".join(sorted(rows_by_language.keys() - {""})) or "none"
        raise MissingData(f"{path} holds no rows in '{language}'; it has {languages}")
    for row in rows_by_language[language]:
        yield row if isinstance(row, BadRow) else row.copy()


@lru_cache(maxsize=1)
def _rows_by_language(path: Path, stamp: FileStamp) -> dict[str, list[Row | BadRow]]:
    """All rows of a file that holds every language, read once for all of them; lines of no language under ""."""
    rows: dict[str, list[Row | BadRow]] = {}

    def make(line: int, cells: Mapping[str, Any]) -> Row | None:
        if "language" not in cells:
            raise BadRow(str(path), line, f"has no column 'language'; found {', '.join(map(str, cells))}")
        language = str(cells["language"])
        try:
            return pair_row(path, line, cells, _GOLD, named(cells, "pairID", line), language, LABEL_SPELLINGS)
        except BadRow as bad:
            rows.setdefault(language, []).append(bad)
            return None

    for row in tables.make_rows(tables.each_jsonl(path) if path.suffix == ".jsonl" else tables.each_tsv(path), make):
        rows.setdefault("" if isinstance(row, BadRow) else row["language"], []).append(row)
    return rows
