"""What a recipe says of attacked training rows: faults, the nodes that attack them, and what a stage's job says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xfer.attackers.base import Attacker
from xfer.attackers.constraints import Tagged
from xfer.attackers.search.base import Search
from xfer.core.errors import suggest_name
from xfer.core.yaml import KeyPath
from xfer.forms.sheet import form_facts
from xfer.readers.base import Reader
from xfer.recipe.checks.lexicons import training_attacker_faults
from xfer.recipe.checks.names import unknown_name
from xfer.recipe.partial import PartialRecipe, PartialTask, PathFault
from xfer.recipe.recipe import Task
from xfer.recipe.rules import prerequisite_stages, same_labels
from xfer.trainers.attacked import AttackedTraining


def attacked_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the attacked training rows of a recipe's stages."""
    for name, stage in recipe.stages.items():
        for task in stage.tasks.values():
            path = (*task.path, "attacked")
            if task.attacked and task.has_head:
                yield path, "belongs to a task that learns labels, and this one has a discriminator", "leave it out"
            elif task.attacked and task.attacked.settings:
                yield from _attacked_task_faults(path, name, task, task.attacked.settings, recipe)


def _attacked_task_faults(
    path: KeyPath, stage: str, task: PartialTask, attacked: AttackedTraining, recipe: PartialRecipe
) -> Iterator[PathFault]:
    """What stands against the attacked rows of one task that learns labels."""
    if task.reader:
        yield from training_attacker_faults((*path, "attacker"), attacked.attacker, task.reader, recipe)
        yield from _tagging_faults((*path, "attacker"), attacked.attacker)
        if form_facts(task.reader.form).searches_pool:
            yield from _retrieval_faults(path, attacked)
    if attacked.by is not None:
        yield from _victim_faults(path, stage, attacked, task.reader, recipe)


def _tagging_faults(path: KeyPath, attacker: Attacker) -> Iterator[PathFault]:
    """A search that asks a stage for parts of speech."""
    if tagging_stage(attacker):
        what = "a search of training rows cannot wait for a stage that tags"
        yield (*path, "constraints", "part_of_speech"), what, "say tagger: {model: <a folder>}"


def _retrieval_faults(path: KeyPath, attacked: AttackedTraining) -> Iterator[PathFault]:
    """Settings that take rows of retrieval out of their batch."""
    for field in ("refresh", "weight"):
        if getattr(attacked, field) != AttackedTraining.model_fields[field].default:
            what = "the loss of a row of retrieval depends on the others of its batch, so its rows stand together"
            yield (*path, field), what, "leave it out"


def _victim_faults(
    path: KeyPath, stage: str, attacked: AttackedTraining, reader: Reader | None, recipe: PartialRecipe
) -> Iterator[PathFault]:
    """What stands against the stage that a search asks."""
    victim_stage, task = str(attacked.by), attacked.task
    learnt = recipe.learnt_readers(victim_stage)
    if victim_stage not in recipe.stages:
        yield from unknown_name((*path, "by"), victim_stage, recipe.stages, "stage")
    elif stage in prerequisite_stages(victim_stage, recipe.stages):
        hint = "ask a stage that does not need it, or say refresh"
        yield (*path, "by"), f"'{victim_stage}' waits for '{stage}' itself", hint
    elif task is not None and task not in learnt:
        what = f"stage '{victim_stage}' has no task '{task}' that learns labels"
        yield (*path, "task"), what, suggest_name(task, learnt)
    elif reader and None not in learnt.values():
        learners = [other for name, other in learnt.items() if other and task in (None, name)]
        if not any(same_labels(reader, other) for other in learners):
            stage_text = f"stage '{victim_stage}'"
            what = f"task '{task}' of {stage_text} does not have" if task else f"no task of {stage_text} has"
            what += f" the form and labels of {reader.type_name}"
            yield (*path, "task" if task else "by"), what, "ask one that learnt them"


def head_task(attacked: AttackedTraining, reader: Reader, tasks: Mapping[str, Task]) -> str:
    """The task of the victim's stage whose head answers."""
    return attacked.task or next(name for name, task in tasks.items() if same_labels(reader, task.reader))


def tagging_stage(attacker: Attacker) -> Tagged | None:
    """The stage of the recipe that tells an attacker parts of speech."""
    return attacker.constraints.tagger_stage if isinstance(attacker, Search) else None


def tagging_task(tagging: Tagged, tasks: Mapping[str, Reader | None]) -> tuple[str, Any]:
    """The task that tags, and its reader; "" and None where there is none."""
    fitting = {name: reader for name, reader in tasks.items() if reader and form_facts(reader.form).tags_words}
    name = tagging.task or next(iter(fitting), "")
    return (name, fitting[name]) if name in fitting else ("", None)
