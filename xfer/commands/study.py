"""``xfer study``: every cell of a study through one graph, and what they found side by side."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from xfer.commands.options import again, echo_json, inside, recipe_options, run_options


@click.command()
@click.argument("studies", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="STUDY...")
@recipe_options
@run_options
@click.option("--plan", is_flag=True, help="Print cells, nodes, what they share and what is stored, and run nothing.")
def study(
    studies: tuple[Path, ...],
    scale: str | None,
    sets: tuple[str, ...],
    store: Path | None,
    as_json: bool,
    runs: Path,
    plan: bool,
    workers: int,
    worker: bool,
) -> None:
    """Run every cell of each STUDY and put its hypotheses to the test; what is in the store is not run again.

    Of a folder all studies are run, in the order of their names; files whose names begin with _ are parts of others,
    and recipes are passed over.
    With --json one study is printed as an object, several as a list. A cell that fails stops no other. Exit code 1 if
    one did.
    """
    from xfer.core.store import Store
    from xfer.execution.walk import default_store, resolver

    opened = Store(store or default_store())
    every, found = _loaded(_files(studies), scale, sets), resolver(opened)
    if worker:
        _help(every[0][1], found, opened)
        return
    if not plan:
        _folders([opened.root, *(runs / loaded.study.name for _, loaded in every)])
    told: list[dict[str, Any]] = []
    for number, (file, loaded) in enumerate(every, 1):
        if len(every) > 1:
            click.echo(f"study {number} of {len(every)}: {loaded.study.name}", err=True)
        if plan:
            told.append(_planned(loaded, found, opened))
        else:
            told.append(_run(loaded, found, opened, workers, again(file, scale, sets, opened)))
            _written(runs / loaded.study.name, told[-1])
        if not as_json:
            (show_plan if plan else show)(told[-1])
    if as_json:
        echo_json(told[0] if len(told) == 1 else told)
    if any(cell.get("state") == "failed" for found in told for cell in found["cells"]):
        raise click.exceptions.Exit(1)


def _files(studies: tuple[Path, ...]) -> list[Path]:
    """The files that are named, and of folders all but the recipes."""
    from xfer.core.errors import UsageError
    from xfer.recipe.load_study import is_recipe

    found: list[Path] = []
    for path in studies:
        here = [file for file in inside([path]) if not path.is_dir() or not is_recipe(file)]
        if not here:
            raise UsageError(f"there is no study in the folder {path}")
        found += here
    return list(dict.fromkeys(found))


def _folders(paths: list[Path]) -> None:
    """Makes the folders that will be written to: one that cannot be is told before hours of work, not after."""
    from xfer.core.errors import UsageError

    for path in paths:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UsageError(f"{path} cannot be a folder: a file is in its place; choose another") from None


def _loaded(files: list[Path], scale: str | None, sets: tuple[str, ...]) -> list[tuple[Path, Any]]:
    """Every study, before any is run. Raises RecipeError with the faults of all."""
    from xfer.core.errors import RecipeError, UsageError
    from xfer.recipe.load_study import load_study

    found, faults = [], []
    for file in files:
        try:
            found.append((file, load_study(file, scale, sets)))
        except RecipeError as error:
            faults += error.faults
    if faults:
        raise RecipeError(faults)
    names: dict[str, Path] = {}
    for file, loaded in found:
        if (other := names.setdefault(loaded.study.name, file)) is not file:
            raise UsageError(f"{other} and {file} are both named {loaded.study.name}: give one another name")
    return found


def _help(loaded: Any, found: Any, opened: Any) -> None:
    """Does nodes of a study for the process that was started by hand, and notes how far they are."""
    from xfer.execution.studies import compiled, nodes_of
    from xfer.execution.walk import through
    from xfer.execution.workers import Noted
    from xfer.steps.search_processes import end_with_parent

    end_with_parent()
    through(nodes_of(compiled(loaded, found)), opened, Noted(opened))


def _run(loaded: Any, found: Any, opened: Any, workers: int, words: list[str]) -> dict[str, Any]:
    from xfer.commands.console import Console
    from xfer.execution.studies import compiled, gathered, nodes_of
    from xfer.execution.walk import through
    from xfer.execution.workers import further

    cells = compiled(loaded, found)
    nodes = nodes_of(cells)
    left = sum(opened.find(node.kind, node.key) is None for node in nodes)
    with further(min(workers, left) - 1 if left else 0, words, "study"):
        outcome = through(nodes, opened, Console())
    return gathered(loaded, cells, outcome)


def _written(folder: Path, found: dict[str, Any]) -> None:
    """Writes the page and what goes with it, but nothing over a page with results where now there is none."""
    from xfer.reports.study.page.write import write_study

    if not _any_done(found) and _any_done(_earlier(folder / "study.json")):
        click.echo(f"no cell has a result: what an earlier run wrote to {folder} stays as it is", err=True)
        return
    for problem in write_study(folder, found):
        click.echo(problem, err=True)
    click.echo(f"written to {folder}: index.html, report.md, report.tex, figures/, tables/", err=True)


def _earlier(file: Path) -> Any:
    """What an earlier run found, if it can still be read."""
    import json

    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _any_done(found: Any) -> bool:
    cells = found.get("cells", []) if isinstance(found, dict) else []
    return any(cell["state"] == "done" for cell in cells)


def _planned(loaded: Any, found: Any, opened: Any) -> dict[str, Any]:
    """Cells, nodes, how many of them are shared or stored, and the estimated cost."""
    from xfer.execution.plan import plan
    from xfer.execution.studies import compiled, nodes_of

    cells = compiled(loaded, found)
    nodes = nodes_of(cells)
    lines = plan(nodes, opened)
    trained = Counter(node.key for cell in cells if cell.graph for node in cell.graph.nodes.values())
    left = [line for line in lines if not line["stored"]]
    return {
        "study": loaded.study.name,
        "cells": [{"levels": cell.levels, "problem": cell.problem} for cell in cells],
        "nodes": len(nodes),
        "shared": sum(count > 1 for count in trained.values()),
        "without_sharing": sum(trained.values()),
        "stored": len(nodes) - len(left),
        "stages_to_train": sum(line["kind"] == "train" for line in left),
        "steps_to_train": sum(line["steps"] or 0 for line in left),
        "tokens_to_train": sum(line["tokens"] or 0 for line in left if line["kind"] == "train"),
        "problems": sorted({line["problem"] for line in lines if line["problem"]}),
        "graph": lines,
    }


def show_plan(told: dict[str, Any]) -> None:
    """The plan of a study in a terminal."""
    for cell in told["cells"]:
        click.echo(f"cell  {_levels(cell)}" + (f"  {cell['problem']}" if cell["problem"] else ""))
    nodes = f"{told['nodes']:,} nodes ({told['without_sharing']:,} if none were shared)"
    click.echo(f"{len(told['cells'])} cells: {nodes}, {told['stored']:,} in the store")
    cost = f"{told['stages_to_train']} stages, {told['steps_to_train']:,} steps, {told['tokens_to_train']:,} tokens"
    click.echo(f"to train: {cost} (estimates)")
    for problem in told["problems"]:
        click.echo(f"problem: {problem}")


def _where(cells: list[dict[str, str]]) -> str:
    return "; ".join(_levels({"levels": levels}) for levels in cells) if len(cells) == 1 else f"{len(cells)} cells"


def _levels(cell: dict[str, Any]) -> str:
    return ", ".join(f"{axis}={level}" for axis, level in cell["levels"].items())


def show(found: dict[str, Any]) -> None:
    """The answers of a study in a terminal."""
    click.echo(f"{found['title']}\n{found['question']}\n")
    for row in found["hypotheses"]:
        click.echo(f"- {row['sentence']}")
    for one in found["warnings"]:
        click.echo(f"warning: {one['what']}: {one['warning']} ({_where(one['cells'])})")
    for cell in found["cells"]:
        if cell["state"] == "failed":
            click.echo(f"failed: {_levels(cell)}: {cell['why']}")
