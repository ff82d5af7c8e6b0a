"""Files that the attackers of a recipe read: what is missing on this machine. Only ``xfer check`` asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xfer.attackers.base import Attacker
from xfer.core.errors import XferError
from xfer.core.yaml import KeyPath
from xfer.readers.base import Reader
from xfer.recipe.partial import PartialRecipe, PathFault


class AttackSite(NamedTuple):
    """An attacker, where it stands in the recipe, and the rows that it changes."""

    path: KeyPath
    attacker: Attacker
    reader: Reader
    languages: Sequence[str]


def list_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """Lists that cannot be read, of a recipe without other faults: all that one attacker lacks is one fault."""
    for path, attacker, reader, languages in (*_training_sites(recipe), *_test_sites(recipe)):
        spoken = (reader.query_language,) if reader.query_language else languages
        try:
            attacker.in_source(recipe.source_of(reader)).file_digests(spoken, str)
        except XferError as error:
            what, _, hint = str(error).partition("; ")
            yield path, what, hint


def _training_sites(recipe: PartialRecipe) -> Iterator[AttackSite]:
    for task in (task for stage in recipe.stages.values() for task in stage.tasks.values()):
        if task.reader:
            languages = task.reader.train_languages(recipe.source_of(task.reader))
            if task.attacked and task.attacked.settings:
                path = (*task.path, "attacked", "attacker")
                yield AttackSite(path, task.attacked.settings.attacker, task.reader, languages)
            for path, step in zip(task.step_paths, task.augmented.augment if task.augmented else (), strict=False):
                if step.is_active and step.attacker:
                    yield AttackSite(path, step.attacker, task.reader, languages)


def _test_sites(recipe: PartialRecipe) -> Iterator[AttackSite]:
    for evaluation in recipe.evaluations.values():
        reader = recipe.tested_reader(evaluation) if evaluation else None
        if evaluation and evaluation.attacker and reader:
            every = evaluation.languages == "all"
            offered = reader.offered_languages(recipe.source_of(reader), evaluation.split)
            path = (*evaluation.path, "attacker")
            yield AttackSite(path, evaluation.attacker, reader, offered if every else tuple(evaluation.languages))
