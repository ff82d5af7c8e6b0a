"""What a study found, as plain data: records, comparisons, lines over sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from xfer.metrics.intervals import Estimate, Sample, judge, mean
from xfer.metrics.significance import dunnett, fit_line, holm_adjust, mcnemar_test, shared_correlation
from xfer.recipe.study import Compare, Fit, Levels, Measure, paired_levels
from xfer.reports.measures import Samples
from xfer.reports.measures import cell as cell_of
from xfer.reports.study.measures import LINEAR_MEASURES, CellMeasures

StudyRecord = dict[str, Any]
RECORDED_MEASURES = (*get_args(Measure), "oracle")


class FinishedCell(NamedTuple):
    """A finished cell: its levels, its numbers, and the parameters of its encoder if they are known."""

    levels: Levels
    numbers: CellMeasures
    parameters: int | None


def study_records(cells: Sequence[FinishedCell]) -> list[StudyRecord]:
    """One row a cell, evaluation, measure and language (``mean``: over all of them), in percent points."""
    rows = []
    for cell in cells:
        for name in cell.numbers.credits:
            evaluation = cell.numbers.evaluations[name]
            attacker = evaluation["attacker"]["type"] if evaluation["attacker"] else None
            record_info: StudyRecord = {
                "evaluation": name,
                "data": cell.numbers.data(name),
                "reader": cell.numbers.reader(name),
            }
            record_info |= {
                "attacker": attacker,
                "stage": evaluation["stage"],
                "metric": cell.numbers.credits[name].metrics[0],
            }
            for kind in RECORDED_MEASURES:
                for language, language_sample in cell.numbers.with_mean(name, kind).items():
                    trained = language in cell.numbers.trained(name)
                    row = cell.levels | record_info | {"measure": kind, "language": language, "trained": trained}
                    rows.append(row | cell_of(language_sample, kind) | {"seeds": len(language_sample.seeds)})
    return rows


def tested_points(difference: Sample) -> StudyRecord:
    """The difference in percent points with its interval, p and size in standard errors."""
    return _tested_samples(judge(100.0 * difference))


def _tested_samples(found: Estimate) -> StudyRecord:
    return {"difference": found.value, "low": found.low, "high": found.high, "p": found.p, "effect": found.effect}


Baseline = tuple[Any, ...]  # what comparisons have in common: the cell that they are with, and what of it


def study_comparisons(cells: Sequence[FinishedCell], compare: Compare) -> list[StudyRecord]:
    """Each cell minus the one it is compared with, evaluation by evaluation: a row for the mean and one a language.

    The rows of means are corrected as one family, those of languages within their comparison.
    """
    compared, means = [], []
    families: dict[Baseline, list[tuple[FinishedCell, FinishedCell]]] = {}
    baselines: list[Baseline] = []
    for cell, other in cell_pairs(cells, compare.against):
        for name in cell.numbers.credits:
            for kind in LINEAR_MEASURES:
                rows = _comparison_rows(cell, other, name, kind, compare)
                compared += rows
                if rows:
                    means.append(rows[0])
                    baselines.append((tuple(other.levels.values()), name, kind))
                    families.setdefault(baselines[-1], []).append((cell, other))
    correlations = {key: _correlation(pairs, *key[1:]) for key, pairs in families.items()}
    adjust_rows(means, compare.adjust, baselines, correlations)
    return compared


def _differences(cell: FinishedCell, other: FinishedCell, name: str, kind: str) -> Samples:
    first, second = cell.numbers.measure(name, kind), other.numbers.measure(name, kind)
    return {language: first[language] - second[language] for language in first if language in second}


def _correlation(pairs: Sequence[tuple[FinishedCell, FinishedCell]], name: str, kind: str) -> float:
    return shared_correlation([mean(list(_differences(*pair, name, kind).values())) for pair in pairs])


def _comparison_rows(
    cell: FinishedCell, other: FinishedCell, name: str, kind: str, compare: Compare
) -> list[StudyRecord]:
    differences = _differences(cell, other, name, kind)
    if not differences:
        return []
    row_info = {"levels": cell.levels, "against": other.levels, "evaluation": name, "measure": kind}
    rows = []
    for language, difference in differences.items():
        row: StudyRecord = row_info | {"language": language} | tested_points(difference)
        if compare.test == "mcnemar" and kind == "score":
            row["p"] = _mcnemar_p(cell, other, name, language)
        rows.append(row)
    adjust_rows(rows, "none" if compare.adjust == "none" else "holm")
    return [row_info | {"language": "mean"} | tested_points(mean(list(differences.values()))), *rows]


def _mcnemar_p(cell: FinishedCell, other: FinishedCell, name: str, language: str) -> float | None:
    """McNemar's p of the rows that most seeds get right; None for metrics that do not judge rows one by one."""
    pair = cell.numbers.credits[name].paired_ratios(
        other.numbers.credits[name], language, cell.numbers.credits[name].metrics[0]
    )
    if pair is None or any((ratio.bottom != 1).any() or not set(ratio.top.flat) <= {0.0, 1.0} for ratio in pair):
        return None
    return mcnemar_test(*(ratio.top.mean(0) > 0.5 for ratio in pair))


