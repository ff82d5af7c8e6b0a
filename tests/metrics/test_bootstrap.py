"""Bootstrap intervals: they cover what they should, compare in pairs, and are the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from xfer.metrics.intervals import Ratio, _counts, interval
from xfer.metrics.intervals import resampled as resampled_ratio


def resampled(credit: np.ndarray) -> np.ndarray:
    """Of a mean: every row counts one."""
    return resampled_ratio(Ratio(credit, np.ones_like(credit)))


def width(means: np.ndarray) -> float:
    low, high = interval(means)
    return high - low


def test_the_interval_is_of_percentiles() -> None:
    assert interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))
    assert interval(np.arange(1001.0), 0.5) == pytest.approx((250.0, 750.0))


def test_the_draws_have_the_mean_and_the_spread_of_the_mean() -> None:
    credit = (np.arange(400) % 5 < 3).astype(float)[None, :]  # 60% right
    means = resampled(credit)
    assert means.shape == (1000,)
    assert means.mean() == pytest.approx(0.6, abs=0.003)
    assert means.std() == pytest.approx(np.sqrt(0.6 * 0.4 / 400), rel=0.1)


def test_about_95_of_100_intervals_cover_the_true_mean() -> None:
    draw = np.random.default_rng(1)
    covered = 0
    for _ in range(300):
        low, high = interval(resampled((draw.random((1, 80)) < 0.7).astype(float)))
        covered += low <= 0.7 <= high
    assert 0.91 <= covered / 300 <= 0.985


def test_seeds_tested_on_the_same_examples_do_not_count_as_more_examples() -> None:
    draw = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        hard = draw.random(80) < 0.4  # nearly every seed is wrong on the same rows
        right = np.where(hard[None, :], draw.random((3, 80)) < 0.1, draw.random((3, 80)) < 0.9)
        low, high = interval(resampled(right.astype(float)))
        covered += low <= 0.4 * 0.1 + 0.6 * 0.9 <= high
    assert 0.90 <= covered / 200 <= 0.99


def test_seeds_that_differ_widen_the_interval() -> None:
    same = np.tile((np.arange(200) % 2).astype(float), (2, 1))
    apart = np.stack([np.zeros(200), np.ones(200)])
    assert width(resampled(apart)) == pytest.approx(1.0)  # both draws may fall on one seed
    assert width(resampled(same)) < 0.2


def test_paired_differences_are_narrower_than_unpaired_ones() -> None:
    draw = np.random.default_rng(3)
    before = (draw.random((1, 300)) < 0.7).astype(float)
    after = before * (draw.random((1, 300)) < 0.9)  # an attack breaks a tenth of what was right
    paired = width(resampled(before) - resampled(after))
    unpaired = width(resampled(before) - resampled(after[:, draw.permutation(300)]))
    assert paired < 0.7 * unpaired
    low, high = interval(resampled(before) - resampled(after))
    assert low <= before.mean() - after.mean() <= high


def test_a_difference_to_itself_is_nothing() -> None:
    credit = (np.random.default_rng(4).random((2, 50)) < 0.5).astype(float)
    assert np.abs(resampled(credit) - resampled(credit.copy())).max() == 0


def test_the_draws_are_the_same_every_time() -> None:
    credit = (np.random.default_rng(5).random((3, 40)) < 0.5).astype(float)
    first = resampled(credit)
    _counts.cache_clear()
    assert np.array_equal(resampled(credit), first)


def test_the_draws_of_examples_and_of_seeds_are_not_the_same_ones() -> None:
    credit = np.eye(6)
    means = resampled(credit)  # the same draws for both would be about twice as wide
    assert len(np.unique(means.round(6))) > 3
    assert means.mean() == pytest.approx(1 / 6, abs=0.01)


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
@pytest.mark.parametrize("credit", [0.0, 1.0, 0.3])
def test_equal_credit_has_no_spread(seeds: int, credit: float) -> None:
    assert interval(resampled(np.full((seeds, 37), credit))) == pytest.approx((credit, credit), abs=1e-6)


def test_a_single_example_has_the_interval_of_its_own_credit() -> None:
    assert interval(resampled(np.array([[1.0]]))) == (1.0, 1.0)
    assert interval(resampled(np.array([[0.0]]))) == (0.0, 0.0)


# ratios of sums


def brute(counts: np.ndarray) -> np.ndarray:
    """F1 of each draw, one draw and one seed at a time; counts [seeds, rows, (right, predicted, gold)]."""
    seeds, rows, _ = counts.shape
    rows_drawn, seeds_drawn = _counts(rows, "examples"), _counts(seeds, "seeds")
    found = []
    for taken, times in zip(rows_drawn.tolist(), seeds_drawn.tolist(), strict=True):
        total = 0.0
        for seed, again in zip(counts.tolist(), times, strict=True):
            bag = [row for row, count in zip(seed, taken, strict=True) for _ in range(count)]
            right, predicted, gold = (sum(row[i] for row in bag) for i in range(3))
            precision, recall = (right / predicted if predicted else 0.0), (right / gold if gold else 0.0)
            total += again * (2 * precision * recall / (precision + recall) if right else 0.0)
        found.append(total / seeds)
    return np.array(found)


def hard_counts(rows: int, seeds: int) -> np.ndarray:
    draw = np.random.default_rng(rows)
    gold = np.tile(draw.integers(0, 4, rows), (seeds, 1))
    predicted = draw.integers(0, 4, (seeds, rows))
    right = draw.integers(0, np.minimum(gold, predicted) + 1)
    return np.stack([right, predicted, gold], 2)


@pytest.mark.parametrize(("rows", "seeds"), [(1, 1), (3, 2), (17, 1), (40, 3)])
def test_f1_is_resampled_as_a_ratio_of_sums(rows: int, seeds: int) -> None:
    counts = hard_counts(rows, seeds)  # few rows: some draws hold nothing at all
    found = resampled_ratio(Ratio(2.0 * counts[:, :, 0], counts[:, :, 1:].sum(2).astype(float)))
    assert found == pytest.approx(brute(counts), abs=1e-12)


def test_the_f1_of_a_corpus_is_no_mean_over_sentences() -> None:
    ratio = Ratio(np.array([[2.0, 0.0]]), np.array([[2.0, 8.0]]))  # a short sentence right, a long one all wrong
    assert ratio.value == 0.2
    assert ratio.at([0]).value == 1.0 and ratio.at([1]).value == 0.0
    low, high = interval(resampled_ratio(ratio))
    assert (low, high) == (0.0, 1.0)


def test_nothing_to_find_and_nothing_found_is_zero() -> None:
    nothing = Ratio(np.zeros((2, 5)), np.zeros((2, 5)))
    assert nothing.value == 0.0 and interval(resampled_ratio(nothing)) == (0.0, 0.0)


def test_the_point_is_the_mean_over_seeds_of_each_seeds_ratio() -> None:
    ratio = Ratio(np.array([[1.0, 0.0], [3.0, 1.0]]), np.array([[1.0, 1.0], [4.0, 4.0]]))
    assert ratio.values == [0.5, 0.5] and ratio.value == 0.5
    assert Ratio(np.array([[1.0], [1.0]]), np.array([[1.0], [4.0]])).value == 0.625  # not 2/5
