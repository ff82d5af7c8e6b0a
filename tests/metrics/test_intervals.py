"""The estimator of intervals and p values: by hand, against scipy and statsmodels, and its coverage by integration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from xfer.metrics.intervals import (
    FLOOR,
    LEAST_P,
    Estimate,
    Ratio,
    Sample,
    Variance,
    half_width,
    judge,
    mean,
    p_value,
    percentile_interval,
    sample,
    variance,
    variance_of,
)


def hits(right: np.ndarray, keys: np.ndarray | None = None) -> Sample:
    """The accuracy of marks [seeds, rows]."""
    return sample(Ratio(right.astype(float), np.ones(right.shape)), keys)


def f1(counts: np.ndarray) -> Ratio:
    """Of (right, predicted, gold) [seeds, rows, 3]."""
    return Ratio(2.0 * counts[:, :, 0], counts[:, :, 1:].sum(2).astype(float))


def hard_counts(rows: int, seeds: int) -> np.ndarray:
    draw = np.random.default_rng(rows)
    gold = np.tile(draw.integers(0, 4, rows), (seeds, 1))
    predicted = draw.integers(0, 4, (seeds, rows))
    right = draw.integers(0, np.minimum(gold, predicted) + 1)
    return np.stack([right, predicted, gold], 2)


# ratios of sums


def test_the_f1_of_a_corpus_is_no_mean_over_sentences() -> None:
    ratio = Ratio(np.array([[2.0, 0.0]]), np.array([[2.0, 8.0]]))  # a short sentence right, a long one all wrong
    assert ratio.value == 0.2
    assert ratio.take_rows([0]).value == 1.0 and ratio.take_rows([1]).value == 0.0


def test_nothing_to_find_and_nothing_found_is_zero() -> None:
    nothing = Ratio(np.zeros((2, 5)), np.zeros((2, 5)))
    assert nothing.value == 0.0 and percentile_interval(sample(nothing)) == (0.0, 0.0)


def test_the_point_is_the_mean_over_seeds_of_each_seeds_ratio() -> None:
    ratio = Ratio(np.array([[1.0, 0.0], [3.0, 1.0]]), np.array([[1.0, 1.0], [4.0, 4.0]]))
    assert ratio.seed_values == [0.5, 0.5] and ratio.value == sample(ratio).value == 0.5
    assert Ratio(np.array([[1.0], [1.0]]), np.array([[1.0], [4.0]])).value == 0.625  # not 2/5


# what each row adds


def test_the_error_of_a_row_is_what_a_little_more_of_it_would_change() -> None:
    ratio = f1(hard_counts(40, 2))
    found, step, rows = sample(ratio), 1e-6, 40
    for row in range(rows):
        weights = np.ones(rows)
        weights[row] += step
        moved = (ratio.top @ weights / (ratio.bottom @ weights) - np.array(ratio.seed_values)) / step
        assert found.errors[:, row] == pytest.approx(moved * np.sqrt(rows / (rows - 1)), abs=1e-6)


def test_the_variance_of_a_mean_is_without_bias() -> None:
    right = np.random.default_rng(1).random((1, 50)) < 0.3
    assert float(variance(hits(right)).rows) == pytest.approx(right.var(ddof=1) / 50)


def test_the_parts_are_those_of_the_analysis_of_variance() -> None:
    """Two crossed random effects: expected mean squares of rows, seeds and the rest (Searle et al. 1992)."""
    formula = pytest.importorskip("statsmodels.formula.api")
    anova = pytest.importorskip("statsmodels.stats.anova")
    pandas = pytest.importorskip("pandas")
    draw, seeds, rows = np.random.default_rng(2), 4, 30
    values = draw.normal(0, 2, rows)[None, :] + draw.normal(0, 1, seeds)[:, None] + draw.normal(0, 1, (seeds, rows))
    table = [(s, r, values[s, r]) for s in range(seeds) for r in range(rows)]
    fitted = formula.ols("value ~ C(seed) + C(row)", pandas.DataFrame(table, columns=["seed", "row", "value"])).fit()
    square = anova.anova_lm(fitted)["mean_sq"]
    found = variance(hits(values))
    assert float(found.noise) == pytest.approx(square["Residual"] / (rows * seeds))
    assert float(found.rows) == pytest.approx((square["C(row)"] - square["Residual"]) / (rows * seeds))
    assert float(found.seeds) == pytest.approx(square["C(seed)"] / (rows * seeds))
    assert (found.row_freedom, found.seed_freedom) == (29, 3)


def test_a_sample_and_its_products_have_one_variance() -> None:
    """As the simulation of ``benchmarks/coverage.py`` takes it, many at once."""
    several = [sample(f1(hard_counts(40 + i, 3))) for i in range(3)]
    values = np.stack([one.seeds for one in several])
    products = np.stack([one.errors @ one.errors.T for one in several])
    whole = variance_of(values, products, 40)
    for i, one in enumerate(several):
        assert [part[i] for part in whole[:3]] == pytest.approx(list(map(float, variance(one)[:3])))


# intervals by hand


def test_seeds_alone_give_the_interval_of_a_t_test() -> None:
    values = np.array([1.0, 2.0, 4.0, 3.5, 2.5])
    for seeds in (values, values[:3], values[:2]):
        found, test = judge(Sample(seeds, np.zeros((len(seeds), 9)), np.arange(9))), stats.ttest_1samp(seeds, 0)
        low, high = test.confidence_interval(0.95)
        assert (found.low, found.high, found.p) == pytest.approx((low, high, test.pvalue))
        assert found.effect == pytest.approx(test.statistic)


def test_three_seeds_that_differ_on_many_rows_have_students_interval() -> None:
    """At 70, 72 and 74 points on 50,000 rows; resampling the seeds gave [70, 74]."""
    rows = np.arange(50_000) % 100
    found = judge(hits(np.stack([rows < 70, rows < 72, rows < 74])))
    low, high = stats.t.interval(0.95, 2, 0.72, 0.02 / np.sqrt(3))
    assert (found.low, found.high) == (pytest.approx(low, abs=3e-4), pytest.approx(high, abs=3e-4))
    assert found.low <= low and high <= found.high  # the rows add a little


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_equal_runs_give_the_interval_of_a_t_test_over_rows(seeds: int) -> None:
    """One run, or several that answer alike: nothing but rows is left to chance."""
    right = np.tile(np.random.default_rng(3).random(60) < 0.7, (seeds, 1)).astype(float)
    test = stats.ttest_1samp(right[0], 0)
    low, high = test.confidence_interval(0.95)
    found = judge(hits(right))
    assert (found.low, found.high, found.p) == (pytest.approx(low), pytest.approx(high), pytest.approx(test.pvalue))


def test_the_parts_are_added_each_with_its_own_quantile() -> None:
    parts, rows, seeds = Variance(4.0, 0.5, 3.0, 99, 2), stats.t.ppf(0.975, 99), stats.t.ppf(0.975, 2)
    assert half_width(parts) == pytest.approx(np.sqrt(4 * rows**2 + 3 * seeds**2))
    least = parts._replace(seeds=0.0)  # the three came out equal: the noise of rows says by chance
    assert half_width(least) == pytest.approx(rows * np.sqrt(4 + FLOOR * 0.5))
    assert half_width(parts, 0.01) == pytest.approx(
        np.sqrt(4 * stats.t.ppf(0.995, 99) ** 2 + 3 * stats.t.ppf(0.995, 2) ** 2)
    )


def test_of_two_seeds_the_wider_part_counts() -> None:
    rows, seeds = stats.t.ppf(0.975, 99), stats.t.ppf(0.975, 1)
    assert half_width(Variance(4.0, 0.5, 3.0, 99, 1)) == pytest.approx(seeds * np.sqrt(3))
    assert half_width(Variance(4.0, 0.5, 0.01, 99, 1)) == pytest.approx(rows * np.sqrt(4 + FLOOR * 0.5))


def test_no_spread_is_no_doubt() -> None:
    assert judge(hits(np.ones((2, 8)))) == Estimate(1.0, 1.0, 1.0, 0.0, 0.0)
    assert judge(hits(np.zeros((1, 8)))).p == 1.0
    third = judge(Sample(np.full(3, 0.1) * 3, np.zeros((3, 4)), np.arange(4)))  # what rounding leaves is no spread
    assert third.low == third.value == third.high and third.p == 0.0


parts_strategy = some.builds(
    Variance,
    some.floats(0, 10),
    some.floats(0, 10),
    some.floats(0, 10),
    some.integers(1, 10_000),
    some.integers(0, 9),
)


@given(parts_strategy, some.floats(0.01, 100))
def test_p_is_the_level_whose_interval_ends_at_zero(parts: Variance, distance: float) -> None:
    p = p_value(distance, parts)
    assert (p < 0.05) == (half_width(parts) < distance) or p == pytest.approx(0.05)
    if LEAST_P < p < 1:
        assert half_width(parts, p) == pytest.approx(distance, rel=1e-6)
    assert p_value(-distance, parts) == p and p_value(0.0, parts._replace(rows=1.0)) == 1.0


# coverage, by integration over what the seeds may show


def coverage(seeds: int, noise: float, trainings: float, level: float = 0.05) -> float:
    """How often the interval covers where rows and noise have the variance 1, and trainings ``trainings`` beside."""
    share = (np.arange(4_000) + 0.5) / 4_000
    places, weights = share**3, 3 * share**2 / (3 * share**2).sum()  # finer where the seeds come out alike
    between = (noise + trainings) * stats.chi2.ppf(places, seeds - 1) / (seeds - 1)
    half = half_width(Variance(1 - noise, noise, between, 10**7, seeds - 1), level)
    return float(weights @ (2 * stats.norm.cdf(half / np.sqrt(1 + trainings)) - 1))


@pytest.mark.parametrize("seeds", [2, 3, 4, 5, 10])
def test_coverage_is_never_below_the_nominal_one_and_never_far_above(seeds: int) -> None:
    """Whatever share of the variance is the rows', the noise's, and the trainings'."""
    found = [
        coverage(seeds, noise, trainings)
        for noise in (0.0, 0.1, 0.3, 0.6, 0.9, 1.0)
        for trainings in (0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 100, 10_000)
    ]
    assert min(found) >= 0.9495 and max(found) <= 0.983
    assert coverage(seeds, 0.0, 0.0) == pytest.approx(0.95, abs=1e-4)
    assert coverage(seeds, 0.5, 1e6) == pytest.approx(0.95, abs=1e-3)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_small_levels_hold_as_well(seeds: int) -> None:
    """Corrections for several comparisons ask for them."""
    for level in (0.01, 0.001):
        for noise in (0.0, 0.5, 1.0):
            for trainings in (0, 0.1, 1, 10, 1_000):
                assert 1 - coverage(seeds, noise, trainings, level) <= 1.01 * level


