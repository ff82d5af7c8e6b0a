"""Which nodes a run is about: not those that only lead to what the store holds already. Light, for plans as well."""

from __future__ import annotations

from collections.abc import Sequence

from xfer.core.store import Store
from xfer.graph.jobs import Job
from xfer.graph.node import Node


def needed_nodes(nodes: Sequence[Node[Job]], store: Store) -> list[Node[Job]]:
    """The nodes, in their order, that are held or that something needs which is not."""
    held = {node.key for node in nodes if store.holds(node.kind, node.key)}
    by_key, inner = {node.key: node for node in nodes}, {p.key for node in nodes for p in node.parents.values()}
    needed, pending = set[str](), [node for node in nodes if node.key not in inner]
    while pending:
        node = pending.pop()
        if node.key not in needed and node.key not in held:
            needed.add(node.key)
            pending += [by_key[parent.key] for parent in node.parents.values() if parent.key in by_key]
    return [node for node in nodes if node.key in held or node.key in needed]
