"""``xfer train``: runs whatever of a recipe is not in the store yet, and shows its report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xfer.commands.options import echo_json, recipe_options, run_options, worker_arguments
from xfer.core.errors import UsageError

if TYPE_CHECKING:
    from xfer.core.store import Entry, Store
    from xfer.execution.walk import Outcome
    from xfer.graph.node import Graph
    from xfer.recipe.recipe import Recipe


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@recipe_options
@run_options
@click.option("--dry-run", is_flag=True, help="Print what would run, and run nothing.")
@click.option("--track", metavar="NAMES", help="Live views: tensorboard, wandb, mlflow (or $XFER_TRACK).")
def train(
    recipe: Path,
    scale: str | None,
    sets: tuple[str, ...],
    store: Path | None,
    as_json: bool,
    runs: Path,
    dry_run: bool,
    workers: int,
    track: str | None,
    worker: bool,
) -> None:
    """Train, test, attack and report as RECIPE says; what is in the store already is not run again.

    Stop it at any time: the same command goes on where it was, with the same result.
    """
    from xfer.execution import distributed

    if distributed.launched_processes() > 1 and workers > 1:
        raise UsageError("--workers shares stages out, torchrun trains each by all processes: use one of them")
    if not distributed.is_leader():
        if not dry_run:
            distributed.follow_leader()
        return
    _prepare(track, dry_run, worker)
    name, opened, graph = _open_recipe(recipe, scale, sets, store)
    if dry_run:
        _print_plan(graph, opened, as_json)
    elif worker:
        _help_train(opened, graph)
    else:
        outcome = _run_graph(opened, graph, workers, worker_arguments(recipe, scale, sets, opened))
        _show_report(runs / name, graph, outcome, as_json)


def _prepare(track: str | None, dry_run: bool, worker: bool) -> None:
    """What must be settled before a recipe is read: live views, and whose process this is."""
    from xfer.trainers.loop.logging import tracker_names

    if track is not None:
        os.environ["XFER_TRACK"] = track  # further processes see it too
    if not dry_run:
        tracker_names()
    if worker:
        from xfer.steps.search_processes import end_with_parent

        end_with_parent()


def _open_recipe(
    recipe: Path, scale: str | None, sets: tuple[str, ...], store: Path | None
) -> tuple[str, Store, Graph]:
    """The recipe's name, the store and the graph; its notes are told."""
    from xfer.core.store import Store
    from xfer.execution.walk import default_store, open_graph
    from xfer.recipe.load import load_recipe

    loaded = load_recipe(recipe, scale, sets)
    opened = Store(store or default_store())
    graph = open_graph(loaded.recipe, opened)
    for note in dict.fromkeys(graph.notes):
        click.echo(f"note: {note}", err=True)
    return loaded.recipe.name, opened, graph


def _help_train(opened: Store, graph: Graph) -> None:
    """What a further process of --workers does: it says nothing, and notes in the store how far it is."""
    from xfer.execution.walk import execute_graph
    from xfer.execution.workers import ProgressNoter

    execute_graph(graph, opened, ProgressNoter(opened))


def _run_graph(opened: Store, graph: Graph, workers: int, arguments: list[str]) -> Outcome:
    """Runs what is left, with the help of further processes, or of those that torchrun started."""
    from xfer.commands.console import Console
    from xfer.execution import distributed
    from xfer.execution.walk import execute_graph
    from xfer.execution.workers import further_workers, helper_count

    helpers = helper_count(list(graph.nodes.values()), opened, workers)
    with further_workers(helpers, arguments), distributed.lead_processes() as work:
        return execute_graph(graph, opened, Console(), work)


def _show_report(folder: Path, graph: Graph, outcome: Outcome, as_json: bool) -> None:
    """Puts models and report where people look for them, and prints the report. Raises NodeFailed."""
    from xfer.execution.walk import run_failure
    from xfer.steps.learning import graph_warnings

    error = run_failure(outcome, graph)
    _link_models(folder, graph, outcome)
    for one in graph_warnings(graph, lambda node: outcome.entries.get(node.key)):
        click.echo(f"warning: {one['what']}: {one['warning']}", err=True)
    if error:
        raise error
    if graph.report is None:
        click.echo(f"{folder}: no evaluation in the recipe; the stages are trained", err=True)
        return
    entry = outcome.entries[graph.report.key]
    _copy_report(folder, graph.recipe, entry)
    if as_json:
        echo_json(entry.read("report.json"))
        return
    from xfer.reports.write import report_text

    click.echo(report_text(entry.read("report.json")))
    click.echo(f"written to {folder}/report.md, report.csv and report.json", err=True)


def _print_plan(graph: Graph, opened: Store, as_json: bool) -> None:
    from xfer.execution.plan import plan_nodes

    lines = plan_nodes(list(graph.nodes.values()), opened)
    if as_json:
        echo_json({"ok": not any(line["problem"] for line in lines), "nodes": lines})
        return
    for line in lines:
        state = "in the store" if line["stored"] else line["problem"] or ("to run" if line["needed"] else "not needed")
        sizes = [f"{line[name]:,} {name}" for name in ("rows", "tokens", "steps", "parameters") if line[name]]
        click.echo(f"{line['kind']:8} {line['key'][:6]}  {line['label']}  {', '.join(sizes)}  {state}".rstrip())
    stored, to_run = (sum(line[name] for line in lines) for name in ("stored", "needed"))
    summary = f"{len(lines)} nodes, {stored} in the store, {to_run} to run"
    click.echo(f"{summary} (numbers are estimates until the rows are in the store)")


def _copy_report(folder: Path, recipe: Recipe, entry: Entry) -> None:
    import json

    folder.mkdir(parents=True, exist_ok=True)
    for name in ("report.json", "report.md", "report.csv"):
        (folder / name).write_bytes((entry.out / name).read_bytes())
    (folder / "recipe.json").write_text(json.dumps(recipe.model_dump(mode="json"), indent=1, ensure_ascii=False))


def _link_models(folder: Path, graph: Graph, outcome: Outcome) -> None:
    """``runs/<recipe>/seed-<n>/<stage>`` points to the selected model of each finished stage."""
    for (stage, seed), node in graph.stages.items():
        if node.key in outcome.entries:
            link = folder / f"seed-{seed}" / stage
            link.parent.mkdir(parents=True, exist_ok=True)
            if link.is_symlink():
                link.unlink()
            if not link.exists():
                link.symlink_to((outcome.entries[node.key].out / "selected").resolve())
