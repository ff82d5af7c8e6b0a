"""A node named by its content, and the graph of them.

A node's key is a hash of its kind, its job, its parents' keys and its seed; nothing else makes it stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from xfer.core.errors import XferError
from xfer.core.seeds import json_digest
from xfer.graph.jobs import Job, ReportJob, WorldJob
from xfer.graph.training import TrainJob
from xfer.recipe.recipe import Recipe

# What a kind of node does with its job; raise a number when the same job would give other bytes.
VERSIONS = {"world": 1, "data": 1, "train": 2, "predict": 2, "attack": 2, "score": 3, "report": 4}


J = TypeVar("J", bound=Job, covariant=True)


class Node(Generic[J]):
    """One unit of work: its job, the nodes whose results it needs, and the key that follows from them.

    ``problem`` is what stands against doing it.
    """

    def __init__(
        self, job: J, parents: Mapping[str, Node[Job]] | None = None, problem: XferError | None = None
    ) -> None:
        self.job, self.parents, self.problem = job, dict(parents or {}), problem
        self.kind, self.label = job.kind, job.label

    @cached_property
    def key(self) -> str:
        """Hexadecimal blake2b of everything that can change the result."""
        return record_key(self.hashed_record())

    def hashed_record(self) -> dict[str, Any]:
        """What was hashed, for ``node.json`` and ``xfer explain``."""
        parents = {role: parent.key for role, parent in self.parents.items()}
        return {
            "kind": self.kind,
            "version": VERSIONS[self.kind],
            "label": self.label,
            "job": self.job.hashed_data(),
            "parents": parents,
            "seed": self.job.seed,
        }


def record_key(record: Mapping[str, Any]) -> str:
    """The key of the node that a record (``hashed_record``, or a stored ``node.json``) is of."""
    return json_digest([record.get(name) for name in ("kind", "version", "job", "parents", "seed")])


class Graph:
    """All nodes of a recipe in an order in which parents come first; equal nodes stand once."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.nodes: dict[str, Node[Job]] = {}
        self.report: Node[ReportJob] | None = None
        self.notes: list[str] = []
        self.stages: dict[tuple[str, int], Node[TrainJob]] = {}

    def add_node(self, node: Node[J]) -> Node[J]:
        """The node of the same key that the graph has already, else this one, now added."""
        return cast("Node[J]", self.nodes.setdefault(node.key, node))  # equal keys are of one kind


def world_node(parts: tuple[str, ...]) -> Node[WorldJob]:
    """The node that writes these parts of the miniature world."""
    from xfer.miniature import world_version  # late: its tables are needed by this source only

    return Node(WorldJob(label=f"miniature {' and '.join(parts)}", version=world_version(parts), parts=parts))


def subgraph_of(graph: Graph, wanted: Iterable[Node[Job]]) -> Graph:
    """The ``wanted`` nodes of a graph and all that lead to them, in its order; without a report."""
    kept, pending = set[str](), list(wanted)
    while pending:
        node = pending.pop()
        if node.key not in kept:
            kept.add(node.key)
            pending += node.parents.values()
    subgraph = Graph(graph.recipe)
    subgraph.notes = list(graph.notes)
    subgraph.nodes = {key: node for key, node in graph.nodes.items() if key in kept}
    subgraph.stages = {name: node for name, node in graph.stages.items() if node.key in kept}
    return subgraph
