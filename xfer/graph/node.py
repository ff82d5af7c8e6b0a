"""A node named by its content, and the graph of them.

A node's key is a hash of its kind, its job, its parents' keys and its seed; nothing else makes it stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from xfer.core.errors import XferError
from xfer.core.seeds import json_digest
from xfer.recipe.recipe import Recipe

# What a kind of node does with its job; raise a number when the same job would give other bytes.
VERSIONS = {"world": 1, "data": 1, "train": 2, "predict": 2, "attack": 2, "score": 3, "report": 4}


class Node:
    """One unit of work: its inputs, and the key that follows from them."""

    def __init__(
        self,
        kind: str,
        label: str,
        job: Mapping[str, Any],
        parents: Mapping[str, Node] | None = None,
        seed: int | None = None,
        spec: Mapping[str, Any] | None = None,
        problem: XferError | None = None,
    ) -> None:
        self.kind, self.label, self.seed, self.problem = kind, label, seed, problem
        self.job = dict(job)  # plain data that is hashed
        self.spec = dict(spec or {})  # live components for the work itself: what ``job`` says in data
        self.parents = dict(parents or {})

    @cached_property
    def key(self) -> str:
        """Hexadecimal blake2b of everything that can change the result."""
        parents = {role: parent.key for role, parent in self.parents.items()}
        return json_digest([self.kind, VERSIONS[self.kind], self.job, parents, self.seed])

    def hashed_record(self) -> dict[str, Any]:
        """What was hashed, for ``node.json`` and ``xfer explain``."""
        parents = {role: parent.key for role, parent in self.parents.items()}
        return {
            "kind": self.kind,
            "version": VERSIONS[self.kind],
            "label": self.label,
            "job": self.job,
            "parents": parents,
            "seed": self.seed,
        }


class Graph:
    """All nodes of a recipe in an order in which parents come first; equal nodes stand once."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.nodes: dict[str, Node] = {}
        self.report: Node | None = None
        self.notes: list[str] = []
        self.stages: dict[tuple[str, int], Node] = {}

    def add_node(self, node: Node) -> Node:
        return self.nodes.setdefault(node.key, node)


def world_node(parts: tuple[str, ...]) -> Node:
    """The node that writes these parts of the miniature world."""
    from xfer.miniature import world_version  # late: its tables are needed by this source only

    return Node("world", f"miniature {' and '.join(parts)}", {"world": world_version(parts), "parts": list(parts)})


def subgraph_of(graph: Graph, wanted: Iterable[Node]) -> Graph:
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
