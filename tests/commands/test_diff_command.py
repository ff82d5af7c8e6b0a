"""``xfer diff``: what differs, and nothing that does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from small_recipe import RECIPE

from xfer.commands.diff import flow_text


def test_a_recipe_does_not_differ_from_one_that_names_a_default(xfer: Callable[..., Any], write: Any) -> None:
    write("a.yaml", RECIPE)
    write("b.yaml", RECIPE.replace("seeds: [1]", "seeds: [1]\nlimits: {steps: null}"))
    assert xfer("diff", "a.yaml", "b.yaml").out == "no difference\n"


def test_recipes_differ_by_value_and_by_what_only_one_has(xfer: Callable[..., Any], write: Any) -> None:
    write("a.yaml", RECIPE)
    changed = RECIPE.replace("rate: 0.1", "rate: 0.2").replace("seeds: [1]", "seeds: [1, 2]")
    write("b.yaml", changed + "start: mnli\n")
    done = xfer("diff", "a.yaml", "b.yaml")
    assert done.code == 0
    assert done.out.splitlines() == [
        "evaluate.typos.attacker.rate: 0.1 in A, 0.2 in B",
        "seeds: [1] in A, [1, 2] in B",
        'start: null in A, "mnli" in B',
    ]
    (rate, *_) = xfer("diff", "a.yaml", "b.yaml", "--json").json["recipe"]
    assert (rate["old"], rate["new"]) == (0.1, 0.2)


def test_what_only_one_has_is_said_without_its_defaults(xfer: Callable[..., Any], write: Any) -> None:
    write("a.yaml", RECIPE)
    more = """\
  hard:
    reader: {type: xnli, languages: [de, sw]}
    trainer: {adversary: freelb, epochs: 1}
"""
    write("b.yaml", RECIPE.replace("stages:\n", f"stages:\n{more}"))
    tasks, trainer = (
        "{xnli: {reader: {type: xnli, languages: [de, sw]}}}",
        "{type: finetune, epochs: 1, adversary: freelb}",
    )
    expected = f"stages.hard: only in B: {{tasks: {tasks}, trainer: {trainer}}}\n"
    assert xfer("diff", "a.yaml", "b.yaml").out == expected


def test_words_that_yaml_would_read_in_another_way_are_quoted() -> None:
    assert flow_text({"a": "x, y", "b": "", "c": None, "d": [True, "z"]}) == '{a: "x, y", b: "", c: null, d: [true, z]}'


def run(folder: Path, scores: dict[str, float]) -> None:
    folder.mkdir(parents=True)
    languages = {language: {"clean": {"value": value}} for language, value in scores.items()}
    (folder / "recipe.json").write_text("{}")
    (folder / "report.json").write_text(json.dumps({"order": ["clean"], "languages": languages}))


def test_runs_differ_by_their_means_over_common_languages(xfer: Callable[..., Any], folder: Path) -> None:
    run(folder / "a", {"en": 80.0, "sw": 50.0, "th": 1.0})
    run(folder / "b", {"en": 81.0, "sw": 47.0})
    expected = "clean, mean over 2 languages: 65.0 in A, 64.0 in B (-1.0); most in sw (-3.0)\n"
    assert xfer("diff", "a", "b").out == expected
    assert xfer("diff", "a", "a").out == "no difference\n"


def test_a_folder_without_results_is_one_line(xfer: Callable[..., Any], folder: Path) -> None:
    (folder / "empty").mkdir()
    done = xfer("diff", "empty", "empty")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "empty is no folder of results" in done.err


def test_a_folder_of_a_study_or_of_half_a_report_is_one_line(xfer: Callable[..., Any], write: Any) -> None:
    write("study/study.json", "{}")
    done = xfer("diff", "study", "study")
    assert (done.code, len(done.err.splitlines())) == (2, 1) and "xfer results study" in done.err
    write("half/recipe.json", "{}")
    for report in ('{"order": 3}', '{"order": ["clean"]}', "[]"):
        write("half/report.json", report)
        done = xfer("diff", "half", "half")
        assert (done.code, len(done.err.splitlines())) == (2, 1) and "half/report.json is not whole" in done.err
