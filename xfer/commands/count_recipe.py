"""``xfer count --recipe``: what a recipe or a study will find of the rows that it reads, before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import echo_json

if TYPE_CHECKING:
    from xfer.readers.counting import Count
    from xfer.recipe.needs import RowNeed
    from xfer.recipe.recipe import Recipe

_JsonRow = dict[str, Any]


def count_recipe(file: Path, scale: str | None, sets: tuple[str, ...], store: Path | None, as_json: bool) -> int:
    """Prints a line for each split and language; the exit code: 1 where something is missing that a run needs."""
    from xfer.recipe.needs import row_needs

    needed = []
    for need in row_needs(_recipes(file, scale, sets)):
        needed.append(_need_json(need, _count_need(need, store)))
        if not as_json:
            click.echo(_need_line(needed[-1]))
    missing = [row for row in needed if row["rows"] is None]
    lacking = _missing_data_sets(needed)
    if as_json:
        echo_json({"needs": needed, "found": len(needed) - len(missing), "missing": len(missing), "lacking": lacking})
    else:
        click.echo(
            f"{len(needed) - len(missing)} of {len(needed)} splits and languages are there, {len(missing)} are missing"
        )
        for name in lacking:
            click.echo(f"cannot run without {name}")
    return 1 if lacking else 0


def _missing_data_sets(needed: list[_JsonRow]) -> list[str]:
    """What a run cannot do without: languages that must not be left out, and splits that have none left."""
    there = {(row["reader"], row["split"]) for row in needed if row["rows"] is not None}
    names = []
    for row in (row for row in needed if row["rows"] is None):
        name = f"{row['reader']} {row['split']}"
        if not row["optional"]:
            names.append(f"{name} in {row['language']}")
        elif (row["reader"], row["split"]) not in there and row["split"] != "dev":
            names.append(name)
    return list(dict.fromkeys(names))


def _recipes(file: Path, scale: str | None, sets: tuple[str, ...]) -> list[Recipe]:
    from xfer.recipe.load import load_recipe
    from xfer.recipe.load_study import is_study, load_study

    if is_study(file):
        return [cell.recipe for cell in load_study(file, scale, sets).cells]
    return [load_recipe(file, scale, sets).recipe]


def _count_need(need: RowNeed, store: Path | None) -> Count | None:
    from xfer.commands.inputs import world_folder
    from xfer.readers.counting import count_split

    root = world_folder(store, need.reader.world_parts(need.split)) if need.source == "miniature" else None
    return count_split(need.reader, need.source, need.split, need.language, root)


def _need_json(need: RowNeed, counted: Count | None) -> _JsonRow:
    row: _JsonRow = {"reader": need.reader.type_name, "split": need.split, "language": need.language}
    row |= {"source": need.source, "asked_by": list(need.asked_by), "optional": need.optional}
    if counted:
        return row | {"rows": counted.rows, "place": counted.place, "bad": counted.bad}
    return row | {"rows": None, "looked_for": list(need.reader.places(need.split, need.language))}


def _need_line(row: _JsonRow) -> str:
    name = f"{row['reader']:15} {row['split']:5} {row['language']:3}"
    asked = ", ".join(row["asked_by"][:3]) + (", ..." if len(row["asked_by"]) > 3 else "")
    if row["rows"] is None:
        places = row["looked_for"] or ["the rows of another reader"]
        others = f" and {len(places) - 1} other places" if len(places) > 1 else ""
        return f"{name}   missing  looked for {places[0]}{others}  ({asked})"
    bad = f", {len(row['bad'])} bad" if row["bad"] else ""
    return f"{name} {row['rows']:9,} rows{bad}  {row['place']}  ({asked})"
