"""Nearest neighbours, bitext mining and ranking scores. Pure functions of numpy arrays and lists.

Mining follows Artetxe & Schwenk 2019 (Margin-based Parallel Corpus Mining, ACL) as XTREME runs it for BUCC
(Hu et al. 2020, appendix; scripts/run_bucc2018.sh): ratio margin over four neighbours, the union of forward and
backward bests taken greedily, a threshold set on dev. Ranking scores are those of XTREME-R (Ruder et al. 2021).
Scores are shares of one.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

MARGIN_NEIGHBOURS = 4
RANK_CUTOFF = 20
QUERY_BLOCK, KEY_BLOCK = 1024, 8192  # a tile of similarities takes 32 MB
_GROUP = 64  # columns of a tile that one maximum stands for
_PAIRS = 1024  # pairs whose similarity is computed again at once: what a cache holds
_CROWD = 64  # near-equal neighbours a query beyond which they are compared in float32

IdPair = tuple[str, str]


class MinedRows(NamedTuple):
    """Mined pairs, best first: rows of either side and the margin of each pair."""

    source: np.ndarray
    target: np.ndarray
    score: np.ndarray


class MiningScores(NamedTuple):
    """Precision, recall and F1 of a set of pairs."""

    precision: float
    recall: float
    f1: float


# nearest neighbours


def top_k(queries: np.ndarray, keys: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``min(k, keys)`` largest inner products of each query and the rows of ``keys`` that give them.

    Both have shape [queries, k], best first, equal values in the order of ``keys``. The order is that of the
    products in double precision, whatever the block sizes and threads were: products of a float32 block that come
    near the k-th best are computed again. Memory stays at a few tiles of QUERIES x KEYS beside the inputs.
    """
    if k < 1 or queries.ndim != 2 or keys.ndim != 2 or queries.shape[1] != keys.shape[1] or not len(keys):
        raise ValueError(f"no {k} neighbours of shape {queries.shape} in shape {keys.shape}")
    k = min(k, len(keys))
    values, rows = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    longest = max(float(_vector_lengths(keys[at : at + KEY_BLOCK]).max()) for at in range(0, len(keys), KEY_BLOCK))
    for start in range(0, len(queries), QUERY_BLOCK):
        block = slice(start, start + QUERY_BLOCK)
        values[block], rows[block] = _block_top_k(queries[block], keys, k, longest)
    return values, rows


def _block_top_k(queries: np.ndarray, keys: np.ndarray, k: int, longest: float) -> tuple[np.ndarray, np.ndarray]:
    """``top_k`` of one block of queries [queries, width] among keys [keys, width], tile by tile: [queries, k] twice."""
    queries32, reach = np.ascontiguousarray(queries, dtype=np.float32), longest * _vector_lengths(queries)
    if not np.isfinite(reach).all():
        raise ValueError("vectors are not finite numbers")
    # Twice what rounding can well add up to over all dimensions: nothing of the exact k lies further below.
    slack = (2 * np.sqrt(keys.shape[1]) * np.finfo(np.float32).eps * reach).astype(np.float32)
    values, rows = np.empty((len(queries), 0)), np.empty((len(queries), 0), dtype=np.int64)
    for start in range(0, len(keys), KEY_BLOCK):
        products = queries32 @ np.asarray(keys[start : start + KEY_BLOCK], dtype=np.float32).T
        near = products >= (_kth_bound(values, products, k) - slack)[:, None]
        if np.count_nonzero(near) > max(_CROWD, 4 * k) * max(len(queries), QUERY_BLOCK):
            query, key, scores = _rounded_top_k(products, slack, k)
        else:
            query, key = np.divmod(np.flatnonzero(near), near.shape[1])  # flat is far quicker than np.nonzero
            scores = _exact_products(queries, keys, query, key + start)
        values, rows = _merge_top_k(values, rows, query, key + start, scores, k)
    return values, rows


def _vector_lengths(vectors: np.ndarray) -> np.ndarray:
    """Euclidean lengths of vectors [rows, width], [rows] in double precision."""
    return np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))


def _kth_bound(values: np.ndarray, products: np.ndarray, k: int) -> np.ndarray:
    """What a product must reach to be among each query's best k: the k-th of those so far, or a bound from this tile.

    Of a tile's columns in groups, the k-th largest of the groups' maxima is reached by k products at least; it lies
    close to the k-th product, at a fraction of the price. Values [queries, had], products [queries, keys] -> [queries].
    """
    if values.shape[1] == k:
        return values[:, -1].astype(np.float32)
    count, width = products.shape
    k = min(k, width)
    groups = width // _GROUP
    if groups >= 4 * k:
        products = products[:, : groups * _GROUP].reshape(count, _GROUP, groups).max(1)
    kth_index = products.shape[1] - k
    lowest: np.ndarray = np.partition(products, kth_index, axis=1)[:, kth_index]
    return lowest