def test_the_degrees_of_freedom_of_satterthwaite_do_not() -> None:
    """Why the quantiles are kept apart: taken from the data itself, two seeds' degrees are often thousands."""
    between = stats.chi2.ppf((np.arange(20_000) + 0.5) / 20_000, 1)  # two seeds whose trainings differ as rows do
    free = (1 + between) ** 2 / between**2
    covered = 2 * stats.norm.cdf(stats.t.ppf(0.975, free) * np.sqrt(1 + between) / np.sqrt(2)) - 1
    assert covered.mean() < 0.93


# samples as numbers


def test_samples_are_paired() -> None:
    right = np.random.default_rng(3).random((2, 60)) < 0.5
    nothing = hits(right) - hits(right.copy())
    assert judge(nothing) == Estimate(0.0, 0.0, 0.0, 1.0, 0.0)
    whole = mean([hits(right[:, :30]), hits(right[:, 30:], np.arange(30, 60))])
    assert whole.value == pytest.approx(right.mean()) and len(whole.keys) == 60
    assert percentile_interval(whole) == pytest.approx(percentile_interval(hits(right)), abs=0.02)
    with pytest.raises(ValueError, match="2 and 1 seeds"):
        hits(right) - hits(right[:1])
    with pytest.raises(ValueError, match="nothing to average"):
        mean([])


