"""The nodes behind ``augment:`` and ``attacked:`` of a task: which rows are changed, in which language."""

from __future__ import annotations

from typing import Any, NamedTuple

from xfer.attackers.base import ModelFree
from xfer.core.errors import XferError
from xfer.graph.compiling import GraphBuilder
from xfer.graph.node import Node
from xfer.readers.base import Reader
from xfer.recipe.checks.lexicons import misfit


class AugmentationJob(NamedTuple):
    """Of one task: what its stage's job says, further rows, what the work needs, and what stands against it."""

    job: dict[str, Any]
    parents: dict[str, Node]
    spec: dict[str, Any]
    problem: XferError | None


def augmentation_job(builder: GraphBuilder, stage: str, name: str) -> AugmentationJob:
    """How a task's rows are changed as they are drawn; all empty where nothing is."""
    task = builder.recipe.stages[stage].tasks[name]
    steps = [step for step in task.augment if step.is_active]
    if not steps:
        return AugmentationJob({}, {}, {}, None)
    step_jobs: list[dict[str, Any]] = []
    parents: dict[str, Node] = {}
    problem: XferError | None = None
    for number, step in enumerate(steps):
        step_job: dict[str, Any] = {"share": step.share}
        step_job |= {"subwords": step.subwords.model_dump(mode="json")} if step.subwords else {}
        if isinstance(step.attacker, ModelFree):
            step_job["attacker"] = step.attacker.identity()
            problem = problem or misfit(step.attacker, builder.recipe.source_of(task.reader))
            parents |= _further_parents(builder, f"{stage} {name}", f"{name}/{number}", task.reader, step.attacker)
            try:
                spoken = _spoken_languages(builder, task.reader)
                file_state = step.attacker.file_digests(spoken, builder.resolver.digest)
                builder.told(f"stage {stage}", step.attacker, spoken)
                step_job |= {} if file_state is None else {"at": file_state}
            except XferError as error:
                problem = error
        step_jobs.append(step_job)
    job: dict[str, Any] = {"augment": step_jobs}
    job |= {"consistency": task.consistency.identity()} if task.consistency else {}
    job |= {"spoken": task.reader.query_language} if task.reader.query_language else {}
    return AugmentationJob(job, parents, {"steps": tuple(steps), "consistency": task.consistency}, problem)


def _spoken_languages(builder: GraphBuilder, reader: Reader) -> tuple[str, ...]:
    return (reader.query_language,) if reader.query_language else builder.trained(reader)


def _further_parents(
    builder: GraphBuilder, what: str, role: str, reader: Reader, attacker: ModelFree
) -> dict[str, Node]:
    further_source = attacker.further_split("train", builder.trained(reader))
    if not further_source:
        return {}
    split, languages = further_source
    kept = builder.kept(
        f"attacker of {what}", languages, reader.offered_languages(builder.recipe.source_of(reader), split)
    )
    return {f"further/{role}": builder.data(reader, split, kept, None)}
