"""The report, worked out by hand: two languages, two seeds, a baseline, an oracle and an attack on some rows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from xfer.core.store import write_json
from xfer.reports.summary import build_report
from xfer.reports.write import csv_table, report_markdown, report_text

ATTACK = {"kind": "attacker", "type": "typos"}
# Right (1) or wrong (0) by row: en1 en2 en3 en4 | sw1 sw2 sw3 sw4
CREDIT = {
    "direct/selected/1": "1100 0000",
    "direct/selected/2": "1000 1000",  # en 3/8, sw 1/8
    "clean/selected/1": "1111 1100",
    "clean/selected/2": "1101 1010",  # en 7/8, sw 4/8
    "clean/oracle/1": "1111 1110",
    "clean/oracle/2": "1101 1011",  # en 7/8, sw 6/8
    "typos/selected/1": "10.. .1..",
    "typos/selected/2": "11.. .0..",  # en1 en2: 3/4; sw2: 1/2
}
TABLE = {"data": "xnli", "reader": "xnli", "made_up": True}
LANGUAGES = ["en"] * 4 + ["sw"] * 4
IDS = ["1", "2", "3", "4"] * 2


def scored(credits: str) -> dict[str, list[Any]]:
    """What a score node keeps of each row."""
    marks = credits.replace(" ", "")
    kept = [i for i, mark in enumerate(marks) if mark != "."]
    return {
        "id": [IDS[i] for i in kept],
        "language": [LANGUAGES[i] for i in kept],
        "accuracy": [float(marks[i]) for i in kept],
        "accuracy.of": [1.0] * len(kept),
    }


def about(*only: str, compare: str | None = "clean", baseline: str | None = None, seeds: int = 2) -> dict[str, Any]:
    """A report node's job; ``only`` names the evaluations of it, in their order."""
    evaluations: dict[str, Any] = {
        "direct": {"stage": "direct", "attacker": None, "trained": ["en"], "rows": "xnli"},
        "clean": {"stage": "xnli", "attacker": None, "trained": ["en"], "rows": "xnli"},
        "typos": {"stage": "xnli", "attacker": ATTACK, "trained": ["en"], "rows": "xnli"},
    }
    order = list(only or evaluations)
    return {
        "name": "hand",
        "seeds": list(range(1, seeds + 1)),
        "order": order,
        "tables": [TABLE | {"order": order, "compare": compare, "baseline": baseline}],
        "benchmark": None,
        "against": None,
        "evaluations": {name: evaluations[name] for name in order},
    }


def collected(marks: dict[str, str], job: dict[str, Any]) -> dict[str, Any]:
    return build_report(job, {name: scored(credits) for name, credits in marks.items()})


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return collected(CREDIT, about(baseline="direct"))


def values(table: dict[str, Any], language: str) -> dict[str, float]:
    row = table["mean"] if language == "mean" else table["languages"][language]
    return {column: round(cell["value"], 6) for column, cell in row.items()}


def test_the_training_language_by_hand(table: dict[str, Any]) -> None:
    assert values(table, "en") == {
        "direct": 37.5,
        "clean": 87.5,
        "bought": 50.0,
        "oracle": 87.5,
        "typos": 75.0,
        "typos.drop": 25.0,
        "typos.relative": 25.0,  # clean is 100 on the two attacked rows
    }


def test_another_language_by_hand(table: dict[str, Any]) -> None:
    assert values(table, "sw") == {
        "direct": 12.5,
        "clean": 50.0,
        "bought": 37.5,
        "oracle": 75.0,
        "gap": 37.5,
        "typos": 50.0,
        "typos.drop": 0.0,
        "typos.relative": 0.0,  # clean is 50 on the one attacked row
    }


def test_means_over_languages_by_hand(table: dict[str, Any]) -> None:
    assert values(table, "mean") == {
        "direct": 25.0,
        "clean": 68.75,
        "bought": 43.75,
        "oracle": 81.25,
        "gap": 37.5,
        "typos": 62.5,
        "typos.drop": 12.5,
        "typos.relative": 12.5,
    }


def test_each_cell_says_how_many_rows_it_rests_on(table: dict[str, Any]) -> None:
    row = table["languages"]["en"]
    assert {column: cell["rows"] for column, cell in row.items()} == {
        "direct": 4,
        "clean": 4,
        "bought": 4,
        "oracle": 4,
        "typos": 2,
        "typos.drop": 2,
        "typos.relative": 2,
    }


