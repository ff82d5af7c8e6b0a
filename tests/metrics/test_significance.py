"""Differences that are more than chance: against scipy and statsmodels, by hand, and on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xfer.metrics.intervals import DRAWS, Ratio
from xfer.metrics.significance import Estimate, Sample, holm, judge, line, mcnemar, mean, sample


def hits(right: np.ndarray) -> Sample:
    """The accuracy of 0/1 marks [seeds, rows]."""
    return sample(Ratio(right.astype(float), np.ones(right.shape)))


# exact tests and corrections


@pytest.mark.parametrize(
    "ps, adjusted",
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # 4 x 0.005, 3 x 0.01, 2 x 0.03, never below the last
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
        ([0.01, 0.01, 0.2], [0.03, 0.03, 0.2]),
    ],
)
def test_holm_by_hand(ps: list[float], adjusted: list[float]) -> None:
    assert holm(ps) == pytest.approx(adjusted)


def test_holm_equals_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    draw = np.random.default_rng(1)
    for count in (1, 2, 7, 40):
        ps = (draw.random(count) ** 3).tolist()
        assert holm(ps) == pytest.approx(multitest.multipletests(ps, method="holm")[1].tolist())


def test_mcnemar_is_the_binomial_test_of_rows_on_which_they_differ() -> None:
    first = np.array([1] * 9 + [0] * 2 + [1] * 50 + [0] * 30)  # better on 9, worse on 2
    second = np.array([0] * 9 + [1] * 2 + [1] * 50 + [0] * 30)
    by_hand = 2 * sum(stats.binom.pmf(k, 11, 0.5) for k in (0, 1, 2))
    assert mcnemar(first, second) == pytest.approx(by_hand) == pytest.approx(0.0654296875)
    assert mcnemar(second, first) == pytest.approx(by_hand)
    assert mcnemar(first, first) == 1.0
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    assert mcnemar(first, second) == pytest.approx(tables.mcnemar([[50, 9], [2, 30]], exact=True).pvalue)


# intervals


def test_seeds_alone_give_the_interval_of_a_t_test() -> None:
    """Where every draw of rows is the same, all chance is the seeds': a t-test of one sample."""
    values = np.array([1.0, 2.0, 4.0, 3.5, 2.5])
    found = judge(Sample(values, np.full(DRAWS, values.mean())))
    test = stats.ttest_1samp(values, 0)
    low, high = test.confidence_interval(0.95)
    assert (found.value, found.low, found.high, found.p) == pytest.approx((2.6, low, high, test.pvalue))
    assert found.effect == pytest.approx(test.statistic)


def test_rows_alone_give_the_interval_of_a_normal_estimate() -> None:
    draws = np.random.default_rng(2).normal(3.0, 2.0, DRAWS)
    found, spread = judge(Sample(np.array([3.0]), draws)), draws.std(ddof=1)
    assert (found.low, found.high) == pytest.approx((3 - 1.959964 * spread, 3 + 1.959964 * spread))
    assert found.p == pytest.approx(2 * stats.norm.sf(3 / spread))


