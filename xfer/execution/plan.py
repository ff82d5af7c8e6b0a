"""What a run would do, and how much of it: for ``--dry-run``. Numbers are estimates unless the data is stored."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from xfer.core.store import Store
from xfer.graph.compile import Node

CHARACTERS_A_TOKEN = 4.0  # of a multilingual subword vocabulary, on average
TOKENS_A_ROW = 40  # of a row whose text nobody has seen yet


def plan_nodes(nodes: Iterable[Node], store: Store) -> list[dict[str, Any]]:
    """One line a node: kind, key, label, stored, problem, and the sizes that can be told."""
    sizes: dict[str, tuple[int | None, int | None]] = {}
    lines = []
    for node in nodes:
        stored = store.find(node.kind, node.key) is not None
        rows, tokens = _node_size(node, store, sizes) if node.kind in ("data", "attack") else _needed_size(node, sizes)
        sizes[node.key] = rows, tokens
        line: dict[str, Any] = {
            "kind": node.kind,
            "key": node.key,
            "label": node.label,
            "stored": stored,
            "problem": str(node.problem) if node.problem and not stored else "",
            "rows": rows,
            "tokens": tokens,
            "steps": None,
            "rows_read": None,
            "parameters": None,
        }
        if node.kind == "train":
            steps = _stage_steps(node, _epoch_rows(node, sizes))
            line |= {"steps": steps, "parameters": encoder_parameters(node)}
            if steps and rows and tokens:
                line |= _training_amount(node, steps, rows, tokens)
        lines.append(line)
    return lines


def _training_amount(node: Node, steps: int, rows: int, tokens: int) -> dict[str, int]:
    """The rows and tokens that a stage reads, repeats too, of sets of so many ``rows`` and ``tokens``."""
    trainer = node.spec["trainer"]
    batches = steps * trainer.accumulate * (len(node.job["order"]) if node.spec["mixer"].together else 1)
    budget = trainer.batch_tokens or int(trainer.batch_size * tokens / rows)
    batch_rows = trainer.batch_size or max(1, int(budget * rows / tokens))
    return {"tokens": batches * budget, "rows_read": batches * batch_rows}


def _node_size(
    node: Node, store: Store, sizes: dict[str, tuple[int | None, int | None]]
) -> tuple[int | None, int | None]:
    entry = store.find(node.kind, node.key)
    if node.kind == "attack":
        rows, tokens = sizes[node.parents["rows"].key]
        share = node.job.get("share", 1)  # of a training set
        return (
            (math.ceil(rows * share), int(tokens * share)) if rows is not None and tokens is not None else (None, None)
        )
    if entry:
        size = entry.read("size.json")
        return size["rows"], int(size["characters"] / CHARACTERS_A_TOKEN)
    reader, languages = node.spec["reader"], len(node.spec["languages"])
    published_size = reader.card.sizes.get(node.spec["split"]) if node.spec["source"] != "miniature" else None
    cap = node.spec["rows"]
    rows_each = min(published_size, cap) if published_size and cap else published_size or cap
    return (rows_each * languages, rows_each * languages * TOKENS_A_ROW) if rows_each else (None, None)


def _needed_size(node: Node, sizes: dict[str, tuple[int | None, int | None]]) -> tuple[int | None, int | None]:
    """Rows and tokens that a node reads: training sets for a stage, the tested rows for a prediction."""
    needed = [sizes[parent.key] for role, parent in node.parents.items() if role == "rows" or role.startswith("train/")]
    if not needed or any(rows is None for rows, _ in needed):
        return None, None
    return sum(rows or 0 for rows, _ in needed), sum(tokens or 0 for _, tokens in needed)


def _epoch_rows(node: Node, sizes: dict[str, tuple[int | None, int | None]]) -> int | None:
    """The rows that an epoch of a stage counts: those of the tasks that learn labels, as the mixer adds them up."""
    mixer, order = node.spec["mixer"], [name for name in node.job["order"] if name not in node.spec["heads"]]
    rows = [sizes[node.parents[f"train/{name}"].key][0] for name in order]
    return None if None in rows else int(mixer.epoch_steps([mixer.counted_rows(count or 0) for count in rows]))


def _stage_steps(node: Node, rows: int | None) -> int | None:
    trainer, limit = node.spec["trainer"], node.spec["limit"]
    steps = trainer.steps
    if steps is None and rows and trainer.batch_size:
        steps = math.ceil(trainer.epochs * rows / trainer.batch_size / trainer.accumulate)
    return min(steps or limit, limit or steps) if steps or limit else None


def encoder_parameters(node: Node) -> int | None:
    """Of the encoder that a stage fits, where its model tells them."""
    while "start" in node.parents:
        node = node.parents["start"]
    count: int | None = node.spec["model"].parameter_count()
    return count