def test_intervals_contain_the_point(table: dict[str, Any]) -> None:
    cells = [cell for row in [*table["languages"].values(), table["mean"]] for cell in row.values() if "low" in cell]
    assert len(cells) == 7 + 8 + 8
    for cell in cells:
        assert cell["low"] - 1e-5 <= cell["value"] <= cell["high"] + 1e-5


def test_what_is_certain_has_no_interval_and_what_is_not_has_a_wide_one(table: dict[str, Any]) -> None:
    same = dict.fromkeys(["clean/selected/1", "clean/selected/2"], "1111 0000")
    certain = collected(same, about("clean"))["languages"]["en"]["clean"]
    assert (certain["low"], certain["high"]) == (100.0, 100.0)
    unsure = table["languages"]["sw"]["clean"]
    assert unsure["low"] < 30 and unsure["high"] > 70


def test_the_mean_has_a_narrower_interval_than_its_languages() -> None:
    rows: dict[str, list[Any]] = {"id": [str(i) for i in range(200)] * 2, "language": ["en"] * 200 + ["sw"] * 200}
    rows["accuracy"] = [float(i % 2) for i in range(200)] + [float(i * 7 % 20 < 10) for i in range(200)]
    rows["accuracy.of"] = [1.0] * 400
    made = build_report(about("clean", seeds=1), {"clean/selected/1": rows})
    mean, one = made["mean"]["clean"], made["languages"]["en"]["clean"]
    assert mean["high"] - mean["low"] < one["high"] - one["low"]


def test_an_attack_is_measured_against_the_clean_evaluation_of_its_own_stage() -> None:
    made = collected(CREDIT, about(compare="direct"))
    assert "bought" not in made["mean"]
    # the first two rows in English: clean, of the attacked stage, has 4/4 and direct 3/4; typos has 3/4
    assert made["languages"]["en"]["typos.drop"]["value"] == pytest.approx(25.0)


def test_without_one_an_attack_is_measured_against_the_evaluation_that_is_compared() -> None:
    made = collected({k: v for k, v in CREDIT.items() if "clean" not in k}, about("direct", "typos", compare="direct"))
    assert made["languages"]["en"]["typos.drop"]["value"] == pytest.approx(0.0)


def test_without_a_clean_evaluation_there_are_scores_only() -> None:
    made = collected({name: m for name, m in CREDIT.items() if "typos" in name}, about("typos", compare=None))
    assert {column for row in made["languages"].values() for column in row} == {"typos"} == set(made["mean"])
    assert report_text(made).splitlines()[0].split() == ["language", "typos"]


def test_an_attack_that_helps_has_a_negative_drop() -> None:
    marks = CREDIT | {"typos/selected/1": ".... ..1.", "typos/selected/2": ".... ..1."}  # clean has 1/2 on sw3
    made = collected(marks, about())
    row = made["languages"]["sw"]
    assert (row["typos.drop"]["value"], row["typos.relative"]["value"]) == (-50.0, -100.0)
    assert "typos" not in made["languages"]["en"]


def test_a_drop_from_nothing_is_no_share() -> None:
    marks = CREDIT | {
        "typos/selected/1": ".... ...0",
        "typos/selected/2": ".... ...0",
        "clean/selected/1": "1111 0000",
        "clean/selected/2": "1111 0000",
    }
    row = collected(marks, about())["languages"]["sw"]
    assert (row["typos.drop"]["value"], row["typos.relative"]["value"]) == (0.0, 0.0)


def test_an_attack_on_more_rows_than_the_clean_test_is_compared_on_those_that_both_have() -> None:
    marks = {
        "clean/selected/1": "11.. 10..",
        "clean/selected/2": "10.. 10..",  # en 3/4 on en1 en2
        "typos/selected/1": "0011 0000",
        "typos/selected/2": "1011 1000",
    }  # en 1/4 on en1 en2
    row = collected(marks, about("clean", "typos"))["languages"]["en"]
    assert row["typos"]["value"] == pytest.approx(62.5)
    assert row["typos.drop"]["value"] == pytest.approx(50.0) and row["typos.drop"]["rows"] == 2
    assert row["typos.relative"]["value"] == pytest.approx(100 * 2 / 3)


