"""What a study says of chance and of collapsed models: records, comparisons, verdicts and every format."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from made_up_study import STUDY, done, made_up

from xfer.recipe.study import Study
from xfer.reports.study.collapsed import Facts, mark_comparisons, mark_records, mark_verdicts
from xfer.reports.study.found import study_comparisons, study_records
from xfer.reports.study.page.html import study_page
from xfer.reports.study.page.plain import csv_study, latex_study, markdown_study
from xfer.reports.study.page.tables import study_grids
from xfer.reports.study.verdicts import hypothesis_verdicts
from xfer.steps.learning import gathered_warnings

WARNING = {"what": "typos", "warning": "with seed 1 the model collapsed: <one> answer"}


def reports(collapsed: dict[str, float]) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Reports of the made-up cells; ``collapsed`` maps a method to its share of collapsed seeds and languages."""
    found = []
    for cell in done():
        share = collapsed.get(cell.levels["method"], 0.0)
        one = {"value": 50.0, "chance": 33.0} | ({"collapsed": share} if share else {})
        row = {"clean": dict(one), "typos": dict(one)}
        table = {"order": ["clean", "typos"], "languages": dict.fromkeys(("de", "en", "th"), row), "mean": row}
        found.append((cell.levels, table))
    return found


def marked(collapsed: dict[str, float]) -> dict[str, Any]:
    study, cells, facts = Study.model_validate(STUDY), done(), Facts(reports(collapsed))
    assert study.compare
    found = made_up() | {
        "records": study_records(cells),
        "comparisons": study_comparisons(cells, study.compare),
        "hypotheses": hypothesis_verdicts(cells, study),
    }
    mark_records(found["records"], list(study.vary), facts)
    mark_comparisons(found["comparisons"], facts)
    mark_verdicts(found["hypotheses"], study.hypotheses, cells, facts)
    levels = [cell.levels for cell in cells]
    found["warnings"] = gathered_warnings((one, [WARNING]) for one in levels[:2]) if collapsed else []
    return found


def verdict(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in found["hypotheses"] if row["name"] == name)


ALL = dict.fromkeys(STUDY["vary"]["method"], 100.0)  # type: ignore[index]


def test_chance_stands_beside_scores_and_nowhere_else() -> None:
    for row in marked({"pgd": 50.0})["records"]:
        assert row["chance"] == (33.0 if row["measure"] in ("score", "oracle") else None)
        wanted = (50.0 if row["method"] == "pgd" else 0.0) if row["measure"] == "score" else None
        assert row["collapsed"] == wanted


def test_a_comparison_with_a_collapsed_model_on_either_side_says_so() -> None:
    found = marked({"pgd": 50.0, "r3f": 49.0})["comparisons"]
    assert {row["levels"]["method"] for row in found if row["collapsed"]} == {"pgd"}
    assert all(row["collapsed"] for row in marked({"standard": 100.0})["comparisons"])


def test_a_drop_of_which_one_side_collapsed_is_no_finding() -> None:
    found = verdict(marked({"standard": 100.0}), "robust")
    assert found["verdict"] == "collapsed" and found["collapsed"] == found["comparisons"] == 7
    assert found["sentence"].startswith("Collapsed: ")
    assert "7 of them with a model that gives one answer everywhere. Claim: Costs rise." in found["sentence"]


def test_a_score_is_true_of_a_collapsed_model_too_unless_both_are() -> None:
    before, found = verdict(made_up(), "clean"), verdict(marked({"standard": 100.0}), "clean")
    assert found["verdict"] == before["verdict"] != "collapsed" and found["collapsed"] == 7
    assert verdict(marked(ALL), "clean")["verdict"] == "collapsed"


def test_where_some_comparisons_stand_the_verdict_does_and_the_rest_is_told() -> None:
    before, found = verdict(made_up(), "robust"), verdict(marked({"pgd": 100.0}), "robust")
    assert found["verdict"] == before["verdict"] and found["collapsed"] == 2
    assert "7 comparisons, 2 of them with a model" in found["sentence"]


def test_nothing_is_said_where_nothing_collapsed() -> None:
    before, found = made_up(), marked({})
    assert [row["sentence"] for row in found["hypotheses"]] == [row["sentence"] for row in before["hypotheses"]]
    assert "collapsed" not in study_page(found).split("<main")[1].split("results-h")[0]
    assert not verdict(marked(ALL), "never")["collapsed"] and verdict(marked(ALL), "never")["verdict"] == "not tested"


def test_a_warning_of_several_cells_stands_once() -> None:
    (one,) = gathered_warnings([({"a": "x"}, [WARNING]), ({"a": "y"}, [WARNING])])
    assert one == WARNING | {"cells": [{"a": "x"}, {"a": "y"}]}


def test_tables_have_chance_and_what_collapsed() -> None:
    found = {grid.name: grid for grid in study_grids(marked({"pgd": 100.0}))}
    results = found["results"]
    assert results.header[2:7] == ["evaluation", "data", "metric", "chance", "collapsed"]
    assert {row[5] for row in results.rows} == {33.0}
    assert {row[6] for row in results.rows if row[0] == "pgd"} == {100.0}
    assert found["comparisons"].header[-1] == "collapsed"
    assert {row[-1] for row in found["comparisons"].rows if row[0] == "pgd"} == {"yes"}
    (first, *_) = found["warnings"].rows
    assert first[:2] == [WARNING["what"], WARNING["warning"]]
    languages = found["languages-XNLI"].rows
    assert [row[2] for row in languages if str(row[2]).startswith("chance")] == ["chance: clean", "chance: typos"]
    plain = {grid.name: grid for grid in study_grids(marked({}))}
    assert "warnings" not in plain and plain["results"].header[5:7] == ["chance", "score"]
    assert "collapsed" not in plain["comparisons"].header


@pytest.mark.parametrize("write", [study_page, markdown_study, latex_study])
def test_the_page_and_the_texts_say_so(write: Any) -> None:
    made = write(marked({"standard": 100.0}))
    assert "Collapsed, or at chance" in made and "with seed 1 the model collapsed" in made
    assert "Collapsed, or at chance" not in write(marked({}))


def test_the_head_of_the_page_leads_to_the_warnings() -> None:
    made = study_page(marked({"standard": 100.0}))
    assert '<a href="#warnings">1 warning</a>' in made and 'id="warnings"' in made


def test_the_records_as_csv_have_both_columns() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_study(marked({"pgd": 100.0})))))
    assert {row["chance"] for row in rows if row["measure"] == "drop"} == {""}
    assert {row["collapsed"] for row in rows if row["method"] == "pgd" and row["measure"] == "score"} == {"100.0"}
