"""The lists that a recipe's attackers read: what does not fit the rows of a source, and what takes its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xfer.attackers.base import Attacker
from xfer.core.errors import MissingPart, XferError
from xfer.readers.base import Reader, Source
from xfer.recipe.recipe import Recipe, Task


def attacker_faults(
    attacker: Attacker, reader: Reader, languages: Sequence[str], source: Source
) -> Iterator[tuple[str, str, str]]:
    """(field, message, hint) for each reason why rows of ``reader`` from ``source`` cannot be attacked.

    ``languages`` are those of the rows.
    """
    placed = attacker.in_source(source)
    yield from placed.compatibility_faults(reader, languages)
    yield from placed.source_faults(source)


def misfit(attacker: Attacker, source: Source) -> XferError | None:
    """What stands against running an attacker on rows of a source, for recipes that nobody has checked."""
    for field, what, hint in attacker.source_faults(source):
        return MissingPart(f"{attacker.type_name}.{field}: {what}; {hint}")
    return None


def in_source(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """The recipe with each attacker as it is on the rows of its source, and notes of the languages that are left out
    there."""
    notes: list[str] = []

    def placed(attacker: Any, reader: Reader) -> Any:
        if attacker is None:
            return None
        found = attacker.in_source(recipe.source_of(reader))
        gone = [code for code in getattr(attacker, "languages", ()) if code not in getattr(found, "languages", ())]
        if gone:
            notes.append(f"{attacker.type_name}: no words in {', '.join(gone)} in this source; left out")
        return found

    def task(one: Task) -> Task:
        attacked = one.attacked
        if attacked:
            attacked = attacked.model_copy(update={"attacker": placed(attacked.attacker, one.reader)})
        steps = (step.model_copy(update={"attacker": placed(step.attacker, one.reader)}) for step in one.augment)
        return one.model_copy(update={"attacked": attacked, "augment": tuple(steps)})

    stages = {
        name: stage.model_copy(update={"tasks": {key: task(one) for key, one in stage.tasks.items()}})
        for name, stage in recipe.stages.items()
    }
    evaluate = {
        name: one.model_copy(update={"attacker": placed(one.attacker, recipe.reader_of(one))})
        for name, one in recipe.evaluate.items()
    }
    return recipe.model_copy(update={"stages": stages, "evaluate": evaluate}), list(dict.fromkeys(notes))