def test_a_baseline_on_fewer_rows_is_compared_on_those_that_both_have() -> None:
    marks = {name: m for name, m in CREDIT.items() if name.startswith("clean/selected")}
    marks |= {"direct/selected/1": "10.. 00..", "direct/selected/2": "00.. 00.."}  # en 1/4 where clean has 4/4
    row = collected(marks, about("direct", "clean", baseline="direct"))["languages"]["en"]
    assert row["bought"]["value"] == pytest.approx(75.0) and row["bought"]["rows"] == 2


def test_the_order_of_rows_of_an_attack_does_not_matter() -> None:
    runs = {name: scored(marks) for name, marks in CREDIT.items()}
    turned = dict(runs)
    for name in ("typos/selected/1", "typos/selected/2"):
        turned[name] = {column: cells[::-1] for column, cells in runs[name].items()}
    job = about(baseline="direct")
    first, second = build_report(job, runs), build_report(job, turned)
    for language in ("en", "sw", "mean"):
        assert values(first, language) == values(second, language)


def test_the_terminal_form(table: dict[str, Any]) -> None:
    lines = report_text(table).splitlines()
    assert lines[0].split() == ["language", "direct", "clean", "bought", "gap", "oracle", "typos", "drop", "drop", "%"]
    assert set(lines[1]) == {"-"} == set(lines[4])
    cells = {line.split()[0]: line for line in (lines[2], lines[3], lines[5])}
    assert list(cells) == ["en", "sw", "mean"]
    assert "  -  " in cells["en"] and "87.5 [" in cells["en"]  # no gap in the training language
    assert " 68.8 [" in cells["mean"]
    ends = {len(line) for line in (lines[0], lines[2], lines[3], lines[5])}
    assert len(ends) == 1  # columns are right-aligned
    legend = report_text(table).splitlines()[-1]
    parts = ["accuracy in percent, 2 seeds, [95% interval over rows and seeds]", "bought: clean minus direct"]
    parts += ["gap: en minus this language", "same rows"]
    for part in parts:
        assert part in legend


def test_the_markdown_form(table: dict[str, Any]) -> None:
    lines = report_markdown(table).splitlines()
    assert lines[0] == "# hand"
    head, rule, first, second, mean = lines[2:7]
    assert head == "| language | direct | clean | bought | gap | oracle | typos | drop | drop % |"
    assert rule == "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    assert first.startswith("| en | 37.5 [") and first.endswith("| 25.0 |")
    assert second.startswith("| sw | 12.5 [") and " | 37.5 | " in second
    assert mean.startswith("| mean | 25.0 [")
    assert all(line.count("|") == 10 for line in (head, first, second, mean))


def test_the_csv_form(table: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table(table))))
    assert list(rows[0]) == ["language", "column", "value", "low", "high", "rows", "chance", "collapsed"]
    found = {(row["language"], row["column"]): row for row in rows}
    assert len(found) == len(rows) == 7 + 8 + 8
    assert float(found["sw", "bought"]["value"]) == 37.5
    assert float(found["sw", "gap"]["low"]) <= 37.5 and found["sw", "gap"]["rows"] == "4"
    assert float(found["mean", "clean"]["value"]) == 68.75


def test_one_seed_reads_as_one_seed() -> None:
    made = collected({"clean/selected/1": CREDIT["clean/selected/1"]}, about("clean", seeds=1))
    assert "1 seed, [95% interval over rows: it speaks of this one training only]." in report_text(made)
    assert "drop" not in report_text(made) and "oracle" not in report_text(made)


def test_evaluations_stand_in_the_order_of_the_recipe_also_in_a_table_read_from_its_file(tmp_path: Path) -> None:
    marks = {name.replace("typos", "attack"): m for name, m in CREDIT.items()} | {
        name: m for name, m in CREDIT.items() if "typos" in name
    }
    job = about("direct", "clean", "typos", baseline="direct")
    job["order"] += ["attack"]
    job["evaluations"]["attack"] = job["evaluations"]["typos"]
    assert job["tables"][0]["order"] is job["order"]
    made = collected(marks, job)
    assert report_text(made).splitlines()[0].split()[6:] == [
        "typos",
        "drop",
        "drop",
        "%",
        "attack",
        "drop",
        "drop",
        "%",
    ]
    write_json(tmp_path / "report.json", made)
    assert report_text(json.loads((tmp_path / "report.json").read_text())) == report_text(made)
