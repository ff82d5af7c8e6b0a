"""Ranks with ties: what cannot be told apart shares one."""

from __future__ import annotations

import numpy as np
from simulated_study import BASE, simulated_cells, simulated_study

from xfer.metrics.intervals import Sample
from xfer.recipe.study import Study
from xfer.reports.study.ranks import compared_axis, level_ranks, tied_ranks


def sure(value: float, error: float) -> Sample:
    """A value with so large a standard error over rows, the same under two seeds."""
    steps = error * np.array([1.0, -1.0]) / np.sqrt(2)
    return Sample(np.array([value, value]), np.tile(steps, (2, 1)), np.arange(2) + round(1e6 * value))


def test_a_rank_is_one_more_than_the_number_of_better_levels() -> None:
    far = {"a": sure(0.9, 1e-4), "b": sure(0.8, 1e-4), "c": sure(0.7, 1e-4)}
    assert tied_ranks(far) == {"a": 1, "b": 2, "c": 3}
    near = {"a": sure(0.9, 0.1), "b": sure(0.8, 0.1), "c": sure(0.7, 0.1)}
    assert tied_ranks(near) == {"a": 1, "b": 1, "c": 1}


def test_methods_that_are_alike_share_a_rank() -> None:
    rows = level_ranks(simulated_cells({"freelb": 0.1, "pgd": -0.1}, 5), simulated_study())
    over_all = [(row["level"], row["rank"]) for row in rows if not row["levels"]]
    assert over_all[0] == ("freelb", 1) and over_all[-1] == ("pgd", 5)
    assert {rank for _, rank in over_all[1:-1]} == {2} and {name for name, _ in over_all[1:-1]} >= {BASE}
    assert [row["levels"] for row in rows if row["level"] == "pgd"] == [{}, {"target": "xnli"}, {"target": "pawsx"}]


def test_a_level_that_lacks_cells_is_ranked_where_all_levels_are() -> None:
    cells = [cell for cell in simulated_cells({"pgd": -0.2}, 3) if cell.levels != {"method": "pgd", "target": "xnli"}]
    rows = level_ranks(cells, simulated_study())
    whole = {row["level"]: row["value"] for row in rows if not row["levels"]}
    alone = {row["level"]: row["value"] for row in rows if row["levels"] == {"target": "pawsx"}}
    assert whole == alone and "pgd" not in {row["level"] for row in rows if row["levels"] == {"target": "xnli"}}


def test_an_evaluation_that_some_cells_have_alone_is_ranked_among_these() -> None:
    rows = level_ranks(simulated_cells({"pgd": -0.2}, 3, names={"pawsx": "distractor"}), simulated_study())
    targets = {row["evaluation"]: row["levels"] for row in rows}
    assert targets == {"clean": {"target": "xnli"}, "distractor": {"target": "pawsx"}}


def test_the_axis_is_that_of_the_comparison_else_of_the_first_hypothesis() -> None:
    study = simulated_study()
    assert compared_axis(study) == "method"
    assert compared_axis(study.model_copy(update={"compare": None})) == "method"
    bare: Study = study.model_copy(update={"compare": None, "hypotheses": {}})
    assert compared_axis(bare) is None and level_ranks([], bare) == []
