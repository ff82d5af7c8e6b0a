"""A small part of ``benchmarks/coverage.py``: intervals cover where the truth is known, and the simulation can tell."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import stats

from xfer.metrics.intervals import Variance

FEWER = 40  # times fewer repeats than the benchmark: 500


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_benchmark", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def measured(coverage: ModuleType, metric: str, deviation: int, rows: int = 200) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = coverage.cells(metric, rows, deviation, FEWER)
    return found


@pytest.mark.parametrize("metric", ["accuracy", "f1", "languages", "difference"])
def test_cells_of_few_rows_are_in_bounds(coverage: ModuleType, metric: str) -> None:
    for deviation in (0, 3):
        for row in measured(coverage, metric, deviation):
            assert coverage.faults(row) == [], row
            assert row["coverage"] > 0.93 and row["false"] < 0.075


def test_no_more_false_positives_in_a_family_than_in_one_test(coverage: ModuleType) -> None:
    for row in coverage.families(200, 3, FEWER // 2):
        assert coverage.faults(row) == [], row
        assert row["dunnett"] >= row["holm"] and row["none"] > 0.09


def satterthwaite(parts: Variance, level: float = 0.05) -> Any:
    """What studies had before: degrees of freedom from the data itself."""
    rows, seeds = parts.rows + parts.noise, parts.seeds
    free = (rows + seeds) ** 2 / (rows**2 / 1e9 + seeds**2 / parts.seed_freedom)
    return stats.t.isf(level / 2, free) * np.sqrt(rows + seeds)


def without_seeds(parts: Variance, level: float = 0.05) -> Any:
    return stats.norm.isf(level / 2) * np.sqrt(parts.rows + parts.noise)


@pytest.mark.parametrize("wrong", [satterthwaite, without_seeds])
def test_wrong_estimators_are_out_of_bounds(coverage: ModuleType, monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
    monkeypatch.setattr(coverage, "half_width", wrong)
    two_seeds = measured(coverage, "accuracy", 3, rows=2_000)[0]
    assert two_seeds["seeds"] == 2 and "false" in coverage.faults(two_seeds)


def test_truths_are_those_of_many_rows_and_trainings(coverage: ModuleType) -> None:
    draw = np.random.default_rng(1)
    for world in (*coverage.pair("f1"), *coverage.pair("languages"), *coverage.pair("accuracy")):
        found = [coverage.draw(draw, [world], 10, 4_000, 0.03).values.mean() for _ in range(20)]
        assert np.mean(found) == pytest.approx(world.truth(0.03), abs=0.01)
        spread = np.concatenate([coverage.draw(draw, [world], 10, 4_000, 0.03).values[0] for _ in range(20)]).std()
        assert spread == pytest.approx(0.03, abs=0.008)


def test_a_cell_is_out_of_bounds_beyond_the_chance_of_the_simulation(coverage: ModuleType) -> None:
    row = {"coverage": 0.95, "false": 0.05, "repeats": 10_000}
    assert coverage.faults(row) == [] == coverage.faults(row | {"coverage": 0.937, "false": 0.058})
    assert coverage.faults(row | {"coverage": 0.93, "false": 0.07}) == ["coverage", "false"]
    assert coverage.faults(row | {"coverage": 0.99}) == ["coverage"]
    assert coverage.faults({"dunnett": 0.08, "holm": 0.01, "repeats": 10_000}) == ["dunnett"]
