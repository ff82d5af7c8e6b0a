"""``xfer count``: every row of every file of the readers, counted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from xfer.commands.options import as_json, echo_json, store

SHOWN = 3  # bad rows of one file that are named; --json names all


@click.command()
@click.argument("readers", nargs=-1, metavar="[READER...]")
@click.option("--source", default="mirror", show_default=True, type=click.Choice(["hub", "mirror", "miniature"]))
@store
@as_json
def count(readers: tuple[str, ...], source: str, store: Path | None, as_json: bool) -> None:
    """Count the rows and labels of READERs (names or blocks; all of them if left out).

    Reads every file that is there, whole: rows, distribution of labels (words of each tag, questions without answer)
    and bad rows, by reader, split, language and place. Exit code 1 if a row is bad.
    """
    found = []
    for one in _counted(_asked(readers, source), source, store, as_json):
        found.append(one)
        if not as_json:
            _print(one)
    _clear()
    bad = _total(found, readers, as_json)
    raise click.exceptions.Exit(1 if bad or not found else 0)


def _asked(names: tuple[str, ...], source: str) -> list[Any]:
    """The readers to count: those named, which must read from ``source``, or all that do."""
    from xfer.commands.inputs import build
    from xfer.core.errors import UsageError
    from xfer.readers.base import Reader

    if source == "hub" and not names:
        raise UsageError("name the readers to count on the hub: all of them are a download of many gigabytes")
    readers = [build(name) for name in names or (name for name in Reader.known() if name != "files")]
    for reader in readers if names else ():
        if source not in reader.sources:
            ways = " or ".join(f"--source {way}" for way in reader.sources)
            raise UsageError(f"reader {reader.type_name} cannot read from source {source}; say {ways}")
    return [reader for reader in readers if source in reader.sources]


def _counted(readers: list[Any], source: Any, store: Path | None, as_json: bool) -> Iterator[Any]:
    from xfer.commands.inputs import world
    from xfer.readers.counting import counts

    for reader in readers:
        parts = {part for split in reader.card.splits for part in reader.worlds(split)}
        root = world(store, tuple(sorted(parts))) if source == "miniature" else None
        yield from counts(reader, source, root, _reading(as_json))


def _total(found: list[Any], names: tuple[str, ...], as_json: bool) -> int:
    """Says what all files together come to; returns the number of bad rows."""
    from xfer.readers.counting import plain

    rows, bad = sum(one.rows for one in found), sum(len(one.bad) for one in found)
    if as_json:
        echo_json({"counts": [plain(one) for one in found], "rows": rows, "bad_rows": bad})
    elif not found:
        click.echo(f"no file of {', '.join(names) if names else 'any reader'} is there", err=True)
    else:
        click.echo(f"{len(found)} files, {rows:,} rows, {bad:,} bad rows")
    return bad


def _reading(as_json: bool) -> Any:
    """Says on standard error what is read: in place on a terminal; a line each where the counts come last."""

    def reading(what: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{what[:100]}")
            sys.stderr.flush()
        elif as_json:
            click.echo(f"reading {what}", err=True)

    return reading


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _print(one: Any) -> None:
    _clear()
    labels = "  ".join(f"{name} {number:,}" for name, number in one.labels.items())
    click.echo(f"{one.reader:15} {one.split:5} {one.language:3} {one.rows:9,} rows  {labels}  ({one.place})")
    for message in one.bad[:SHOWN]:
        click.echo(f"    bad row: {message}")
    if len(one.bad) > SHOWN:
        click.echo(f"    and {len(one.bad) - SHOWN:,} more bad rows")
