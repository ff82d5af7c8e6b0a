"""What a study found, as plain data: records, comparisons, verdicts on hypotheses, lines over sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from xfer.metrics.intervals import LEVEL, Estimate, Sample, judge, mean
from xfer.metrics.significance import dunnett, holm, line, mcnemar, shared_correlation
from xfer.recipe.study import Compare, Fit, Hypothesis, Levels, Study, meant
from xfer.reports.measures import Samples
from xfer.reports.measures import cell as cell_of
from xfer.reports.study.measures import LINEAR, Measured

Record = dict[str, Any]


class Done(NamedTuple):
    """A finished cell: its levels, its numbers, and the parameters of its encoder if they are known."""

    levels: Levels
    numbers: Measured
    parameters: int | None


def records(cells: Sequence[Done]) -> list[Record]:
    """One row a cell, evaluation, measure and language (``mean``: over all of them), in percent points."""
    rows = []
    for cell in cells:
        for name in cell.numbers.credits:
            here = cell.numbers.evaluations[name]
            attacker = here["attacker"]["type"] if here["attacker"] else None
            about: Record = {"evaluation": name, "data": cell.numbers.data(name), "reader": cell.numbers.reader(name)}
            about |= {"attacker": attacker, "stage": here["stage"], "metric": cell.numbers.credits[name].metrics[0]}
            for kind in ("score", "drop", "relative", "gap", "gap_growth", "oracle"):
                found = dict(cell.numbers.measure(name, kind))
                if found and "mean" not in found:
                    found["mean"] = mean(list(found.values()))
                for language, one in found.items():
                    trained = language in cell.numbers.trained(name)
                    row = cell.levels | about | {"measure": kind, "language": language, "trained": trained}
                    rows.append(row | cell_of(one, kind) | {"seeds": len(one.seeds)})
    return rows


def _test(difference: Sample) -> Record:
    """The difference in percent points with its interval, p and size in standard errors."""
    return _tested(judge(100.0 * difference))


def _tested(found: Estimate) -> Record:
    return {"difference": found.value, "low": found.low, "high": found.high, "p": found.p, "effect": found.effect}


Baseline = tuple[Any, ...]  # what comparisons have in common: the cell that they are with, and what of it


def comparisons(cells: Sequence[Done], about: Compare) -> list[Record]:
    """Each cell minus the one it is compared with, evaluation by evaluation: a row for the mean and one a language.

    The rows of means are corrected as one family, those of languages within their comparison.
    """
    found, means = [], []
    families: dict[Baseline, list[tuple[Done, Done]]] = {}
    baselines: list[Baseline] = []
    for cell, other in _pairs(cells, about.against):
        for name in cell.numbers.credits:
            for kind in LINEAR:
                rows = _compared(cell, other, name, kind, about)
                found += rows
                if rows:
                    means.append(rows[0])
                    baselines.append((tuple(other.levels.values()), name, kind))
                    families.setdefault(baselines[-1], []).append((cell, other))
    correlations = {key: _correlation(pairs, *key[1:]) for key, pairs in families.items()}
    _adjust(means, about.adjust, baselines, correlations)
    return found


def _differences(cell: Done, other: Done, name: str, kind: str) -> Samples:
    first, second = cell.numbers.measure(name, kind), other.numbers.measure(name, kind)
    return {language: first[language] - second[language] for language in first if language in second}


def _correlation(pairs: Sequence[tuple[Done, Done]], name: str, kind: str) -> float:
    return shared_correlation([mean(list(_differences(*pair, name, kind).values())) for pair in pairs])


def _compared(cell: Done, other: Done, name: str, kind: str, about: Compare) -> list[Record]:
    differences = _differences(cell, other, name, kind)
    if not differences:
        return []
    what = {"levels": cell.levels, "against": other.levels, "evaluation": name, "measure": kind}
    rows = []
    for language, difference in differences.items():
        row: Record = what | {"language": language} | _test(difference)
        if about.test == "mcnemar" and kind == "score":
            row["p"] = _mcnemar(cell, other, name, language)
        rows.append(row)
    _adjust(rows, "none" if about.adjust == "none" else "holm")
    return [what | {"language": "mean"} | _test(mean(list(differences.values()))), *rows]


def _mcnemar(cell: Done, other: Done, name: str, language: str) -> float | None:
    """McNemar's p of the rows that most seeds get right; None for metrics that do not judge rows one by one."""
    pair = cell.numbers.credits[name].beside(
        other.numbers.credits[name], language, cell.numbers.credits[name].metrics[0]
    )
    if pair is None or any((one.bottom != 1).any() or not set(one.top.flat) <= {0.0, 1.0} for one in pair):
        return None
    return mcnemar(*(one.top.mean(0) > 0.5 for one in pair))


def _adjust(
    rows: Sequence[Record],
    how: str,
    baselines: Sequence[Baseline] = (),
    correlations: Mapping[Baseline, float] | None = None,
) -> None:
    """Writes ``adjusted`` beside each p; ``dunnett`` needs the baseline of each row and their correlations."""
    tested = [i for i, row in enumerate(rows) if row["p"] is not None]
    ps = [float(rows[i]["p"]) for i in tested]
    adjusted = holm(ps) if how == "holm" else ps
    if how == "dunnett":
        adjusted = dunnett(ps, [baselines[i] for i in tested], correlations or {})
    for i, p in zip(tested, adjusted, strict=True):
        rows[i]["adjusted"] = p


