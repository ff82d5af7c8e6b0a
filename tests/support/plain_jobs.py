"""Nodes whose job is any plain data, for what does not depend on what a node does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xfer.core.errors import XferError
from xfer.graph.jobs import Job
from xfer.graph.node import Node


@dataclass(frozen=True, kw_only=True)
class PlainJob(Job):
    kind: str  # type: ignore[misc]
    data: dict[str, Any]

    def hashed_data(self) -> dict[str, Any]:
        return self.data


def plain_node(
    kind: str,
    label: str,
    data: dict[str, Any],
    parents: Mapping[str, Node[Any]] | None = None,
    seed: int | None = None,
    problem: XferError | None = None,
) -> Node[PlainJob]:
    return Node(PlainJob(kind=kind, label=label, seed=seed, data=data), parents, problem)
