"""``xfer read``: a look at the rows of a reader, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import store

if TYPE_CHECKING:
    from xfer.forms.base import Form
    from xfer.readers.base import Reader, Source


@click.command()
@click.argument("reader")
@click.option("--language", default="en", show_default=True, help="ISO 639-1 code.")
@click.option("--split", default="test", show_default=True, type=click.Choice(["train", "dev", "test"]))
@click.option("--source", default="mirror", show_default=True, type=click.Choice(["hub", "mirror", "miniature"]))
@click.option("--limit", default=5, show_default=True, type=click.IntRange(0), help="Rows to print; 0 for all.")
@store
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def read(reader: str, language: str, split: str, source: Source, limit: int, store: Path | None, as_json: bool) -> None:
    """Print rows of READER: a name, or a block such as '{type: text, folder: raw_text}'.

    A bad row stops with its file and line; '{type: ..., bad_rows: skip}' leaves it out and tells so at the end. Rows
    are checked as training does. Exit code 1 if there are none.
    """
    from xfer.commands.inputs import build_reader, world_folder
    from xfer.core.errors import BadRow
    from xfer.readers.sources import found_files, mirror_caveats, rows

    built = build_reader(reader)
    offered = built.offered_languages(source, split)
    if offered and language not in offered:
        from xfer.core.errors import UsageError, suggest_name

        raise UsageError(
            f"reader {built.type_name} has no {split} rows in '{language}' there; {suggest_name(language, offered)}"
        )
    root = world_folder(store, built.world_parts(split)) if source == "miniature" else None
    lost: list[BadRow] = []
    language_rows = rows(built, source, split, language, root, lost.append, _checking(built, source))
    empty = True
    for row in islice(language_rows, limit or None):
        line = json.dumps(row, ensure_ascii=False) if as_json else "  ".join(f"{k}={v!r}" for k, v in row.items())
        click.echo(line.encode("utf-8", "replace").decode())
        empty = False
    for note in mirror_caveats(built, source, split, (language,), root):
        click.echo(f"xfer: note: {note}", err=True)
    for bad in lost:
        click.echo(f"xfer: left out: {bad}", err=True)
    if lost:
        click.echo(f"xfer: {len(lost):,} bad row{'s' if len(lost) > 1 else ''} left out", err=True)
    if empty:
        files = ", ".join(map(str, found_files(built, source, split, language, root)))
        raise BadRow(files or source, 0, f"holds no {split} rows of {built.type_name} in '{language}'")


def _checking(reader: Reader, source: Source) -> Callable[[dict[str, Any], str, int], None]:
    """What refuses rows that the reader's form cannot take. Forms take seconds to load: not before there is a row."""
    kind: list[Form] = []

    def check(row: dict[str, Any], place: str, line: int) -> None:
        from xfer.forms.base import build_form

        if not kind:
            kind.append(build_form(reader.form, reader.label_names(source), reader.form_options()))
        kind[0].check_row(row, place, line)

    return check
