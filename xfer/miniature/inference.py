"""The official file layouts of SNLI and ANLI, filled with inference pairs of their own."""

from collections.abc import Sequence
from pathlib import Path

from xfer.miniature.files import pair_sentences, write_json_lines, write_lines
from xfer.miniature.pairs import InferencePair

_SPLITS = ("train", "dev", "test")
SNLI = {"train": 2000, "dev": 300, "test": 300}
ANLI = {1: (600, 150, 150), 2: (900, 150, 150), 3: (1200, 150, 150)}  # round -> train, dev, test: rounds grow
INFERENCE_SIZES = {f"snli {split}": size for split, size in SNLI.items()} | {
    f"anli {number} {split}": size for number, sizes in ANLI.items() for split, size in zip(_SPLITS, sizes, strict=True)
}
SNLI_COLUMNS = (
    "gold_label",
    "sentence1_binary_parse",
    "sentence2_binary_parse",
    "sentence1_parse",
    "sentence2_parse",
    "sentence1",
    "sentence2",
    "captionID",
    "pairID",
    "label1",
    "label2",
    "label3",
    "label4",
    "label5",
)


def write_inference(folder: Path, splits: dict[str, list[InferencePair]]) -> None:
    """``splits`` holds the pairs of each name of SIZES."""
    for split in SNLI:
        _write_snli(folder / "snli_1.0" / f"snli_1.0_{split}.txt", splits[f"snli {split}"])
    for number in ANLI:
        for split in _SPLITS:
            path = folder / "anli_v1.0" / f"R{number}" / f"{split}.jsonl"
            _write_anli_round(path, splits[f"anli {number} {split}"], f"{number}-{split}")


def _write_snli(path: Path, pairs: Sequence[InferencePair]) -> None:
    rows = (
        "\t".join([pair.label, "", "", "", "", *pair_sentences(pair, "en"), f"{row}#0", f"{row}#0r1{pair.label[0]}"])
        + "\t"
        + "\t".join([pair.label] * 5)
        for row, pair in enumerate(pairs)
    )
    write_lines(path, ["\t".join(SNLI_COLUMNS), *rows])


def _write_anli_round(path: Path, pairs: Sequence[InferencePair], name: str) -> None:
    write_json_lines(path, (_anli(f"{name}-{row}", pair) for row, pair in enumerate(pairs)))


def _anli(uid: str, pair: InferencePair) -> dict[str, str]:
    """One object; the label is its first letter, as in ANLI."""
    premise, hypothesis = pair_sentences(pair, "en")
    return {"uid": uid, "context": premise, "hypothesis": hypothesis, "label": pair.label[0], "reason": ""}
