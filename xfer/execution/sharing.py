"""Results that travel without what they were made of: scores and reports, packed by key and taken into another store.

A score is worth hours of training and takes a few kilobytes. What is taken in counts as done, so that nothing before it
is needed again, and stays marked as imported. Its key says which job it is of, its digests that nothing was changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from xfer.core.errors import UsageError
from xfer.core.store import Entry, Store
from xfer.graph.jobs import Job
from xfer.graph.node import Node, record_key

SHARED_KINDS = ("score", "report")  # which hold no row of a data set, and no weights


def pack_results(nodes: Iterable[Node[Job]], store: Store, folder: Path) -> list[Entry]:
    """Copies the finished scores and reports among ``nodes`` to ``folder/KIND/KEY``; returns what was copied."""
    packed = []
    for node in nodes:
        entry = store.find(node.kind, node.key) if node.kind in SHARED_KINDS else None
        if entry is not None:
            entry.verify_files(contents=True)
            shutil.copytree(entry.path, folder / node.kind / node.key, dirs_exist_ok=True)
            packed.append(entry)
    return packed


def import_results(folder: Path, store: Store) -> list[Entry]:
    """Takes packed results into a store; returns those that it did not hold. Raises UsageError where one is not what
    its key says, and StoreDamaged where it is not what was written; then nothing is taken in."""
    entries = [entry for kind in SHARED_KINDS for entry in _packed_entries(folder, kind)]
    if not entries:
        raise UsageError(f"{folder} holds no packed results; 'xfer pack RECIPE {folder}' writes them")
    for entry in entries:
        entry.verify_files(contents=True)
        if record_key(entry.node_record()) != entry.key:
            raise UsageError(f"{entry.path}: node.json describes another node than its folder is named for")
    new = [entry for entry in entries if store.find(entry.kind, entry.key) is None]
    for entry in new:
        store.adopt(entry, str(folder))
    return new


def _packed_entries(folder: Path, kind: str) -> list[Entry]:
    paths = sorted((folder / kind).iterdir()) if (folder / kind).is_dir() else []
    return [Entry(kind, path.name, path) for path in paths if (path / "done.json").is_file()]
