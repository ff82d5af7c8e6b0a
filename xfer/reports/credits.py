"""What each row of one evaluation adds to its metrics, as arrays over seeds, read from stored scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from xfer.metrics.intervals import Ratio, Sample, sample
from xfer.readers.identity import check_names

CreditRows = dict[str, list[Any]]  # credit.parquet: id, language, and a pair of columns a metric
OF_SUFFIX = ".of"  # ends the name of the column that holds a metric's denominators


def credit_columns(parts: Mapping[str, tuple[list[float], list[float]]]) -> CreditRows:
    """The columns of credit.parquet for the parts of a form's metrics."""
    return {
        name + suffix: column
        for name, sums in parts.items()
        for suffix, column in zip(("", OF_SUFFIX), sums, strict=True)
    }


def metrics_of(rows: CreditRows) -> list[str]:
    """The metrics that stored credit has, the main one first."""
    return [name for name in rows if name not in ("id", "language") and not name.endswith(OF_SUFFIX)]


class Credits:
    """One evaluation over all seeds: per language ids in order and, for each metric, a ratio of sums.

    ``data`` says which rows these are: equal ids of other data are other rows. Those of several languages are taken for
    translations of each other, which costs nothing where they are not.
    """

    def __init__(self, runs: Sequence[CreditRows], data: str = "") -> None:
        first = runs[0]
        check_names(zip(first["language"], first["id"], strict=True), "scored rows")
        self.metrics = metrics_of(first)
        self.ids: dict[str, list[str]] = {}
        self.ratios: dict[str, dict[str, Ratio]] = {}
        self.keys: dict[str, np.ndarray] = {}  # language -> the rows as integers, equal for equal rows
        for language in sorted(set(first["language"])):
            order = _shared_order(runs, language)
            self.ids[language] = [first["id"][i] for i in order[0]]
            self.keys[language] = row_keys(data, self.ids[language], language)
            self.ratios[language] = {name: _metric_ratio(runs, order, name) for name in self.metrics}

    def sample(self, language: str, metric: str) -> Sample:
        """A metric of one language, a share."""
        return sample(self.ratios[language][metric], self.keys[language])

    def paired_ratios(self, other: Credits, language: str, metric: str) -> tuple[Ratio, Ratio] | None:
        """Both on the rows that both have, in this one's order; None if there is no such row."""
        own_indices, other_indices = self._shared(other, language)
        if not own_indices or metric not in other.metrics:
            return None
        return self.ratios[language][metric].take_rows(own_indices), other.ratios[language][metric].take_rows(
            other_indices
        )

    def paired(self, other: Credits, language: str, metric: str) -> tuple[Sample, Sample] | None:
        """The metric of both on the rows that both have; None if there is no such row."""
        pair = self.paired_ratios(other, language, metric)
        if pair is None:
            return None
        keys = self.keys[language][self._shared(other, language)[0]]
        return sample(pair[0], keys), sample(pair[1], keys)

    def _shared(self, other: Credits, language: str) -> tuple[list[int], list[int]]:
        """Where each has the rows of a language that both have, in this one's order."""
        there = {name: i for i, name in enumerate(other.ids.get(language, ()))}
        both = [(i, there[name]) for i, name in enumerate(self.ids.get(language, ())) if name in there]
        return [i for i, _ in both], [i for _, i in both]


def row_keys(data: str, ids: Sequence[Any], language: str) -> np.ndarray:
    """An integer for each row, [rows], equal for equal ids of equal data; a language at either end of an id is aside.

    So translations of a row have one key: 12_de and 12_en of LAReQA for one.
    """
    names = (str(name).removesuffix(f"_{language}").removeprefix(f"{language}-") for name in ids)
    whole = (blake2b(f"{data}/{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest() for name in names)
    return np.fromiter((int.from_bytes(key, "big", signed=True) for key in whole), dtype=np.int64)


def _shared_order(runs: Sequence[CreditRows], language: str) -> list[list[int]]:
    """Where each run has the rows of a language that all runs have: an attack may drop others under each seed."""
    indices_by_run = [
        [i for i, row_language in enumerate(rows["language"]) if row_language == language] for rows in runs
    ]
    ids = [[rows["id"][i] for i in indices] for rows, indices in zip(runs, indices_by_run, strict=True)]
    if all(names == ids[0] for names in ids):
        return indices_by_run
    index_maps = [dict(zip(names, indices, strict=True)) for names, indices in zip(ids, indices_by_run, strict=True)]
    shared = [name for name in index_maps[0] if all(name in other for other in index_maps)]
    return [[other[name] for name in shared] for other in index_maps]


def _metric_ratio(runs: Sequence[CreditRows], order: list[list[int]], metric: str) -> Ratio:
    def column(name: str) -> np.ndarray:
        taken = [[rows[name][i] for i in indices] for rows, indices in zip(runs, order, strict=True)]
        return np.array(taken, dtype=np.float64)

    return Ratio(column(metric), column(metric + OF_SUFFIX))
