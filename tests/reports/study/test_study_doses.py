"""Doses of what is compared: which comparisons are marked, which are meant, and what the page says of them."""

from __future__ import annotations

from typing import Any

import pytest
from made_up_study import made_up

from xfer.recipe.study import Study
from xfer.reports.study.doses import dose_difference, dose_pairs, is_intended, mark_doses
from xfer.reports.study.page.html import study_page
from xfer.reports.study.page.plain import csv_comparisons, latex_study, markdown_study
from xfer.reports.study.page.tables import study_grids


def stage(name: str, updates: int, **how: Any) -> dict[str, Any]:
    return (
        {"stage": name, "updates": updates, "rows": 8 * updates, "tokens": 80 * updates, "rate": 1e-5}
        | {"length": 128}
        | how
    )


def network(method: str, *stages: dict[str, Any]) -> dict[str, Any]:
    sums = {name: sum(one[name] for one in stages) for name in ("updates", "rows", "tokens")}
    return {"levels": {"method": method}, "evaluations": ["clean", "typos"], "stages": list(stages)} | sums


TARGET = stage("target", 100)
DOSES = [
    network("none", TARGET),
    network("mnli", stage("middle", 50), TARGET),
    network("same", stage("middle", 50), TARGET),
    network("many", stage("middle", 500, rate=2e-5), TARGET),
]
CLAIM = {"claim": "More helps.", "cells": {"method": "many"}, "against": {"method": "mnli"}, "evaluations": "clean"}


def study(**fields: Any) -> Study:
    levels = {row["levels"]["method"]: {} for row in DOSES}
    base = {"name": "s", "question": "q", "recipe": "r", "vary": {"method": levels}, "hypotheses": {"more": CLAIM}}
    return Study.model_validate(base | {"compare": {"against": {"method": "none"}}} | fields)


def marks(**fields: Any) -> dict[tuple[str, str, str, str], tuple[str, bool]]:
    return {
        (pair["claim"], pair["levels"]["method"], pair["against"]["method"], pair["evaluation"]): (
            pair["difference"],
            pair["intended"],
        )
        for pair in dose_pairs(study(**fields), DOSES)
    }


def test_equal_doses_have_no_difference_and_others_say_what_differs() -> None:
    assert dose_difference(DOSES[1], DOSES[2]) == ""
    assert (
        dose_difference(DOSES[1], DOSES[0])
        == "updates 150 against 100, rows 1,200 against 800, tokens 12,000 against 8,000"
    )
    assert dose_difference(DOSES[3], DOSES[1]).endswith("rate 2e-05 against 1e-05 in stage middle")
    longer = network("long", stage("target", 100, length=256))
    assert dose_difference(DOSES[0], longer) == "length 128 against 256 in stage target"


@pytest.mark.parametrize("tokens, said", [(8_800, ""), (8_801, "tokens 8,801 against 8,000")])
def test_tokens_are_estimates_and_may_differ_by_a_tenth(tokens: int, said: str) -> None:
    assert dose_difference(DOSES[0] | {"tokens": tokens}, DOSES[0]) == said
    assert dose_difference(DOSES[0] | {"updates": 101}, DOSES[0]) == "updates 101 against 100"


def test_what_is_not_known_yet_is_not_compared() -> None:
    unknown = DOSES[1] | {"updates": None, "rows": None, "tokens": None}
    assert dose_difference(unknown, DOSES[0]) == ""


def test_comparisons_of_the_study_and_of_its_hypotheses_are_marked() -> None:
    found = marks()
    assert set(found) == {
        *(("", method, "none", name) for method in ("mnli", "same", "many") for name in ("clean", "typos")),
        ("more", "many", "mnli", "clean"),
    }
    assert all(difference and not intended for difference, intended in found.values())
    same = dose_pairs(study(compare={"against": {"method": "mnli"}}), DOSES)
    assert [pair["levels"]["method"] for pair in same if not pair["difference"]] == ["same", "same"]


def test_an_axis_or_a_level_may_be_a_dose_on_purpose() -> None:
    assert all(intended for _, intended in marks(doses=["method"]).values())
    assert all(intended for _, intended in marks(doses="method").values())
    of_level = marks(doses={"method": "none"})
    assert of_level["", "mnli", "none", "clean"][1] and not of_level["more", "many", "mnli", "clean"][1]
    assert not is_intended({"method": ()}, {"method": "a"}, {"method": "a"})


@pytest.mark.parametrize("doses, words", [("methd", "there is no axis 'methd'"), ({"method": "nnoe"}, "'nnoe'")])
def test_doses_of_what_is_not_there_are_refused(doses: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        study(doses=doses)


def marked() -> dict[str, Any]:
    """The made-up study, whose method ``pgd`` is trained twice as long."""
    found = made_up()
    plan = Study.model_validate(
        {key: found[key] for key in ("name", "question")}
        | {"recipe": "r", "vary": {axis: {level: {} for level in levels} for axis, levels in found["axes"].items()}}
        | {"compare": {"against": {"method": "standard"}}}
        | {
            "hypotheses": {
                row["name"]: {"claim": row["claim"], "against": {"method": "standard"}} for row in found["hypotheses"]
            }
        }
    )
    doses = [
        network("", stage("target", 200 if levels["method"] == "pgd" else 100)) | {"levels": levels}
        for levels in plan.level_combinations()
    ]
    pairs = dose_pairs(plan, doses)
    comparisons, verdicts = ([dict(row) for row in found[name]] for name in ("comparisons", "hypotheses"))
    mark_doses(comparisons, verdicts, pairs)
    unequal = [pair for pair in pairs if pair["difference"]]
    return found | {"comparisons": comparisons, "hypotheses": verdicts, "doses": doses, "unequal_doses": unequal}


def test_rows_of_comparisons_and_verdicts_say_where_doses_differ() -> None:
    found = marked()
    assert {row["levels"]["method"] for row in found["comparisons"] if row["dose"]} == {"pgd"}
    clean = next(row for row in found["hypotheses"] if row["name"] == "clean")
    assert (clean["doses"]["of"], clean["doses"]["unequal"], clean["doses"]["intended"]) == (16, 4, 0)
    assert clean["details"][-1].startswith("Doses differ in 4 of 16 comparisons. pgd, xnli: updates 200 against 100")
    assert "dose,dose_intended" in csv_comparisons(found).splitlines()[0]


def test_tables_hold_the_dose_of_every_cell_and_mark_comparisons() -> None:
    grids = {grid.name: grid for grid in study_grids(marked())}
    assert len(grids["doses"].rows) == 10
    assert grids["doses"].rows[0][2:] == ["clean, typos", 100, 800, 8_000, "target 100 at 1e-05"]
    assert grids["comparisons"].header[-1] == "dose"
    assert {row[0]: row[-1] for row in grids["comparisons"].rows} == {
        "freelb": "equal",
        "pgd": "differs",
        "smoothing": "equal",
        "r3f": "equal",
    }
    assert [row[0] for row in grids["unequal_doses"].rows] == ["pgd, xnli", "pgd, pawsx"]
    assert all(row[3] == "differences, clean, robust, never" for row in grids["unequal_doses"].rows)


@pytest.mark.parametrize("write", [study_page, markdown_study, latex_study])
def test_the_page_and_the_texts_show_doses(write: Any) -> None:
    made = write(marked())
    assert "Comparisons of unequal doses" in made and "updates 200 against 100" in made
    assert "Comparisons of unequal doses" not in write(made_up())
