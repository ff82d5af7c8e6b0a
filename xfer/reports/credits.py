"""What each row of one evaluation adds to its metrics, as arrays over seeds, read from stored scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xfer.metrics.intervals import Ratio
from xfer.readers.identity import check_names

Rows = dict[str, list[Any]]  # credit.parquet: id, language, and a pair of columns a metric
OF = ".of"  # ends the name of the column that holds a metric's denominators


def credit_columns(parts: Mapping[str, tuple[list[float], list[float]]]) -> Rows:
    """The columns of credit.parquet for the parts of a form's metrics."""
    return {name + end: column for name, both in parts.items() for end, column in zip(("", OF), both, strict=True)}


def metrics_of(rows: Rows) -> list[str]:
    """The metrics that stored credit has, the main one first."""
    return [name for name in rows if name not in ("id", "language") and not name.endswith(OF)]


class Credits:
    """One evaluation over all seeds: per language ids in order and, for each metric, a ratio of sums."""

    def __init__(self, runs: Sequence[Rows]) -> None:
        first = runs[0]
        check_names(zip(first["language"], first["id"], strict=True), "scored rows")
        self.metrics = metrics_of(first)
        self.ids: dict[str, list[str]] = {}
        self.ratios: dict[str, dict[str, Ratio]] = {}
        for language in sorted(set(first["language"])):
            order = _order(runs, language)
            self.ids[language] = [first["id"][i] for i in order[0]]
            self.ratios[language] = {name: _ratio(runs, order, name) for name in self.metrics}

    def beside(self, other: Credits, language: str, metric: str) -> tuple[Ratio, Ratio] | None:
        """Both on the rows that both have, in this one's order; None if there is no such row."""
        if language not in self.ids or language not in other.ids or metric not in other.metrics:
            return None
        there = {name: i for i, name in enumerate(other.ids[language])}
        both = [(i, there[name]) for i, name in enumerate(self.ids[language]) if name in there]
        if not both:
            return None
        mine, theirs = map(list, zip(*both, strict=True))
        return self.ratios[language][metric].at(mine), other.ratios[language][metric].at(theirs)


def _order(runs: Sequence[Rows], language: str) -> list[list[int]]:
    """Where each run has the rows of a language that all runs have: an attack may drop others under each seed."""
    places = [[i for i, found in enumerate(rows["language"]) if found == language] for rows in runs]
    ids = [[rows["id"][i] for i in own] for rows, own in zip(runs, places, strict=True)]
    if all(names == ids[0] for names in ids):
        return places
    known = [dict(zip(names, own, strict=True)) for names, own in zip(ids, places, strict=True)]
    shared = [name for name in known[0] if all(name in other for other in known)]
    return [[other[name] for name in shared] for other in known]


def _ratio(runs: Sequence[Rows], order: list[list[int]], metric: str) -> Ratio:
    def column(name: str) -> np.ndarray:
        taken = [[rows[name][i] for i in places] for rows, places in zip(runs, order, strict=True)]
        return np.array(taken, dtype=np.float64)

    return Ratio(column(metric), column(metric + OF))
