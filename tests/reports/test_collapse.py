"""Collapsed models and chance levels in stored scores, tables, words and formats, by hand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from stored_scores import job, scored

from xfer.forms.chance import Baseline, baseline
from xfer.reports.collapse import answer_facts, collapse_warnings, most_frequent, one_answer
from xfer.reports.results import result_rows as long_rows
from xfer.reports.summary import build_report
from xfer.reports.write import csv_table, report_markdown, report_text, shown_columns

FORM = {"form": "classify", "labels": ["bad", "good"], "options": {}}
Rows = dict[str, list[Any]]


def base(form: str, **options: Any) -> Baseline:
    found = baseline(form, ["bad", "good"], options)
    assert found is not None
    return found


def predictions(gold: list[Any], predicted: list[Any], score: float = 0.5, **more: list[Any]) -> Rows:
    count = len(gold)
    return {"language": ["en"] * count, "gold": gold, "predicted": predicted, "score": [score] * count, **more}


# what is a collapse


@pytest.mark.parametrize(
    ("predicted", "gold", "wanted"),
    [
        ("a" * 10, "aabbccaabb", True),
        ("a" * 9, "aabbccaab", False),  # so few tell nothing
        ("a" * 10, "a" * 10, False),  # that is the right answer
        ("a" * 10, "a" * 9 + "b", True),
        ("a" * 9 + "b", "ab" * 5, False),
        ("a" * 99 + "b", "ab" * 50, True),
        ("a" * 98 + "bb", "ab" * 50, False),
        ("a" * 99 + "b", "a" * 91 + "b" * 9, False),  # the gold is nearly all of that answer itself
        ("a" * 100, "a" * 91 + "b" * 9, True),
    ],
)
def test_one_answer_everywhere(predicted: str, gold: str, wanted: bool) -> None:
    assert one_answer(most_frequent(predicted), most_frequent(gold)) is wanted


EVERYWHERE: dict[str, tuple[Baseline, Rows, str, dict[str, float]]] = {
    "classify": (base("classify"), predictions(["bad", "good"] * 6, ["good"] * 12), "'good'", {"accuracy": 0.5}),
    "choose": (
        base("choose"),
        predictions([0, 1, 2] * 4, [1] * 12, logits=[[0.0, 0.1, 0.2]] * 12),
        "option 2",
        {"accuracy": 1 / 3},
    ),
    "tag": (
        base("tag", metric="f1"),
        predictions([["bad", "good", "good"]] * 4, [["good"] * 3] * 4),
        "'good'",
        {"f1": 0.0, "accuracy": 2 / 3},
    ),
    "span": (base("span", rules="squad_v2"), predictions([["sea"], []] * 6, [""] * 12), "nothing", {"f1": 0.5}),
    "span of words": (base("span"), predictions([["sea"], ["sky"]] * 6, ["sea"] * 12), "'sea'", {"exact": 0.5}),
    "nearest": (
        base("retrieve"),
        predictions([[f"c{i}"] for i in range(12)], [["c3", "c1"]] * 12),
        "candidate c3",
        {"accuracy": 1 / 12},
    ),
    "mining": (base("retrieve", task="mining"), predictions([["c"], []] * 6, [[]] * 12), "nothing", {"f1": 0.0}),
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_form_knows_one_answer_everywhere(name: str) -> None:
    about, rows, answer, chance = EVERYWHERE[name]
    found = answer_facts(about, rows, pool=12 if name == "nearest" else 0)
    assert found["collapsed"] and found["answer"] == answer and found["share"] == 1
    assert {metric: found["chance"][metric] for metric in chance} == pytest.approx(chance)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_right_answers_are_no_collapse(name: str) -> None:
    about, rows, _, _ = EVERYWHERE[name]
    right = [found[0] if found else "" for found in rows["gold"]] if name.startswith("span") else rows["gold"]
    assert not answer_facts(about, rows | {"predicted": right}, pool=12 if name == "nearest" else 0)["collapsed"]


def test_confidences_that_are_no_numbers_are_a_collapse() -> None:
    found = answer_facts(base("classify"), predictions(["bad", "good"] * 2, ["bad", "good"] * 2, float("nan")))
    assert found["collapsed"] and found["answer"] == "NaN" and found["no_numbers"] == 1


# in a report


def run(right: bool, language: str, rows: int = 12) -> Rows:
    gold = ["bad", "good", "good"] * (rows // 3)
    given = gold if right else ["good"] * rows
    credit = [float(one == other) for one, other in zip(gold, given, strict=True)]
    about = {"id": [str(i) for i in range(rows)], "language": [language] * rows, "score": [0.5] * rows}
    return about | {"gold": gold, "predicted": given, "credit": credit}


def joined(*parts: Rows) -> Rows:
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Credits and answers of ``fine``, which is right, and of ``flat``, which is right in English with seed 2 alone."""
    folder, credits, answers = tmp_path_factory.mktemp("scores"), {}, {}
    for name, seed, english, german in (
        ("fine", 1, True, True),
        ("fine", 2, True, True),
        ("flat", 1, False, False),
        ("flat", 2, True, False),
    ):
        part = folder / f"{name}{seed}"
        _, credits[f"{name}/selected/{seed}"] = scored(part, FORM, joined(run(english, "en"), run(german, "de")))
        answers[f"{name}/selected/{seed}"] = json.loads((part / "out" / "answers.json").read_text())
    return credits, answers


