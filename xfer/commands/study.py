"""``xfer study``: every cell of a study through one graph, and what they found side by side."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import echo_json, files_inside, max_cells, recipe_options, run_options, worker_arguments

if TYPE_CHECKING:
    from xfer.core.store import Store
    from xfer.graph.compile import Resolver
    from xfer.recipe.study import LoadedStudy


@click.command()
@click.argument("studies", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="STUDY...")
@recipe_options
@run_options
@max_cells
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
    from xfer.execution.walk import default_store, store_resolver

    opened = Store(store or default_store())
    loaded_studies, answers = _load_studies(_study_files(studies), scale, sets), store_resolver(opened)
    if worker:
        _help_study(loaded_studies[0][1], answers, opened)
        return
    if not plan:
        _make_folders([opened.root, *(runs / loaded.study.name for _, loaded in loaded_studies)])
    results: list[dict[str, Any]] = []
    for number, (file, loaded) in enumerate(loaded_studies, 1):
        if len(loaded_studies) > 1:
            click.echo(f"study {number} of {len(loaded_studies)}: {loaded.study.name}", err=True)
        if plan:
            results.append(_plan_study(loaded, answers, opened))
        else:
            results.append(_run_study(loaded, answers, opened, workers, worker_arguments(file, scale, sets, opened)))
            _write_page(runs / loaded.study.name, results[-1])
        if not as_json:
            (show_plan if plan else show_answers)(results[-1])
    if as_json:
        echo_json(results[0] if len(results) == 1 else results)
    if any(cell.get("state") == "failed" for answers in results for cell in answers["cells"]):
        raise click.exceptions.Exit(1)


def _study_files(studies: tuple[Path, ...]) -> list[Path]:
    """The files that are named, and of folders all but the recipes."""
    from xfer.core.errors import UsageError
    from xfer.recipe.load_study import is_recipe

    files: list[Path] = []
    for path in studies:
        folder_files = [file for file in files_inside([path]) if not path.is_dir() or not is_recipe(file)]
        if not folder_files:
            raise UsageError(f"there is no study in the folder {path}")
        files += folder_files
    return list(dict.fromkeys(files))


def _make_folders(paths: list[Path]) -> None:
    """Makes the folders that will be written to: one that cannot be is told before hours of work, not after."""
    from xfer.core.errors import UsageError

    for path in paths:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UsageError(f"{path} cannot be a folder: a file is in its place; choose another") from None


def _load_studies(files: list[Path], scale: str | None, sets: tuple[str, ...]) -> list[tuple[Path, LoadedStudy]]:
    """Every study, before any is run. Raises RecipeError with the faults of all."""
    from xfer.core.errors import RecipeError, UsageError
    from xfer.recipe.load_study import load_study

    loaded_studies, faults = [], []
    for file in files:
        try:
            loaded_studies.append((file, load_study(file, scale, sets)))
        except RecipeError as error:
            faults += error.faults
    if faults:
        raise RecipeError(faults)
    names: dict[str, Path] = {}
    for file, loaded in loaded_studies:
        if (other := names.setdefault(loaded.study.name, file)) is not file:
            raise UsageError(f"{other} and {file} are both named {loaded.study.name}: give one another name")
    return loaded_studies


def _help_study(loaded: LoadedStudy, resolver: Resolver, opened: Store) -> None:
    """Does nodes of a study for the process that was started by hand, and notes how far they are."""
    from xfer.execution.studies import compile_cells, nodes_of
    from xfer.execution.walk import run_nodes
    from xfer.execution.workers import ProgressNoter
    from xfer.steps.search_processes import end_with_parent

    end_with_parent()
    run_nodes(nodes_of(compile_cells(loaded, resolver)), opened, ProgressNoter(opened))


def _run_study(
    loaded: LoadedStudy, resolver: Resolver, opened: Store, workers: int, words: list[str]
) -> dict[str, Any]:
    from xfer.commands.console import Console
    from xfer.execution.studies import cell_doses, compile_cells, gather_study, nodes_of
    from xfer.execution.walk import run_nodes
    from xfer.execution.workers import further_workers, helper_count

    cells = compile_cells(loaded, resolver)
    nodes = nodes_of(cells)
    with further_workers(helper_count(nodes, opened, workers), words, "study"):
        outcome = run_nodes(nodes, opened, Console())
    return gather_study(loaded, cells, outcome, cell_doses(cells, opened))


def _write_page(folder: Path, result: dict[str, Any]) -> None:
    """Writes the page and what goes with it, but nothing over a page with results where now there is none."""
    from xfer.reports.study.page.write import write_study

    if not _any_done(result) and _any_done(_earlier_result(folder / "study.json")):
        click.echo(f"no cell has a result: what an earlier run wrote to {folder} stays as it is", err=True)
        return
    for problem in write_study(folder, result):
        click.echo(problem, err=True)
    click.echo(f"written to {folder}: index.html, report.md, report.tex, figures/, tables/", err=True)


def _earlier_result(file: Path) -> Any:
    """What an earlier run found, if it can still be read."""
    import json

    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _any_done(result: object) -> bool:
    cells = result.get("cells", []) if isinstance(result, dict) else []
    return any(cell["state"] == "done" for cell in cells)


def _plan_study(loaded: LoadedStudy, resolver: Resolver, opened: Store) -> dict[str, Any]:
    """Cells, nodes, how many of them are shared or stored, and the estimated cost."""
    from xfer.execution.doses import network_doses
    from xfer.execution.plan import plan_nodes
    from xfer.execution.studies import compile_cells, nodes_of
    from xfer.reports.study.doses import dose_pairs

    cells = compile_cells(loaded, resolver)
    nodes = nodes_of(cells)
    lines = plan_nodes(nodes, opened)
    trained = Counter(node.key for cell in cells if cell.graph for node in cell.graph.nodes.values())
    unfinished = [line for line in lines if line["needed"]]
    doses = network_doses([(cell.levels, cell.graph) for cell in cells], lines)
    return {
        "study": loaded.study.name,
        "cells": [{"levels": cell.levels, "problem": cell.problem} for cell in cells],
        "nodes": len(nodes),
        "shared": sum(count > 1 for count in trained.values()),
        "without_sharing": sum(trained.values()),
        "stored": sum(line["stored"] for line in lines),
        "stages_to_train": sum(line["kind"] == "train" for line in unfinished),
        "steps_to_train": sum(line["steps"] or 0 for line in unfinished),
        "tokens_to_train": sum(line["tokens"] or 0 for line in unfinished if line["kind"] == "train"),
        "problems": sorted({line["problem"] for line in lines if line["problem"]}),
        "doses": doses,
        "unequal_doses": [pair for pair in dose_pairs(loaded.study, doses) if pair["difference"]],
        "graph": lines,
    }


def show_plan(plan: dict[str, Any]) -> None:
    """The plan of a study in a terminal."""
    for cell in plan["cells"]:
        click.echo(f"cell  {_levels_text(cell)}" + (f"  {cell['problem']}" if cell["problem"] else ""))
    _show_doses(plan)
    nodes = f"{plan['nodes']:,} nodes ({plan['without_sharing']:,} if none were shared)"
    click.echo(f"{len(plan['cells'])} cells: {nodes}, {plan['stored']:,} in the store")
    cost = f"{plan['stages_to_train']} stages, {plan['steps_to_train']:,} steps, {plan['tokens_to_train']:,} tokens"
    click.echo(f"to train: {cost} (estimates)")
    for problem in plan["problems"]:
        click.echo(f"problem: {problem}")


def _show_doses(plan: dict[str, Any]) -> None:
    """What each tested network is trained on, and which comparisons lay unequal doses side by side."""
    from xfer.reports.study.doses import AMOUNTS

    for dose in plan["doses"]:
        sums = ", ".join(f"{'?' if dose[name] is None else format(dose[name], ',')} {name}" for name in AMOUNTS)
        stages = " + ".join(stage["stage"] for stage in dose["stages"]) or "not trained"
        click.echo(f"dose  {_levels_text(dose)}: {sums} ({stages}; tests {', '.join(dose['evaluations'])})")
    pairs: dict[str, list[str]] = {}
    for pair in plan["unequal_doses"]:
        mark = "dose differs on purpose" if pair["intended"] else "dose differs"
        sides = f"{', '.join(pair['levels'].values())} against {', '.join(pair['against'].values())}"
        pairs.setdefault(f"{mark}: {sides}: {pair['difference']}", []).append(pair["claim"] or "compare")
    for text, claims in pairs.items():
        click.echo(f"{text} (in {', '.join(dict.fromkeys(claims))})")


def _where(cells: list[dict[str, str]]) -> str:
    return "; ".join(_levels_text({"levels": levels}) for levels in cells) if len(cells) == 1 else f"{len(cells)} cells"


def _levels_text(cell: dict[str, Any]) -> str:
    return ", ".join(f"{axis}={level}" for axis, level in cell["levels"].items())


def show_answers(result: dict[str, Any]) -> None:
    """The answers of a study in a terminal."""
    click.echo(f"{result['title']}\n{result['question']}\n")
    for row in result["hypotheses"]:
        click.echo(f"- {row['sentence']}")
        for line in row["details"]:
            click.echo(f"  {line}")
    for one in result["warnings"]:
        click.echo(f"warning: {one['what']}: {one['warning']} ({_where(one['cells'])})")
    for cell in result["cells"]:
        if cell["state"] == "failed":
            click.echo(f"failed: {_levels_text(cell)}: {cell['why']}")
