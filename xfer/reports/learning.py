"""Stages that learnt nothing to be seen in their dev scores: at chance, one answer everywhere, not a number.

All is read from what a training node stored and from the gold of its dev rows: a dev score that is, to the last digit,
what one answer to every row scores is taken for that answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isclose, isfinite, sqrt
from typing import Any, NamedTuple

from xfer.forms.chance import Baseline, Rows

ERRORS = 2.0  # standard errors of chance: a score that lies further above it was learnt


class DevTask(NamedTuple):
    """One task of a stage: the systems that its dev scores are held against, if any, and the languages trained on."""

    baseline: Baseline | None
    languages: Sequence[str]


class DevGold(NamedTuple):
    """The gold of the dev rows of one language, and from how many answers each row chooses."""

    answers: list[Any]
    choices: list[int]


def learning_warnings(tasks: Mapping[str, DevTask], training: Mapping[str, Any], dev: Mapping[str, Rows]) -> list[str]:
    """A sentence for each task of a stage that learnt nothing, or whose dev score cannot tell.

    ``training`` is the stage's training.json, and ``dev`` maps each task that has a dev set to the columns of it that
    ``Baseline`` names.
    """
    warnings = []
    for task, rows in dev.items():
        base, languages = tasks[task]
        if not rows["id"]:
            warnings.append(f"{task}: no dev row was held out of the training file, so that the last step is kept")
        elif base:
            sentences = _of_task(base, task, languages, training, rows)
            warnings += [f"{task}: {sentence}" for sentence in sentences]
    return warnings


def _of_task(
    base: Baseline, task: str, trained: Sequence[str], training: Mapping[str, Any], rows: Rows
) -> Iterator[str]:
    gold = dev_gold(base, rows)
    curve = {point["step"]: point["dev"][task] for point in training["curve"] if task in point["dev"]}
    own = [language for language in trained if language in gold]
    count = sum(len(gold[language].answers) for language in own)
    if not curve or not count:
        return
    kept = curve[training["selected"][0]]
    if not all(isfinite(score) for score in kept.values()):
        yield "the dev score is not a number (NaN)"
        return
    levels = [base.chance(*gold[language], language) for language in own]
    metric = next(iter(levels[0]), None)
    if metric is None:
        return
    chance = sum(level[metric] for level in levels) / len(own)
    best = max(sum(scores[language] for language in own) / len(own) for scores in curve.values())
    named = f"dev {metric} {100 * sum(kept[language] for language in own) / len(own):.1f}"
    rows_shown = f"{count:,} row{'s' if count > 1 else ''}"
    if answer := everywhere(base, gold, kept, metric):
        yield f"{named} is what giving one answer ({answer}) to all {rows_shown} scores; chance is {100 * chance:.1f}"
    elif best <= chance + ERRORS * sqrt(chance * (1 - chance) / count):
        yield f"{named} cannot be told from chance ({100 * chance:.1f}) on {rows_shown}, at any step"


def dev_gold(base: Baseline, rows: Rows) -> dict[str, DevGold]:
    """The gold of dev rows by language, where they have any."""
    by_language: dict[str, DevGold] = {}
    choices = base.choices(rows)
    for row in base.graded(rows):
        gold = by_language.setdefault(rows["language"][row], DevGold([], []))
        gold.answers.append(rows[base.gold][row])
        gold.choices.extend(choices[row : row + 1])
    return by_language


def everywhere(base: Baseline, gold: Mapping[str, DevGold], scores: Mapping[str, float], metric: str) -> str:
    """The answer that, given to every row, scores in each language what was scored; nothing if there is none.

    A language whose rows have one gold answer, and a score of 0, which has many reasons, do not count.
    """
    fitting: list[set[str]] = []
    for language, score in scores.items():
        answers = gold[language].answers
        if len(set(base.units(answers))) > 1:
            constants = base.constants(answers, language)
            fitting.append({answer for answer, level in constants.items() if score and isclose(level[metric], score)})
    common = sorted(set.intersection(*fitting)) if fitting else []
    return " or ".join(map(base.phrase, common))
