"""A part of a graph: some nodes and what they need."""

from __future__ import annotations

from collections.abc import Iterable

from xfer.core.nodes import Graph, Node


def part_of(graph: Graph, wanted: Iterable[Node]) -> Graph:
    """The ``wanted`` nodes of a graph and all that lead to them, in its order; without a report."""
    kept, left = set[str](), list(wanted)
    while left:
        node = left.pop()
        if node.key not in kept:
            kept.add(node.key)
            left += node.parents.values()
    found = Graph(graph.recipe)
    found.notes = list(graph.notes)
    found.nodes = {key: node for key, node in graph.nodes.items() if key in kept}
    found.stages = {name: node for name, node in graph.stages.items() if node.key in kept}
    return found
