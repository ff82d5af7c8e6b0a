"""One table a data set: per language what the intermediate stage bought and what each attack cost.

``tables`` makes plain data of stored scores. All scores are in percent; an interval is the 95% bootstrap interval over
examples and seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xfer.metrics.intervals import Ratio, interval, resampled
from xfer.reports.credits import Credits, Rows

Cell = dict[str, float]
Cells = dict[str, dict[str, Cell]]  # language -> column -> cell
Draws = dict[str, dict[str, np.ndarray]]  # column -> language -> bootstrap values, shape [DRAWS]


def tables(about: Mapping[str, Any], stored: Mapping[str, Rows]) -> list[tuple[dict[str, Any], Draws]]:
    """The tables of a report, each with the bootstrap draws of its columns.

    ``about`` is a report node's job; ``stored`` maps ``evaluation/role/seed`` to the credit of its score node.
    """
    credits = credits_of(about, stored)
    return [_Table(about, part, credits).made() for part in about["tables"]]


def credits_of(about: Mapping[str, Any], stored: Mapping[str, Rows]) -> dict[tuple[str, str], Credits]:
    """(evaluation, role) -> what its rows add to its metrics, over all seeds."""
    credits = {}
    for name in about["order"]:
        for role in ("selected", "oracle"):
            keys = [f"{name}/{role}/{seed}" for seed in about["seeds"]]
            if runs := [stored[key] for key in keys if key in stored]:
                credits[name, role] = Credits(runs)
    return credits


def unattacked(about: Mapping[str, Any], part: Mapping[str, Any], name: str) -> str | None:
    """The clean evaluation that an attacked one is measured against: its own stage's, else the compared one.

    It tests rows of the same split: equal ids of other rows mean nothing.
    """
    evaluations, compare = about["evaluations"], part["compare"]
    if not compare or not evaluations[name]["attacker"]:
        return None
    clean = [compare, *(other for other in part["order"] if not evaluations[other]["attacker"])]
    clean = [other for other in clean if evaluations[name]["rows"] == evaluations[other]["rows"]]
    own = [other for other in clean if evaluations[other]["stage"] == evaluations[name]["stage"]]
    return next(iter([*own, *(other for other in clean if other == compare)]), None)


class _Table:
    """The table of one data set while it is filled; ``part`` says which evaluations it holds and compares."""

    def __init__(
        self, about: Mapping[str, Any], part: Mapping[str, Any], credits: Mapping[tuple[str, str], Credits]
    ) -> None:
        self.about, self.part, self.credits = about, part, credits
        self.order, self.compare, self.baseline = part["order"], part["compare"], part["baseline"]
        found = [metric for name in self.order for metric in credits[name, "selected"].metrics]
        self.metrics = list(dict.fromkeys(found))  # the first is the main one; some evaluations may add their own
        self.draws: Draws = {}
        self.rows: Cells = {}

    def made(self) -> tuple[dict[str, Any], Draws]:
        evaluations = {name: self.about["evaluations"][name] for name in self.order}
        languages = {language for name in self.order for language in self.credits[name, "selected"].ratios}
        for language in sorted(languages):
            self.rows[language] = {}
            self.language(language)
        trained = evaluations[self.compare]["trained"] if self.compare else []
        self.gaps(trained)
        table = {
            "name": self.about["name"],
            **{key: self.part[key] for key in ("data", "reader", "made_up")},
            "seeds": self.about["seeds"],
            "order": self.order,
            "metric": self.metrics[0],
            "metrics": self.metrics,
            "compare": self.compare,
            "baseline": self.baseline,
            "evaluations": evaluations,
            "trained": trained,
            "languages": self.rows,
            "mean": self.means(),
        }
        return table, self.draws

    def cell(self, language: str, column: str, *ratios: Ratio) -> None:
        """The first ratio, minus the second where there are two."""
        draws = [resampled(ratio) for ratio in ratios]
        points = [ratio.value for ratio in ratios]
        self.put(language, column, points[0] - sum(points[1:]), draws[0] - sum(draws[1:]), ratios[0].top.shape[1])

    def put(self, language: str, column: str, point: float, draws: np.ndarray, rows: int) -> None:
        self.draws.setdefault(column, {})[language] = draws
        low, high = interval(draws)
        self.rows[language][column] = {"value": 100 * point, "low": 100 * low, "high": 100 * high, "rows": rows}

    def language(self, language: str) -> None:
        """All columns of one language: ``name``, ``name.drop``, ``bought``, ``oracle`` ..., each with its interval."""
        main = self.metrics[0]
        clean = self.credits[self.compare, "selected"] if self.compare else None
        for name in self.order:
            here = self.credits[name, "selected"]
            if language not in here.ratios:
                continue
            self.scores(language, name, here)
            before = unattacked(self.about, self.part, name)
            pair = self.credits[before, "selected"].beside(here, language, main) if before else None
            if pair:
                self.cell(language, f"{name}.drop", *pair)
                whole, row = 100 * pair[0].value, self.rows[language]
                share = row[f"{name}.drop"]["value"] / whole if whole else 0.0
                row[f"{name}.relative"] = {"value": 100 * share, "rows": pair[0].top.shape[1]}
        if clean is None or language not in clean.ratios:
            return
        direct = (
            self.credits[self.baseline, "selected"]
            if self.baseline and self.same(self.baseline, self.compare)
            else None
        )
        pair = clean.beside(direct, language, main) if direct else None
        if pair:
            self.cell(language, "bought", *pair)
        oracle = self.credits.get((str(self.compare), "oracle"))
        if oracle:
            self.cell(language, "oracle", oracle.ratios[language][main])

    def scores(self, language: str, name: str, here: Credits) -> None:
        """The main metric as ``name``, others as ``name.<metric>``, F1 and exact match together as ``name.both``."""
        ratios = here.ratios[language]
        for metric in here.metrics:
            if metric in ratios:
                self.cell(language, column(name, metric, self.metrics), ratios[metric])
        if {"f1", "exact"} <= set(ratios):
            both = ratios["f1"], ratios["exact"]
            drawn = [self.draws[column(name, metric, self.metrics)][language] for metric in ("f1", "exact")]
            point = sum(ratio.value for ratio in both) / 2
            self.put(language, f"{name}.both", point, (drawn[0] + drawn[1]) / 2, both[0].top.shape[1])

    def same(self, name: str, other: str | None) -> bool:
        """Whether two evaluations test rows of one split: equal ids of other rows mean nothing."""
        evaluations = self.about["evaluations"]
        return bool(evaluations[name]["rows"] == evaluations[other]["rows"])

    def gaps(self, trained: list[str]) -> None:
        """The transfer gap: the score in the training language minus the score here (Hu et al. 2020, section 4)."""
        compare = self.compare
        home = [language for language in trained if compare in self.rows.get(language, {})]
        if not home:
            return
        at_home = sum(self.rows[language][compare]["value"] for language in home) / len(home)
        for language, row in self.rows.items():
            if compare in row and language not in home:
                row["gap"] = {"value": at_home - row[compare]["value"], "rows": row[compare]["rows"]}

    def means(self) -> dict[str, Cell]:
        """The unweighted mean over languages of every column; the gap's is over the other languages."""
        means: dict[str, Cell] = {}
        for name in sorted({name for row in self.rows.values() for name in row}):
            values = [row[name]["value"] for row in self.rows.values() if name in row]
            means[name] = {"value": sum(values) / len(values), "rows": len(values)}
            if name in self.draws:
                low, high = interval(np.mean(list(self.draws[name].values()), axis=0))
                means[name] |= {"low": 100 * low, "high": 100 * high}
        return means


def column(evaluation: str, metric: str, metrics: list[str]) -> str:
    """The name of the column that holds a metric of an evaluation."""
    return evaluation if metric == metrics[0] else f"{evaluation}.{metric}"
