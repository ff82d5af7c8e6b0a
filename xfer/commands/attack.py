"""``xfer attack``: what an attacker does to a text; or the attacks of a recipe, without its scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import recipe_options

if TYPE_CHECKING:
    from xfer.commands.attacked_rows import AttackResult

_PATH_TYPE = click.Path(path_type=Path)


@click.command()
@click.argument("recipe", type=_PATH_TYPE, required=False)
@click.option("--attacker", help="An attacker's name or block: '{type: typos, rate: 0.2}'.")
@click.option("--language", default="en", show_default=True, help="ISO 639-1 code of the text.")
@click.option("--text", help="The text, or premise, or context; '-' reads it from standard input.")
@click.option("--pair", help="The hypothesis or second sentence.")
@click.option("--question", help="The question, which makes --text its context.")
@click.option(
    "--file", "rows", type=_PATH_TYPE, help="Rows as JSON lines with the columns of their form; '-' is stdin."
)
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
        _show_recipe_attacks(recipe, scale, sets, store, 3 if show is None else show, as_json)
        return
    if scale or sets or store:
        raise UsageError("--scale, --set and --store belong to a recipe")
    _show_attacked(str(attacker), language, (text, pair, question), rows, show, as_json)


def _show_attacked(
    attacker: str,
    language: str,
    texts: tuple[str | None, str | None, str | None],
    file: Path | None,
    show: int | None,
    as_json: bool,
) -> None:
    from xfer.commands.attacked_rows import attack_given_rows, build_attacker, row_from_options, rows_from_file

    built = build_attacker(attacker)
    for _, what, hint in built.source_faults("mirror"):  # what stands here is no text of the miniature world
        click.echo(f"xfer: note: {what}; {hint}", err=True)
    rows = rows_from_file(file, language, texts) if file else [row_from_options(language, *texts)]
    results = attack_given_rows(built, rows, whole=file is not None)
    if not as_json:
        for result in results[: show if show is not None else None]:
            _print_result(result, named=file is not None)
        if file:
            _print_counts(results)
        return
    for result in results[: show if show is not None else None]:
        _echo(result.plain() if file else result.flat(), lines=file is not None)


def _show_recipe_attacks(
    recipe: Path, scale: str | None, sets: tuple[str, ...], store: Path | None, show: int, json: bool
) -> None:
    from xfer.commands.attacked_rows import run_recipe_attacks

    attacks = run_recipe_attacks(recipe, scale, sets, store, show)
    if json:
        _echo({"attacks": [summary | {"examples": [result.plain() for result in rows]} for summary, rows in attacks]})
        return
    for summary, rows in attacks:
        counts = ", ".join(f"{count:,} {status}" for status, count in summary["statuses"].items())
        share = f"{summary['portion']:.1%} of the {summary['of']} changed"
        click.echo(f"{summary['label']}: {summary['rows']:,} rows: {counts}; {share}")
        for result in rows:
            click.echo()
            _print_result(result, named=True)
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


def _print_result(result: AttackResult, named: bool) -> None:
    """One row for people: each of its texts side by side."""
    import shutil
    import sys

    from xfer.reports.beside import escape_invisible, side_by_side

    paint = None
    if sys.stdout.isatty():
        paint = (lambda text: click.style(text, fg="red"), lambda text: click.style(text, fg="green", bold=True))
    columns = shutil.get_terminal_size((100, 24)).columns
    if named:
        click.echo(escape_invisible(f"{result.row['language']} {result.row['id']}  {result.status}"))
    for side in result.sides:
        if len(result.sides) > 1:
            click.echo(f"  {side.column}")
        click.echo("\n".join(side_by_side(side.original, side.edits, columns, paint)))
    if result.status != "changed" and not named:
        click.echo(f"xfer: {result.status}{f': {result.why}' if result.why else ''}", err=True)


def _print_counts(results: list[AttackResult]) -> None:
    counts: dict[str, int] = {}
    for result in results:
        counts[result.status] = counts.get(result.status, 0) + 1
    shown = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    click.echo(f"{len(results):,} row{'s' if len(results) != 1 else ''}: {shown}")
