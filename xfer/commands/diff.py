"""``xfer diff``: in words, how two recipes or two finished runs differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xfer.commands.options import as_json, echo_json, scale, sets

if TYPE_CHECKING:
    from xfer.core.differences import Difference

EvaluationScores = dict[str, dict[str, float]]  # evaluation -> language -> score


class ComparedSide(NamedTuple):
    """What is compared: a recipe as plain data, the same without its defaults, and its scores if it is a run."""

    recipe: dict[str, Any]
    brief: dict[str, Any]
    report: dict[str, Any] | None


@click.command()
@click.argument("first", type=click.Path(path_type=Path), metavar="A")
@click.argument("second", type=click.Path(path_type=Path), metavar="B")
@scale
@sets
@as_json
def diff(first: Path, second: Path, scale: str | None, sets: tuple[str, ...], as_json: bool) -> None:
    """Say how A and B differ: two recipes, or two folders of results (runs/NAME).

    Defaults count as given: a field that only one of them names is no difference if it has its default.
    """
    from xfer.core.differences import find_differences

    sides = [_load_side(path, scale, sets) for path in (first, second)]
    recipe_differences = [d for d in find_differences(sides[0].recipe, sides[1].recipe) if d.path != "description"]
    score_moves = _score_moves(
        *(_report_scores(side.report, path) for side, path in zip(sides, (first, second), strict=True))
    )
    if as_json:
        echo_json({"recipe": [difference._asdict() for difference in recipe_differences], "scores": score_moves})
        return
    for difference in recipe_differences:
        click.echo(_difference_text(difference, sides[difference.sides == "new"].brief))
    for row in score_moves:
        click.echo(
            f"{row['evaluation']}, mean over {row['languages']} languages: {row['first']:.1f} in A, "
            f"{row['second']:.1f} in B ({row['second'] - row['first']:+.1f}); most in {row['most']} ({row['by']:+.1f})"
        )
    if not recipe_differences and not score_moves:
        click.echo("no difference")


def _load_side(path: Path, scale: str | None, sets: tuple[str, ...]) -> ComparedSide:
    from xfer.core.errors import UsageError
    from xfer.recipe.load import load_recipe

    if not path.is_dir():
        recipe = load_recipe(path, scale, sets).recipe
        return ComparedSide(recipe.model_dump(mode="json"), recipe.model_dump(mode="json", exclude_defaults=True), None)
    if (path / "study.json").is_file():
        raise UsageError(f"{path} is a study, and runs of recipes are compared; xfer results {path} has its numbers")
    try:
        recipe, report = (json.loads((path / f"{name}.json").read_text("utf-8")) for name in ("recipe", "report"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is no folder of results: {error}; xfer train writes them to runs/") from None
    return ComparedSide(recipe, _without_defaults(recipe), report)


def _without_defaults(recipe: dict[str, Any]) -> dict[str, Any]:
    """A run's recipe as somebody would write it; as it is if another version wrote it, whose fields are not known."""
    from pydantic import ValidationError

    from xfer.core.errors import XferError
    from xfer.recipe.recipe import Recipe

    try:
        return Recipe.model_validate(recipe).model_dump(mode="json", exclude_defaults=True)
    except (ValidationError, XferError):
        return recipe


def _difference_text(difference: Difference, brief: Any) -> str:
    """One difference in words; ``brief`` is the recipe that alone has what stands on one side."""
    from xfer.core.differences import short_value

    if difference.sides == "both":
        return f"{difference.path}: {short_value(difference.old)} in A, {short_value(difference.new)} in B"
    value, side = (difference.new, "B") if difference.sides == "new" else (difference.old, "A")
    for name in difference.path.split("."):
        brief = brief.get(name) if isinstance(brief, dict) else None
    return f"{difference.path}: only in {side}: {flow_text(value if brief is None else brief)}"


def flow_text(value: Any) -> str:
    """Plain data as it stands in a recipe, on one line; a block that only names its type is that name."""
    if isinstance(value, dict):
        if value.keys() == {"type"}:
            return str(value["type"])
        return "{" + ", ".join(f"{name}: {flow_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow_text, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    plain = isinstance(value, str) and value and not set(value) & set("{}[],:#'\"")
    return value if plain else json.dumps(value, ensure_ascii=False)


def _score_moves(first: EvaluationScores, second: EvaluationScores) -> list[dict[str, Any]]:
    """The mean of each evaluation that both runs have, over the languages that both have, where anything differs."""
    rows = []
    for name, first_scores in first.items():
        second_scores = second.get(name, {})
        languages = [language for language in first_scores if language in second_scores]
        moves = {language: second_scores[language] - first_scores[language] for language in languages}
        if not any(moves.values()):
            continue
        most = max(languages, key=lambda language: abs(moves[language]))
        means = [
            sum(side[language] for language in languages) / len(languages) for side in (first_scores, second_scores)
        ]
        row = {"evaluation": name, "languages": len(languages), "first": means[0], "second": means[1]}
        rows.append(row | {"most": most, "by": moves[most]})
    return rows


def _report_scores(report: dict[str, Any] | None, path: Path) -> EvaluationScores:
    """The scores of a report, in percent. Raises UsageError for one that is not whole."""
    from xfer.core.errors import UsageError

    scores: EvaluationScores = {}
    try:
        for table in report.get("tables", [report]) if report is not None else ():
            for name in table["order"]:
                rows = table["languages"].items()
                scores[name] = {language: row[name]["value"] for language, row in rows if name in row}
    except (KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{path}/report.json is not whole ({what}); xfer train writes it anew") from None
    return scores
