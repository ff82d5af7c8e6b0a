"""Why a node is in the state it is in, in words."""

from __future__ import annotations

import json
from typing import Any

from xfer.core.differences import Difference, find_differences, short_value
from xfer.core.errors import StoreDamaged
from xfer.core.store import Store, damage_error
from xfer.graph.jobs import Job
from xfer.graph.node import Node


def explain_node(node: Node[Job], store: Store) -> dict[str, Any]:
    """kind, key, label, state and the sentences that explain it."""
    line: dict[str, Any] = {"kind": node.kind, "key": node.key, "label": node.label, "why": []}
    try:
        entry = store.find(node.kind, node.key)
    except StoreDamaged as error:
        return line | {"state": "damaged", "why": [str(error)]}
    if entry:
        try:
            done = json.loads((entry.path / "node.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            return line | {"state": "damaged", "why": [str(damage_error(entry, f"node.json cannot be read ({error})"))]}
        return line | {
            "state": "in the store",
            "why": [
                f"finished {done.get('time', '?')} in {done.get('seconds', '?')} s",
                *([f"imported from {entry.origin()}"] if entry.origin() else []),
            ],
        }
    failure = store.noted_failure(node.key)
    if failure:
        line["why"].append(f"failed {failure['time']}: {failure['error']}")
    if node.problem:
        line["why"].append(str(node.problem))
    if (store.root / "work" / f"{node.kind}-{node.key}").is_dir():
        line["why"].append("begun and not finished: the next run goes on from its last checkpoint")
    line["why"] += nearest_differences(node, store)
    return line | {"state": "failed" if failure else "not in the store"}


def nearest_differences(node: Node[Job], store: Store) -> list[str]:
    """How the node differs from the finished one that is most like it."""
    best: tuple[int, bool, str, str, list[str]] | None = None
    record = node.hashed_record()
    for entry in store.finished_entries(node.kind):
        try:
            stored_record = json.loads((entry.path / "node.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        differs = list(map(_difference_line, find_differences(_comparable(stored_record), _comparable(record))))
        label = str(stored_record.get("label", ""))
        candidate = (len(differs), label != node.label, entry.key, label, differs)
        best = min(best, candidate) if best else candidate
    if best is None:
        return [f"no {node.kind} node is finished yet"]
    return [f"nearest finished: {best[2][:6]}  {best[3]}".rstrip(), *best[4]]


def _comparable(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in ("version", "job", "parents", "seed")}


def _difference_line(difference: Difference) -> str:
    if difference.sides == "both":
        return f"{difference.path}: {short_value(difference.old)} -> {short_value(difference.new)}"
    side, value = ("here", difference.new) if difference.sides == "new" else ("there", difference.old)
    return f"{difference.path} is only {side}: {short_value(value)}"
