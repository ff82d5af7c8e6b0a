"""``xfer study``: every cell of a study through one graph, and what they found side by side."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from xfer.commands.options import again, echo_json, recipe_options, run_options


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@recipe_options
@run_options
@click.option("--plan", is_flag=True, help="Print cells, nodes, what they share and what is stored, and run nothing.")
def study(
    study: Path,
    scale: str | None,
    sets: tuple[str, ...],
    store: Path | None,
    as_json: bool,
    runs: Path,
    plan: bool,
    workers: int,
    worker: bool,
) -> None:
    """Run every cell of STUDY and put its hypotheses to the test; what is in the store is not run again.

    A cell that fails stops no other. Exit code 1 if one did.
    """
    from xfer.core.run import default_store, resolver
    from xfer.core.store import Store
    from xfer.core.study import load_study
    from xfer.executors.studies import compiled, nodes_of

    if worker:
        from xfer.executors.workers import end_with_parent

        end_with_parent()
    loaded = load_study(study, scale, sets)
    opened = Store(store or default_store())
    cells = compiled(loaded, resolver(opened))
    nodes = nodes_of(cells)
    if plan:
        _plan(loaded, cells, nodes, opened, as_json)
    elif worker:
        _help(nodes, opened)
    else:
        found = _run(loaded, cells, nodes, opened, workers, again(study, scale, sets, opened))
        _tell(runs / loaded.study.name, found, as_json)


def _help(nodes: list[Any], opened: Any) -> None:
    """Does nodes for the process that was started by hand, and notes how far they are."""
    from xfer.core.run import through
    from xfer.executors.workers import Noted

    through(nodes, opened, Noted(opened))


def _run(loaded: Any, cells: Any, nodes: list[Any], opened: Any, workers: int, words: list[str]) -> dict[str, Any]:
    from xfer.commands.console import Console
    from xfer.core.run import through
    from xfer.executors.studies import gathered
    from xfer.executors.workers import further

    left = sum(opened.find(node.kind, node.key) is None for node in nodes)
    with further(min(workers, left) - 1 if left else 0, words, "study"):
        outcome = through(nodes, opened, Console())
    return gathered(loaded, cells, outcome)


def _tell(folder: Path, found: dict[str, Any], as_json: bool) -> None:
    """Writes the page and what goes with it, and shows the verdicts."""
    from xfer.reports.study.page.write import write_study

    for problem in write_study(folder, found):
        click.echo(problem, err=True)
    if as_json:
        echo_json(found)
    else:
        show(found)
        click.echo(f"written to {folder}: index.html, report.md, report.tex, figures/, tables/", err=True)
    if any(cell["state"] == "failed" for cell in found["cells"]):
        raise click.exceptions.Exit(1)


def _plan(loaded: Any, cells: Any, nodes: list[Any], opened: Any, as_json: bool) -> None:
    """Cells, nodes, how many of them are shared or stored, and the estimated cost."""
    from xfer.core.plan import plan

    lines = plan(nodes, opened)
    alone = sum(len(cell.graph.nodes) for cell in cells if cell.graph)
    trained = Counter(node.key for cell in cells if cell.graph for node in cell.graph.nodes.values())
    left = [line for line in lines if not line["stored"]]
    told = {
        "study": loaded.study.name,
        "cells": [{"levels": cell.levels, "problem": cell.problem} for cell in cells],
        "nodes": len(nodes),
        "shared": sum(count > 1 for count in trained.values()),
        "without_sharing": alone,
        "stored": len(nodes) - len(left),
        "stages_to_train": sum(line["kind"] == "train" for line in left),
        "steps_to_train": sum(line["steps"] or 0 for line in left),
        "tokens_to_train": sum(line["tokens"] or 0 for line in left if line["kind"] == "train"),
        "problems": sorted({line["problem"] for line in lines if line["problem"]}),
    }
    if as_json:
        echo_json(told | {"graph": lines})
        return
    for cell in told["cells"]:
        levels = ", ".join(f"{axis}={level}" for axis, level in cell["levels"].items())
        click.echo(f"cell  {levels}" + (f"  {cell['problem']}" if cell["problem"] else ""))
    click.echo(
        f"{len(cells)} cells: {told['nodes']:,} nodes ({alone:,} if none were shared), {told['stored']:,} in the store"
    )
    cost = f"{told['stages_to_train']} stages, {told['steps_to_train']:,} steps, {told['tokens_to_train']:,} tokens"
    click.echo(f"to train: {cost} (estimates)")
    for problem in told["problems"]:
        click.echo(f"problem: {problem}")


def show(found: dict[str, Any]) -> None:
    """The answers of a study in a terminal."""
    click.echo(f"{found['title']}\n{found['question']}\n")
    for row in found["hypotheses"]:
        click.echo(f"- {row['sentence']}")
    for cell in found["cells"]:
        if cell["state"] == "failed":
            levels = ", ".join(f"{axis}={level}" for axis, level in cell["levels"].items())
            click.echo(f"failed: {levels}: {cell['why']}")
