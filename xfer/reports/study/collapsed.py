"""Chance and collapsed models in what a study found, read from the reports of its cells.

A model that gives one answer everywhere loses nothing under attack and has no gap, so that its drops and gaps are 0 and
their differences speak of the collapse alone. Its score is true all the same: a comparison of scores says nothing only
where both models collapsed. A model counts as collapsed where it did in half or more of its seeds and languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from xfer.recipe.study import Hypothesis, Levels
from xfer.reports.study.found import FinishedCell, StudyRecord
from xfer.reports.study.verdicts import conclude_row, level_on, matched_cells

HALF = 50.0  # percent of seeds and languages
Reports = Sequence[tuple[Levels, Mapping[str, Any]]]  # of each finished cell: its levels and report.json
Place = tuple[tuple[str, ...], str, str]  # levels, evaluation, language


class Facts:
    """``chance`` and ``collapsed`` of the evaluations of finished cells, in percent, by language or ``mean``."""

    def __init__(self, reports: Reports) -> None:
        self.cells: dict[Place, Mapping[str, float]] = {}
        for levels, report in reports:
            for table in report.get("tables", [report]):
                for language, row in [*table["languages"].items(), ("mean", table["mean"])]:
                    for name in table["order"]:
                        self.cells[tuple(levels.values()), name, language] = row.get(name, {})

    def of(self, levels: Levels, evaluation: str, language: str) -> Mapping[str, float]:
        return self.cells.get((tuple(levels.values()), evaluation, language), {})

    def collapsed(self, levels: Levels, evaluation: str, language: str = "mean") -> bool:
        """Whether the model of a cell collapsed in half or more of its seeds and languages."""
        return self.of(levels, evaluation, language).get("collapsed", 0.0) >= HALF


def mark_records(records: Iterable[StudyRecord], axes: Sequence[str], facts: Facts) -> None:
    """Puts ``chance`` into the records of scores, and ``collapsed`` into those of the selected checkpoint; None into
    all others."""
    for row in records:
        cell = facts.of({axis: row[axis] for axis in axes}, row["evaluation"], row["language"])
        row["chance"] = cell.get("chance") if row["measure"] in ("score", "oracle") else None
        row["collapsed"] = cell.get("collapsed", 0.0) if row["measure"] == "score" else None


def mark_comparisons(comparisons: Iterable[StudyRecord], facts: Facts) -> None:
    """Puts ``collapsed`` into comparisons: whether one of the two models is."""
    for row in comparisons:
        where = row["evaluation"], row["language"]
        row["collapsed"] = facts.collapsed(row["levels"], *where) or facts.collapsed(row["against"], *where)


def mark_verdicts(
    verdicts: Iterable[StudyRecord], hypotheses: Mapping[str, Hypothesis], cells: Sequence[FinishedCell], facts: Facts
) -> None:
    """Puts ``collapsed`` into verdicts: in how many comparisons a model is. It is the verdict where none says more."""
    for row in verdicts:
        hypothesis = hypotheses[row["name"]]
        empty = all if hypothesis.measure == "score" else any
        pairs = [
            (cell.levels, name, [facts.collapsed(side.levels, name) for side in (cell, other)])
            for cell, other, name in _measured_pairs(hypothesis, cells)
        ]
        row["collapsed"] = sum(any(sides) for _, _, sides in pairs)
        if not row["collapsed"]:
            continue
        for entry in row["breakdown"]:
            at_level = [
                sides for levels, name, sides in pairs if level_on(levels, name, entry["axis"]) == entry["level"]
            ]
            entry["verdict"] = "collapsed" if all(map(empty, at_level)) else entry["verdict"]
        if all(empty(sides) for _, _, sides in pairs):
            row["mean_verdict"] = "collapsed"
        conclude_row(row)


def _measured_pairs(
    hypothesis: Hypothesis, cells: Sequence[FinishedCell]
) -> Iterator[tuple[FinishedCell, FinishedCell, str]]:
    """The two cells and the evaluation of each comparison that a hypothesis rests on."""
    for cell, other, name in matched_cells(cells, hypothesis):
        measured = (side.numbers.averaged(name, hypothesis.measure, hypothesis.languages) for side in (cell, other))
        if None not in list(measured):
            yield cell, other, name
