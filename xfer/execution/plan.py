"""What a run would do, and how much of it: for ``--dry-run``. Numbers are estimates unless the data is stored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from xfer.core.store import Entry, Store
from xfer.execution.needed import needed_nodes
from xfer.graph.jobs import AttackJob, DataJob, Job
from xfer.graph.node import Node
from xfer.graph.training import TrainJob

CHARACTERS_A_TOKEN = 4.0  # of a multilingual subword vocabulary, on average
TOKENS_A_ROW = 40  # of a row whose text nobody has seen yet
NodeSize = tuple[int | None, int | None]  # rows and tokens; None where nobody can tell
NodeSizes = dict[str, NodeSize]  # by the key of a node


def plan_nodes(nodes: Sequence[Node[Job]], store: Store) -> list[dict[str, Any]]:
    """One line a node: kind, key, label, stored, needed (by a run), problem, and the sizes that can be told."""
    needed, sizes = {node.key for node in needed_nodes(nodes, store)}, NodeSizes()
    lines = []
    for node in nodes:
        stored = store.find(node.kind, node.key) is not None
        rows, tokens = sizes[node.key] = _node_size(node, store, sizes)
        line: dict[str, Any] = {
            "kind": node.kind,
            "key": node.key,
            "label": node.label,
            "stored": stored,
            "needed": node.key in needed and not stored,
            "problem": str(node.problem) if node.problem and node.key in needed and not stored else "",
            "rows": rows,
            "tokens": tokens,
            "steps": None,
            "rows_read": None,
            "parameters": None,
        }
        if isinstance(node.job, TrainJob):
            steps = _stage_steps(node.job, _epoch_rows(node, node.job, sizes))
            line |= {"steps": steps, "parameters": encoder_parameters(node)}
            if steps and rows and tokens:
                line |= _training_amount(node.job, steps, rows, tokens)
        lines.append(line)
    return lines


def _node_size(node: Node[Job], store: Store, sizes: NodeSizes) -> NodeSize:
    if isinstance(node.job, AttackJob):
        return _attack_size(node.job, sizes[node.parents["rows"].key])
    if isinstance(node.job, DataJob):
        return _data_size(node.job, store.find(node.kind, node.key))
    return _needed_size(node, sizes)


def _attack_size(job: AttackJob, rows_size: NodeSize) -> NodeSize:
    rows, tokens = rows_size
    share = 1 if job.share is None else job.share  # of a training set
    return (math.ceil(rows * share), int(tokens * share)) if rows is not None and tokens is not None else (None, None)


def _data_size(job: DataJob, entry: Entry | None) -> NodeSize:
    """As stored, else as published."""
    if entry:
        size = entry.read("size.json")
        return size["rows"], int(size["characters"] / CHARACTERS_A_TOKEN)
    published_size = job.reader.card.sizes.get(job.split) if job.source != "miniature" else None
    rows_each = min(published_size, job.rows) if published_size and job.rows else published_size or job.rows
    rows = (rows_each or 0) * len(job.languages)
    return (rows, rows * TOKENS_A_ROW) if rows else (None, None)


def _needed_size(node: Node[Job], sizes: NodeSizes) -> NodeSize:
    """Rows and tokens that a node reads: training sets for a stage, the tested rows for a prediction."""
    needed = [sizes[parent.key] for role, parent in node.parents.items() if role == "rows" or role.startswith("train/")]
    if not needed or any(rows is None for rows, _ in needed):
        return None, None
    return sum(rows or 0 for rows, _ in needed), sum(tokens or 0 for _, tokens in needed)


def _epoch_rows(node: Node[Job], job: TrainJob, sizes: NodeSizes) -> int | None:
    """The rows that an epoch of a stage counts: those of the tasks that learn labels, as the mixer adds them up."""
    learnt = [name for name, task in job.tasks.items() if task.head is None]
    rows = {name: sizes[node.parents[f"train/{name}"].key][0] for name in learnt}
    if None in rows.values():
        return None
    return int(job.mixer.epoch_steps({name: job.mixer.counted_rows(count or 0) for name, count in rows.items()}))


def _stage_steps(job: TrainJob, rows: int | None) -> int | None:
    trainer = job.trainer
    steps = trainer.steps
    if steps is None and rows and trainer.batch_size:
        steps = math.ceil((trainer.epochs or 0) * rows / trainer.batch_size / trainer.accumulate)
    bounds = [bound for bound in (steps, job.limit) if bound]
    return min(bounds) if bounds else None


def _training_amount(job: TrainJob, steps: int, rows: int, tokens: int) -> dict[str, int]:
    """The rows and tokens that a stage reads, repeats too, of sets of so many ``rows`` and ``tokens``."""
    trainer = job.trainer
    batches = steps * trainer.accumulate * (len(job.tasks) if job.mixer.together else 1)
    budget = trainer.batch_tokens or int((trainer.batch_size or 0) * tokens / rows)
    batch_rows = trainer.batch_size or max(1, int(budget * rows / tokens))
    return {"tokens": batches * budget, "rows_read": batches * batch_rows}


def encoder_parameters(node: Node[Job]) -> int | None:
    """The number of parameters of the encoder that a stage fits, where its model tells it."""
    while "start" in node.parents:
        node = node.parents["start"]
    state = node.job.model if isinstance(node.job, TrainJob) else None
    return state.model.parameter_count() if state else None