@pytest.fixture(scope="module")
def report(stored: Any) -> dict[str, Any]:
    return build_report(job({"fine": "xnli", "flat": "xnli"}, 2), stored[0], None, stored[1])


def test_chance_stands_in_the_cell_of_every_score(report: dict[str, Any]) -> None:
    for row in [*report["languages"].values(), report["mean"]]:
        assert row["fine"]["chance"] == row["flat"]["chance"] == pytest.approx(200 / 3)
    assert "chance" not in report["languages"]["de"]["gap"]


def test_the_share_of_collapsed_seeds_and_languages(report: dict[str, Any]) -> None:
    cells = {code: row["flat"].get("collapsed") for code, row in report["languages"].items()}
    assert cells == {"de": 100.0, "en": 50.0} and report["mean"]["flat"]["collapsed"] == 75.0
    assert not any("collapsed" in row["fine"] for row in [*report["languages"].values(), report["mean"]])


def test_the_warnings_name_seeds_languages_and_the_answer(report: dict[str, Any]) -> None:
    said = "the model collapsed: it gives one answer ('good') to every row in"
    assert report["warnings"] == [
        {"what": "flat", "warning": f"with seed 1 {said} every language"},
        {"what": "flat", "warning": f"with seed 2 {said} de"},
    ]


def test_evaluations_and_seeds_that_collapse_alike_are_told_once() -> None:
    facts = {code: {"collapsed": True, "answer": "'x'", "chance": {}} for code in ("de", "en")}
    about = {"order": ["clean", "typos"], "seeds": [1, 2]}
    (one,) = collapse_warnings(about, {f"{name}/selected/{seed}": facts for name in about["order"] for seed in (1, 2)})
    assert one["what"] == "clean, typos" and one["warning"].startswith("with seeds 1, 2 the model collapsed")
    mixed = facts | {"en": facts["en"] | {"answer": "'y'"}}
    (one,) = collapse_warnings(about | {"seeds": [1]}, {"clean/selected/1": mixed})
    assert one["warning"].endswith("it gives one answer to every row in every language")
    no_numbers = {"de": facts["de"] | {"answer": "NaN"}}
    (one,) = collapse_warnings(about, {"clean/selected/1": no_numbers})
    assert one["warning"] == "with seed 1 the model collapsed: its outputs are not numbers (NaN) in de"


def test_every_format_shows_chance_and_the_collapse(report: dict[str, Any], tmp_path: Path) -> None:
    shown = report_text(report)
    head = shown.splitlines()[0].split()
    assert head == ["language", "fine", "chance", "flat", "gap"]
    assert "chance: what the best single answer" in shown and "warning: flat: with seed 1 the model collapsed" in shown
    marked = report_markdown(report)
    assert "| language | fine | chance | flat | gap |" in marked and "Warning: flat: with seed 2" in marked
    lines = {(line["language"], line["column"]): line for line in csv.DictReader(io.StringIO(csv_table(report)))}
    assert float(lines["de", "fine"]["chance"]) == pytest.approx(200 / 3) and lines["de", "fine"]["collapsed"] == ""
    assert lines["mean", "flat"]["collapsed"] == "75.0" and lines["de", "gap"]["chance"] == ""
    (tmp_path / "report.json").write_text(json.dumps(report))
    found = {(row["evaluation"], row["language"]): row for row in long_rows([tmp_path]) if row["measure"] == "score"}
    assert found["flat", "en"]["collapsed"] == 50.0 and found["fine", "en"]["chance"] == pytest.approx(200 / 3)


def test_chance_is_shown_again_where_it_is_another(report: dict[str, Any]) -> None:
    row = {name: {"value": 50.0, "chance": level} for name, level in (("fine", 33.31), ("flat", 33.34))}
    table = report | {"languages": {"en": row}, "mean": row}
    assert [heading for _, heading in shown_columns(table)] == ["fine", "chance", "flat"]
    row["flat"]["chance"] = 40.0
    assert [heading for _, heading in shown_columns(table)] == ["fine", "chance", "flat", "chance"]


def test_without_stored_answers_a_report_is_as_it_was(stored: Any) -> None:
    found = build_report(job({"fine": "xnli", "flat": "xnli"}, 2), stored[0])
    assert found["warnings"] == [] and "chance" not in report_text(found)
