"""The node of an attack: rows of a test or of a training set, and what is needed to change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from xfer.attackers.base import Attacker, ModelFree
from xfer.core.errors import XferError
from xfer.core.inputs import Compiling, form_of
from xfer.core.nodes import Node
from xfer.readers.base import Reader


class Target(NamedTuple):
    """What is attacked: rows of a reader, for whom, and whose head of a finished stage is asked, if any is."""

    what: str  # for notes
    label: str
    reader: Reader
    rows: Node
    victim: Mapping[str, Node]
    task: str


def attack_node(about: Compiling, attacker: Attacker, target: Target, more: Mapping[str, Any] | None = None) -> Node:
    """The rows of ``target`` as ``attacker`` changes them; ``more`` belongs to the node's job."""
    reader, problem = target.reader, None
    job: dict[str, Any] = {"attacker": attacker.identity()}
    parents = {"rows": target.rows}
    if attacker.searches:
        parents |= target.victim
        job |= {"task": target.task, **form_of(reader, about.recipe.source_of(reader))}
    if isinstance(attacker, ModelFree):
        parents |= _further(about, attacker, target)
        try:
            spoken = (reader.query_language,) if reader.query_language else target.rows.spec["languages"]
            found = attacker.files(spoken, about.resolver.digest)
            job |= {} if found is None else {"at": found}
        except XferError as error:
            problem = error
    job |= {"language": reader.query_language} if reader.query_language else {}
    spec = {"attacker": attacker, "form": reader.form, "language": reader.query_language}
    node = Node("attack", target.label, job | dict(more or {}), parents, spec=spec, problem=problem)
    return about.graph.add(node)


def _further(about: Compiling, attacker: ModelFree, target: Target) -> dict[str, Node]:
    """Other rows of the same data set that a model-free attacker takes its changes from."""
    found = attacker.further(target.rows.spec["split"], target.rows.spec["languages"])
    if not found:
        return {}
    split, languages = found
    offered = target.reader.offered(about.recipe.source_of(target.reader), split)
    kept = about.kept(f"attacker of {target.what}", languages, offered)
    return {"further": about.data(target.reader, split, kept, None)}
