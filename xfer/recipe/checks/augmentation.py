"""What a recipe says of rows that are changed as they are drawn: faults, what a stage's job says, and what is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from xfer.attackers.base import ModelFree
from xfer.recipe.checks.lexicons import attacker_faults
from xfer.recipe.recipe import Task
from xfer.trainers.augmenting import Augment, Consistency

Path = tuple[str | int, ...]
Found = tuple[Path, str, str]
MOVING = ("word_order", "context_shuffle", "cross_language")  # after these no word stands where it stood


def augment_faults(stages: Mapping[str, Any], source: Any) -> Iterator[Found]:
    """What stands against the augmentation of a recipe's stages (plain data); what is malformed is told elsewhere."""
    for stage, block in stages.items():
        tasks = block.get("tasks") if isinstance(block, dict) else None
        for name, raw in tasks.items() if isinstance(tasks, dict) else ():
            if isinstance(raw, dict) and ("augment" in raw or "consistency" in raw):
                yield from _faults(("stages", stage, "tasks", name), raw, source)


def _faults(here: Path, raw: dict[str, Any], source: Any) -> Iterator[Found]:
    known = {name: raw[name] for name in ("reader", "augment", "consistency") if name in raw}
    try:
        task = Task.model_validate(known)
    except ValidationError:
        return
    if raw.get("head") is not None:
        what = "belongs to a task that learns labels, and this one has a discriminator"
        yield from (((*here, field), what, "leave it out") for field in known if field != "reader")
        return
    for path, step in zip(_places(here, raw.get("augment", ())), task.augment, strict=True):
        yield from _attacker(path, step, task, source)
    if task.consistency:
        yield from _views((*here, "consistency"), task, task.consistency)


def _places(here: Path, given: Any) -> list[Path]:
    """Where the attacker of each step stands: in a list or alone, with a name before it or bare."""
    listed = isinstance(given, list | tuple)
    steps = given if listed else [given]
    places: list[Path] = [("augment", i) if listed else ("augment",) for i in range(len(steps))]
    named = [("attacker",) if isinstance(one, dict) and "attacker" in one else () for one in steps]
    return [(*here, *place, *name) for place, name in zip(places, named, strict=True)]


def _attacker(path: Path, step: Augment, task: Task, source: Any) -> Iterator[Found]:
    attacker, reader = step.attacker, task.reader
    if attacker is None:
        return
    if not isinstance(attacker, ModelFree):
        what = f"attacker {attacker.type_name} searches against a victim, which is too dear for every draw of a row"
        yield path, what, "use attacked: on the task, or an attacker that needs no model"
        return
    at = "miniature" if source == "miniature" else reader.source or source or "hub"
    languages = reader.train_languages(at)
    for field, what, hint in attacker_faults(attacker, reader, languages, at):
        yield (*path, *([field] if field else [])), what, hint
    if attacker.diagnostic:
        what = "lets labels become untrue, and nothing true could be learnt of them"
        yield (*path, "diagnostic"), what, "leave it out, and take an attacker that keeps labels true"
    further = attacker.further("train", languages)
    offered = reader.offered(at, further[0]) if further else ()
    for language in further[1] if further else ():
        if language not in offered:
            what = f"takes rows from the {further[0] if further else ''} split of {reader.type_name}"
            yield path, f"{what}, which has none in '{language}'", f"it has {', '.join(offered)}"
    if task.consistency and reader.form in ("tag", "span") and attacker.type_name in MOVING:
        what = f"{attacker.type_name} moves words, so that none can be compared with itself"
        yield path, what, "leave out consistency, or take another attacker"


def _views(path: Path, task: Task, consistency: Consistency) -> Iterator[Found]:
    if not any(step.active for step in task.augment):
        yield path, "compares rows with what augment makes of them, and nothing is augmented", "add augment: ..."
    if task.reader.form == "mask":
        what = "compares answers, and two maskings of a text ask for different words"
        yield path, what, "leave it out"
    if not consistency.weight and consistency.labels == "row":
        yield (*path, "weight"), "leaves the view without any part in the loss", "give a weight, or say labels: both"
