"""The test of interaction: against the test of a difference, textbooks, and data whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from xfer.metrics import interaction
from xfer.metrics.interaction import f_quantile, interaction_p, orthonormal_contrasts, row_products
from xfer.metrics.intervals import Sample, judge


def drawn(draw: np.random.Generator, seeds: int, spreads: Sequence[float], leads: Sequence[float] = ()) -> list[Sample]:
    """Effects on the same 300 rows; ``spreads`` are deviations between trainings, ``leads`` the true effects."""
    count = len(spreads)
    shared = draw.normal(size=(1, 1, 300)) + 0.7 * draw.normal(size=(count, 1, 300))
    rows = shared + draw.normal(size=(count, seeds, 300))
    values = rows.mean(2) + np.array(spreads)[:, None] * draw.normal(size=(count, seeds))
    values += np.array(leads or [0.0] * count)[:, None]
    errors = (rows - rows.mean(2, keepdims=True)) / 300
    return [Sample(values[i], errors[i], np.arange(300)) for i in range(count)]


@pytest.mark.parametrize("seeds", [1, 2, 3, 6])
def test_of_two_effects_it_is_the_test_of_their_difference(seeds: int) -> None:
    for number in range(5):
        one, other = drawn(np.random.default_rng([number, seeds]), seeds, (0.05, 0.05), (0.1, 0.0))
        assert interaction_p([one, other]) == pytest.approx(judge(one - other).p, rel=1e-6)


def test_without_chance_of_rows_it_is_the_repeated_measures_f_of_greenhouse_and_geisser() -> None:
    """Worked out another way: from sums of squares, and epsilon from the doubly centred covariance."""
    values = np.random.default_rng(1).normal(size=(4, 6)) + np.array([[0.8], [0.0], [-0.5], [0.2]])
    k, n = values.shape
    between = n * ((values.mean(1) - values.mean()) ** 2).sum() / (k - 1)
    rest = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
    within = (rest**2).sum() / ((k - 1) * (n - 1))
    covariance = np.cov(values)
    centred = covariance - covariance.mean(0) - covariance.mean(1)[:, None] + covariance.mean()
    epsilon = np.trace(centred) ** 2 / ((k - 1) * (centred**2).sum())
    expected = stats.f.sf(between / within, epsilon * (k - 1), epsilon * (k - 1) * (n - 1))
    samples = [Sample(row, np.zeros((n, 3)), np.arange(3)) for row in values]
    assert 0.001 < expected < 0.5
    assert interaction_p(samples) == pytest.approx(expected, rel=1e-6)


def test_products_are_of_rows_with_equal_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "KEYS_AT_ONCE", 2)
    one = Sample(np.zeros(1), np.array([[1.0, 2.0, 3.0]]), np.array([2, 5, 9]))
    other = Sample(np.zeros(1), np.array([[4.0, 5.0, 6.0]]), np.array([5, 7, 9]))
    assert row_products([one, other]).reshape(2, 2).tolist() == [[14.0, 2 * 4 + 3 * 6], [26.0, 77.0]]


def test_contrasts_are_orthonormal_and_blind_to_what_is_common() -> None:
    turn = orthonormal_contrasts(5)
    assert turn @ turn.T == pytest.approx(np.eye(4)) and turn @ np.ones(5) == pytest.approx(np.zeros(4))


def test_quantiles_of_f_are_scipys() -> None:
    for above, below, level in ((3, 6, 0.05), (1.4, 2.8, 0.01), (7, 1_000, 1e-6)):
        assert f_quantile(above, below, level) == pytest.approx(stats.f.isf(level, above, below))


def false_positives(seeds: int, spreads: Sequence[float], repeats: int = 400) -> float:
    draw = np.random.default_rng([seeds, len(spreads)])
    return float(np.mean([interaction_p(drawn(draw, seeds, spreads)) < 0.05 for _ in range(repeats)]))


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("spreads", [(0.0,) * 4, (0.1,) * 4, (0.1, 0.1, 0.1, 0.4)])
def test_equal_effects_are_rarely_found_to_differ(seeds: int, spreads: tuple[float, ...]) -> None:
    assert false_positives(seeds, spreads) <= 0.07


def test_without_its_degrees_of_freedom_it_would_find_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    unlike = 0.1, 0.1, 0.1, 1.0
    assert false_positives(5, unlike, 800) <= 0.065
    monkeypatch.setattr(interaction, "effective_degrees", lambda covariance: float(len(covariance)))
    assert false_positives(5, unlike, 800) > 0.09


def test_opposite_effects_are_found() -> None:
    draw = np.random.default_rng(3)
    found = [interaction_p(drawn(draw, 5, (0.1,) * 4, (0.5, -0.5, 0.0, 0.0))) for _ in range(50)]
    assert np.mean(np.array(found) < 0.05) > 0.9


def test_one_effect_is_refused_and_equal_ones_do_not_differ() -> None:
    same = Sample(np.ones(2), np.zeros((2, 3)), np.arange(3))
    assert interaction_p([same, same, same]) == 1.0
    with pytest.raises(ValueError, match="two effects or more"):
        interaction_p([same])
