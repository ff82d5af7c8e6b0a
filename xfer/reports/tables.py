"""One table a data set: per language what the intermediate stage bought and what each attack cost.

``tables`` makes plain data of stored scores. All scores are in percent; intervals are those of ``metrics.intervals``,
over rows and seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xfer.metrics.intervals import Sample, mean
from xfer.reports.credits import CreditRows, Credits
from xfer.reports.measures import Cell, Samples, cell, clean_partner, drop, gap, relative_drop

ScoreCells = dict[str, dict[str, Cell]]  # language -> column -> cell
Columns = dict[str, Samples]  # column -> language -> sample


def report_tables(job: Mapping[str, Any], stored: Mapping[str, CreditRows]) -> list[tuple[dict[str, Any], Columns]]:
    """The tables of a report, each with the samples of its columns.

    ``about`` is a report node's job; ``stored`` maps ``evaluation/role/seed`` to the credit of its score node.
    """
    credits = credits_of(job, stored)
    return [_Table(job, table_job, credits).build_table() for table_job in job["tables"]]


def credits_of(job: Mapping[str, Any], stored: Mapping[str, CreditRows]) -> dict[tuple[str, str], Credits]:
    """(evaluation, role) -> what its rows add to its metrics, over all seeds."""
    credits = {}
    for name in job["order"]:
        for role in ("selected", "oracle"):
            keys = [f"{name}/{role}/{seed}" for seed in job["seeds"]]
            if runs := [stored[key] for key in keys if key in stored]:
                credits[name, role] = Credits(runs, job["evaluations"][name]["rows"])
    return credits


class _Table:
    """The table of one data set while it is filled; ``part`` says which evaluations it holds and compares."""

    def __init__(
        self, job: Mapping[str, Any], table_job: Mapping[str, Any], credits: Mapping[tuple[str, str], Credits]
    ) -> None:
        self.about, self.part, self.credits = job, table_job, credits
        self.order, self.compare, self.baseline = table_job["order"], table_job["compare"], table_job["baseline"]
        metrics = [metric for name in self.order for metric in credits[name, "selected"].metrics]
        self.metrics = list(dict.fromkeys(metrics))  # the first is the main one; some evaluations may add their own
        self.samples: Columns = {}
        self.measures: dict[str, str] = {}  # column -> what it is, as in ``measures.BOUNDS``
        self.rows: ScoreCells = {}

    def build_table(self) -> tuple[dict[str, Any], Columns]:
        evaluations = {name: self.about["evaluations"][name] for name in self.order}
        languages = {language for name in self.order for language in self.credits[name, "selected"].ratios}
        for language in sorted(languages):
            self.rows[language] = {}
            self.fill_language(language)
        trained = evaluations[self.compare]["trained"] if self.compare else []
        self.fill_gaps(trained)
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
            "mean": self.mean_cells(),
        }
        return table, self.samples

    def put_cell(self, language: str, column: str, found: Sample, measure: str, rows: int) -> None:
        self.samples.setdefault(column, {})[language] = found
        self.measures[column] = measure
        self.rows[language][column] = cell(found, measure) | {"rows": rows}

    def fill_language(self, language: str) -> None:
        """All columns of one language: ``name``, ``name.drop``, ``bought``, ``oracle`` ..., each with its interval."""
        for name in self.order:
            if language in self.credits[name, "selected"].ratios:
                self.fill_scores(language, name, self.credits[name, "selected"])
                self.drops(language, name, clean_partner(self.about, name))
        clean = self.credits[self.compare, "selected"] if self.compare else None
        if clean is None or language not in clean.ratios:
            return
        if self.baseline and self.same_rows(self.baseline, self.compare):
            direct = self.credits[self.baseline, "selected"]
            if pair := clean.paired(direct, language, self.metrics[0]):
                self.put_cell(language, "bought", pair[0] - pair[1], "bought", len(pair[0].keys))
        oracle = self.credits.get((str(self.compare), "oracle"))
        if oracle:
            count = len(oracle.ids[language])
            self.put_cell(language, "oracle", oracle.sample(language, self.metrics[0]), "oracle", count)

    def fill_scores(self, language: str, name: str, run_credits: Credits) -> None:
        """The main metric as ``name``, others as ``name.<metric>``, F1 and exact match together as ``name.both``."""
        found = {metric: run_credits.sample(language, metric) for metric in run_credits.metrics}
        count = len(run_credits.ids[language])
        for metric, one in found.items():
            self.put_cell(language, column_name(name, metric, self.metrics), one, "score", count)
        if {"f1", "exact"} <= set(found):
            self.put_cell(language, f"{name}.both", mean([found["f1"], found["exact"]]), "score", count)

    def drops(self, language: str, name: str, partner: str | None) -> None:
        """What the attack cost, ``name.drop``, and its share of the clean score, ``name.relative``."""
        if partner is None:
            return
        clean, here = self.credits[partner, "selected"], self.credits[name, "selected"]
        if pair := clean.paired(here, language, self.metrics[0]):
            self.put_cell(language, f"{name}.drop", drop(*pair), "drop", len(pair[0].keys))
            self.put_cell(language, f"{name}.relative", relative_drop(*pair), "relative", len(pair[0].keys))

    def same_rows(self, name: str, other: str | None) -> bool:
        """Whether two evaluations test rows of one split: equal ids of other rows mean nothing."""
        evaluations = self.about["evaluations"]
        return bool(evaluations[name]["rows"] == evaluations[other]["rows"])

    def fill_gaps(self, trained: list[str]) -> None:
        """``gap`` of each language: the score in the languages of training minus the score here."""
        scores = self.samples.get(str(self.compare), {})
        home_languages = {language: one for language, one in scores.items() if language in trained}
        for language in scores.keys() - home_languages.keys():
            found = gap(home_languages | {language: scores[language]}, trained)
            if found is not None:
                self.put_cell(language, "gap", found, "gap", int(self.rows[language][str(self.compare)]["rows"]))

    def mean_cells(self) -> dict[str, Cell]:
        """The unweighted mean over languages of every column; the gap's is over the other languages."""
        return {
            name: cell(mean(list(found.values())), self.measures[name]) | {"rows": len(found)}
            for name, found in sorted(self.samples.items())
        }


def column_name(evaluation: str, metric: str, metrics: list[str]) -> str:
    """The name of the column that holds a metric of an evaluation."""
    return evaluation if metric == metrics[0] else f"{evaluation}.{metric}"
