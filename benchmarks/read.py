"""Reading and encoding NLI pairs from MultiNLI's official file against ``datasets``, in turns.

The peer is the usual script: ``load_dataset("json")``, then ``map(batched=True)`` with the same fast tokenizer, from
an empty cache each time. Ours reads through the reader `mnli`, checks every row and encodes it. Both end with the
subwords and the label of every pair, and these must be the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from common import LABELS, LONGEST, clock, nli_rows, origin, summary, turns

from xfer.forms.base import build_form
from xfer.readers.base import Reader
from xfer.readers.sources import rows as read_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found = nli_rows(min(options.rows, 70_000))
    tokenizer = origin({name: found[name][:20_000] for name in found}).tokenizer
    folder = Path(tempfile.mkdtemp())
    path = folder / "multinli_1.0" / "multinli_1.0_train.jsonl"
    write(path, found, options.rows)
    print(f"{options.rows:,} pairs, {path.stat().st_size / 1e6:.0f} MB")
    datasets.disable_progress_bars()
    kept: dict[str, Any] = {}

    def peer(number: int) -> float:
        begun = clock()
        cache = tempfile.mkdtemp()
        table = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=cache)

        def encode(batch: dict[str, list[Any]]) -> dict[str, Any]:
            made = tokenizer(batch["sentence1"], batch["sentence2"], truncation=True, max_length=LONGEST)
            return {"input_ids": made["input_ids"], "label": [LABELS.index(label) for label in batch["gold_label"]]}

        table = table.map(encode, batched=True, remove_columns=table.column_names)
        seconds = clock() - begun
        kept["peer"] = table
        return seconds

    def ours(number: int) -> float:
        begun = clock()
        reader = Reader.model_validate("mnli")
        kind = build_form(reader.form, reader.label_names())
        columns: dict[str, list[Any]] = {name: [] for name in kind.columns}
        for row_number, row in enumerate(read_rows(reader, "mirror", "train", "en", folder), 1):
            kind.check_row(row, "mnli", row_number)
            for name in columns:
                columns[name].append(row[name])
        kept["encoded"], kept["targets"] = kind.encode(columns, tokenizer, LONGEST), kind.loss_targets(columns)
        return clock() - begun

    summary(turns({"datasets, load and map": peer, "xfer": ours}, options.rounds, options.rows), "xfer")
    same(kept)


def write(path: Path, rows: dict[str, list[Any]], count: int) -> None:
    """``count`` pairs in MultiNLI's layout, the rows again from the start where there are fewer."""
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            i = number % len(rows["text"])
            record = {"gold_label": rows["label"][i], "sentence1": rows["text"][i], "sentence2": rows["pair"][i]}
            record |= {"pairID": str(number), "promptID": str(number), "genre": "fiction", "annotator_labels": []}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def same(kept: dict[str, Any]) -> None:
    """Raises AssertionError unless both found the same subwords and labels."""
    table, encoded = kept["peer"].with_format("arrow")[:], kept["encoded"]
    column = table["input_ids"].combine_chunks()
    assert np.array_equal(column.flatten().to_numpy(), encoded.ids)
    assert np.array_equal(np.asarray(table["label"]), kept["targets"])
    print("\nsame subwords and labels")


if __name__ == "__main__":
    main()