def test_paired_differences_are_narrower_than_unpaired_ones() -> None:
    draw = np.random.default_rng(3)
    before = (draw.random((1, 300)) < 0.7).astype(float)
    after = before * (draw.random((1, 300)) < 0.9)  # an attack breaks a tenth of what was right
    paired, unpaired = hits(before) - hits(after), hits(before) - hits(after, np.arange(300, 600))
    assert float(half_width(variance(paired))) < 0.7 * float(half_width(variance(unpaired)))
    assert judge(paired).value == judge(unpaired).value == pytest.approx(before.mean() - after.mean())
    test = stats.ttest_rel(before[0], after[0]).confidence_interval(0.95)
    assert percentile_interval(paired) == (pytest.approx(test.low), pytest.approx(test.high))


def test_translations_of_a_row_are_one_draw() -> None:
    hard = np.random.default_rng(4).random(200) < 0.6  # all eleven languages find the same rows hard
    marks = np.tile(hard, (2, 1))
    parallel, apart = [hits(marks)] * 11, [hits(marks, np.arange(i * 200, (i + 1) * 200)) for i in range(11)]
    wide, narrow = (float(half_width(variance(mean(several)))) for several in (parallel, apart))
    assert wide == pytest.approx(float(half_width(variance(hits(marks)))))
    assert narrow == pytest.approx(wide / np.sqrt(11), rel=0.01)


