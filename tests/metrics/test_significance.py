"""Several comparisons at once: against scipy and statsmodels, by hand, and on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xfer.metrics.intervals import Ratio, Sample, judge, mean, sample
from xfer.metrics.significance import EQUAL, dunnett, fit_line, holm_adjust, mcnemar_test, shared_correlation


def hits(right: np.ndarray) -> Sample:
    """The accuracy of marks [seeds, rows]."""
    return sample(Ratio(right.astype(float), np.ones(right.shape)))


def seeds_only(values: np.ndarray) -> Sample:
    """An estimate that rows add no chance to."""
    return Sample(values, np.zeros((len(values), 3)), np.arange(3))


# corrections


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
    assert holm_adjust(ps) == pytest.approx(adjusted)


def test_holm_equals_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    draw = np.random.default_rng(1)
    for count in (1, 2, 7, 40):
        ps = (draw.random(count) ** 3).tolist()
        assert holm_adjust(ps) == pytest.approx(multitest.multipletests(ps, method="holm")[1].tolist())


def test_without_correlation_dunnett_is_holm_after_sidak_as_statsmodels_has_it() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    draw = np.random.default_rng(2)
    for count in (1, 2, 7, 40):
        ps = (draw.random(count) ** 3).tolist()
        found = multitest.multipletests(ps, method="holm-sidak")[1].tolist()
        assert dunnett(ps, ["base"] * count, {"base": 0.0}) == pytest.approx(found)
        assert dunnett(ps, list(range(count)), dict.fromkeys(range(count), EQUAL)) == pytest.approx(found)


@pytest.mark.parametrize(("others", "critical"), [(1, 1.96), (2, 2.21), (3, 2.35), (5, 2.51), (9, 2.69)])
def test_dunnetts_own_table(others: int, critical: float) -> None:
    """Two-sided critical values of equal designs with infinite degrees of freedom (Dunnett 1964, table II)."""
    ps = [2 * float(stats.norm.sf(critical))] * others
    assert dunnett(ps, ["base"] * others, {"base": EQUAL})[0] == pytest.approx(0.05, abs=7e-4)


def test_the_least_p_is_that_of_scipys_dunnett() -> None:
    """Uncorrelated groups of equal variance; ours are paired and pool nothing, which many seeds make good."""
    seeds, leads = 2_000, (0.0, 0.045, 0.075, -0.06, 0.03)
    drawn = np.random.default_rng(3).normal(size=(seeds, 7))
    drawn[:, 0] = 1.0  # what is at right angles to it has the mean 0
    even = np.linalg.qr(drawn)[0][:, 1:] * np.sqrt(seeds - 1)
    base, others = even[:, 0], [even[:, i + 1] + lead for i, lead in enumerate(leads)]
    theirs = stats.dunnett(*others, control=base, rng=np.random.default_rng(4)).pvalue
    differences = [seeds_only(other) - seeds_only(base) for other in others]
    correlation = shared_correlation(differences)
    ours = dunnett([judge(one).p for one in differences], ["base"] * 5, {"base": correlation})
    assert correlation == pytest.approx(0.5, abs=0.01)
    assert min(ours) == pytest.approx(min(theirs), rel=0.05) and 0.01 < min(ours) < 0.1
    assert all(own <= one + 2e-3 for own, one in zip(ours, theirs, strict=True))  # ours goes on step by step


def test_a_shared_baseline_asks_for_less_than_holm_and_for_more_than_one_test() -> None:
    ps = [0.011, 0.02, 0.3, 0.011]
    shared, apart = dunnett(ps, ["a"] * 4, {"a": EQUAL}), holm_adjust(ps)
    assert all(p - 1e-9 <= one <= other + 1e-9 for p, one, other in zip(ps, shared, apart, strict=True))
    assert shared[0] < apart[0]
    two = dunnett(ps, ["a", "b", "b", "a"], {"a": EQUAL, "b": EQUAL})
    assert shared[0] < two[0] < apart[0]
    assert dunnett([0.0, 1.0], ["a", "a"], {"a": EQUAL}) == [0.0, 1.0] and dunnett([], [], {}) == []


def test_the_correlation_of_differences_from_one_baseline() -> None:
    draw = np.random.default_rng(5)
    base, *others = (hits(draw.random((4, 3_000)) < 0.6) for _ in range(5))
    assert shared_correlation([other - base for other in others]) == pytest.approx(0.5, abs=0.12)
    assert shared_correlation(others) < 0.2
    assert shared_correlation([others[0], others[0]]) == EQUAL  # never more is counted on
    assert shared_correlation(others[:1]) == shared_correlation([hits(np.ones((2, 5)))] * 2) == 0.0


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_correlation_is_that_of_a_common_part_however_many_differences_there_are(count: int) -> None:
    drawn = np.random.default_rng(6).normal(size=(50, count + 2))
    drawn[:, 0] = 1.0  # what is at right angles to it has the mean 0
    apart = np.linalg.qr(drawn)[0][:, 1:]  # uncorrelated, of equal variance
    differences = [seeds_only(apart[:, i + 1] + 0.5 * apart[:, 0]) for i in range(count)]
    assert shared_correlation(differences) == pytest.approx(0.25 / 1.25)


# exact tests


def test_mcnemar_is_the_binomial_test_of_rows_on_which_they_differ() -> None:
    first = np.array([1] * 9 + [0] * 2 + [1] * 50 + [0] * 30)  # better on 9, worse on 2
    second = np.array([0] * 9 + [1] * 2 + [1] * 50 + [0] * 30)
    by_hand = 2 * sum(stats.binom.pmf(k, 11, 0.5) for k in (0, 1, 2))
    assert mcnemar_test(first, second) == pytest.approx(by_hand) == pytest.approx(0.0654296875)
    assert mcnemar_test(second, first) == pytest.approx(by_hand)
    assert mcnemar_test(first, first) == 1.0
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    assert mcnemar_test(first, second) == pytest.approx(tables.mcnemar([[50, 9], [2, 30]], exact=True).pvalue)


def test_mcnemar_and_holm_hold_their_level() -> None:
    draw, any_wrong, times = np.random.default_rng(20), 0, 300
    for _ in range(times):
        marks = draw.random((8, 150)) < draw.normal(0.6, 0.2, 150)[None, :]
        any_wrong += min(holm_adjust([mcnemar_test(marks[2 * i], marks[2 * i + 1]) for i in range(4)])) < 0.05
    assert any_wrong / times <= 0.07


# effects that are there, and some that are not


def runs(draw: np.random.Generator, seeds: int, rows: int, effect: float, spread: float) -> tuple[Sample, Sample]:
    """Two networks on the same rows: hardness is a row's, skill a run's, and the first is ``effect`` better."""
    hard = draw.normal(0.65, 0.15, rows)
    skill = draw.normal(0, spread, (2, seeds)) + np.array([[effect], [0]])
    first, second = (draw.random((seeds, rows)) < (hard[None, :] + own[:, None]) for own in skill)
    return hits(first), hits(second)


def test_more_rows_find_a_small_effect_more_often() -> None:
    draw, found = np.random.default_rng(30), []
    for rows in (50, 200, 800):
        tests = [judge(a - b).p < 0.05 for a, b in (runs(draw, 5, rows, 0.08, spread=0.01) for _ in range(60))]
        found.append(sum(tests) / 60)
    assert found[0] < found[1] < found[2] and found[2] > 0.9 and found[0] < 0.6


def test_an_effect_that_some_seeds_have_only_is_in_doubt() -> None:
    """Rows alone would call it certain: with seeds as a second source of chance it is not."""
    base = np.random.default_rng(40).random((3, 2000)) < 0.6
    moved = base.copy()
    moved[0, :400] = True  # one seed of three gains much
    found = judge(hits(moved) - hits(base))
    assert found.value > 0.02 and found.p > 0.2
    assert judge(hits(moved[:1]) - hits(base[:1])).p < 0.001


# lines over sizes


def test_a_line_by_hand_and_as_scipy_fits_it() -> None:
    sizes, values = [1e6, 1e7, 1e8, 3e8], [[40.0, 42.0], [45.0, 45.0], [52.0, 50.0], [53.0, 55.0]]
    samples = [seeds_only(np.array(own)) for own in values]
    found = fit_line(sizes, samples)
    fitted = stats.linregress(np.log10(sizes), np.mean(values, 1))
    assert (found.slope.value, found.at_one) == pytest.approx((fitted.slope, fitted.intercept))
    each = [stats.linregress(np.log10(sizes), [own[i] for own in values]).slope for i in (0, 1)]
    test = stats.ttest_1samp(each, 0)
    assert (found.slope.p, found.slope.low) == pytest.approx((test.pvalue, test.confidence_interval(0.95)[0]))
    assert mean(samples).value == pytest.approx(np.mean(values))
    assert (found.sizes, found.values) == (tuple(sizes), (41.0, 45.0, 51.0, 54.0))
    with pytest.raises(ValueError, match="two sizes"):
        fit_line([1e6, 1e6], samples[:2])
    with pytest.raises(ValueError, match="zip"):
        fit_line(sizes, samples[:3])


def test_two_sizes_make_a_line() -> None:
    found = fit_line([1e6, 1e8], [seeds_only(np.array([40.0, 42.0])), seeds_only(np.array([45.0, 45.0]))])
    assert (found.slope.value, found.at_one) == pytest.approx((2.0, 29.0))
