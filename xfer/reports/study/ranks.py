"""The levels of the compared axis in order, with ties: what cannot be told apart shares a rank.

A level's rank is one more than the number of levels that are better beyond chance: p of every pair, over rows and
seeds, corrected over all pairs of the group (Holm).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from xfer.metrics.intervals import LEVEL, Sample, judge, mean
from xfer.metrics.significance import holm_adjust
from xfer.recipe.study import Study
from xfer.reports.measures import cell as cell_of
from xfer.reports.study.found import FinishedCell, StudyRecord, groups_along
from xfer.reports.study.measures import LINEAR_MEASURES

HIGHER_IS_BETTER = {"score": True, "drop": False}


def level_ranks(cells: Sequence[FinishedCell], study: Study) -> list[StudyRecord]:
    """Ranks in each evaluation and measure: at each combination of the other axes, and over those that all levels have.

    ``levels`` names the combination; it is empty in the rows over all of them.
    """
    axis = compared_axis(study)
    if axis is None:
        return []
    names = dict.fromkeys(name for cell in cells for name in cell.numbers.credits)
    rows: list[StudyRecord] = []
    for name in names:
        for measure in LINEAR_MEASURES:
            groups = {
                rest: samples for rest, samples in _measured_groups(cells, axis, name, measure) if len(samples) > 1
            }
            labels: StudyRecord = {"axis": axis, "evaluation": name, "measure": measure}
            if len(groups) > 1:
                rows += _ranked_rows(_over_groups(list(groups.values())), labels | {"levels": {}})
            for rest, samples in groups.items():
                rows += _ranked_rows(samples, labels | {"levels": dict(rest)})
    return rows


def compared_axis(study: Study) -> str | None:
    """The axis whose levels are compared: that of ``compare``, else of the first hypothesis."""
    against = [study.compare.against] if study.compare else []
    against += [hypothesis.against for hypothesis in study.hypotheses.values()]
    return next(iter(against[0])) if against else None


def _measured_groups(
    cells: Sequence[FinishedCell], axis: str, name: str, measure: str
) -> Iterator[tuple[tuple[tuple[str, str], ...], dict[str, Sample]]]:
    for rest, group in groups_along(cells, axis).items():
        values = {cell.levels[axis]: cell.numbers.averaged(name, measure, "all") for cell in group}
        yield rest, {level: value for level, value in values.items() if value is not None}


def _over_groups(groups: Sequence[Mapping[str, Sample]]) -> dict[str, Sample]:
    """The mean of each level over the groups that have every level."""
    levels = list(dict.fromkeys(level for group in groups for level in group))
    whole = [group for group in groups if len(group) == len(levels)]
    return {level: mean([group[level] for group in whole]) for level in levels} if whole else {}


def _ranked_rows(samples: Mapping[str, Sample], labels: StudyRecord) -> list[StudyRecord]:
    """A row a level, the best rank first, levels of one rank by their value."""
    sign = 1.0 if HIGHER_IS_BETTER[labels["measure"]] else -1.0
    ranks = tied_ranks({level: sign * sample for level, sample in samples.items()})
    rows = [
        labels | {"level": level, "rank": ranks[level]} | cell_of(sample, labels["measure"])
        for level, sample in samples.items()
    ]
    return sorted(rows, key=lambda row: (row["rank"], -sign * row["value"]))


def tied_ranks(samples: Mapping[str, Sample]) -> dict[str, int]:
    """Of each level one more than the number of levels whose value is higher beyond chance."""
    pairs = list(combinations(samples, 2))
    tests = [judge(samples[first] - samples[second]) for first, second in pairs]
    worse = [
        second if test.value > 0 else first
        for (first, second), test, p in zip(pairs, tests, holm_adjust([test.p for test in tests]), strict=True)
        if p < LEVEL
    ]
    return {level: 1 + worse.count(level) for level in samples}
