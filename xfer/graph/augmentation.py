"""The nodes behind ``augment:`` and ``attacked:`` of a task: which rows are changed, in which language."""

from __future__ import annotations

from typing import Any, NamedTuple

from xfer.attackers.base import ModelFree
from xfer.core.errors import XferError
from xfer.graph.compiling import Compiling
from xfer.graph.node import Node
from xfer.readers.base import Reader
from xfer.recipe.checks.lexicons import misfit


class Augmenting(NamedTuple):
    """Of one task: what its stage's job says, further rows, what the work needs, and what stands against it."""

    job: dict[str, Any]
    parents: dict[str, Node]
    spec: dict[str, Any]
    problem: XferError | None


def augmenting(about: Compiling, stage: str, name: str) -> Augmenting:
    """How a task's rows are changed as they are drawn; all empty where nothing is."""
    task = about.recipe.stages[stage].tasks[name]
    steps = [step for step in task.augment if step.active]
    if not steps:
        return Augmenting({}, {}, {}, None)
    told: list[dict[str, Any]] = []
    parents: dict[str, Node] = {}
    problem: XferError | None = None
    for place, step in enumerate(steps):
        said: dict[str, Any] = {"share": step.share}
        said |= {"subwords": step.subwords.model_dump(mode="json")} if step.subwords else {}
        if isinstance(step.attacker, ModelFree):
            said["attacker"] = step.attacker.identity()
            problem = problem or misfit(step.attacker, about.recipe.source_of(task.reader))
            parents |= _further(about, f"{stage} {name}", f"{name}/{place}", task.reader, step.attacker)
            try:
                spoken = _spoken(about, task.reader)
                found = step.attacker.files(spoken, about.resolver.digest)
                about.told(f"stage {stage}", step.attacker, spoken)
                said |= {} if found is None else {"at": found}
            except XferError as error:
                problem = error
        told.append(said)
    job: dict[str, Any] = {"augment": told}
    job |= {"consistency": task.consistency.model_dump(mode="json")} if task.consistency else {}
    job |= {"spoken": task.reader.query_language} if task.reader.query_language else {}
    return Augmenting(job, parents, {"steps": tuple(steps), "consistency": task.consistency}, problem)


def _spoken(about: Compiling, reader: Reader) -> tuple[str, ...]:
    return (reader.query_language,) if reader.query_language else about.trained(reader)


def _further(about: Compiling, what: str, role: str, reader: Reader, attacker: ModelFree) -> dict[str, Node]:
    found = attacker.further("train", about.trained(reader))
    if not found:
        return {}
    split, languages = found
    kept = about.kept(f"attacker of {what}", languages, reader.offered(about.recipe.source_of(reader), split))
    return {f"further/{role}": about.data(reader, split, kept, None)}
