"""``xfer report``: the table of a finished recipe again, in the form that is wanted."""

from __future__ import annotations

from pathlib import Path

import click

from xfer.commands.options import command_line, echo_json, max_cells, recipe_options

_RECIPE_FORMATS = ("text", "markdown", "csv")


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@recipe_options
@max_cells
@click.option(
    "--format", "form", default="text", show_default=True, type=click.Choice([*_RECIPE_FORMATS, "html", "latex"])
)
def report(
    recipe: Path, scale: str | None, sets: tuple[str, ...], store: Path | None, as_json: bool, form: str
) -> None:
    """Print the report of RECIPE, a recipe or a study, from the store; nothing is trained.

    html and latex are for studies.
    """
    from xfer.commands.study_report import report_study
    from xfer.core.errors import UsageError
    from xfer.core.store import Store
    from xfer.execution.walk import default_store, execute_graph, open_graph, run_failure
    from xfer.recipe.load import load_recipe
    from xfer.recipe.load_study import is_study
    from xfer.reports.write import csv_table, report_markdown, report_text

    if is_study(recipe):
        report_study(recipe, scale, sets, store, "json" if as_json else form)
        return
    if form not in _RECIPE_FORMATS:
        raise UsageError(f"{form} is for studies; a recipe is reported as {', '.join(_RECIPE_FORMATS)}")
    opened = Store(store or default_store())
    graph = open_graph(load_recipe(recipe, scale, sets).recipe, opened)
    if graph.report is None:
        raise UsageError(f"{recipe} has no evaluation, so there is nothing to report")
    missing = [n for n in graph.nodes.values() if n.kind == "score" and not opened.find(n.kind, n.key)]
    if missing:
        way = f"run: {command_line('train', recipe, scale, sets, store)}"
        raise UsageError(f"{recipe} is not finished: {missing[0].label} has no score yet; {way}")
    outcome = execute_graph(graph, opened)
    error = run_failure(outcome, graph)
    if error:
        raise error
    entry = outcome.entries[graph.report.key]
    table = entry.read("report.json")
    if as_json:
        echo_json(table)
    else:
        click.echo({"text": report_text, "markdown": report_markdown, "csv": csv_table}[form](table), nl=False)
