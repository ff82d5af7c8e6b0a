"""Hypotheses put to the test: the mean over all that each speaks of, and each method, target and evaluation alone.

Effects of opposite sign cancel in a mean. So each hypothesis has a verdict for every level of every axis along which
its comparisons differ, and tests of whether the levels differ. p of a mean is corrected over the hypotheses of its
family, p of a level over all levels of its hypothesis: that is what the page claims of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from xfer.metrics.interaction import interaction_p
from xfer.metrics.intervals import LEVEL, Sample, clean_variance, mean
from xfer.metrics.power import decision_need, smallest_effect
from xfer.metrics.significance import first_level, shared_correlation
from xfer.recipe.study import Hypothesis, Levels, Study, matches_levels
from xfer.reports.study.found import Baseline, FinishedCell, StudyRecord, adjust_rows, cell_pairs, tested_points
from xfer.reports.study.wording import hypothesis_details, verdict_sentence

EVALUATION, COMPARISON = "evaluation", "comparison"  # what differs beside the study's own axes


class MatchedPair(NamedTuple):
    """One comparison of a hypothesis: its cell and evaluation, what it is with, and the difference, a share."""

    levels: Levels
    evaluation: str
    baseline: Baseline
    difference: Sample

    def level_on(self, axis: str) -> str:
        """Its level on an axis; the evaluation counts as one."""
        return level_on(self.levels, self.evaluation, axis)


def level_on(levels: Levels, evaluation: str, axis: str) -> str:
    """The level of a comparison on an axis; the evaluation counts as one."""
    return evaluation if axis == EVALUATION else levels[axis]


def hypothesis_verdicts(cells: Sequence[FinishedCell], study: Study) -> list[StudyRecord]:
    """Each hypothesis with its numbers, those of its levels (``breakdown``), tests of interaction and a verdict."""
    pairs = {name: list(hypothesis_pairs(cells, hypothesis)) for name, hypothesis in study.hypotheses.items()}
    rows = {name: _mean_row(name, study.hypotheses[name], tested) for name, tested in pairs.items()}
    families: dict[str, list[str]] = {}
    for name, tested in pairs.items():
        if tested:
            families.setdefault(study.hypotheses[name].family, []).append(name)
    for family in families.values():
        samples = [_mean_difference(pairs[name]) for name in family]
        baselines = [_baseline(pairs[name], study.hypotheses[name]) for name in family]
        judge_rows([rows[name] for name in family], samples, baselines, [study.hypotheses[name] for name in family])
    for name, hypothesis in study.hypotheses.items():
        rows[name]["breakdown"] = _breakdown(pairs[name], hypothesis)
        rows[name]["interactions"] = _interactions(pairs[name])
        conclude_row(rows[name])
    return list(rows.values())


def conclude_row(row: StudyRecord) -> None:
    """Writes the verdict of the whole and its words, from the verdicts of the mean and of the levels."""
    row["verdict"] = _whole_verdict(row["mean_verdict"], {entry["verdict"] for entry in row["breakdown"]})
    row["sentence"] = verdict_sentence(row)
    row["details"] = hypothesis_details(row)


def _whole_verdict(of_mean: str, of_levels: set[str]) -> str:
    """``mixed`` where levels contradict one another; what some levels decide where the mean decides nothing."""
    if {"supported", "not supported"} <= of_levels | {of_mean}:
        return "mixed"
    if of_mean in ("undecided", "equivalent"):
        if "supported" in of_levels:
            return "supported in part"
        return "contradicted in part" if "not supported" in of_levels else of_mean
    return of_mean


def hypothesis_pairs(cells: Sequence[FinishedCell], hypothesis: Hypothesis) -> Iterator[MatchedPair]:
    """The difference of every matched pair of cells in every evaluation that a hypothesis names."""
    for cell, other, name in matched_cells(cells, hypothesis):
        values = [side.numbers.averaged(name, hypothesis.measure, hypothesis.languages) for side in (cell, other)]
        if values[0] is not None and values[1] is not None:
            yield MatchedPair(cell.levels, name, (*other.levels.values(), name), values[0] - values[1])


def matched_cells(
    cells: Sequence[FinishedCell], hypothesis: Hypothesis
) -> Iterator[tuple[FinishedCell, FinishedCell, str]]:
    """The pairs of cells that a hypothesis compares, with each evaluation that it speaks of."""
    for cell, other in cell_pairs(cells, hypothesis.against):
        if matches_levels(cell.levels, hypothesis.cells):
            for name in cell.numbers.credits:
                if not hypothesis.evaluations or name in hypothesis.evaluations:
                    yield cell, other, name


def _mean_row(name: str, hypothesis: Hypothesis, tested: Sequence[MatchedPair]) -> StudyRecord:
    row: StudyRecord = {"name": name, "claim": hypothesis.claim, "expect": hypothesis.expect}
    row |= {"measure": hypothesis.measure, "family": hypothesis.family, "bound": hypothesis.equivalent_within}
    row |= {"comparisons": len(tested), "p": None, "mean_verdict": "not tested"}
    return row


def _mean_difference(tested: Sequence[MatchedPair]) -> Sample:
    return mean([pair.difference for pair in tested])


def _baseline(tested: Sequence[MatchedPair], hypothesis: Hypothesis) -> Baseline:
    """What comparisons are with: means over the same baselines share it."""
    return (hypothesis.measure, hypothesis.languages, *dict.fromkeys(pair.baseline for pair in tested))


def judge_rows(
    rows: Sequence[StudyRecord],
    samples: Sequence[Sample],
    baselines: Sequence[Baseline],
    hypotheses: Sequence[Hypothesis],
) -> None:
    """Writes numbers, p corrected over these rows, the smallest effect and the verdict of the mean into each row."""
    for row, difference in zip(rows, samples, strict=True):
        row |= tested_points(difference)
    groups: dict[Baseline, list[Sample]] = {}
    for baseline, difference in zip(baselines, samples, strict=True):
        groups.setdefault(baseline, []).append(difference)
    correlations = {key: shared_correlation(group) for key, group in groups.items()}
    adjust_rows(rows, "dunnett", baselines, correlations)
    level = first_level(baselines, correlations)
    for row, difference, hypothesis in zip(rows, samples, hypotheses, strict=True):
        row["mean_verdict"] = _row_verdict(row, hypothesis)
        row |= _power_facts(row, difference, level)


def _row_verdict(row: StudyRecord, hypothesis: Hypothesis) -> str:
    bound = hypothesis.equivalent_within
    if bound is not None and max(-row["low"], row["high"]) < bound:
        return "equivalent"
    if row["adjusted"] >= LEVEL:
        return "undecided"
    return "supported" if (row["difference"] > 0) == (hypothesis.expect == "higher") else "not supported"


def _power_facts(row: StudyRecord, difference: Sample, level: float) -> StudyRecord:
    """The smallest difference that could be found, in points, and what an undecided one needs."""
    parts = clean_variance(100.0 * difference)
    facts: StudyRecord = {"seeds": len(difference.seeds), "rows": len(difference.keys)}
    facts |= {"smallest": smallest_effect(parts, level), "more_seeds": None, "more_rows": None}
    if row["mean_verdict"] == "undecided":
        need = decision_need(parts, row["difference"], level, row["bound"])
        facts |= {"more_seeds": need.seeds, "more_rows": need.rows}
    return facts


def varying_axes(tested: Sequence[MatchedPair]) -> list[str]:
    """The axes along which comparisons differ, the evaluation last."""
    axes = [*(tested[0].levels if tested else ()), EVALUATION] if tested else []
    return [axis for axis in axes if len({pair.level_on(axis) for pair in tested}) > 1]


def _grouped(tested: Sequence[MatchedPair], axis: str) -> Mapping[str, list[MatchedPair]]:
    groups: dict[str, list[MatchedPair]] = {}
    for pair in tested:
        groups.setdefault(pair.level_on(axis), []).append(pair)
    return groups


def _breakdown(tested: Sequence[MatchedPair], hypothesis: Hypothesis) -> list[StudyRecord]:
    """A row for each level of each axis that varies: the mean over the comparisons at that level, and its verdict."""
    groups = [(axis, level, group) for axis in varying_axes(tested) for level, group in _grouped(tested, axis).items()]
    rows: list[StudyRecord] = [
        {"axis": axis, "level": level, "comparisons": len(group), "bound": hypothesis.equivalent_within}
        for axis, level, group in groups
    ]
    samples = [_mean_difference(group) for _, _, group in groups]
    judge_rows(rows, samples, [_baseline(group, hypothesis) for _, _, group in groups], [hypothesis] * len(rows))
    for row in rows:
        row["verdict"] = row.pop("mean_verdict")
    return rows


def _interactions(tested: Sequence[MatchedPair]) -> list[StudyRecord]:
    """For each axis that varies, and for the single comparisons if several do: the range, and a test of a difference.

    p is corrected over these tests (Holm).
    """
    axes, rows = varying_axes(tested), []
    for axis in axes:
        rows.append(_interaction_row(axis, {k: _mean_difference(v) for k, v in _grouped(tested, axis).items()}))
    if len(axes) > 1:
        labels = {", ".join(map(pair.level_on, axes)): pair.difference for pair in tested}
        rows.append(_interaction_row(COMPARISON, labels))
    adjust_rows(rows, "holm")
    return [row | {"differ": row["adjusted"] < LEVEL} for row in rows]


def _interaction_row(axis: str, effects: Mapping[str, Sample]) -> StudyRecord:
    points = {name: 100.0 * effect.value for name, effect in effects.items()}
    low, high = min(points, key=points.__getitem__), max(points, key=points.__getitem__)
    row: StudyRecord = {"axis": axis, "effects": len(points), "lowest": low, "lowest_value": points[low]}
    row |= {"highest": high, "highest_value": points[high], "p": interaction_p(list(effects.values()))}
    return row
