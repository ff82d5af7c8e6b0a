"""``xfer check``: all faults of recipes and studies at once, without loading anything heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xfer.commands.options import as_json, echo_json, files_inside, max_cells, scale, sets


@click.command()
@click.argument("recipes", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RECIPE...")
@scale
@sets
@max_cells
@as_json
def check(recipes: tuple[Path, ...], scale: str | None, sets: tuple[str, ...], as_json: bool) -> None:
    """Check recipes and studies: names, fields, values, references, languages, and the word lists that attackers
    read; of a study those of every cell, without --scale also at every scale that the study speaks of.

    Of a folder all are checked; files whose names begin with _ are parts of others. Prints every fault as
    FILE:LINE:COLUMN: PATH: what is wrong. Exit code 0 if there is none, else 2.
    """
    from xfer.core.errors import RecipeError

    faults, good = [], []
    for path in files_inside(recipes):
        try:
            good.append((path, _content_counts(path, scale, sets)))
        except RecipeError as error:
            faults += error.faults
    faults = list(dict.fromkeys(faults))
    if as_json:
        echo_json({"ok": not faults, "faults": [fault._asdict() for fault in faults]})
    else:
        for path, counts in good:
            what = ", ".join(f"{n} {word}{'s' if n != 1 else ''}" for n, word in counts)
            click.echo(f"{path} is good: {what}")
        for fault in faults:
            click.echo(str(fault), err=True)
        if len(faults) > 1:
            click.echo(f"{len(faults)} faults", err=True)
    raise click.exceptions.Exit(2 if faults else 0)


def _content_counts(path: Path, scale: str | None, sets: tuple[str, ...]) -> list[tuple[int, str]]:
    """What a good file holds. Raises RecipeError for one that is not."""
    from xfer.recipe.checks.lists import list_faults
    from xfer.recipe.load import load_recipe
    from xfer.recipe.load_study import check_study, is_study

    if is_study(path):
        loaded = check_study(path, scale, sets, list_faults)
        recipes: Any = [cell.recipe for cell in loaded.cells]
        return [
            (len(recipes), "cell"),
            (sum(len(recipe.evaluate) for recipe in recipes), "evaluation"),
            (len(recipes[0].seeds), "seed"),
        ]
    recipe = load_recipe(path, scale, sets, list_faults).recipe
    return [(len(recipe.stages), "stage"), (len(recipe.evaluate), "evaluation"), (len(recipe.seeds), "seed")]
