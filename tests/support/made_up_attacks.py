"""What the nodes before an attacked evaluation leave behind, in small: rows, and each of them with a word changed."""

from __future__ import annotations

import json
from pathlib import Path

from xfer.graph.compile import Node
from xfer.steps.rows import write_rows

TEXT, EDIT = "a small house", {"column": "text", "start": 2, "end": 7, "new": "smlal", "kind": "swap"}


def write_texts(node: Node, folder: Path, languages: tuple[str, ...] = ("en", "sw"), count: int = 4) -> None:
    """The output of a node of data or of an attack, and of training what is told of it."""
    if node.kind == "train":
        (folder / "out" / "training.json").write_text(json.dumps({"curve": [], "selected": [1, None]}))
    names = [(language, str(i)) for language in languages for i in range(count)]
    same = {"id": [name for _, name in names], "language": [language for language, _ in names]}
    if node.kind == "attack":
        columns = {"status": "changed", "queries": 0, "forwards": 0, "message": "", "edits": json.dumps([EDIT])}
        edits = same | {name: [value] * len(names) for name, value in columns.items()}
        write_rows(folder / "out" / "edits.parquet", edits)
    if node.kind in ("data", "attack"):
        text = TEXT if node.kind == "data" else "a smlal house"
        rows = same | {"text": [text] * len(names), "pair": [None] * len(names), "label": ["x"] * len(names)}
        rows |= {name: [["x"]] * len(names) for name in ("tags", "answers")}
        write_rows(folder / "out" / "rows.parquet", rows)
