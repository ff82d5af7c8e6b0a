"""What reports and studies make of scores, each definition once: drops, gaps, what lies above chance, intervals.

All are samples, so that seeds and rows count as chance in each of them. Samples are shares, cells in percent points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

from xfer.metrics.intervals import Sample, mean, percentile_interval

Samples = dict[str, Sample]  # language -> sample
Cell = dict[str, float]  # value, low, high; often the rows (of a mean: the languages) that it rests on
COUNTS = ("queries", "forwards")  # measures that are no shares
AT_CHANCE = 0.02  # a share: of a score that is no further above chance, an attack's cost is no share
# What a measure can be. Where seeds are few the t distribution reaches far beyond.
BOUNDS = {
    **dict.fromkeys(("score", "oracle", "success", "words"), (0.0, 100.0)),
    **dict.fromkeys(("drop", "gap", "bought"), (-100.0, 100.0)),
    **dict.fromkeys(COUNTS, (0.0, inf)),
    **dict.fromkeys(("relative", "above_chance"), (-inf, 100.0)),
    "cost_above_chance": (-inf, inf),  # under attack a model may fall below chance
    "gap_growth": (-200.0, 200.0),
}


def cell(found: Sample, measure: str) -> Cell:
    """The value in percent (of ``COUNTS`` as it is) with its 95% interval, which ends where the measure does."""
    (low, high), (least, most) = percentile_interval(found), BOUNDS[measure]
    scale = 1.0 if measure in COUNTS else 100.0
    return {"value": scale * found.value, "low": max(scale * low, least), "high": min(scale * high, most)}


def clean_partner(job: Mapping[str, Any], name: str) -> str | None:
    """The clean evaluation that an attacked one is measured against, on rows of the same split.

    That of its own stage (the one that the report compares before others), else the one that the report compares: its
    recipe says so (``report: {compare: ...}``). None for a clean evaluation, or where there is no such. ``job`` is a
    report node's job.
    """
    evaluations = job["evaluations"]
    attacked = evaluations[name]
    if not attacked["attacker"]:
        return None
    table = next(table for table in job["tables"] if name in table["order"])
    compared = table.get("compare")
    names = dict.fromkeys([*([compared] if compared else []), *table["order"]])
    clean = [other for other in names if _clean_on(evaluations[other], attacked["rows"])]
    own_stage = [other for other in clean if evaluations[other]["stage"] == attacked["stage"]]
    return next(iter([*own_stage, *(other for other in clean if other == compared)]), None)


def _clean_on(evaluation: Mapping[str, Any], rows: str) -> bool:
    return not evaluation["attacker"] and bool(evaluation["rows"] == rows)


def drop(clean: Sample, attacked: Sample) -> Sample:
    """What an attack costs: clean minus attacked score, on the same rows."""
    return clean - attacked


def relative_drop(clean: Sample, attacked: Sample) -> Sample:
    """The drop as a share of the clean score, both means over seeds; 0 where that score is 0."""
    return drop(clean, attacked) / clean


def above_chance(score: Sample, chance: float) -> Sample:
    """The score between chance (0) and all right (1), as Cohen's kappa has it (1960): scores of tasks with unlike
    chance levels can then be laid beside each other. ``chance`` is a share below 1."""
    return _raised(score, -chance) / (1 - chance)


def cost_above_chance(languages: Sequence[tuple[Sample, Sample, float]]) -> Sample | None:
    """What an attack costs, as a share of what the clean score has above chance, over one language or several.

    Of each language the clean and the attacked score and chance. It is the ratio of two means over the languages,
    since of a single language that is at chance it has no meaning. None where the clean mean is no more than
    ``AT_CHANCE`` above chance.
    """
    room = mean([_raised(clean, -chance) for clean, _, chance in languages])
    return mean([drop(clean, attacked) for clean, attacked, _ in languages]) / room if room.value > AT_CHANCE else None


def _raised(score: Sample, by: float) -> Sample:
    """A score and a number that is not drawn."""
    return Sample(score.seeds + by, score.errors, score.keys)


def gap(scores: Mapping[str, Sample], trained: Iterable[str]) -> Sample | None:
    """The cross-lingual transfer gap: the mean score in the languages of training minus the mean of the others.

    Hu et al. 2020, section 4. None where one of the two is empty.
    """
    home = set(trained)
    at_home = [one for language, one in scores.items() if language in home]
    away = [one for language, one in scores.items() if language not in home]
    return mean(at_home) - mean(away) if at_home and away else None


def gap_growth(drops: Mapping[str, Sample], trained: Iterable[str]) -> Sample | None:
    """What an attack adds to the gap: the gap under attack minus the clean gap on the same rows and languages.

    That is the mean drop of the others minus the mean drop in the languages of training.
    """
    found = gap(drops, trained)
    return None if found is None else -1.0 * found
