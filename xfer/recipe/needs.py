"""Which rows a recipe or a study asks for: every split of every data set, by language, and who asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xfer.readers.base import Reader, Source
from xfer.recipe.recipe import Recipe


class RowNeed(NamedTuple):
    """One split of a data set in one language; ``asked_by`` are the stages and evaluations that read it.

    It is ``optional`` where all who ask take what is available.
    """

    reader: Reader
    source: Source
    split: str
    language: str
    asked_by: tuple[str, ...]
    optional: bool


def row_needs(recipes: Iterable[Recipe]) -> list[RowNeed]:
    """What the recipes read, each split and language once, in the order of its first mention."""
    needs: dict[tuple[str, str, str, str], RowNeed] = {}
    for recipe in recipes:
        for need in _recipe_needs(recipe):
            name = repr(sorted(need.reader.identity().items()))
            key = (name, need.source, need.split, need.language)
            known = needs.get(key)
            asked_by = tuple(dict.fromkeys((*(known.asked_by if known else ()), *need.asked_by)))
            optional = need.optional and (known is None or known.optional)
            needs[key] = need._replace(asked_by=asked_by, optional=optional)
    return list(needs.values())


def _recipe_needs(recipe: Recipe) -> Iterator[RowNeed]:
    available = recipe.languages == "available"
    for name, stage in recipe.stages.items():
        for task in stage.tasks.values():
            reader, source = task.reader, recipe.source_of(task.reader)
            trained = reader.train_languages(source)
            for language in trained:
                yield RowNeed(reader, source, "train", language, (f"stage {name}",), available)
            if "dev" in reader.card.splits:
                offered = reader.offered_languages(source, "dev")
                for language in (language for language in trained if language in offered):
                    yield RowNeed(reader, source, "dev", language, (f"stage {name}",), available)
    for name, evaluation in recipe.evaluate.items():
        reader = recipe.reader_of(evaluation)
        source = recipe.source_of(reader)
        offered = reader.offered_languages(source, evaluation.split)
        for language in offered if evaluation.languages == "all" else evaluation.languages:
            yield RowNeed(reader, source, evaluation.split, language, (f"evaluation {name}",), available)
