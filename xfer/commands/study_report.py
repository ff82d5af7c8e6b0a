"""``xfer report STUDY``: what the store holds of a study, in the form that is wanted. Nothing is trained."""

from __future__ import annotations

from pathlib import Path

import click

from xfer.commands.options import command_line, echo_json
from xfer.commands.study import show_answers


def report_study(path: Path, scale: str | None, sets: tuple[str, ...], store: Path | None, form: str) -> None:
    """Prints a study as ``form``: text, json, html, markdown, csv, latex."""
    from xfer.core.errors import UsageError
    from xfer.core.store import Store
    from xfer.execution.studies import cell_doses, compile_cells, gather_study, nodes_of, stored_outcome
    from xfer.execution.walk import default_store, store_resolver
    from xfer.recipe.load_study import load_study
    from xfer.reports.study.page.html import study_page
    from xfer.reports.study.page.plain import FORMATS

    loaded = load_study(path, scale, sets)
    opened = Store(store or default_store())
    cells = compile_cells(loaded, store_resolver(opened))
    outcome = stored_outcome(nodes_of(cells), opened)
    result = gather_study(loaded, cells, outcome, cell_doses(cells, opened))
    unfinished = sum(cell["state"] == "failed" for cell in result["cells"])
    if unfinished == len(cells):
        way = f"run: {command_line('study', path, scale, sets, store)}"
        raise UsageError(f"{path} is not finished: none of its {unfinished} cells has a result; {way}")
    if form == "json":
        echo_json(result)
    elif form == "text":
        show_answers(result)
    else:
        click.echo((FORMATS | {"html": study_page})[form](result), nl=False)
