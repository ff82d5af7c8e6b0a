"""``xfer report STUDY``: what the store holds of a study, in the form that is wanted. Nothing is trained."""

from __future__ import annotations

from pathlib import Path

import click

from xfer.commands.options import echo_json, line_of
from xfer.commands.study import show


def report_study(path: Path, scale: str | None, sets: tuple[str, ...], store: Path | None, form: str) -> None:
    """Prints a study as ``form``: text, json, html, markdown, csv, latex."""
    from xfer.core.errors import UsageError
    from xfer.core.store import Store
    from xfer.execution.studies import compiled, gathered, nodes_of, stored
    from xfer.execution.walk import default_store, resolver
    from xfer.recipe.load_study import load_study
    from xfer.reports.study.page.html import page
    from xfer.reports.study.page.plain import FORMATS

    loaded = load_study(path, scale, sets)
    opened = Store(store or default_store())
    cells = compiled(loaded, resolver(opened))
    found = gathered(loaded, cells, stored(nodes_of(cells), opened))
    left = sum(cell["state"] == "failed" for cell in found["cells"])
    if left == len(cells):
        way = f"run: {line_of('study', path, scale, sets, store)}"
        raise UsageError(f"{path} is not finished: none of its {left} cells has a result; {way}")
    if form == "json":
        echo_json(found)
    elif form == "text":
        show(found)
    else:
        click.echo((FORMATS | {"html": page})[form](found), nl=False)
