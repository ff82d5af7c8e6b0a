"""Notes on stages that train on the rows of a stage before them: more updates on the same data, not another task."""

from __future__ import annotations

from collections.abc import Iterator

from xfer.readers.base import Reader
from xfer.recipe.recipe import Recipe


def training_sets(reader: Reader) -> frozenset[str]:
    """The data sets that the training rows of a reader are from: its own, unless its card names others.

    Translations count as the data set that was translated.
    """
    return frozenset(reader.card.trains_on or (reader.type_name,))


def repeated_data_notes(recipe: Recipe) -> Iterator[str]:
    """A sentence for each stage and each stage before it whose labelled training rows are from one data set."""
    for name in recipe.stages:
        before = recipe.start_of(name)
        while before:
            for data in sorted(_learnt_sets(recipe, name) & _learnt_sets(recipe, before)):
                yield (
                    f"stage {name} trains on the data of {data}, as stage {before} before it: what it adds is more "
                    "updates on the same data"
                )
            before = recipe.start_of(before)


def _learnt_sets(recipe: Recipe, stage: str) -> frozenset[str]:
    """The data sets of the labelled tasks of a stage; text that is read for masked LM has no labels to repeat."""
    readers = (task.reader for task in recipe.stages[stage].learnt_tasks.values())
    return frozenset().union(*(training_sets(reader) for reader in readers if reader.form != "mask"))