def _pairs(cells: Sequence[Done], against: Levels) -> Iterator[tuple[Done, Done]]:
    """Each cell with the one that has the named levels and is equal on all other axes."""
    known = {tuple(cell.levels.values()): cell for cell in cells}
    for cell in cells:
        other = known.get(tuple((cell.levels | against).values()))
        if other is not None and other is not cell:
            yield cell, other


def verdicts(cells: Sequence[Done], study: Study) -> list[Record]:
    """Each hypothesis with its numbers and a verdict; p values are corrected over all hypotheses (``dunnett``)."""
    rows, baselines = [], []
    families: dict[Baseline, list[Sample]] = {}
    for name, about in study.hypotheses.items():
        tested = list(_against(cells, about))
        row: Record = {"name": name, "claim": about.claim, "expect": about.expect, "measure": about.measure}
        row |= {"comparisons": len(tested), "p": None}
        baselines.append((about.measure, about.languages, *dict.fromkeys(what for what, _ in tested)))
        if tested:
            families.setdefault(baselines[-1], []).append(mean([difference for _, difference in tested]))
            row |= _test(families[baselines[-1]][-1])
        rows.append(row)
    _adjust(rows, "dunnett", baselines, {key: shared_correlation(samples) for key, samples in families.items()})
    for row in rows:
        row["verdict"] = _verdict(row)
        row["sentence"] = sentence(row)
    return rows


def _against(cells: Sequence[Done], about: Hypothesis) -> Iterator[tuple[Baseline, Sample]]:
    """The difference of every matched pair of cells in every evaluation that the hypothesis names, and with what."""
    for cell, other, name in matched(cells, about):
        both = [one.numbers.averaged(name, about.measure, about.languages) for one in (cell, other)]
        if both[0] is not None and both[1] is not None:
            yield (*other.levels.values(), name), both[0] - both[1]


def matched(cells: Sequence[Done], about: Hypothesis) -> Iterator[tuple[Done, Done, str]]:
    """The pairs of cells that a hypothesis compares, with each evaluation that it speaks of."""
    for cell, other in _pairs(cells, about.against):
        if meant(cell.levels, about.cells):
            for name in cell.numbers.credits:
                if not about.evaluations or name in about.evaluations:
                    yield cell, other, name


def _verdict(row: Record) -> str:
    if row["p"] is None:
        return "not tested"
    if row["adjusted"] >= LEVEL:
        return "undecided"
    return "supported" if (row["difference"] > 0) == (row["expect"] == "higher") else "not supported"


def sentence(row: Record) -> str:
    """The verdict in words, with its numbers."""
    if row["p"] is None:
        return f"Not tested: no two finished cells can be compared. Claim: {row['claim']}"
    numbers = (
        f"{row['difference']:+.1f} points [{row['low']:+.1f}, {row['high']:+.1f}], adjusted p {_p(row['adjusted'])}, "
        f"{row['comparisons']} comparison{'s' if row['comparisons'] != 1 else ''}"
    )
    if row.get("collapsed"):
        numbers += f", {row['collapsed']} of them with a model that gives one answer everywhere"
    return f"{row['verdict'].capitalize()}: {numbers}. Claim: {row['claim']}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def fits(cells: Sequence[Done], about: Sequence[Fit]) -> list[Record]:
    """A line for each evaluation over the sizes along an axis, at each combination of the other axes."""
    found = []
    for fit in about:
        for rest, group in _along(cells, fit.axis).items():
            names = list(dict.fromkeys(name for cell in group for name in cell.numbers.credits))
            for name in names:
                if not fit.evaluations or name in fit.evaluations:
                    row = _fitted(group, name, fit)
                    if row:
                        found.append({"axis": fit.axis, "levels": dict(rest), "evaluation": name} | row)
    return found


def _fitted(group: Sequence[Done], name: str, fit: Fit) -> Record | None:
    points = [(cell, cell.numbers.averaged(name, fit.measure, "all")) for cell in group if cell.parameters]
    known = [(cell, one) for cell, one in points if one is not None]
    if len({cell.parameters for cell, _ in known}) < 2:
        return None
    made = line([float(cell.parameters or 0) for cell, _ in known], [100.0 * one for _, one in known])
    values: list[Record] = [
        cell_of(one, fit.measure) | {"parameters": cell.parameters, "level": cell.levels[fit.axis]}
        for cell, one in known
    ]
    return {"measure": fit.measure, "slope": _tested(made.slope), "at_one": made.at_one, "points": values}


def _along(cells: Sequence[Done], axis: str) -> Mapping[tuple[tuple[str, str], ...], list[Done]]:
    """The cells in groups that differ on one axis alone."""
    groups: dict[tuple[tuple[str, str], ...], list[Done]] = {}
    for cell in cells:
        rest = tuple((name, level) for name, level in cell.levels.items() if name != axis)
        groups.setdefault(rest, []).append(cell)
    return groups
