"""``xfer results``: all numbers of studies and recipes as one long table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xfer.commands.options import as_json, echo_json


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[RUNS|STUDY.json]...")
@click.option("--where", "where", multiple=True, metavar="COLUMN=VALUE", help="Only these rows; may be repeated.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@as_json
def results(paths: tuple[Path, ...], where: tuple[str, ...], as_csv: bool, as_json: bool) -> None:
    """Print every number of the studies and recipes under RUNS (the folder runs if left out), one row each.

    A column is an axis of a study or one of run, kind, scale, evaluation, data, reader, attacker, stage, metric,
    measure, language (mean: over all), trained, value, low, high, seeds, chance, collapsed. Two values of one column
    are both taken.
    """
    from xfer.core.errors import UsageError
    from xfer.reports.results import column_order, result_rows

    if as_csv and as_json:
        raise UsageError("--json and --csv are two forms: say one of them")
    table_rows = result_rows(paths or (Path("runs"),), _wanted_values(where))
    if as_json:
        echo_json(table_rows)
    elif as_csv:
        _print_csv(column_order(table_rows), table_rows)
    else:
        _print_table(column_order(table_rows), table_rows)


def _wanted_values(where: tuple[str, ...]) -> dict[str, list[str]]:
    from xfer.core.errors import UsageError

    wanted: dict[str, list[str]] = {}
    for text in where:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--where {text}: not of the form COLUMN=VALUE; for example measure=drop")
        wanted.setdefault(name.strip(), []).append(value.strip())
    return wanted


def _print_csv(names: list[str], table_rows: list[dict[str, Any]]) -> None:
    import csv
    import sys

    from xfer.reports.results import value_text
    from xfer.reports.table import csv_field

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in table_rows:
        values = [row[name] for name in names]
        writer.writerow([csv_field(value) if isinstance(value, str) else value_text(value) for value in values])


def _print_table(names: list[str], table_rows: list[dict[str, Any]]) -> None:
    """A table for people: columns that are empty in all rows are left out."""
    shown = [name for name in names if any(row[name] is not None for row in table_rows)]
    lines = [shown, *([_cell_text(row[name]) for name in shown] for row in table_rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    return {None: "", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)