def test_both_parts_by_hand() -> None:
    """Variances 4 (rows) and 9 / 3 (seeds): Satterthwaite's degrees of freedom are 7 ** 2 / (3 ** 2 / 2)."""
    draws = np.tile([-1.0, 1.0], DRAWS // 2)
    draws = draws * 2 / draws.std(ddof=1)
    found = judge(Sample(np.array([7.0, 10.0, 13.0]), draws + 10))
    half = stats.t.ppf(0.975, 98 / 9) * np.sqrt(7)
    assert (found.value, found.low, found.high) == pytest.approx((10, 10 - half, 10 + half), rel=1e-6)
    assert found.effect == pytest.approx(10 / np.sqrt(7))


def test_no_spread_is_no_doubt() -> None:
    same = np.ones(DRAWS)
    assert judge(Sample(np.array([2.0, 2.0]), 2 * same)) == Estimate(2.0, 2.0, 2.0, 0.0, 0.0)
    assert judge(Sample(np.array([0.0]), 0 * same)).p == 1.0


def test_samples_are_paired() -> None:
    right = np.random.default_rng(3).random((2, 60)) < 0.5
    nothing = hits(right).minus(hits(right.copy()))
    assert nothing.value == 0 and np.abs(nothing.draws).max() == 0
    whole = mean([hits(right[:, :30]), hits(right[:, 30:])])
    assert whole.value == pytest.approx(right.mean())
    assert hits(right).by(hits(np.zeros_like(right))).value == 0
    with pytest.raises(ValueError, match="2 and 1 seeds"):
        hits(right).minus(hits(right[:1]))
    with pytest.raises(ValueError, match="nothing to average"):
        mean([])


# data whose truth is known


def runs(
    draw: np.random.Generator, seeds: int, rows: int, effect: float, spread: float = 0.03
) -> tuple[Sample, Sample]:
    """Two networks on the same rows: hardness is a row's, skill a run's, and the first is ``effect`` better."""
    hard = draw.normal(0.65, 0.15, rows)
    skill = draw.normal(0, spread, (2, seeds)) + np.array([[effect], [0]])
    first, second = (draw.random((seeds, rows)) < (hard[None, :] + own[:, None]) for own in skill)
    return hits(first), hits(second)


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_intervals_of_a_known_effect_cover_it(seeds: int) -> None:
    """A single seed says nothing of how seeds differ, so there the truth is of networks that do not."""
    draw, effect, covered, times = np.random.default_rng(seeds), 0.08, 0, 400
    for _ in range(times):
        first, second = runs(draw, seeds, 120, effect, spread=0.03 if seeds > 1 else 0.0)
        found = judge(first.minus(second))
        covered += found.low <= effect <= found.high
    assert 0.92 <= covered / times <= 0.99


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_no_effect_is_rarely_found(seeds: int) -> None:
    draw, wrong, times = np.random.default_rng(10 + seeds), 0, 400
    for _ in range(times):
        first, second = runs(draw, seeds, 120, 0.0, spread=0.03 if seeds > 1 else 0.0)
        wrong += judge(first.minus(second)).p < 0.05
    assert wrong / times <= 0.07


def test_mcnemar_and_holm_hold_their_level() -> None:
    draw, any_wrong, times = np.random.default_rng(20), 0, 300
    for _ in range(times):
        marks = draw.random((8, 150)) < draw.normal(0.6, 0.2, 150)[None, :]
        any_wrong += min(holm([mcnemar(marks[2 * i], marks[2 * i + 1]) for i in range(4)])) < 0.05
    assert any_wrong / times <= 0.07


def test_more_rows_find_a_small_effect_more_often() -> None:
    draw, found = np.random.default_rng(30), []
    for rows in (50, 200, 800):
        tests = [judge(a.minus(b)).p < 0.05 for a, b in (runs(draw, 3, rows, 0.08, spread=0.01) for _ in range(60))]
        found.append(sum(tests) / 60)
    assert found[0] < found[1] < found[2] and found[2] > 0.9 and found[0] < 0.6


def test_an_effect_that_some_seeds_have_only_is_in_doubt() -> None:
    """Rows alone would call it certain: with seeds as a second source of chance it is not."""
    draw = np.random.default_rng(40)
    base = draw.random((3, 2000)) < 0.6
    moved = base.copy()
    moved[0, :400] = True  # one seed of three gains much
    found = judge(hits(moved).minus(hits(base)))
    assert found.value > 0.02 and found.p > 0.2
    alone = judge(Sample(hits(moved).minus(hits(base)).seeds[:1], hits(moved).minus(hits(base)).draws))
    assert alone.p < 0.001


# lines over sizes


def test_a_line_by_hand_and_as_scipy_fits_it() -> None:
    sizes, values = [1e6, 1e7, 1e8, 3e8], [[40.0, 42.0], [45.0, 45.0], [52.0, 50.0], [53.0, 55.0]]
    samples = [Sample(np.array(own), np.full(DRAWS, np.mean(own))) for own in values]
    found = line(sizes, samples)
    fitted = stats.linregress(np.log10(sizes), np.mean(values, 1))
    assert (found.slope.value, found.at_one) == pytest.approx((fitted.slope, fitted.intercept))
    each = [stats.linregress(np.log10(sizes), [own[i] for own in values]).slope for i in (0, 1)]
    test = stats.ttest_1samp(each, 0)
    assert (found.slope.p, found.slope.low) == pytest.approx((test.pvalue, test.confidence_interval(0.95)[0]))
    with pytest.raises(ValueError, match="two sizes"):
        line([1e6, 1e6], samples[:2])
