"""``xfer attack``: what an attacker does to a text; or the attacks of a recipe, without its scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xfer.commands.options import recipe_options

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("recipe", type=PATH, required=False)
@click.option("--attacker", help="An attacker's name or block: '{type: typos, rate: 0.2}'.")
@click.option("--language", default="en", show_default=True, help="ISO 639-1 code of the text.")
@click.option("--text", help="The text, or premise, or context; '-' reads it from standard input.")
@click.option("--pair", help="The hypothesis or second sentence.")
@click.option("--question", help="The question, which makes --text its context.")
@click.option("--file", "rows", type=PATH, help="Rows as JSON lines with the columns of their form; '-' is stdin.")
@click.option("--show", type=click.IntRange(0), help="Rows of each attack to show.  [3; all of --file]")
@recipe_options
def attack(
    recipe: Path | None,
    attacker: str | None,
    language: str,
    text: str | None,
    pair: str | None,
    question: str | None,
    rows: Path | None,
    show: int | None,
    scale: str | None,
    sets: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Show what an attacker does to a text, or run the attacks of RECIPE and nothing that they do not need.

    \b
    xfer attack --attacker typos --language th --text '...'
    xfer attack --attacker '{type: case, to: upper}' --file rows.jsonl --json
    xfer attack recipes/mnli_to_xnli.yaml --scale miniature

    Texts stand side by side, with what was changed as [-old-] and {+new+}. --json gives original, changed, edits
    (start and end in code points of the original) and rate, the share of words that were changed; a row with
    several texts has these for each of its sides, and --file a line for each row.
    """
    from xfer.core.errors import UsageError

    if (recipe is None) == (attacker is None):
        raise UsageError("name a RECIPE whose attacks are to run, or an --attacker to show")
    if recipe is not None:
        if (text, pair, question, rows) != (None,) * 4:
            raise UsageError("a recipe has its own texts: leave --text, --pair, --question and --file out")
        _recipe(recipe, scale, sets, store, 3 if show is None else show, as_json)
        return
    if scale or sets or store:
        raise UsageError("--scale, --set and --store belong to a recipe")
    _shown(str(attacker), language, (text, pair, question), rows, show, as_json)


def _shown(
    attacker: str,
    language: str,
    given: tuple[str | None, str | None, str | None],
    file: Path | None,
    show: int | None,
    as_json: bool,
) -> None:
    from xfer.commands.attacked_rows import attacked, build, from_file, from_words

    built = build(attacker)
    for _, what, hint in built.source_faults("mirror"):  # what stands here is no text of the miniature world
        click.echo(f"xfer: note: {what}; {hint}", err=True)
    rows = from_file(file, language, given) if file else [from_words(language, *given)]
    found = attacked(built, rows, whole=file is not None)
    if not as_json:
        for one in found[: show if show is not None else None]:
            _print(one, named=file is not None)
        if file:
            _count(found)
        return
    for one in found[: show if show is not None else None]:
        _echo(one.plain() if file else one.flat(), lines=file is not None)


def _recipe(recipe: Path, scale: str | None, sets: tuple[str, ...], store: Path | None, show: int, json: bool) -> None:
    from xfer.commands.attacked_rows import run

    found = run(recipe, scale, sets, store, show)
    if json:
        _echo({"attacks": [about | {"examples": [one.plain() for one in rows]} for about, rows in found]})
        return
    for about, rows in found:
        counts = ", ".join(f"{count:,} {status}" for status, count in about["statuses"].items())
        share = f"{about['portion']:.1%} of the {about['of']} changed"
        click.echo(f"{about['label']}: {about['rows']:,} rows: {counts}; {share}")
        for one in rows:
            click.echo()
            _print(one, named=True)
        click.echo()


def _echo(value: Any, lines: bool = False) -> None:
    """JSON; a character that UTF-8 has not, an unpaired surrogate, is its escape."""
    import json
    import re

    if not lines:
        shown = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    else:
        shown = json.dumps(value, ensure_ascii=False, allow_nan=False)
    click.echo(re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match.group()):04x}", shown))


def _print(one: Any, named: bool) -> None:
    """One row for people: each of its texts side by side."""
    import shutil
    import sys

    from xfer.reports.beside import side_by_side, visible

    paint = None
    if sys.stdout.isatty():
        paint = (lambda text: click.style(text, fg="red"), lambda text: click.style(text, fg="green", bold=True))
    columns = shutil.get_terminal_size((100, 24)).columns
    if named:
        click.echo(visible(f"{one.row['language']} {one.row['id']}  {one.status}"))
    for side in one.sides:
        if len(one.sides) > 1:
            click.echo(f"  {side.column}")
        click.echo("\n".join(side_by_side(side.original, side.edits, columns, paint)))
    if one.status != "changed" and not named:
        click.echo(f"xfer: {one.status}{f': {one.why}' if one.why else ''}", err=True)


def _count(found: list[Any]) -> None:
    counts: dict[str, int] = {}
    for one in found:
        counts[one.status] = counts.get(one.status, 0) + 1
    shown = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    click.echo(f"{len(found):,} row{'s' if len(found) != 1 else ''}: {shown}")
