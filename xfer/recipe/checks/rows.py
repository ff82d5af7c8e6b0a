"""Rows that a reader does not have: in a source, a split or a language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xfer.core.errors import suggest_name
from xfer.core.yaml import KeyPath
from xfer.readers.base import Reader
from xfer.recipe.partial import Mistyped, PartialRecipe, PathFault
from xfer.recipe.rules import reader_source


def training_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against training on the readers of a recipe's stages."""
    for stage in recipe.stages.values():
        for task in stage.tasks.values():
            path, reader = (*task.path, "reader"), task.reader
            if reader is None:
                continue
            if "train" not in reader.card.splits:
                way = (
                    reader.advice or f"it has {', '.join(reader.card.splits)}: train on another data set and test on it"
                )
                yield path, f"reader {reader.type_name} has no train split, so no stage can train on it", way
            yield from language_faults((*path, "languages"), reader, reader.languages, recipe, "train")
            yield from source_faults(path, reader, recipe)


def source_faults(path: KeyPath, reader: Reader, recipe: PartialRecipe) -> Iterator[PathFault]:
    """A reader that cannot read from its source, or reads another one that cannot."""
    inner: Reader | None = reader
    source = recipe.source
    while isinstance(inner, Reader) and (source or inner.source):
        source = reader_source(inner, source or "hub")
        if source not in inner.sources:
            ways = " or ".join(f"source: {way}" for way in inner.sources)
            yield path, f"reader {inner.type_name} cannot read from source {source}", f"it needs {ways}"
        path, inner = (*path, "of"), getattr(inner, "of", None)


def language_faults(
    path: KeyPath, reader: Reader, languages: Sequence[str], recipe: PartialRecipe, split: str
) -> Iterator[PathFault]:
    """Languages, where they are named one by one, in which a reader has no rows of a split."""
    offered = reader.known_languages(split)
    open_ended = reader.any_language and "mirror" in (reader.source, recipe.source)
    if isinstance(languages, str) or not offered or open_ended and getattr(reader, "of", None) is None:
        return
    for i, language in enumerate(languages):
        if not isinstance(language, Mistyped) and language not in offered:
            few = len(offered) < 20
            hint = suggest_name(language, offered) if few else f"'xfer show reader {reader.type_name}' lists them"
            yield (*path, i), f"reader {reader.type_name} has no {split} data in '{language}'", hint
