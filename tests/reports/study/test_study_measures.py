"""What a study makes of scores, worked out by hand: drops, gaps, comparisons, verdicts, lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xfer.metrics.significance import EQUAL, dunnett, holm_adjust
from xfer.recipe.study import Compare, Fit, Study
from xfer.reports.study.found import FinishedCell, size_fits, study_comparisons, study_records
from xfer.reports.study.measures import CellMeasures
from xfer.reports.study.verdicts import hypothesis_verdicts

LANGUAGES = ["en"] * 4 + ["de"] * 4 + ["sw"] * 2
IDS = [*"1234", *"1234", *"12"]
# Right (1) or wrong (0) by row: en | de | sw, one word a seed
CLEAN = ("1111 1110 10", "1110 1100 11")
TYPOS = ("1100 1000 10", "1010 1100 00")
ATTACK = {"kind": "attacker", "type": "typos"}


def stored(marks: str, keep: int = 10) -> dict[str, list[Any]]:
    credit = [float(mark) for mark in marks.replace(" ", "")][:keep]
    return {"id": IDS[:keep], "language": LANGUAGES[:keep], "accuracy": credit, "accuracy.of": [1.0] * keep}


def measured(keep: int = 10, chance: dict[str, float] | None = None, **seeds: tuple[str, ...]) -> CellMeasures:
    """A cell that was trained on English; every evaluation but ``clean`` is under typos."""
    order = list(seeds)
    evaluations = {
        name: {"stage": "target", "trained": ["en"], "rows": "r", "attacker": None if name == "clean" else ATTACK}
        for name in order
    }
    table = {"data": "xnli", "reader": "xnli", "order": order}
    about = {"order": order, "seeds": [1, 2], "tables": [table], "evaluations": evaluations}
    credit = {
        f"{name}/selected/{seed}": stored(marks, 10 if name == "clean" else keep)
        for name, both in seeds.items()
        for seed, marks in enumerate(both, 1)
    }
    return CellMeasures(about, credit, dict.fromkeys(order, chance) if chance else None)


def values(found: CellMeasures, name: str, kind: str) -> dict[str, float]:
    """In percent."""
    return {language: round(100 * one.value, 9) for language, one in found.measure(name, kind).items()}


def test_measures_above_chance_by_hand() -> None:
    cell = measured(chance={"en": 0.5, "de": 0.5, "sw": 0.75}, clean=CLEAN, typos=TYPOS)
    # (87.5 - 50) / 50, (62.5 - 50) / 50, (75 - 75) / 25
    assert values(cell, "clean", "above_chance") == {"de": 25.0, "en": 75.0, "sw": 0.0}
    # drop by clean minus chance: 37.5/37.5, 25/12.5; Swahili is at chance
    assert values(cell, "typos", "cost_above_chance") == pytest.approx({"en": 100.0, "de": 200.0})
    # of all: mean drop 37.5 by mean clean 75 minus mean chance 58.33; of German and Swahili alone: 37.5 by 6.25
    for which, right in (("all", 37.5 / (75 - 175 / 3)), ("transfer", 37.5 / 6.25), ("trained", 1.0)):
        average = cell.averaged("typos", "cost_above_chance", which)
        assert average is not None and average.value == pytest.approx(right), which
    assert cell.averaged("other", "cost_above_chance", "all") is None
    at_chance = measured(chance=dict.fromkeys(("en", "de", "sw"), 0.75), clean=CLEAN, typos=TYPOS)
    assert at_chance.averaged("typos", "cost_above_chance", "all") is None
    rows = study_records([FinishedCell({"axis": "one"}, cell, None)])
    means = {row["measure"]: row["value"] for row in rows if row["language"] == "mean"}
    assert means["cost_above_chance"] == pytest.approx(225)
    assert means["above_chance"] == pytest.approx((0 - 25 - 200) / 3)  # under typos, the last evaluation


def test_measures_by_hand() -> None:
    cell = measured(clean=CLEAN, typos=TYPOS)
    assert values(cell, "clean", "score") == {"de": 62.5, "en": 87.5, "sw": 75.0}
    assert values(cell, "typos", "score") == {"de": 37.5, "en": 50.0, "sw": 25.0}
    assert values(cell, "typos", "drop") == {"de": 25.0, "en": 37.5, "sw": 50.0}
    # drop by clean, both means over seeds: en 37.5/87.5, de 25/62.5, sw 50/75
    assert values(cell, "typos", "relative") == pytest.approx({"en": 42.8571, "de": 40.0, "sw": 66.6667}, abs=1e-3)
    assert values(cell, "clean", "gap") == {"mean": 87.5 - (62.5 + 75) / 2}
    assert values(cell, "typos", "gap") == {"mean": 50 - (37.5 + 25) / 2}
    assert values(cell, "typos", "gap_growth") == {"mean": 18.75 - 18.75}
    for name, kind in (
        *(("clean", "drop"), ("clean", "gap_growth"), ("other", "score")),
        *(("clean", "above_chance"), ("typos", "cost_above_chance")),  # whose chance levels are not known here
    ):
        assert values(cell, name, kind) == {}
    means = {which: cell.averaged("clean", "score", which) for which in ("all", "trained", "transfer")}
    assert {which: one and 100 * one.value for which, one in means.items()} == {
        "all": 75.0,
        "trained": 87.5,
        "transfer": 68.75,
    }


def test_a_drop_is_over_the_rows_that_both_have() -> None:
    cell = measured(keep=7, clean=CLEAN, typos=TYPOS)  # the attack dropped the last row of de, and sw
    assert values(cell, "typos", "drop") == pytest.approx({"en": 37.5, "de": 100 * (1 / 3 + 0) / 2 + 100 / 6})
    alone = measured(typos=TYPOS)
    assert values(alone, "typos", "drop") == {} and values(alone, "typos", "gap_growth") == {}


def test_records_hold_every_number_with_its_interval() -> None:
    rows = study_records([FinishedCell({"axis": "one"}, measured(clean=CLEAN, typos=TYPOS), None)])
    found = {(row["evaluation"], row["measure"], row["language"]): row for row in rows}
    assert len(found) == len(rows) == 4 + 1 + 4 + 4 + 4 + 1 + 1  # score gap | score drop relative gap gap_growth
    assert found["typos", "drop", "mean"]["value"] == 37.5
    assert found["clean", "score", "en"] | {"trained": True, "attacker": None} == found["clean", "score", "en"]
    assert found["typos", "score", "de"]["attacker"] == "typos" and not found["typos", "score", "de"]["trained"]
    assert all(row["axis"] == "one" and row["seeds"] == 2 and row["low"] <= row["value"] <= row["high"] for row in rows)


def test_an_interval_ends_where_the_measure_does() -> None:
    rows = study_records([FinishedCell({"axis": "one"}, measured(clean=(ALL[0], NONE[0])), None)])
    score = next(row for row in rows if row["measure"] == "score" and row["language"] == "mean")
    assert (score["value"], score["low"], score["high"]) == (50.0, 0.0, 100.0)


def test_the_oracle_stands_beside_the_score() -> None:
    about = measured(clean=CLEAN).about
    credit = {
        f"clean/{role}/{seed}": stored(marks[seed - 1])
        for role, marks in (("selected", CLEAN), ("oracle", TYPOS))
        for seed in (1, 2)
    }
    rows = study_records([FinishedCell({"axis": "one"}, CellMeasures(about, credit), None)])
    found = {(row["measure"], row["language"]): row["value"] for row in rows}
    assert (found["score", "de"], found["oracle", "de"], found["oracle", "mean"]) == (62.5, 37.5, 37.5)
    assert (
        values(CellMeasures(about, {k: v for k, v in credit.items() if k != "clean/oracle/2"}), "clean", "oracle") == {}
    )


ALL, NONE = ("1111 1111 11",) * 2, ("0000 0000 00",) * 2


def study(**fields: Any) -> Study:
    vary = {"method": {"a": {}, "b": {}, "c": {}}, "target": {"x": {}, "y": {}}}
    return Study.model_validate({"name": "s", "question": "q", "recipe": "r", "vary": vary} | fields)


def cells(**method: CellMeasures) -> list[FinishedCell]:
    return [FinishedCell({"method": name, "target": "x"}, numbers, None) for name, numbers in method.items()]


def test_comparisons_pair_cells_that_differ_in_the_named_axis_alone() -> None:
    done = cells(a=measured(clean=CLEAN, typos=TYPOS), b=measured(clean=ALL, typos=TYPOS), c=measured(clean=CLEAN))
    done.append(FinishedCell({"method": "b", "target": "y"}, measured(clean=ALL), None))  # nothing to lay it beside
    rows = study_comparisons(done, Compare(against={"method": "a"}))
    assert {(row["levels"]["method"], row["levels"]["target"]) for row in rows} == {("b", "x"), ("c", "x")}
    found = {(row["levels"]["method"], row["evaluation"], row["measure"], row["language"]): row for row in rows}
    gain = found["b", "clean", "score", "mean"]
    assert gain["difference"] == 25.0 and found["b", "typos", "drop", "en"]["difference"] == 12.5
    assert found["c", "clean", "score", "mean"]["difference"] == 0 and found["c", "clean", "score", "mean"]["p"] == 1
    means = [row for row in rows if row["language"] == "mean"]
    ps = [row["p"] for row in means]
    kinds = [(row["evaluation"], row["measure"]) for row in means]
    # b and c share the clean scores of a: their differences are correlated, those of c are none at all
    shared = dict.fromkeys(kinds, 0.0)
    assert [row["adjusted"] for row in means] == pytest.approx(dunnett(ps, kinds, shared), abs=0.02)
    by_holm = study_comparisons(done, Compare(against={"method": "a"}, adjust="holm"))
    assert [row["adjusted"] for row in by_holm if row["language"] == "mean"] == pytest.approx(holm_adjust(ps))
    plain = study_comparisons(done, Compare(against={"method": "a"}, adjust="none"))
    assert [row["adjusted"] for row in plain if row["language"] == "mean"] == ps
    own = [row for row in rows if row["language"] != "mean" and row["levels"]["method"] == "b"]
    own = [row for row in own if (row["evaluation"], row["measure"]) == ("clean", "score")]
    assert [row["adjusted"] for row in own] == pytest.approx(holm_adjust([row["p"] for row in own]))


def test_comparisons_with_one_baseline_are_corrected_for_what_they_share() -> None:
    def marked(method: int, name: str) -> CellMeasures:
        draw = np.random.default_rng([method, len(name)])
        rows = {"id": [str(i) for i in range(300)] * 2, "language": ["en"] * 300 + ["sw"] * 300}
        credit = {
            f"clean/selected/{seed}": rows
            | {"accuracy": (draw.random(600) < 0.6 + 0.02 * method).astype(float).tolist(), "accuracy.of": [1.0] * 600}
            for seed in (1, 2, 3)
        }
        return CellMeasures(measured(clean=CLEAN).about | {"seeds": [1, 2, 3]}, credit)

    done = [
        FinishedCell({"method": m, "target": t}, marked(i, t), None) for t in ("x", "yy") for i, m in enumerate("abc")
    ]
    rows = [row for row in study_comparisons(done, Compare(against={"method": "a"})) if row["language"] == "mean"]
    ps, adjusted = [row["p"] for row in rows], [row["adjusted"] for row in rows]
    targets = [row["levels"]["target"] for row in rows]
    assert len(rows) == 4 and targets == ["x", "x", "yy", "yy"]
    least, most = (dunnett(ps, targets, dict.fromkeys(targets, equal)) for equal in (EQUAL, 0.0))
    assert all(low <= p <= high for low, p, high in zip(least, adjusted, most, strict=True)) and adjusted != most
    assert all(p - 1e-9 <= found <= other for p, found, other in zip(ps, adjusted, holm_adjust(ps), strict=True))


def test_mcnemar_is_of_the_rows_that_most_seeds_get_right() -> None:
    done = cells(a=measured(clean=NONE), b=measured(clean=ALL))
    rows = study_comparisons(done, Compare(against={"method": "a"}, test="mcnemar", adjust="none"))
    p = {row["language"]: row["p"] for row in rows}
    assert (p["en"], p["sw"]) == pytest.approx((2 * 0.5**4, 2 * 0.5**2))


def verdict(done: list[FinishedCell], **about: Any) -> dict[str, Any]:
    about = {"claim": "It helps.", "against": {"method": "a"}, "evaluations": "clean"} | about
    (row,) = hypothesis_verdicts(done, study(hypotheses={"h": about}))
    return row


def test_verdicts() -> None:
    same, better = measured(clean=CLEAN, typos=TYPOS), measured(clean=ALL, typos=TYPOS)
    worst = measured(clean=NONE, typos=TYPOS)
    good, bad = cells(a=worst, b=better), cells(a=better, b=worst)
    supported = verdict(good)
    assert (supported["verdict"], supported["difference"], supported["comparisons"]) == ("supported", 100.0, 1)
    assert supported["sentence"] == (
        "Supported: +100.0 points [+100.0, +100.0], adjusted p < 0.001, 1 comparison. Claim: It helps."
    )
    assert verdict(bad)["verdict"] == "not supported"
    assert verdict(bad, expect="lower")["verdict"] == "supported"
    assert verdict(good, expect="lower")["verdict"] == "not supported"
    assert verdict(cells(a=same, b=measured(clean=(CLEAN[1], CLEAN[0]), typos=TYPOS)))["verdict"] == "undecided"
    untested = verdict(cells(b=better))
    assert untested["verdict"] == "not tested" and untested["sentence"].startswith("Not tested: no two finished cells")


def test_a_verdict_speaks_of_the_named_cells_evaluations_and_languages() -> None:
    swahili = ("0000 0000 11",) * 2
    done = cells(
        a=measured(clean=NONE, typos=NONE), b=measured(clean=swahili, typos=ALL), c=measured(clean=ALL, typos=ALL)
    )
    assert verdict(done, cells={"method": "b"})["difference"] == pytest.approx(100 / 3)
    assert verdict(done, cells={"method": "b"}, languages="transfer")["difference"] == 50
    assert verdict(done, cells={"method": "b"}, languages="trained")["difference"] == 0
    assert verdict(done, cells={"method": ["b", "c"]}, evaluations=["clean", "typos"])["comparisons"] == 4
    assert verdict(done, cells={"method": "b"}, measure="gap")["difference"] == -50
    assert verdict(done, cells={"method": "c"}, measure="drop", evaluations=[])["comparisons"] == 1


def test_p_values_are_corrected_over_all_hypotheses() -> None:
    done = cells(a=measured(clean=CLEAN), b=measured(clean=("1111 1111 10",) * 2), c=measured(clean=CLEAN))
    one = {"claim": "It helps.", "against": {"method": "a"}, "cells": {"method": "b"}}
    rows = hypothesis_verdicts(
        done, study(hypotheses={"h": one, "g": one | {"languages": "trained"}, "i": one | {"measure": "drop"}})
    )
    ps = [row["p"] for row in rows[:2]]
    assert [row["adjusted"] for row in rows[:2]] == pytest.approx(dunnett(ps, [0, 1], {0: 0.0, 1: 0.0}))
    assert rows[2]["p"] is None and "adjusted" not in rows[2]  # what was not tested is no comparison


def test_a_line_over_sizes_at_each_combination_of_the_other_axes() -> None:
    done = [
        FinishedCell({"method": method, "target": target}, measured(clean=marks), size)
        for target in ("x", "y")
        for method, marks, size in (("a", NONE, 10**6), ("b", CLEAN, 10**7), ("c", ALL, None))
    ]
    rows = size_fits(done, (Fit(axis="method", measure="score"),))
    assert [row["levels"] for row in rows] == [{"target": "x"}, {"target": "y"}]
    assert rows[0]["slope"]["difference"] == pytest.approx(75) and rows[0]["at_one"] == pytest.approx(-450)
    assert [(point["level"], point["parameters"]) for point in rows[0]["points"]] == [("a", 10**6), ("b", 10**7)]
    assert size_fits(done, (Fit(axis="target"),)) == []  # one size is no line
