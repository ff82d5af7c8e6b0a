"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
scale = click.option("--scale", metavar="NAME", help="Lay _scale/NAME.yaml over the recipe: miniature, base, large.")
sets = click.option(
    "--set", "sets", multiple=True, metavar="A.B=C", help="Set one field of the recipe; may be repeated."
)
store = click.option("--store", type=click.Path(path_type=Path), help="Folder of finished work [$XFER_STORE or .xfer].")


def recipe_options(command: F) -> F:
    """--scale, --set, --store and --json on a command that takes a recipe."""
    for option in (as_json, store, sets, scale):
        command = option(command)
    return command


def echo_json(value: Any) -> None:
    """One JSON document on standard output."""
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))
