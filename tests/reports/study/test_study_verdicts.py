"""Verdicts of levels beside that of the mean, on simulated studies whose truth is known, in every format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from made_up_study import made_up
from simulated_study import METHODS, simulated_cells, simulated_study

from xfer.metrics.intervals import mean
from xfer.reports.study.page.html import study_page
from xfer.reports.study.page.plain import latex_study, markdown_study
from xfer.reports.study.page.tables import study_grids
from xfer.reports.study.ranks import level_ranks
from xfer.reports.study.verdicts import conclude_row, hypothesis_pairs, hypothesis_verdicts
from xfer.reports.table import csv_grid

OPPOSITE = {"freelb": 0.06, "pgd": -0.06}


def verdict(effects: dict[str, float], seeds: int, **hypothesis: Any) -> dict[str, Any]:
    (row,) = hypothesis_verdicts(simulated_cells(effects, seeds), simulated_study(**hypothesis))
    return row


def of_levels(row: dict[str, Any], axis: str) -> dict[str, str]:
    return {entry["level"]: entry["verdict"] for entry in row["breakdown"] if entry["axis"] == axis}


def test_an_effect_in_one_method_and_its_opposite_in_another_are_both_found() -> None:
    row = verdict(OPPOSITE, 5)
    assert of_levels(row, "method") == {
        "freelb": "supported",
        "pgd": "not supported",
        "smoothing": "undecided",
        "r3f": "undecided",
    }
    assert row["mean_verdict"] == "undecided" and row["verdict"] == "mixed"  # the mean alone says nothing
    by_axis = {entry["axis"]: entry for entry in row["interactions"]}
    method = by_axis["method"]
    assert method["differ"] and (method["lowest"], method["highest"]) == ("pgd", "freelb")
    assert not by_axis["target"]["differ"] and by_axis["comparison"]["effects"] == 8


def test_opposite_effects_of_one_method_on_two_targets_are_seen_between_single_comparisons() -> None:
    row = verdict({"freelb xnli": 0.1, "freelb pawsx": -0.1}, 5)
    differ = {entry["axis"]: entry["differ"] for entry in row["interactions"]}
    assert differ == {"method": False, "target": False, "comparison": True}


def test_an_effect_of_some_methods_alone_is_supported_in_part() -> None:
    found = verdict({"pgd": 0.06}, 10, expect="higher")
    assert found["mean_verdict"] in ("undecided", "supported")
    for of_mean, level, whole in (
        ("undecided", "supported", "supported in part"),
        ("equivalent", "supported", "supported in part"),
        ("undecided", "not supported", "contradicted in part"),
        ("supported", "not supported", "mixed"),
        ("supported", "undecided", "supported"),
        ("undecided", "undecided", "undecided"),
        ("not tested", "undecided", "not tested"),
    ):
        row = found | {"mean_verdict": of_mean, "breakdown": [found["breakdown"][0] | {"verdict": level}]}
        conclude_row(row)
        assert row["verdict"] == whole


def test_a_level_has_the_mean_of_its_comparisons() -> None:
    cells, study = simulated_cells(OPPOSITE, 3), simulated_study()
    (row,) = hypothesis_verdicts(cells, study)
    pairs = list(hypothesis_pairs(cells, study.hypotheses["help"]))
    for entry in row["breakdown"]:
        own = [pair.difference for pair in pairs if pair.levels[entry["axis"]] == entry["level"]]
        assert entry["difference"] == pytest.approx(100 * mean(own).value) and entry["comparisons"] == len(own)


def test_an_interval_inside_the_bound_is_equivalent_and_one_that_is_not_is_not() -> None:
    row = verdict({}, 10, equivalent_within=3.0)
    assert row["mean_verdict"] == row["verdict"] == "equivalent" and max(-row["low"], row["high"]) < 3.0
    assert verdict({}, 10)["verdict"] == "undecided"
    assert verdict({}, 10, equivalent_within=0.1)["mean_verdict"] == "undecided"
    sure = verdict(dict.fromkeys(METHODS, 0.02), 10, equivalent_within=9.0)
    assert sure["p"] < 0.05 and sure["verdict"] == "equivalent"  # a difference, but none that the study counts


def test_more_seeds_find_smaller_effects_and_an_undecided_mean_says_what_it_needs() -> None:
    few, many = verdict({}, 3), verdict({}, 10)
    assert few["smallest"] > 2 * many["smallest"] > 0
    assert "about" in few["details"][-1] or "neither" in few["details"][-1]
    decided = verdict(dict.fromkeys(METHODS, 0.2), 5)
    assert decided["verdict"] == "supported" and not any("would decide" in line for line in decided["details"])


def test_p_is_corrected_over_the_family_that_is_named() -> None:
    cells, study = simulated_cells(OPPOSITE, 5), simulated_study()
    one = study.hypotheses["help"].model_copy(update={"cells": {"method": ("freelb",)}})
    other = one.model_copy(update={"languages": "transfer"})

    def adjusted(families: tuple[str, str]) -> list[float]:
        pair = [each.model_copy(update={"family": f}) for each, f in zip((one, other), families, strict=True)]
        rows = hypothesis_verdicts(cells, study.model_copy(update={"hypotheses": dict(zip("ab", pair, strict=True))}))
        return [row["adjusted"] - row["p"] for row in rows]

    assert adjusted(("x", "y")) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert min(adjusted(("x", "x"))) >= 0 and max(adjusted(("x", "x"))) > 0


def test_of_equal_methods_verdicts_and_interactions_are_rarely_wrong() -> None:
    """A mean at 5%, its levels together at 5%, the tests of interaction together at 5%."""
    wrong = np.zeros(3)
    for number in range(80):
        (row,) = hypothesis_verdicts(simulated_cells({}, 3, number, rows=100), simulated_study())
        of_level = any(entry["verdict"] != "undecided" for entry in row["breakdown"])
        wrong += [row["mean_verdict"] != "undecided", of_level, any(entry["differ"] for entry in row["interactions"])]
    assert (wrong / 80 <= 0.125).all(), wrong  # three standard errors above 5%


@pytest.fixture(scope="module")
def page_data() -> dict[str, Any]:
    cells, study = simulated_cells(OPPOSITE, 5), simulated_study(equivalent_within=2.5)
    axes = {axis: list(levels) for axis, levels in study.vary.items()}
    found = made_up() | {
        "hypotheses": hypothesis_verdicts(cells, study),
        "ranks": level_ranks(cells, study),
        "axes": axes,
    }
    return found | {"cells": [], "records": [], "comparisons": [], "fits": [], "examples": []}


def csv_tables(data: dict[str, Any]) -> str:
    return "\n".join(map(csv_grid, study_grids(data)))


@pytest.mark.parametrize("write", [study_page, markdown_study, latex_study, csv_tables])
def test_every_format_shows_both_effects_ranks_and_power(page_data: dict[str, Any], write: Callable[..., str]) -> None:
    made = write(page_data)
    for words in ("mixed", "freelb", "not supported", "pgd", "smallest", "would decide", "rank"):
        assert words in made.casefold(), words


def test_the_page_says_it_in_sentences_and_not_undecided_of_the_whole(page_data: dict[str, Any]) -> None:
    made = study_page(page_data)
    assert "The effect differs by method: from \u2212" in made and "test of interaction p &lt; 0.001" in made
    assert "Smallest difference that it could have found (80% power; 5 seeds" in made
    answers = made.split('<ul class="answers"')[1].split("</ul>")[0]
    assert "Mixed" in answers and "Undecided" not in answers
