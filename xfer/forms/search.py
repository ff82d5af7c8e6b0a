"""Searching with the vectors of form ``retrieve``: rows of queries and candidates in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from xfer.core.errors import BadRow
from xfer.forms.base import Rows
from xfer.metrics.retrieval import (
    TOP,
    average_precision,
    best_threshold,
    extracted,
    mine_sentences,
    normalised,
    top_k,
)

Pair = tuple[str, str]


def _nearest(vectors: np.ndarray, rows: Rows, shared: bool, neighbours: int) -> Rows:
    return _ranked(vectors, rows, shared, lambda ranked, gold: float(ranked[0] in gold))


def _ranking(vectors: np.ndarray, rows: Rows, shared: bool, neighbours: int) -> Rows:
    return _ranked(vectors, rows, shared, lambda ranked, gold: average_precision(ranked, gold, TOP))


def _ranked(vectors: np.ndarray, rows: Rows, shared: bool, credit: Callable[[list[str], Sequence[str]], float]) -> Rows:
    """The best TOP candidates of every query by cosine."""
    found: dict[int, tuple[list[str], float]] = {}
    for queries, candidates in _pools(rows, shared):
        values, places = top_k(normalised(vectors[queries]), normalised(vectors[candidates]), TOP)
        for query, best, order in zip(queries, values[:, 0].tolist(), candidates[places].tolist(), strict=True):
            found[int(query)] = [rows["id"][row] for row in order], best
    kept = _tested(rows)
    predicted = [found[row][0] for row in kept]
    gold = [rows["gold"][row] for row in kept]
    credits = [None if right is None else credit(one, right) for one, right in zip(predicted, gold, strict=True)]
    return _predictions(rows, kept, predicted, [found[row][1] for row in kept], credits)


def _pools(rows: Rows, shared: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of the queries that search together, and those of their candidates. Raises BadRow."""
    places: dict[tuple[str, str], list[int]] = {}
    for row, (language, side, part) in enumerate(zip(rows["language"], rows["side"], rows["part"], strict=True)):
        if part == "test":
            places.setdefault(("" if shared else language, side), []).append(row)
    for (pool, side), queries in sorted(places.items()):
        if side == "query":
            yield np.array(queries), np.array(_candidates(rows, places.get((pool, "candidate"), []), queries[0]))


def _candidates(rows: Rows, found: list[int], query: int) -> list[int]:
    if not found:
        raise BadRow("retrieval", 0, f"query {rows['id'][query]} in '{rows['language'][query]}' has no candidates")
    names: set[str] = set()
    for row in found:
        if rows["id"][row] in names:
            raise BadRow("retrieval", row + 1, f"candidate {rows['id'][row]} stands twice among what is searched")
        names.add(rows["id"][row])
    return found


def _mining(vectors: np.ndarray, rows: Rows, shared: bool, neighbours: int) -> Rows:
    """The pairs that the margin extracts, with the threshold that is best on the rows to tune on.

    Where there are none, the rows set their own threshold, as XTREME scores BUCC's dev set.
    """
    chosen: dict[int, Pair] = {}
    margins: dict[Pair, float] = {}
    credit: dict[int, float | None] = {}
    counts: dict[int, list[int] | None] = {}
    for language in sorted(set(rows["language"])):
        scored = {part: _scored(vectors, rows, language, part, neighbours) for part in ("tune", "test")}
        tuned = "tune" if _side(rows, language, "query", "tune") else "test"
        threshold = best_threshold(scored[tuned], _gold(rows, language, tuned))
        kept = {query: (query, candidate) for query, candidate in extracted(scored["test"], threshold)}
        queries = _side(rows, language, "query", "test")
        for row in queries:
            gold, pair = rows["gold"][row], kept.get(rows["id"][row])
            if pair:
                chosen[row], margins[language, rows["id"][row]] = pair, scored["test"][pair]
            right = pair is not None and gold is not None and pair[1] in gold
            counts[row] = None if gold is None else [int(right), int(pair is not None), len(set(gold))]
            credit[row] = None if gold is None else float(right or not (gold or pair))
    tested = _tested(rows)
    predicted = [[chosen[row][1]] if row in chosen else [] for row in tested]
    score = [margins.get((rows["language"][row], rows["id"][row]), 0.0) for row in tested]
    found = _predictions(rows, tested, predicted, score, [credit[row] for row in tested])
    return found | {"counts": [counts[row] for row in tested]}


def _scored(vectors: np.ndarray, rows: Rows, language: str, part: str, neighbours: int) -> dict[Pair, float]:
    """All mined pairs of ids with their margins."""
    sides = [_side(rows, language, side, part) for side in ("query", "candidate")]
    if not all(sides):
        return {}
    queries, candidates = sides
    texts = [{rows["id"][row]: rows["text"][row] for row in side} for side in sides]
    return mine_sentences(texts[0], texts[1], vectors[queries], vectors[candidates], neighbours)


def _side(rows: Rows, language: str, side: str, part: str) -> list[int]:
    wanted = (language, side, part)
    each = zip(rows["language"], rows["side"], rows["part"], strict=True)
    return [row for row, found in enumerate(each) if found == wanted]


def _gold(rows: Rows, language: str, part: str) -> set[Pair]:
    queries = _side(rows, language, "query", part)
    return {(rows["id"][row], name) for row in queries for name in rows["gold"][row] or ()}


def _tested(rows: Rows) -> list[int]:
    each = zip(rows["side"], rows["part"], strict=True)
    return [row for row, found in enumerate(each) if found == ("query", "test")]


def _predictions(rows: Rows, kept: list[int], predicted: list[Any], score: list[float], credit: list[Any]) -> Rows:
    found = {name: [rows[name][row] for row in kept] for name in ("id", "language", "gold")}
    return found | {"predicted": predicted, "score": score, "credit": credit}


SEARCHES: dict[str, Callable[[np.ndarray, Rows, bool, int], Rows]] = {
    "mining": _mining,
    "nearest": _nearest,
    "ranking": _ranking,
}
