"""``xfer train`` and ``xfer report`` around made-up work: what they print, write and leave behind."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from made_up_attacks import write_texts

from xfer.core.errors import XferError
from xfer.core.store import Entry
from xfer.graph.compile import Node
from xfer.steps import steps
from xfer.steps.rows import write_rows
from xfer.steps.steps import STEP_FUNCTIONS

Xfer = Callable[..., Any]

RECIPE = """\
name: small
source: miniature
model: scratch
seeds: [1, 2]
stages:
  direct: {reader: xnli, trainer: {oracle: false}}
  mnli: {reader: mnli, trainer: {oracle: false}}
  xnli: {reader: xnli, start: mnli, trainer: {oracle: false}}
evaluate:
  direct: {stage: direct, languages: [en, sw]}
  clean: {stage: xnli, languages: [en, sw]}
  typos: {stage: xnli, languages: [en, sw], attacker: typos}
report: {compare: clean, baseline: direct}
"""
RIGHT = {"direct": 2, "clean": 3, "typos": 1}  # rows of four that are right, in each language


class Work:
    """Scores of four rows a language; real reports; nothing else."""

    def __init__(self) -> None:
        self.errors: dict[str, BaseException] = {}
        self.done: list[str] = []

    def __call__(self, node: Node, parents: Mapping[str, Entry], folder: Path, progress: Any) -> dict[str, Any]:
        name = f"{node.kind} {node.label}"
        if name in self.errors:
            raise self.errors[name]
        self.done.append(name)
        if node.kind == "report":
            return STEP_FUNCTIONS["report"](node.job, parents, folder, progress)
        write_texts(node, folder)
        if node.kind == "train":
            (folder / "out" / "selected").mkdir()
            (folder / "out" / "selected" / "model").write_text(name)
        if node.kind == "score":
            right = RIGHT[node.label.split()[0]]
            languages = ["en"] * 4 + ["sw"] * 4
            credit = [1.0 if i % 4 < right else 0.0 for i in range(8)]
            write_rows(
                folder / "out" / "credit.parquet",
                {
                    "id": [str(i % 4) for i in range(8)],
                    "language": languages,
                    "accuracy": credit,
                    "accuracy.of": [1.0] * 8,
                },
            )
            scores = {language: {"rows": 4, "accuracy": right / 4} for language in ("en", "sw")}
            (folder / "out" / "scores.json").write_text(json.dumps(scores))
            (folder / "out" / "answers.json").write_text("{}")
        return {}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work()
    monkeypatch.setattr(steps, "work", made)
    return made


@pytest.fixture
def recipe(write: Callable[..., Path]) -> Path:
    return write("r.yaml", RECIPE)


def test_train_runs_everything_and_shows_the_table(recipe: Path, work: Work, xfer: Xfer) -> None:
    found = xfer("train", recipe)
    assert found.code == 0
    assert len(work.done) == len(set(work.done))
    assert {"train mnli seed 2", "attack typos", "score clean seed 1", "report small"} <= set(work.done)
    (swahili,) = [line for line in found.out.splitlines() if line.startswith("sw ")]
    assert "75.0" in swahili and "50.0" in swahili and "25.0" in swahili
    assert "written to runs/small" in found.err


def test_train_writes_the_report_and_links_the_models(recipe: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    xfer("train", recipe)
    runs = folder / "runs" / "small"
    table = json.loads((runs / "report.json").read_text())
    assert table["languages"]["sw"]["clean"]["value"] == 75.0
    assert table["languages"]["sw"]["typos.drop"]["value"] == 50.0
    assert table["languages"]["sw"]["bought"]["value"] == 25.0
    assert (runs / "report.md").read_text().startswith("# small")
    assert (runs / "report.csv").read_text().startswith("language,column,value")
    assert (runs / "seed-2" / "xnli" / "model").read_text() == "train xnli seed 2"
    assert json.loads((runs / "recipe.json").read_text())["stages"]["xnli"]["start"] == "mnli"


def test_a_second_run_does_nothing_and_shows_the_same(recipe: Path, work: Work, xfer: Xfer) -> None:
    first = xfer("train", recipe)
    work.done.clear()
    second = xfer("train", recipe)
    assert work.done == []
    assert (second.code, second.out) == (0, first.out)


def test_another_recipe_shares_what_is_the_same(recipe: Path, work: Work, xfer: Xfer) -> None:
    xfer("train", recipe)
    work.done.clear()
    xfer("train", recipe, "--set", "stages.xnli.trainer.clip=0.5", "--set", "name=other")
    assert {line.split()[0] for line in work.done} == {"train", "predict", "score", "report"}
    assert not [line for line in work.done if "mnli seed" in line or "direct" in line]


def test_train_tells_scripts_the_report_alone(recipe: Path, work: Work, xfer: Xfer) -> None:
    found = xfer("train", recipe, "--json")
    assert found.json["languages"]["en"]["clean"]["value"] == 75.0


def test_folders_can_be_chosen(recipe: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    xfer("train", recipe, "--store", "kept", "--runs", "shown")
    assert (folder / "kept" / "nodes" / "report").is_dir() and not (folder / ".xfer").exists()
    assert (folder / "shown" / "small" / "report.json").is_file() and not (folder / "runs").exists()


def test_the_store_can_be_named_by_a_variable(
    recipe: Path, work: Work, xfer: Xfer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XFER_STORE", str(folder / "kept"))
    xfer("train", recipe)
    assert (folder / "kept" / "nodes" / "report").is_dir()


def test_a_recipe_without_evaluation_is_only_trained(recipe: Path, work: Work, xfer: Xfer) -> None:
    found = xfer("train", recipe, "--set", "evaluate=null", "--set", "report=null")
    assert (found.code, found.out) == (0, "")
    assert "no evaluation" in found.err


def test_a_failure_ends_with_one_line_and_goes_on_from_there(recipe: Path, work: Work, xfer: Xfer) -> None:
    work.errors["train xnli seed 2"] = XferError("the learning rate is a fish")
    found = xfer("train", recipe)
    assert (found.code, found.out) == (1, "")
    last = found.err.splitlines()[-1]
    assert last.startswith("xfer: train xnli seed 2: the learning rate is a fish")
    assert "kept" in last
    assert "score clean seed 1" in work.done and "score direct seed 2" in work.done
    work.errors.clear()
    work.done.clear()
    assert xfer("train", recipe).code == 0
    assert work.done[0] == "train xnli seed 2"
    assert "train xnli seed 1" not in work.done


def test_an_error_without_a_cause_is_one_line_too_and_explain_keeps_it(recipe: Path, work: Work, xfer: Xfer) -> None:
    work.errors["train mnli seed 1"] = ZeroDivisionError("division by zero")
    found = xfer("train", recipe)
    assert found.code == 1
    assert "Traceback" not in found.err
    assert "ZeroDivisionError: division by zero" in found.err
    assert "ZeroDivisionError: division by zero" in xfer("explain", recipe, "mnli").out


def test_a_full_disk_is_one_clear_line(recipe: Path, work: Work, xfer: Xfer) -> None:
    work.errors["train mnli seed 1"] = OSError(errno.ENOSPC, "No space left on device", "/store/x")
    found = xfer("train", recipe)
    assert found.code == 1
    assert "the disk is full while writing /store/x" in found.err.splitlines()[-1]


def test_an_interrupt_says_that_work_is_kept(recipe: Path, work: Work, xfer: Xfer) -> None:
    work.errors["train mnli seed 1"] = KeyboardInterrupt()
    found = xfer("train", recipe)
    assert found.code == 130
    assert found.err.splitlines()[-1].startswith("xfer: stopped; what is finished is kept")


# report


def test_report_prints_the_same_table_again(recipe: Path, work: Work, xfer: Xfer) -> None:
    shown = xfer("train", recipe).out
    work.done.clear()
    assert xfer("report", recipe).out.strip() == shown.strip()
    assert work.done == []


@pytest.mark.parametrize(
    ("words", "start"),
    [(["--format", "markdown"], "# small"), (["--format", "csv"], "language,column"), (["--json"], "{")],
)
def test_report_takes_other_formats(words: list[str], start: str, recipe: Path, work: Work, xfer: Xfer) -> None:
    xfer("train", recipe)
    assert xfer("report", recipe, *words).out.startswith(start)


def test_report_of_an_unfinished_recipe_says_what_to_run(recipe: Path, work: Work, xfer: Xfer) -> None:
    work.errors["score typos seed 1"] = XferError("x")
    xfer("train", recipe)
    found = xfer("report", recipe)
    assert found.code == 2
    assert "typos seed 1 has no score yet; run: xfer train r.yaml" in found.err


def test_report_of_a_recipe_without_evaluation_says_so(recipe: Path, xfer: Xfer) -> None:
    found = xfer("report", recipe, "--set", "evaluate=null", "--set", "report=null")
    assert found.code == 2
    assert "no evaluation" in found.err


def test_report_compares_anew_when_the_recipe_asks_for_another(recipe: Path, work: Work, xfer: Xfer) -> None:
    xfer("train", recipe)
    found = xfer("report", recipe, "--set", "report.baseline=null", "--json")
    assert found.code == 0
    assert "bought" not in found.json["languages"]["sw"]


def test_report_on_a_damaged_store_is_one_line(recipe: Path, work: Work, xfer: Xfer) -> None:
    xfer("train", recipe)
    broken = next(Path(".xfer/nodes/data").iterdir())
    (broken / "done.json").write_text("{}")
    found = xfer("report", recipe)
    assert found.code == 1
    assert str(broken) in found.err and "Traceback" not in found.err


def test_python_runs_a_recipe_like_the_command(recipe: Path, work: Work, folder: Path) -> None:
    import xfer

    table = xfer.run(recipe, store=folder / "kept")
    assert table["languages"]["sw"]["clean"]["value"] == 75.0
    work.errors["score typos seed 1"] = XferError("x")
    with pytest.raises(XferError, match="score typos seed 1: x"):
        xfer.run(recipe, store=folder / "other")
