"""Nearest neighbours against brute force in double precision; mining and rankings against hand-worked cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xfer.metrics import retrieval
from xfer.metrics.retrieval import (
    average_precision,
    best_threshold,
    mean_average_precision,
    mean_reciprocal_rank,
    mine_pairs,
    mine_sentences,
    mining_f1,
    pairs_above,
    reciprocal_rank,
    top_k,
    unit_vectors,
)


def brute(queries: np.ndarray, keys: np.ndarray, k: int) -> list[list[int]]:
    """Rows of the k largest products, summed pair by pair, equal ones in order."""
    wide, kept = keys.astype(np.float64), []
    for query in queries.astype(np.float64):
        products = (wide * query).sum(1)
        kept.append(sorted(range(len(keys)), key=lambda i: (-products[i], i))[:k])
    return kept


# nearest neighbours


@pytest.mark.parametrize(("queries", "keys", "k"), [(7, 5, 1), (30, 100, 4), (5, 3, 10), (33, 257, 20), (1, 1, 1)])
def test_the_neighbours_are_those_of_brute_force(
    queries: int, keys: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(queries)
    q, x = draw.normal(size=(queries, 16)).astype(np.float32), draw.normal(size=(keys, 16)).astype(np.float32)
    for tile in (3, 50, 10_000):
        monkeypatch.setattr(retrieval, "KEY_BLOCK", tile)
        monkeypatch.setattr(retrieval, "QUERY_BLOCK", tile)
        values, rows = top_k(q, x, k)
        assert rows.tolist() == brute(q, x, k)
        assert np.allclose(values, np.take_along_axis(q @ x.T, rows, 1), atol=1e-5)


def test_equal_vectors_stand_in_the_order_of_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(0)
    few = draw.normal(size=(5, 33)).astype(np.float32)
    keys = few[draw.integers(5, size=203)]
    for tile in (7, 64, 8192):
        monkeypatch.setattr(retrieval, "KEY_BLOCK", tile)
        assert top_k(few, keys, 30)[1].tolist() == brute(few, keys, 30)


def test_near_ties_are_told_apart_in_double_precision() -> None:
    keys = np.ones((400, 64))
    keys[:, 0] += np.random.default_rng(1).permutation(400) * 1e-12  # float32 sees one vector
    assert top_k(np.ones((2, 64)), keys, 3)[1].tolist() == brute(np.ones((2, 64)), keys, 3)


def test_a_collapsed_space_gives_the_first_keys_and_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "QUERY_BLOCK", 64)
    keys = np.tile(np.random.default_rng(2).normal(size=(1, 48)).astype(np.float32), (3001, 1))
    assert top_k(keys[:100], keys, 4)[1].tolist() == [[0, 1, 2, 3]] * 100
    assert top_k(keys[:100] * 30, keys * 30, 2)[1].tolist() == [[0, 1]] * 100


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vectors_that_are_not_numbers_are_refused(bad: float) -> None:
    keys = np.ones((3, 2))
    keys[1, 0] = bad
    with pytest.raises(ValueError, match="not finite"):
        top_k(np.ones((2, 2)), keys, 1)
    with pytest.raises(ValueError, match="neighbours of shape"):
        top_k(np.ones((2, 2)), np.ones((3, 4)), 1)


def test_no_query_has_no_neighbours() -> None:
    values, rows = top_k(np.zeros((0, 4)), np.ones((3, 4)), 2)
    assert values.shape == rows.shape == (0, 2)


def nearest(queries: np.ndarray, keys: np.ndarray) -> list[int]:
    """The key with the highest cosine for each query."""
    rows: list[int] = top_k(unit_vectors(queries), unit_vectors(keys), 1)[1][:, 0].tolist()
    return rows


def test_cosine_ignores_length_and_survives_a_zero_vector() -> None:
    keys = np.array([[10.0, 10.0], [0.0, 1.0], [0.0, 0.0]])
    assert nearest(np.array([[0.1, 3.0], [2.0, 1.9]]), keys) == [1, 0]
    assert unit_vectors(keys).tolist()[2] == [0.0, 0.0]


def test_of_equal_keys_the_first_is_nearest() -> None:
    tied = np.array([[1.0, 0, 0], [1.0, 0, 0]])
    assert nearest(tied, tied) == [0, 0]


# mining


def mined_by_loops(x: np.ndarray, y: np.ndarray, k: int) -> list[tuple[int, int, float]]:
    """An independent telling of ratio margin and greedy union, pair by pair."""
    x, y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x.astype(np.float64), y.astype(np.float64)))
    cosine = x @ y.T
    around_x = [sorted(range(len(y)), key=lambda j: -cosine[i, j])[:k] for i in range(len(x))]
    around_y = [sorted(range(len(x)), key=lambda i: -cosine[i, j])[:k] for j in range(len(y))]
    mean_x = [sum(cosine[i, j] for j in near) / len(near) for i, near in enumerate(around_x)]
    mean_y = [sum(cosine[i, j] for i in near) / len(near) for j, near in enumerate(around_y)]
    margin = [[cosine[i, j] / ((mean_x[i] + mean_y[j]) / 2) for j in range(len(y))] for i in range(len(x))]
    pairs = [(i, max(around_x[i], key=lambda j: margin[i][j])) for i in range(len(x))]
    pairs += [(max(around_y[j], key=lambda i: margin[i][j]), j) for j in range(len(y))]
    used: set[tuple[str, int]] = set()
    kept = []
    for i, j in sorted(pairs, key=lambda pair: -margin[pair[0]][pair[1]]):
        if not used & {("x", i), ("y", j)}:
            used |= {("x", i), ("y", j)}
            kept.append((i, j, margin[i][j]))
    return [found for found in kept if found[2] > 0]


@pytest.mark.parametrize(("n", "m", "k", "seed"), [(40, 60, 4, 0), (25, 3, 4, 1), (1, 9, 2, 2), (50, 50, 1, 3)])
def test_mining_is_what_loops_over_pairs_find(n: int, m: int, k: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    x, y = (np.abs(draw.normal(size=(count, 12))) for count in (n, m))
    y[: min(n, m) // 2] = x[: min(n, m) // 2] + 0.1 * draw.normal(size=(min(n, m) // 2, 12))
    found, wanted = mine_pairs(x, y, k), mined_by_loops(x, y, k)
    assert list(zip(found.source.tolist(), found.target.tolist(), strict=True)) == [(i, j) for i, j, _ in wanted]
    assert found.score == pytest.approx([score for *_, score in wanted], abs=1e-5)


def test_every_sentence_stands_in_at_most_one_pair() -> None:
    draw = np.random.default_rng(4)
    found = mine_pairs(draw.normal(size=(80, 8)), draw.normal(size=(90, 8)))
    assert len(set(found.source.tolist())) == len(found.source)
    assert len(set(found.target.tolist())) == len(found.target)
    assert (np.diff(found.score) <= 0).all() and (found.score > 0).all()


def test_nothing_to_mine_is_no_error() -> None:
    assert not len(mine_pairs(np.zeros((0, 4)), np.ones((3, 4))).source)
    assert not len(mine_pairs(np.zeros((2, 4)), np.ones((3, 4))).source)  # zero vectors are near to nothing


def test_a_sentence_that_occurs_twice_is_mined_by_nobody() -> None:
    sources = {"de-1": "eins", "de-2": "zwei", "de-3": "eins "}
    targets = {"en-1": "one", "en-2": "two", "en-3": "three"}
    x, y = np.eye(3), np.eye(3)
    x[2] = x[0]
    found = mine_sentences(sources, targets, x, y, k=2)
    assert set(found) == {("de-2", "en-2")}
    sources["de-3"] = "drei"
    assert ("de-1", "en-1") in mine_sentences(sources, targets, x, y, k=2)


def test_sentences_and_vectors_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="1 sentences with 2 vectors"):
        mine_sentences({"a": "x"}, {"b": "y"}, np.eye(2), np.eye(2))


def test_the_threshold_lies_halfway_where_f1_is_best() -> None:
    scored = {("a", "1"): 1.4, ("b", "2"): 1.2, ("c", "9"): 1.1, ("d", "4"): 1.0, ("e", "9"): 0.9}
    gold = {("a", "1"), ("b", "2"), ("d", "4")}
    # kept 1..5: F1 = 2/4, 4/5, 4/6, 6/7, 6/8
    threshold = best_threshold(scored, gold)
    assert threshold == pytest.approx(0.95)
    assert mining_f1(gold, pairs_above(scored, threshold)).f1 == pytest.approx(6 / 7)


def test_the_threshold_of_a_perfect_list_keeps_all_of_it() -> None:
    scored = {("a", "1"): 1.4, ("b", "2"): 1.2}
    threshold = best_threshold(scored, set(scored))
    assert pairs_above(scored, threshold) == set(scored)


def test_a_threshold_never_cuts_between_equal_margins() -> None:
    scored = {("a", "1"): 1.0, ("b", "9"): 1.0, ("c", "3"): 0.5}
    gold = {("a", "1"), ("c", "3")}
    threshold = best_threshold(scored, gold)  # the best cut by rank, after one, does not exist
    assert mining_f1(gold, pairs_above(scored, threshold)).f1 == pytest.approx(4 / 5)


def test_no_right_candidate_leaves_the_threshold_at_zero() -> None:
    assert best_threshold({("a", "1"): 1.0}, {("z", "9")}) == 0.0
    assert best_threshold({}, {("z", "9")}) == 0.0


def test_no_threshold_beats_the_chosen_one() -> None:
    draw = np.random.default_rng(5)
    for _ in range(50):
        scored = {(f"x{i}", f"y{i}"): float(draw.integers(1, 12)) for i in range(15)}
        gold = {pair for pair in scored if draw.random() < 0.4} | {("x", "missed")}
        best = max(mining_f1(gold, pairs_above(scored, cut)).f1 for cut in np.arange(0, 13, 0.5))
        assert mining_f1(gold, pairs_above(scored, best_threshold(scored, gold))).f1 == pytest.approx(best)


def test_mining_f1_counts_a_pair_once() -> None:
    gold = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]
    found = mining_f1(gold, [("a", "1"), ("a", "1"), ("b", "3")])
    assert found == pytest.approx((1 / 2, 1 / 4, 1 / 3))
    assert mining_f1(gold, []) == (0.0, 0.0, 0.0)
    assert mining_f1([], gold) == (0.0, 0.0, 0.0)


def test_bucc_ids_of_the_real_gold_score_themselves(real: Path) -> None:
    path = real / "bucc2018" / "zh-en.dev.gold"
    if not path.is_file():
        pytest.skip(f"no BUCC gold: {path}")
    gold = [tuple(line.split("\t")) for line in path.read_text().splitlines()]
    assert len(gold) == 257  # the size that XTREME states for its dev part
    assert mining_f1(gold, gold) == (1.0, 1.0, 1.0)  # type: ignore[arg-type]
    assert mining_f1(gold, gold[:64]).recall == pytest.approx(64 / 257)  # type: ignore[arg-type]


# rankings


@pytest.mark.parametrize(
    ("ranked", "relevant", "k", "wanted"),
    [
        ("abc", "a", None, 1.0),
        ("bac", "a", None, 1 / 2),
        ("axbx", "ab", None, (1 + 2 / 3) / 2),
        ("axb", "abc", None, (1 + 2 / 3) / 3),  # c is never found
        ("abxxx", "abcde", 2, 1.0),  # divisor min(5, 2)
        ("xab", "abc", 2, (1 / 2) / 2),
        ("xxa", "a", 2, 0.0),
        ("aab", "ab", None, (1 + 2 / 3) / 2),  # a named twice counts once, and takes a rank
        ("", "a", 20, 0.0),
        ("abc", "", 20, 0.0),
    ],
)
def test_average_precision_by_hand(ranked: str, relevant: str, k: int | None, wanted: float) -> None:
    assert average_precision(ranked, relevant, k) == pytest.approx(wanted)


def test_average_precision_is_that_of_scikit_learn_on_whole_rankings() -> None:
    from sklearn.metrics import average_precision_score

    draw = np.random.default_rng(6)
    for _ in range(30):
        scores, labels = draw.permutation(40), draw.random(40) < 0.2
        labels[0] = True
        ranked = np.argsort(-scores).tolist()
        assert average_precision(ranked, np.flatnonzero(labels).tolist()) == pytest.approx(
            average_precision_score(labels, scores)
        )


def test_reciprocal_rank_is_cut_at_k() -> None:
    assert reciprocal_rank("xya", "a") == pytest.approx(1 / 3)
    assert reciprocal_rank("xya", "a", 2) == 0.0
    assert reciprocal_rank("xba", "ab", 3) == pytest.approx(1 / 2)


def test_a_query_without_a_ranking_scores_zero() -> None:
    gold = {"q1": ["a"], "q2": ["b"], "q3": ["c"]}
    ranked = {"q1": ["a"], "q2": ["x", "b"], "other": ["c"]}
    assert mean_reciprocal_rank(gold, ranked) == mean_average_precision(gold, ranked) == pytest.approx(0.5)
    assert mean_average_precision(gold, ranked, k=1) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="no query"):
        mean_average_precision({}, ranked)


def test_the_empty_side_of_mining_gives_columns_of_no_rows() -> None:
    mined = mine_pairs(np.zeros((0, 4), np.float32), np.ones((3, 4), np.float32), 2)
    assert [column.shape for column in mined] == [(0,)] * 3
    assert [column.dtype.kind for column in mined] == ["i", "i", "f"]
