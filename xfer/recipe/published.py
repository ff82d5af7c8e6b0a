"""Which published settings fill the gaps of a stage: those of its reader, or of a table that the recipe names.

A reader's own settings are those of the benchmark or the code that its data set is mostly trained with. A table says
them for a whole recipe, so that a study repeats one paper; what it does not name keeps the reader's own.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from xfer.readers.base import Reader, Settings
from xfer.recipe.recipe import Recipe


@cache
def settings_tables() -> dict[str, Any]:
    """Table name -> ``source``, ``targets`` (reader -> settings) and ``like`` (reader -> the one it is trained as)."""
    text = (files("xfer") / "recipe" / "settings_tables.json").read_text(encoding="utf-8")
    tables: dict[str, Any] = json.loads(text)
    return tables


def settings_notes(recipe: Recipe) -> list[str]:
    """Where the settings of a recipe come from, if it names a table."""
    name = recipe.settings
    return [f"settings: the table {name}, {settings_tables()[name]['source']}"] if name else []


def published_settings(recipe: Recipe, reader: Reader) -> Settings:
    """The settings of a stage that trains on a reader: by the recipe's table, and by the size of its encoder.

    The made-up questions share no text with the made-up tests, so that in miniature dev scores select everywhere.
    """
    settings = table_settings(recipe.settings, reader) if recipe.settings else reader.published
    settings = settings.at_size(recipe.model.is_large())
    return settings._replace(select="best") if recipe.source_of(reader) == "miniature" else settings


def table_settings(name: str, reader: Reader) -> Settings:
    """The settings that a table has for a reader, or the reader's own."""
    table = settings_tables()[name]
    model = table["like"].get(reader.type_name)
    own = Reader.model_validate(model).published if model else reader.published
    given = table["targets"].get(reader.type_name)
    if given is None:
        return own
    return Settings(**given, source=table["source"], select=own.select)
