"""What a recipe says of rows that are changed as they are drawn: faults, what a stage's job says, and what is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from xfer.attackers.base import ModelFree
from xfer.recipe.checks.lexicons import attacker_faults
from xfer.recipe.recipe import Task
from xfer.trainers.augmenting import Augment
from xfer.trainers.losses.consistency import Consistency

_Path = tuple[str | int, ...]
_PathFault = tuple[_Path, str, str]
MOVING_ATTACKERS = ("word_order", "context_shuffle", "cross_language")  # after these no word stands where it stood


def augment_faults(stages: Mapping[str, Any], source: Any) -> Iterator[_PathFault]:
    """What stands against the augmentation of a recipe's stages (plain data); what is malformed is told elsewhere."""
    for stage, block in stages.items():
        tasks = block.get("tasks") if isinstance(block, dict) else None
        for name, raw in tasks.items() if isinstance(tasks, dict) else ():
            if isinstance(raw, dict) and ("augment" in raw or "consistency" in raw):
                yield from _task_faults(("stages", stage, "tasks", name), raw, source)


def _task_faults(task_path: _Path, raw: dict[str, Any], source: Any) -> Iterator[_PathFault]:
    task_block = {name: raw[name] for name in ("reader", "augment", "consistency") if name in raw}
    try:
        task = Task.model_validate(task_block)
    except ValidationError:
        return
    if raw.get("head") is not None:
        what = "belongs to a task that learns labels, and this one has a discriminator"
        yield from (((*task_path, field), what, "leave it out") for field in task_block if field != "reader")
        return
    for path, step in zip(_attacker_paths(task_path, raw.get("augment", ())), task.augment, strict=True):
        yield from _step_faults(path, step, task, source)
    if task.consistency:
        yield from _view_faults((*task_path, "consistency"), task, task.consistency)


def _attacker_paths(task_path: _Path, given: Any) -> list[_Path]:
    """Where the attacker of each step stands: in a list or alone, with a name before it or bare."""
    listed = isinstance(given, list | tuple)
    steps = given if listed else [given]
    step_paths: list[_Path] = [("augment", i) if listed else ("augment",) for i in range(len(steps))]
    attacker_keys = [("attacker",) if isinstance(step, dict) and "attacker" in step else () for step in steps]
    return [
        (*task_path, *step_path, *attacker_key)
        for step_path, attacker_key in zip(step_paths, attacker_keys, strict=True)
    ]


def _step_faults(path: _Path, step: Augment, task: Task, source: Any) -> Iterator[_PathFault]:
    attacker, reader = step.attacker, task.reader
    if attacker is None:
        return
    if not isinstance(attacker, ModelFree):
        what = f"attacker {attacker.type_name} searches against a victim, which is too dear for every draw of a row"
        yield path, what, "use attacked: on the task, or an attacker that needs no model"
        return
    origin = "miniature" if source == "miniature" else reader.source or source or "hub"
    languages = reader.train_languages(origin)
    for field, what, hint in attacker_faults(attacker, reader, languages, origin):
        yield (*path, *([field] if field else [])), what, hint
    if attacker.diagnostic:
        what = "lets labels become untrue, and nothing true could be learnt of them"
        yield (*path, "diagnostic"), what, "leave it out, and take an attacker that keeps labels true"
    further_source = attacker.further_split("train", languages)
    offered = reader.offered_languages(origin, further_source[0]) if further_source else ()
    for language in further_source[1] if further_source else ():
        if language not in offered:
            what = f"takes rows from the {further_source[0] if further_source else ''} split of {reader.type_name}"
            yield path, f"{what}, which has none in '{language}'", f"it has {', '.join(offered)}"
    if task.consistency and reader.form in ("tag", "span") and attacker.type_name in MOVING_ATTACKERS:
        what = f"{attacker.type_name} moves words, so that none can be compared with itself"
        yield path, what, "leave out consistency, or take another attacker"


def _view_faults(path: _Path, task: Task, consistency: Consistency) -> Iterator[_PathFault]:
    if not any(step.is_active for step in task.augment):
        yield path, "compares rows with what augment makes of them, and nothing is augmented", "add augment: ..."
    if task.reader.form == "mask":
        what = "compares answers, and two maskings of a text ask for different words"
        yield path, what, "leave it out"
    if not consistency.weight and consistency.labels == "row":
        yield (*path, "weight"), "leaves the view without any part in the loss", "give a weight, or say labels: both"
