"""``xfer pack`` and ``xfer import``: finished scores as a folder that travels, and back into a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import as_json, echo_json, max_cells, recipe_options, store

if TYPE_CHECKING:
    from xfer.core.store import Store
    from xfer.graph.node import Node

_PATH_TYPE = click.Path(path_type=Path)


@click.command()
@click.argument("recipe", type=_PATH_TYPE)
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False))
@recipe_options
@max_cells
def pack(recipe: Path, dest: Path, scale: str | None, sets: tuple[str, ...], store: Path | None, as_json: bool) -> None:
    """Copy the finished scores and reports of RECIPE (or of a study) to DEST, a few megabytes without rows or weights.

    'xfer import DEST' takes them into another store, where the same command goes on from them.
    """
    from xfer.core.store import Store
    from xfer.execution.sharing import pack_results
    from xfer.execution.walk import default_store

    opened = Store(store or default_store())
    packed = pack_results(_recipe_nodes(recipe, scale, sets, opened), opened, dest)
    counts = {kind: sum(entry.kind == kind for entry in packed) for kind in ("score", "report")}
    if as_json:
        echo_json({"folder": str(dest), **counts})
    else:
        click.echo(f"{counts['score']} scores and {counts['report']} reports packed into {dest}")
    raise click.exceptions.Exit(0 if packed else 1)


@click.command(name="import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@store
@as_json
def import_packed(folder: Path, store: Path | None, as_json: bool) -> None:
    """Take the scores and reports that 'xfer pack' wrote to FOLDER into the store.

    They count as done: what leads to them alone is not run, and pages say how many were imported, and from where.
    """
    from xfer.core.store import Store
    from xfer.execution.sharing import import_results
    from xfer.execution.walk import default_store

    taken = import_results(folder, Store(store or default_store()))
    if as_json:
        echo_json({"imported": [{"kind": entry.kind, "key": entry.key} for entry in taken]})
    else:
        click.echo(f"{len(taken)} results imported from {folder}")


def _recipe_nodes(file: Path, scale: str | None, sets: tuple[str, ...], opened: Store) -> list[Node[Any]]:
    from xfer.execution.studies import compile_cells, nodes_of
    from xfer.execution.walk import open_graph, store_resolver
    from xfer.recipe.load import load_recipe
    from xfer.recipe.load_study import is_study, load_study

    if is_study(file):
        return nodes_of(compile_cells(load_study(file, scale, sets), store_resolver(opened)))
    return list(open_graph(load_recipe(file, scale, sets).recipe, opened).nodes.values())
