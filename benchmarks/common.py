"""What the speed benchmarks share: one model, one set of NLI rows, one way to take turns and print."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LABELS = ("entailment", "neutral", "contradiction")
LONGEST = 128


def nli_rows(count: int) -> dict[str, list[Any]]:
    """``count`` English pairs: real ones where $XFER_DATA has them, else the miniature world's."""
    from xfer.readers.base import Reader
    from xfer.readers.sources import rows

    root = os.environ.get("XFER_DATA")
    if root and (Path(root) / "nli_derived" / "train-en.tsv").is_file():
        block = {
            "type": "files",
            "train": "nli_derived/train-en.tsv",
            "header": ["premise", "hypothesis", "label"],
            "text": "premise",
            "pair": "hypothesis",
            "labels": list(LABELS),
        }
        found = rows(Reader.model_validate(block), "mirror", "train", "en")
    else:
        from xfer import miniature

        world = Path(tempfile.mkdtemp()) / "world"
        miniature.write(world)
        found = rows(Reader.model_validate("mnli"), "miniature", "train", "en", world)
    taken = [row for row, _ in zip(found, range(count), strict=False)]
    return {name: [row[name] for row in taken] for name in ("id", "language", "text", "pair", "label")}


def origin(rows: dict[str, list[Any]], vocabulary: int = 32_000) -> Any:
    """The reference model of the claims: 6 layers, 384 wide, 12 heads, a vocabulary of up to 32,000."""
    from xfer.models.scratch import Scratch

    model = Scratch(layers=6, width=384, heads=12, vocabulary=vocabulary, positions=LONGEST)
    made = model.load_origin(lambda: [*rows["text"], *rows["pair"]])
    made.config.vocab_size = vocabulary  # the claimed size, also where the text has fewer subwords
    return made


def peer_rows(rows: dict[str, list[Any]], tokenizer: Any, padded: bool) -> Any:
    """The rows as a ``datasets.Dataset`` that the Trainer takes."""
    from datasets import Dataset

    padding = "max_length" if padded else False
    found = tokenizer(rows["text"], rows["pair"], truncation=True, max_length=LONGEST, padding=padding)
    return Dataset.from_dict({**found, "label": [LABELS.index(label) for label in rows["label"]]})


def turns(variants: dict[str, Callable[[int], float]], rounds: int, examples: int) -> dict[str, list[float]]:
    """Examples per second of each variant in each round; variants take turns so that drift hits all alike."""
    speeds: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds):
        for name, run in variants.items():
            speeds[name].append(examples / run(number))
            print(f"  round {number + 1}  {name:32} {speeds[name][-1]:8.1f} examples/s", flush=True)
    return speeds


def summary(speeds: dict[str, list[float]], ours: str) -> None:
    """Median and best of each variant, and ours against each as a ratio of medians."""
    mine = statistics.median(speeds[ours])
    print(f"\n{'':34}{'median':>8}{'best':>8}   {ours} is")
    for name, found in speeds.items():
        middle = statistics.median(found)
        print(f"{name:34}{middle:8.1f}{max(found):8.1f}   {mine / middle:.2f}x")


def clock() -> float:
    return time.perf_counter()