def test_rows_that_only_one_side_has_are_chance_of_its_own() -> None:
    right = np.random.default_rng(5).random((1, 90)) < 0.5
    first, second = hits(right[:, :60], np.arange(60)), hits(right[:, 30:], np.arange(30, 90))
    both = first + second
    assert both.keys.tolist() == list(range(90))
    cross = 2 * float((first.errors[0, 30:] * second.errors[0, :30]).sum())
    assert float(variance(both).rows) == pytest.approx(
        float(variance(first).rows) + float(variance(second).rows) + cross
    )


def test_rows_of_one_key_are_one_draw() -> None:
    right = np.array([[1, 0, 1, 1, 0, 0]])
    twice = hits(np.concatenate([right, right], 1), np.array([*range(6), *range(6)]))
    assert twice.keys.tolist() == list(range(6))
    assert float(variance(twice).rows) == pytest.approx(float(variance(hits(right)).rows) * (12 / 11) / (6 / 5))


def test_a_ratio_is_of_the_means_over_seeds_and_its_errors_are_to_first_order() -> None:
    draw = np.random.default_rng(6)
    top, bottom = hits(draw.random((3, 80)) < 0.4), hits(draw.random((3, 80)) < 0.8)
    found = top / bottom
    assert found.value == pytest.approx(top.value / bottom.value)
    step = 1e-6
    for seed in range(3):
        moved = Sample(top.seeds + step * (np.arange(3) == seed), top.errors, top.keys)
        assert 3 * ((moved / bottom).value - found.value) / step == pytest.approx(1 / bottom.value, rel=1e-5)
    assert found.errors == pytest.approx((top.errors - found.value * bottom.errors) / bottom.value)
    assert (top / hits(np.zeros((3, 80)))).value == 0.0 and (top / 2).value == pytest.approx(top.value / 2)


def test_samples_of_other_rows_add_up_row_by_row() -> None:
    one = Sample(np.array([0.5, 0.7]), np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([1, 2]))
    two = Sample(np.array([0.2, 0.1]), np.array([[0.01, 0.02], [0.03, 0.04]]), np.array([2, 3]))
    for total, sign in ((one + two, 1), (one - two, -1)):
        assert total.keys.tolist() == [1, 2, 3]
        assert total.seeds == pytest.approx(one.seeds + sign * two.seeds)
        wanted = [[0.1, 0.2 + sign * 0.01, sign * 0.02], [0.3, 0.4 + sign * 0.03, sign * 0.04]]
        assert total.errors == pytest.approx(np.array(wanted))


def test_a_ratio_of_samples_moves_with_the_seeds_of_its_top_and_against_those_of_its_bottom() -> None:
    rows, keys = np.zeros((2, 2)), np.array([4, 9])
    top, still = Sample(np.array([0.2, 0.4]), rows + 0.1, keys), Sample(np.array([0.5, 0.5]), rows, keys)
    assert (top / still).seeds == pytest.approx([0.4, 0.8]) and (top / still).keys.tolist() == [4, 9]
    assert (top / still).errors == pytest.approx(np.full((2, 2), 0.2))
    bottom = Sample(np.array([0.4, 0.6]), rows, keys)
    assert (still / bottom).seeds == pytest.approx([1 + 0.2, 1 - 0.2])  # to first order around 0.5 / 0.5
    assert (top / Sample(np.zeros(2), rows, keys)).seeds.tolist() == [0.0, 0.0]


def test_without_any_chance_a_difference_is_certain_and_none_is_none() -> None:
    keys, rows = np.array([1, 2]), np.zeros((3, 2))
    assert judge(Sample(np.full(3, 0.25), rows, keys)).p == 0.0
    assert judge(Sample(np.zeros(3), rows, keys)).p == 1.0