def _exact_products(queries: np.ndarray, keys: np.ndarray, query: np.ndarray, key: np.ndarray) -> np.ndarray:
    """The products of pairs in double precision, [pairs], each by the same sum wherever it stands in a block.

    Queries [queries, width], keys [keys, width], and row numbers of either, [pairs].
    """
    products = np.empty(len(query))
    for start in range(0, len(query), _PAIRS):
        block = slice(start, start + _PAIRS)
        pairs = queries[query[block]].astype(np.float64), keys[key[block]].astype(np.float64)
        products[block] = np.einsum("nd,nd->n", *pairs)
    return products


def _rounded_top_k(products: np.ndarray, slack: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The k best of each row of a tile in which too many are nearly equal (a collapsed encoder) to compute them again.

    The products are rounded to what float32 can tell apart, so that equal vectors stay equal.
    Products [queries, keys], slack [queries] -> query numbers, key numbers and values, [queries x k] each.
    """
    grid = np.where(slack > 0, 4 * slack, 1)[:, None]
    rounded = np.round(products / grid) * grid
    key = np.argsort(-rounded, axis=1, kind="stable")[:, :k]
    best = np.take_along_axis(rounded, key, axis=1)
    return np.repeat(np.arange(len(key)), key.shape[1]), key.ravel(), best.ravel().astype(np.float64)


def _merge_top_k(
    values: np.ndarray, rows: np.ndarray, query: np.ndarray, key: np.ndarray, scores: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best k of what each query had and what a tile adds; every query ends with equally many.

    Values and rows [queries, had], and what is added, [pairs] each -> values and rows [queries, k].
    """
    count, had = values.shape
    owner = np.concatenate([np.repeat(np.arange(count), had), query])
    all_rows, all_values = np.concatenate([rows.ravel(), key]), np.concatenate([values.ravel(), scores])
    order = np.lexsort((all_rows, -all_values, owner))
    sizes = np.bincount(owner, minlength=count)
    starts = np.cumsum(sizes) - sizes
    kept = order[starts[:, None] + np.arange(min(k, sizes.min() if count else k))]
    return all_values[kept], all_rows[kept]


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """The vectors [rows, width] at length one in float32; a zero vector stays zero."""
    lengths = _vector_lengths(vectors)[:, None]
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


# mining


def mine_pairs(source: np.ndarray, target: np.ndarray, k: int = MARGIN_NEIGHBOURS) -> MinedRows:
    """Pairs of rows by ratio margin: cosine over the mean cosine to both sides' k neighbours.

    The best of each source and of each target row are united and taken greedily, so that every row stands in at most
    one pair ("max" retrieval). Of equal margins the earlier source row comes first, forward before backward.

    Vectors are [rows, width], those of the two sides may differ in their number.
    """
    x, y = unit_vectors(source), unit_vectors(target)
    if not len(x) or not len(y):
        return MinedRows(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    (ahead, ys), (back, xs) = top_k(x, y, k), top_k(y, x, k)
    forward, backward = _margin_ratio(ahead, back, ys), _margin_ratio(back, ahead, xs)
    rows, columns = np.arange(len(x)), np.arange(len(y))
    ahead_best, back_best = forward.argmax(1), backward.argmax(1)
    sources = np.concatenate([rows, xs[columns, back_best]])
    targets = np.concatenate([ys[rows, ahead_best], columns])
    scores = np.concatenate([forward[rows, ahead_best], backward[columns, back_best]])
    kept = _greedy_pairs(sources, targets, scores)
    return MinedRows(sources[kept], targets[kept], scores[kept])


def _margin_ratio(cosines: np.ndarray, other_cosines: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The margin of each neighbour, [rows, k]; 0 where there is nothing to compare with.

    Cosines to neighbours [rows, k], those of the other side [others, k], and the neighbours' row numbers [rows, k].
    """
    mean_cosines = (cosines.mean(1)[:, None] + other_cosines.mean(1)[rows]) / 2
    return np.divide(cosines, mean_cosines, out=np.zeros_like(cosines), where=mean_cosines != 0)


def _greedy_pairs(sources: np.ndarray, targets: np.ndarray, scores: np.ndarray) -> list[int]:
    """The pairs that are kept, best first: no row of either side stands in two. All arguments are [pairs]."""
    seen_source: set[int] = set()
    seen_target: set[int] = set()
    kept = []
    for i in np.argsort(-scores, kind="stable").tolist():
        source, target = int(sources[i]), int(targets[i])
        if source not in seen_source and target not in seen_target:
            seen_source.add(source)
            seen_target.add(target)
            if scores[i] > 0:
                kept.append(i)
    return kept


def mine_sentences(
    sources: Mapping[str, str],
    targets: Mapping[str, str],
    source: np.ndarray,
    target: np.ndarray,
    k: int = MARGIN_NEIGHBOURS,
) -> dict[IdPair, float]:
    """Mined pairs of ids with their margins, best first, from sentences by id and a vector of each, [sentences, width].

    A sentence that occurs several times is searched once and its pair dropped: no id could be told from the others.
    """
    (xs, x), (ys, y) = _distinct_sentences(sources, source), _distinct_sentences(targets, target)
    mined = mine_pairs(x, y, k)
    named = ((xs[i], ys[j], float(s)) for i, j, s in zip(*map(np.ndarray.tolist, mined), strict=True))
    return {(a, b): score for a, b, score in named if a is not None and b is not None}


def _distinct_sentences(sentences: Mapping[str, str], vectors: np.ndarray) -> tuple[list[str | None], np.ndarray]:
    """The id (None where several have the sentence) and the vector of each distinct sentence, [distinct, width]."""
    if len(sentences) != len(vectors):
        raise ValueError(f"{len(sentences)} sentences with {len(vectors)} vectors")
    names: dict[str, str | None] = {}
    rows: dict[str, int] = {}
    for row, (name, text) in enumerate(sentences.items()):
        text = text.strip()
        names[text] = None if text in names else name
        rows[text] = row
    return list(names.values()), vectors[list(rows.values())]


def best_threshold(scored: Mapping[IdPair, float], gold: Collection[IdPair]) -> float:
    """The margin halfway between two candidates that maximises F1 on the dev gold; 0 where none is right.

    Only borders between different margins count, since equal ones cannot be told apart; the first best one is taken.
    Where all candidates are best kept, it is the lowest margin itself.
    """
    wanted = set(gold)
    items = sorted(scored.items(), key=lambda item: -item[1])
    right, best, threshold = 0, 0.0, 0.0
    for count, (pair, score) in enumerate(items, 1):
        right += pair in wanted
        after = items[count][1] if count < len(items) else None
        f1 = 2 * right / (count + len(wanted))
        if score != after and f1 > best:
            best, threshold = f1, score if after is None else (score + after) / 2
    return threshold


def pairs_above(scored: Mapping[IdPair, float], threshold: float) -> set[IdPair]:
    """The pairs whose margin reaches the threshold."""
    return {pair for pair, score in scored.items() if score >= threshold}


def mining_f1(gold: Iterable[Hashable], predicted: Iterable[Hashable]) -> MiningScores:
    """Precision, recall and F1 of two sets of pairs; a pair given twice counts once, 0 where none is right."""
    wanted, predicted_set = set(gold), set(predicted)
    right = len(wanted & predicted_set)
    if not right:
        return MiningScores(0.0, 0.0, 0.0)
    return MiningScores(right / len(predicted_set), right / len(wanted), 2 * right / (len(predicted_set) + len(wanted)))


# rankings


def average_precision(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int | None = None) -> float:
    """Mean over the relevant items of the precision at their rank, cut at rank k.

    The divisor is min(relevant, k), so that a perfect first k gives 1; a relevant item that is named twice counts at
    its first rank. Without relevant items it is 0.
    """
    remaining = set(relevant)
    best = min(len(remaining), k or len(remaining))
    hits, total = 0, 0.0
    for rank, item in enumerate(ranked[:k], 1):
        if item in remaining:
            remaining.remove(item)
            hits += 1
            total += hits / rank
    return total / best if best else 0.0


def reciprocal_rank(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int | None = None) -> float:
    """One over the rank of the first relevant item among the first k, 0 where there is none."""
    wanted = set(relevant)
    return next((1 / rank for rank, item in enumerate(ranked[:k], 1) if item in wanted), 0.0)


Ranked = Mapping[str, Sequence[Hashable]]
Relevant = Mapping[str, Collection[Hashable]]


def mean_average_precision(gold: Relevant, ranked: Ranked, k: int | None = RANK_CUTOFF) -> float:
    """mAP@k over the queries of ``gold`` (LAReQA: k = 20). A query without a ranking scores 0."""
    return _query_mean([average_precision(ranked.get(query, ()), relevant, k) for query, relevant in gold.items()])


def mean_reciprocal_rank(gold: Relevant, ranked: Ranked, k: int | None = RANK_CUTOFF) -> float:
    """MRR@k over the queries of ``gold``: Mewsli-X's mAP@20, as each mention has one entity. Missing ones score 0."""
    return _query_mean([reciprocal_rank(ranked.get(query, ()), relevant, k) for query, relevant in gold.items()])


def _query_mean(values: list[float]) -> float:
    if not values:
        raise ValueError("no query to score")
    return sum(values) / len(values)
