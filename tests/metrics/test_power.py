"""What could have been found, and what would decide: against the noncentral t distribution and on drawn data."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from scipy import stats

from xfer.metrics.intervals import Variance, half_width
from xfer.metrics.power import decision_need, smallest_effect, with_rows, with_seeds
from xfer.metrics.significance import dunnett, first_level


def of_seeds(variance: float, seeds: int) -> Variance:
    """Rows add nothing; ``variance`` is that of one training."""
    return Variance(0.0, 0.0, variance / seeds, 999, seeds - 1)


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
@pytest.mark.parametrize("level", [0.05, 0.004])
def test_the_smallest_effect_has_the_power_of_a_t_test(seeds: int, level: float) -> None:
    size = smallest_effect(of_seeds(4.0, seeds), level)
    critical = stats.t.isf(level / 2, seeds - 1)
    assert stats.nct.sf(critical, seeds - 1, size / (4.0 / seeds) ** 0.5) == pytest.approx(0.8, abs=1e-4)


def test_of_a_single_seed_it_is_that_of_a_normal_test_over_rows() -> None:
    parts = Variance(0.25, 0.0, 0.0, 10**6, 0)
    assert smallest_effect(parts) == pytest.approx(0.5 * (1.959964 + 0.841621), abs=1e-4)


def test_the_seeds_that_decide_are_the_first_with_enough_power() -> None:
    for difference in (1.5, 2.0, 4.0):
        need = decision_need(of_seeds(4.0, 3), difference)
        assert need.rows is None and need.seeds
        assert smallest_effect(of_seeds(4.0, need.seeds)) <= difference < smallest_effect(of_seeds(4.0, need.seeds - 1))


def test_the_seeds_of_an_equivalence_are_the_first_whose_interval_is_inside_the_bound() -> None:
    need = decision_need(of_seeds(4.0, 3), 0.1, bound=1.0)
    assert need.seeds
    assert half_width(of_seeds(4.0, need.seeds)) < 0.9 <= half_width(of_seeds(4.0, need.seeds - 1))
    assert decision_need(of_seeds(4.0, 3), 0.1).seeds is None  # without a bound nothing can be told of it


def test_where_rows_are_too_few_more_of_them_are_asked_for() -> None:
    parts = Variance(1.0, 0.0, 0.0, 999, 4)  # trainings are all alike
    need = decision_need(parts, 1.0)
    assert need.seeds is None and need.rows == pytest.approx((1.959964 + 0.841621) ** 2, rel=0.13)  # steps of 12%
    assert decision_need(parts, 0.01) == (None, None)
    assert decision_need(parts._replace(seed_freedom=0), 1.0) == (None, None)  # one seed


def test_more_seeds_leave_what_rows_do_and_more_rows_leave_what_trainings_do() -> None:
    parts = Variance(3.0, 1.0, 5.0, 99, 1)
    assert with_seeds(parts, 4) == Variance(3.0, 0.5, 2.5, 99, 3)
    assert with_rows(parts, 2.0) == Variance(1.5, 0.5, 4.5, 198, 1)


def test_the_first_level_is_what_the_correction_makes_of_five_percent() -> None:
    for names, correlations in ((["a"], {"a": 0.5}), (["a"] * 4, {"a": 0.5}), (["a", "b"], {"a": 0.0, "b": 0.3})):
        level = first_level(names, correlations)
        assert max(dunnett([level] * len(names), names, correlations)) == pytest.approx(0.05)


@pytest.fixture(scope="module")
def coverage() -> Iterator[ModuleType]:
    path = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_of_power", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("deviation", [0, 3])
def test_the_smallest_effect_is_found_in_four_of_five_repeats(coverage: ModuleType, deviation: int) -> None:
    found: list[dict[str, Any]] = coverage.powers(200, deviation, 20)
    assert [row["seeds"] for row in found] == [2, 3, 5, 10]
    assert all(coverage.faults(row) == [] and 0.73 < row["power"] < 0.87 for row in found), found


def test_a_power_that_is_not_kept_is_out_of_bounds(coverage: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "smallest_effect", lambda parts: 2 * parts.total**0.5)  # no heed of few seeds
    assert all("power" in coverage.faults(row) for row in coverage.powers(200, 3, 20)[:2])


def test_equal_systems_are_rarely_found_to_differ(coverage: ModuleType) -> None:
    for row in coverage.interactions(200, 3, 20):
        assert coverage.faults(row) == [] and max(row["alike"], row["unlike"]) < 0.075, row
