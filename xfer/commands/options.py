"""Options that several commands share."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from xfer.core.store import Store

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
scale = click.option(
    "--scale", metavar="NAME", help="Lay _scale/NAME.yaml over the recipe: miniature, small, base, large, mmbert."
)
sets = click.option(
    "--set", "sets", multiple=True, metavar="A.B=C", help="Set one field of the recipe; may be repeated."
)
store = click.option("--store", type=click.Path(path_type=Path), help="Folder of finished work [$XFER_STORE or .xfer].")


def _keep_max_cells(context: click.Context, option: click.Parameter, value: int | None) -> None:
    if value is not None:
        from xfer.recipe.study import MAX_CELLS_VARIABLE

        os.environ[MAX_CELLS_VARIABLE] = str(value)


max_cells = click.option(
    "--max-cells",
    type=click.IntRange(1),
    expose_value=False,
    callback=_keep_max_cells,
    help="Cells that a study may have [2,000].",
)


def recipe_options(command: F) -> F:
    """--scale, --set, --store and --json on a command that takes a recipe."""
    for option in (as_json, store, sets, scale):
        command = option(command)
    return command


def run_options(command: F) -> F:
    """--runs, --workers and the hidden --worker on a command that runs nodes."""
    options = (
        click.option("--worker", is_flag=True, hidden=True, help="Be one of the further processes of --workers."),
        click.option(
            "--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that share the work out."
        ),
        click.option(
            "--runs",
            type=click.Path(path_type=Path, file_okay=False),
            default=Path("runs"),
            show_default=True,
            help="Folder of results.",
        ),
    )
    for option in options:
        command = option(command)
    return command


def files_inside(paths: Sequence[Path]) -> list[Path]:
    """These files, and of folders the YAML files by name; those that begin with _ are parts of others."""
    from xfer.core.errors import UsageError

    files: list[Path] = []
    for path in paths:
        folder_files = (
            sorted(file for file in path.glob("*.yaml") if not file.name.startswith("_")) if path.is_dir() else [path]
        )
        if not folder_files:
            raise UsageError(f"there is no file *.yaml in the folder {path}")
        files += folder_files
    return files


def worker_arguments(file: Path, scale: str | None, sets: Sequence[str], opened: Store) -> list[str]:
    """The words with which a further process of --workers does the same as this one."""
    return [str(file), *_option_words(scale, sets, opened.root)]


def command_line(verb: str, file: Path, scale: str | None, sets: Sequence[str], store: Path | None) -> str:
    """The command that makes what another one found missing, with the options that this one was given."""
    return shlex.join(["xfer", verb, str(file), *_option_words(scale, sets, store)])


def _option_words(scale: str | None, sets: Sequence[str], store: Path | None) -> list[str]:
    """The options of a recipe as words."""
    words = ["--scale", scale] if scale else []
    return (
        words
        + [word for assignment in sets for word in ("--set", assignment)]
        + (["--store", str(store)] if store else [])
    )


def echo_json(value: Any) -> None:
    """One JSON document on standard output."""
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))
