"""Searching with the vectors of form ``retrieve``: rows of queries and candidates in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from xfer.core.errors import BadRow
from xfer.forms.base import Columns
from xfer.metrics.retrieval import (
    RANK_CUTOFF,
    average_precision,
    best_threshold,
    mine_sentences,
    pairs_above,
    top_k,
    unit_vectors,
)

MinedPair = tuple[str, str]


def _search_nearest(vectors: np.ndarray, rows: Columns, shared: bool, neighbours: int) -> Columns:
    """By cosine of ``vectors`` [rows, width]: the credit is whether the first candidate is right."""
    return _rank_candidates(vectors, rows, shared, lambda ranked, gold: float(ranked[0] in gold))


def _search_ranking(vectors: np.ndarray, rows: Columns, shared: bool, neighbours: int) -> Columns:
    """By cosine of ``vectors`` [rows, width]: the credit is the average precision."""
    return _rank_candidates(vectors, rows, shared, lambda ranked, gold: average_precision(ranked, gold, RANK_CUTOFF))


def _rank_candidates(
    vectors: np.ndarray, rows: Columns, shared: bool, credit: Callable[[list[str], Sequence[str]], float]
) -> Columns:
    """The first ``RANK_CUTOFF`` candidates of every query by cosine of ``vectors`` [rows, width]."""
    results: dict[int, tuple[list[str], float]] = {}
    for queries, candidates in _search_pools(rows, shared):
        values, places = top_k(unit_vectors(vectors[queries]), unit_vectors(vectors[candidates]), RANK_CUTOFF)
        for query, best, order in zip(queries, values[:, 0].tolist(), candidates[places].tolist(), strict=True):
            results[int(query)] = [rows["id"][row] for row in order], best
    kept = _test_queries(rows)
    predicted = [results[row][0] for row in kept]
    gold = [rows["gold"][row] for row in kept]
    credits = [
        None if right is None else credit(ranking, right) for ranking, right in zip(predicted, gold, strict=True)
    ]
    return _predictions(rows, kept, predicted, [results[row][1] for row in kept], credits)


def _search_pools(rows: Columns, shared: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of the queries [queries] that search together, and of their candidates [candidates]. Raises BadRow."""
    places: dict[tuple[str, str], list[int]] = {}
    for row, (language, side, split) in enumerate(zip(rows["language"], rows["side"], rows["part"], strict=True)):
        if split == "test":
            places.setdefault(("" if shared else language, side), []).append(row)
    for (pool, side), queries in sorted(places.items()):
        if side == "query":
            yield np.array(queries), np.array(_check_candidates(rows, places.get((pool, "candidate"), []), queries[0]))


def _check_candidates(rows: Columns, candidates: list[int], query: int) -> list[int]:
    if not candidates:
        raise BadRow("retrieval", 0, f"query {rows['id'][query]} in '{rows['language'][query]}' has no candidates")
    names: set[str] = set()
    for row in candidates:
        if rows["id"][row] in names:
            raise BadRow("retrieval", row + 1, f"candidate {rows['id'][row]} stands twice among what is searched")
        names.add(rows["id"][row])
    return candidates


def _search_pairs(vectors: np.ndarray, rows: Columns, shared: bool, neighbours: int) -> Columns:
    """The pairs that the margin extracts from ``vectors`` [rows, width], by the threshold that is best on ``tune``
    rows.

    Where there are none, the rows set their own threshold, as XTREME scores BUCC's dev set.
    """
    chosen: dict[int, MinedPair] = {}
    margins: dict[MinedPair, float] = {}
    credit: dict[int, float | None] = {}
    counts: dict[int, list[int] | None] = {}
    for language in sorted(set(rows["language"])):
        scored = {split: _mined_margins(vectors, rows, language, split, neighbours) for split in ("tune", "test")}
        tuned = "tune" if _side_rows(rows, language, "query", "tune") else "test"
        threshold = best_threshold(scored[tuned], _gold_pairs(rows, language, tuned))
        kept = {query: (query, candidate) for query, candidate in pairs_above(scored["test"], threshold)}
        queries = _side_rows(rows, language, "query", "test")
        for row in queries:
            gold, pair = rows["gold"][row], kept.get(rows["id"][row])
            if pair:
                chosen[row], margins[language, rows["id"][row]] = pair, scored["test"][pair]
            right = pair is not None and gold is not None and pair[1] in gold
            counts[row] = None if gold is None else [int(right), int(pair is not None), len(set(gold))]
            credit[row] = None if gold is None else float(right or not (gold or pair))
    tested = _test_queries(rows)
    predicted = [[chosen[row][1]] if row in chosen else [] for row in tested]
    score = [margins.get((rows["language"][row], rows["id"][row]), 0.0) for row in tested]
    predictions = _predictions(rows, tested, predicted, score, [credit[row] for row in tested])
    return predictions | {"counts": [counts[row] for row in tested]}


def _mined_margins(
    vectors: np.ndarray, rows: Columns, language: str, split: str, neighbours: int
) -> dict[MinedPair, float]:
    """All mined pairs of ids with their margins, from ``vectors`` [rows, width]."""
    sides = [_side_rows(rows, language, side, split) for side in ("query", "candidate")]
    if not all(sides):
        return {}
    queries, candidates = sides
    texts = [{rows["id"][row]: rows["text"][row] for row in side} for side in sides]
    return mine_sentences(texts[0], texts[1], vectors[queries], vectors[candidates], neighbours)


def _side_rows(rows: Columns, language: str, side: str, split: str) -> list[int]:
    wanted = (language, side, split)
    each = zip(rows["language"], rows["side"], rows["part"], strict=True)
    return [row for row, entry in enumerate(each) if entry == wanted]


def _gold_pairs(rows: Columns, language: str, split: str) -> set[MinedPair]:
    queries = _side_rows(rows, language, "query", split)
    return {(rows["id"][row], name) for row in queries for name in rows["gold"][row] or ()}


def _test_queries(rows: Columns) -> list[int]:
    each = zip(rows["side"], rows["part"], strict=True)
    return [row for row, entry in enumerate(each) if entry == ("query", "test")]


def _predictions(
    rows: Columns, kept: list[int], predicted: list[Any], score: list[float], credit: list[Any]
) -> Columns:
    columns = {name: [rows[name][row] for row in kept] for name in ("id", "language", "gold")}
    return columns | {"predicted": predicted, "score": score, "credit": credit}


SEARCHES: dict[str, Callable[[np.ndarray, Columns, bool, int], Columns]] = {
    "mining": _search_pairs,
    "nearest": _search_nearest,
    "ranking": _search_ranking,
}
