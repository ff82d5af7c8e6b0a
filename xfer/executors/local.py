"""Runs a node in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xfer.core.graph import Node
from xfer.core.store import Entry
from xfer.executors.steps import STEPS


def work(node: Node, parents: Mapping[str, Entry], folder: Path, progress: Callable[..., None]) -> dict[str, Any]:
    """Does what the node's kind does; results go to ``folder/out``."""
    return STEPS[node.kind](node, parents, folder, progress)
