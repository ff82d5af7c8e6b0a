"""The nodes behind ``augment:`` and ``attacked:`` of a task: which rows are changed, in which language."""

from __future__ import annotations

from typing import NamedTuple

from xfer.attackers.base import ModelFree
from xfer.core.errors import XferError
from xfer.graph.compiling import GraphBuilder
from xfer.graph.jobs import DataJob
from xfer.graph.node import Node
from xfer.graph.training import AugmentationJob, AugmentStep
from xfer.readers.base import Reader
from xfer.recipe.checks.lexicons import misfit


class AugmentationPlan(NamedTuple):
    """How a task's rows are changed, the further rows that are needed for it, and what stands against it."""

    job: AugmentationJob | None
    parents: dict[str, Node[DataJob]]
    problem: XferError | None


def plan_augmentation(builder: GraphBuilder, stage: str, name: str) -> AugmentationPlan:
    """How a task's rows are changed as they are drawn; without a job where they are not."""
    task = builder.recipe.stages[stage].tasks[name]
    steps = [step for step in task.augment if step.is_active]
    if not steps:
        return AugmentationPlan(None, {}, None)
    step_jobs: list[AugmentStep] = []
    parents: dict[str, Node[DataJob]] = {}
    problem: XferError | None = None
    for number, step in enumerate(steps):
        step_job = AugmentStep(step)
        if isinstance(step.attacker, ModelFree):
            problem = problem or misfit(step.attacker, builder.recipe.source_of(task.reader))
            parents |= _further_parents(builder, f"{stage} {name}", f"{name}/{number}", task.reader, step.attacker)
            try:
                spoken = _spoken_languages(builder, task.reader)
                files = step.attacker.file_digests(spoken, builder.resolver.digest)
                builder.note_attacker(f"stage {stage}", step.attacker, spoken)
                step_job = AugmentStep(step, files)
            except XferError as error:
                problem = error
        step_jobs.append(step_job)
    job = AugmentationJob(
        steps=tuple(step_jobs), consistency=task.consistency, language=task.reader.query_language or None
    )
    return AugmentationPlan(job, parents, problem)


def _spoken_languages(builder: GraphBuilder, reader: Reader) -> tuple[str, ...]:
    return (reader.query_language,) if reader.query_language else builder.trained_languages(reader)


def _further_parents(
    builder: GraphBuilder, what: str, role: str, reader: Reader, attacker: ModelFree
) -> dict[str, Node[DataJob]]:
    further_source = attacker.further_split("train", builder.trained_languages(reader))
    if not further_source:
        return {}
    split, languages = further_source
    kept = builder.kept_languages(f"attacker of {what}", languages, builder.offered_languages(reader, split))
    return {f"further/{role}": builder.data_node(reader, split, kept, None)}
