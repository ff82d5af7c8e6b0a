"""``xfer count``: every row of every file of the readers, counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xfer.commands.options import echo_json, max_cells, recipe_options

if TYPE_CHECKING:
    from xfer.readers.base import Reader, Source
    from xfer.readers.counting import Count

SHOWN_BAD_ROWS = 3  # bad rows of one file that are named; --json names all


@click.command()
@click.argument("readers", nargs=-1, metavar="[READER...]")
@click.option("--source", type=click.Choice(["hub", "mirror", "miniature"]), help="Where rows come from.  [mirror]")
@click.option(
    "--recipe", type=click.Path(path_type=Path), metavar="FILE", help="What a recipe or a study reads, instead."
)
@recipe_options
@max_cells
def count(
    readers: tuple[str, ...],
    source: Source | None,
    recipe: Path | None,
    scale: str | None,
    sets: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Count the rows and labels of READERs (names or blocks; all of them if left out).

    Reads every file that is there, whole: rows, distribution of labels (words of each tag, questions without answer)
    and bad rows, by reader, split, language and place. Exit code 1 if a row is bad. With --recipe: what a recipe or a
    study will find of each split and language that it reads, and where it looked for what is not there (exit code 1
    unless the recipe goes on without it).
    """
    from xfer.core.errors import UsageError

    if recipe is not None:
        if readers or source:
            raise UsageError("--recipe says which readers and which source; leave READER and --source out")
        from xfer.commands.count_recipe import count_recipe

        raise click.exceptions.Exit(count_recipe(recipe, scale, sets, store, as_json))
    if scale or sets:
        raise UsageError("--scale and --set belong to --recipe")
    _count_readers(readers, source or "mirror", store, as_json)


def _count_readers(readers: tuple[str, ...], source: Source, store: Path | None, as_json: bool) -> None:
    file_counts = []
    for file_count in _count_files(_wanted_readers(readers, source), source, store, as_json):
        file_counts.append(file_count)
        if not as_json:
            _print_count(file_count)
    _clear_line()
    bad = _print_total(file_counts, readers, as_json)
    raise click.exceptions.Exit(1 if bad or not file_counts else 0)


def _wanted_readers(names: tuple[str, ...], source: str) -> list[Reader]:
    """The readers to count: those named, which must read from ``source``, or all that do."""
    from xfer.commands.inputs import build_reader
    from xfer.core.errors import UsageError
    from xfer.readers.base import Reader

    if source == "hub" and not names:
        raise UsageError("name the readers to count on the hub: all of them are a download of many gigabytes")
    readers = [build_reader(name) for name in names or (name for name in Reader.known_names() if name != "files")]
    for reader in readers if names else ():
        if source not in reader.sources:
            ways = " or ".join(f"--source {way}" for way in reader.sources)
            raise UsageError(f"reader {reader.type_name} cannot read from source {source}; say {ways}")
    return [reader for reader in readers if source in reader.sources]


def _count_files(readers: list[Reader], source: Source, store: Path | None, as_json: bool) -> Iterator[Count]:
    from xfer.commands.inputs import world_folder
    from xfer.readers.counting import count_rows

    for reader in readers:
        world_parts = {world_part for split in reader.card.splits for world_part in reader.world_parts(split)}
        root = world_folder(store, tuple(sorted(world_parts))) if source == "miniature" else None
        yield from count_rows(reader, source, root, _reading_display(as_json))


def _print_total(file_counts: list[Count], names: tuple[str, ...], as_json: bool) -> int:
    """Says what all files together come to; returns the number of bad rows."""
    from xfer.readers.counting import count_json

    rows, bad = (
        sum(file_count.rows for file_count in file_counts),
        sum(len(file_count.bad) for file_count in file_counts),
    )
    if as_json:
        echo_json({"counts": [count_json(file_count) for file_count in file_counts], "rows": rows, "bad_rows": bad})
    elif not file_counts:
        click.echo(f"no file of {', '.join(names) if names else 'any reader'} is there", err=True)
    else:
        click.echo(f"{len(file_counts)} files, {rows:,} rows, {bad:,} bad rows")
    return bad


def _reading_display(as_json: bool) -> Callable[[str], None]:
    """Says on standard error what is read: in place on a terminal; a line each where the counts come last."""

    def reading(what: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{what[:100]}")
            sys.stderr.flush()
        elif as_json:
            click.echo(f"reading {what}", err=True)

    return reading


def _clear_line() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _print_count(file_count: Count) -> None:
    _clear_line()
    labels = "  ".join(f"{name} {number:,}" for name, number in file_count.labels.items())
    click.echo(
        f"{file_count.reader:15} {file_count.split:5} {file_count.language:3} {file_count.rows:9,} rows"
        f"  {labels}  ({file_count.place})"
    )
    for message in file_count.bad[:SHOWN_BAD_ROWS]:
        click.echo(f"    bad row: {message}")
    if len(file_count.bad) > SHOWN_BAD_ROWS:
        click.echo(f"    and {len(file_count.bad) - SHOWN_BAD_ROWS:,} more bad rows")