def adjust_rows(
    rows: Sequence[StudyRecord],
    how: str,
    baselines: Sequence[Baseline] = (),
    correlations: Mapping[Baseline, float] | None = None,
) -> None:
    """Writes ``adjusted`` beside each p; ``dunnett`` needs the baseline of each row and their correlations."""
    tested = [i for i, row in enumerate(rows) if row["p"] is not None]
    ps = [float(rows[i]["p"]) for i in tested]
    adjusted = holm_adjust(ps) if how == "holm" else ps
    if how == "dunnett":
        adjusted = dunnett(ps, [baselines[i] for i in tested], correlations or {})
    for i, p in zip(tested, adjusted, strict=True):
        rows[i]["adjusted"] = p


def cell_pairs(cells: Sequence[FinishedCell], against: Levels) -> Iterator[tuple[FinishedCell, FinishedCell]]:
    """Each cell with the one that has the named levels and is equal on all other axes."""
    for i, other in paired_levels([cell.levels for cell in cells], against):
        yield cells[i], cells[other]


def size_fits(cells: Sequence[FinishedCell], requests: Sequence[Fit]) -> list[StudyRecord]:
    """A line for each evaluation over the sizes along an axis, at each combination of the other axes."""
    fitted = []
    for fit in requests:
        for rest, group in groups_along(cells, fit.axis).items():
            names = list(dict.fromkeys(name for cell in group for name in cell.numbers.credits))
            for name in names:
                if not fit.evaluations or name in fit.evaluations:
                    row = _fit_row(group, name, fit)
                    if row:
                        fitted.append({"axis": fit.axis, "levels": dict(rest), "evaluation": name} | row)
    return fitted


def _fit_row(group: Sequence[FinishedCell], name: str, fit: Fit) -> StudyRecord | None:
    points = [(cell, cell.numbers.averaged(name, fit.measure, "all")) for cell in group if cell.parameters]
    measured = [(cell, value_sample) for cell, value_sample in points if value_sample is not None]
    if len({cell.parameters for cell, _ in measured}) < 2:
        return None
    line_fit = fit_line(
        [float(cell.parameters or 0) for cell, _ in measured], [100.0 * value_sample for _, value_sample in measured]
    )
    values: list[StudyRecord] = [
        cell_of(value_sample, fit.measure) | {"parameters": cell.parameters, "level": cell.levels[fit.axis]}
        for cell, value_sample in measured
    ]
    return {
        "measure": fit.measure,
        "slope": _tested_samples(line_fit.slope),
        "at_one": line_fit.at_one,
        "points": values,
    }


def groups_along(cells: Sequence[FinishedCell], axis: str) -> Mapping[tuple[tuple[str, str], ...], list[FinishedCell]]:
    """The cells in groups that differ on one axis alone."""
    groups: dict[tuple[tuple[str, str], ...], list[FinishedCell]] = {}
    for cell in cells:
        rest = tuple((name, level) for name, level in cell.levels.items() if name != axis)
        groups.setdefault(rest, []).append(cell)
    return groups
