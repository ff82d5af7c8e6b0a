"""Bootstrap intervals: they cover what they should, compare in pairs, and are the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from xfer.metrics.intervals import _counts, interval, resampled


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
