"""What a recipe's attackers read and change: what does not fit the rows of a source, and what takes its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from xfer.attackers.base import Attacker
from xfer.core.component import Block
from xfer.core.errors import MissingPart, XferError
from xfer.core.yaml import KeyPath
from xfer.readers.base import Reader, Source
from xfer.recipe.partial import PartialRecipe, PathFault
from xfer.recipe.recipe import Recipe, Task

Holder = TypeVar("Holder", bound=Block)


def attacker_faults(
    path: KeyPath, attacker: Attacker, reader: Reader, languages: Sequence[str], source: Source
) -> Iterator[PathFault]:
    """Why rows of ``reader`` from ``source`` in ``languages`` cannot be attacked; the attacker stands at ``path``."""
    placed = attacker.in_source(source)
    for faults in (placed.compatibility_faults(reader, languages), placed.source_faults(source)):
        for field, what, hint in faults:
            yield (*path, *filter(None, field.split("."))), what, hint


def training_attacker_faults(
    path: KeyPath, attacker: Attacker, reader: Reader, recipe: PartialRecipe
) -> Iterator[PathFault]:
    """Why training rows of ``reader`` cannot be changed by the attacker at ``path``, or are no longer true."""
    source = recipe.source_of(reader)
    languages = reader.train_languages(source)
    misfits = list(attacker_faults(path, attacker, reader, languages, source))
    yield from misfits or _further_faults(path, attacker, reader, languages, source)
    if attacker.diagnostic:
        what = "lets labels become untrue, and nothing true could be learnt of them"
        yield (*path, "diagnostic"), what, "leave it out, and take an attacker that keeps labels true"


def _further_faults(
    path: KeyPath, attacker: Attacker, reader: Reader, languages: Sequence[str], source: Source
) -> Iterator[PathFault]:
    """Languages from which an attacker of training rows takes rows and which the data set does not have."""
    split, wanted = attacker.further_split("train", languages) or ("", ())
    offered = reader.offered_languages(source, split)
    for language in wanted:
        if language not in offered:
            what = f"takes rows from the {split} split of {reader.type_name}, which has none in '{language}'"
            yield path, what, f"it has {', '.join(offered)}"


def misfit(attacker: Attacker, source: Source) -> XferError | None:
    """What stands against running an attacker on rows of a source, for recipes that nobody has checked."""
    for field, what, hint in attacker.source_faults(source):
        return MissingPart(f"{attacker.type_name}.{field}: {what}; {hint}")
    return None


def in_source(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """The recipe with each attacker as it is on the rows of its source, and notes of the languages that are left out
    there."""

    def placed(attacker: Attacker | None, reader: Reader) -> Attacker | None:
        return attacker and attacker.in_source(recipe.source_of(reader))

    def placed_task(task: Task) -> Task:
        attacked = task.attacked and _with_attacker(task.attacked, placed(task.attacked.attacker, task.reader))
        steps = tuple(_with_attacker(step, placed(step.attacker, task.reader)) for step in task.augment)
        return task.model_copy(update={"attacked": attacked, "augment": steps})

    stages = {
        name: stage.model_copy(update={"tasks": {key: placed_task(task) for key, task in stage.tasks.items()}})
        for name, stage in recipe.stages.items()
    }
    evaluate = {
        name: _with_attacker(evaluation, placed(evaluation.attacker, recipe.reader_of(evaluation)))
        for name, evaluation in recipe.evaluate.items()
    }
    notes = [note for attacker, reader in _attackers(recipe) for note in _lost_languages(attacker, recipe, reader)]
    return recipe.model_copy(update={"stages": stages, "evaluate": evaluate}), list(dict.fromkeys(notes))


def _with_attacker(block: Holder, attacker: Attacker | None) -> Holder:
    return block.model_copy(update={"attacker": attacker})


def _attackers(recipe: Recipe) -> Iterator[tuple[Attacker, Reader]]:
    """Every attacker of a recipe with the reader whose rows it changes."""
    for task in (task for stage in recipe.stages.values() for task in stage.tasks.values()):
        attackers = (task.attacked.attacker if task.attacked else None, *(step.attacker for step in task.augment))
        yield from ((attacker, task.reader) for attacker in attackers if attacker)
    for evaluation in recipe.evaluate.values():
        if evaluation.attacker:
            yield evaluation.attacker, recipe.reader_of(evaluation)


def _lost_languages(attacker: Attacker, recipe: Recipe, reader: Reader) -> Iterator[str]:
    """A note of the languages in which an attacker has no words in a reader's source."""
    kept = getattr(attacker.in_source(recipe.source_of(reader)), "languages", ())
    lost = [code for code in getattr(attacker, "languages", ()) if code not in kept]
    if lost:
        yield f"{attacker.type_name}: no words in {', '.join(lost)} in this source; left out"
