"""The victim of form ``retrieve``: queries against candidates that are encoded once. May import: victims, metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xfer.core.errors import XferError
from xfer.metrics.retrieval import MARGIN_NEIGHBOURS, best_threshold, mine_sentences, top_k, unit_vectors
from xfer.models.network import Network
from xfer.models.victims.base import NetworkVictim, Pool, unlabelled_rows

MARGIN_ROUNDING = 1e-6  # of a margin: the threshold can be the margin of one of the pairs itself


class RetrievalVictim(NetworkVictim):
    """(language, text, pair or None, right ids) -> (what the k-th wrong candidate has more than the best right one,
    whether a right one is among the first k).

    Cosines, and in mining the margins of the query's nearest candidates. Candidates, and in mining the other queries,
    are those of ``rows``, encoded once.
    """

    def __init__(self, network: Network, task: str, max_length: int, rows: Pool, k: int) -> None:
        super().__init__(network, task, max_length)
        self.k, self.rows = k, [row for row in rows if row["part"] == "test"]
        self.tuning = [row for row in rows if row["part"] == "tune"]
        self._pools: dict[str, _Candidates] = {}

    def answers(self, items: list[Any]) -> list[Any]:
        queries = self._of([{"text": item[1], "pair": item[2]} for item in items])
        pools: dict[int, tuple[_Candidates, list[int]]] = {}
        for i, item in enumerate(items):
            pool = self.pool(item[0])
            pools.setdefault(id(pool), (pool, []))[1].append(i)
        results: list[Any] = [None] * len(items)
        for pool, members in pools.values():
            answers = pool.rank_queries(queries[members], [items[i][3] for i in members], self.k)
            for i, answer in zip(members, answers, strict=True):
                results[i] = answer
        return results

    def pool(self, language: str) -> _Candidates:
        """What the queries of a language search among; encoded at its first question."""
        name = "" if self.form.pool == "shared" else language
        if name not in self._pools:
            self._pools[name] = self._encoded(name)
        return self._pools[name]

    def _encoded(self, language: str) -> _Candidates:
        language_rows = [row for row in self.rows if language in ("", row["language"])]
        candidates = [row for row in language_rows if row["side"] == "candidate"]
        if not candidates:
            raise XferError(f"retrieval in '{language}' has no candidates to search")
        pool = _Candidates([row["id"] for row in candidates], self._of(candidates))
        if self.form.task == "mining":
            pool.neighbours = self.form.neighbours
            queries = [row for row in language_rows if row["side"] == "query"]
            tuned = [row for row in self.tuning if row["language"] == language] or language_rows
            pool.set_background(self._of(queries), self._threshold(tuned))
        return pool

    def _of(self, rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """The rows' vectors at length one, [rows, width]."""
        text_columns = {name: [row[name] for row in rows] for name in ("text", "pair")}
        return unit_vectors(np.stack(list(self.kept(unlabelled_rows(len(rows), **text_columns))["vectors"])))

    def _threshold(self, rows: Sequence[Mapping[str, Any]]) -> float:
        """The margin that extracts best on the clean rows, as the evaluation sets it."""
        sides = [[row for row in rows if row["side"] == side] for side in ("query", "candidate")]
        texts = [{row["id"]: row["text"] for row in side} for side in sides]
        queries, candidates = map(self._of, sides)
        scored = mine_sentences(texts[0], texts[1], queries, candidates, self.form.neighbours)
        return best_threshold(scored, {(row["id"], name) for row in sides[0] for name in row["gold"] or ()})


class _Candidates:
    """The candidates of one pool and, in mining, how near each lies to the queries."""

    def __init__(self, names: Sequence[str], vectors: np.ndarray) -> None:
        """``vectors`` [candidates, width] at length one, in the order of ``names``."""
        self.places = {name: i for i, name in enumerate(names)}
        self.vectors = vectors
        self.neighbours = MARGIN_NEIGHBOURS
        self.around: np.ndarray | None = None
        self.threshold = 0.0

    def set_background(self, queries: np.ndarray, threshold: float) -> None:
        """For mining: each candidate's mean cosine to its nearest clean queries, and what a margin must reach.

        ``queries`` are [queries, width] at length one.
        """
        self.around = top_k(self.vectors, queries, self.neighbours)[0].mean(1)
        self.threshold = threshold

    def rank_queries(self, queries: np.ndarray, right: Sequence[Sequence[str]], k: int) -> list[tuple[float, bool]]:
        """By how much the k-th wrong candidate of each query beats the best right one, and whether one is found.

        ``queries`` are [queries, width] at length one.
        """
        wanted = [[self.places[name] for name in dict.fromkeys(names) if name in self.places] for names in right]
        for names, places in zip(right, wanted, strict=True):
            if not places:
                raise ValueError(f"no right candidate of {', '.join(names)} is there to be found")
        mining = self.around is not None
        values, order = top_k(queries, self.vectors, self.neighbours if mining else k + max(map(len, wanted)))
        each = zip(queries.astype(np.float64), values, order, wanted, strict=True)
        if mining:
            return [self._margin_lead(*arguments) for arguments in each]
        return [self._rank_lead(*arguments, k) for arguments in each]

    def _rank_lead(
        self, query: np.ndarray, values: np.ndarray, order: np.ndarray, wanted: list[int], k: int
    ) -> tuple[float, bool]:
        """The lead in cosines of one query [width]; ``values`` and ``order`` [neighbours] are those of its nearest."""
        best = float((self.vectors[wanted].astype(np.float64) @ query).max())
        wrong = [value for value, i in zip(values.tolist(), order.tolist(), strict=True) if i not in wanted][:k]
        # with fewer wrong candidates than k the right one cannot be missed
        return (wrong[-1] if len(wrong) == k else -1.0) - best, not set(wanted).isdisjoint(order[:k].tolist())

    def _margin_lead(
        self, query: np.ndarray, values: np.ndarray, order: np.ndarray, wanted: list[int]
    ) -> tuple[float, bool]:
        """The lead in margins of one query [width]; ``values`` and ``order`` [neighbours] are those of its nearest."""
        assert self.around is not None
        scale = values.mean()
        cosines = self.vectors[wanted].astype(np.float64) @ query
        own_margin = float(_margin_ratio(cosines, (scale + self.around[wanted]) / 2).max())
        margins = _margin_ratio(values, (scale + self.around[order]) / 2).tolist()
        rivals = [value for value, i in zip(margins, order.tolist(), strict=True) if i not in wanted]
        best = max([*rivals, self.threshold])
        near = not set(wanted).isdisjoint(order.tolist())
        return best - own_margin, near and own_margin >= best - MARGIN_ROUNDING


def _margin_ratio(values: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Values divided by what is around them, [n] each; 0 where that is 0."""
    return np.divide(values, around, out=np.zeros_like(values), where=around != 0)
