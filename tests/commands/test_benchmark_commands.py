"""The commands on a recipe that names a benchmark: all of them see what it stands for."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from made_up_attacks import write_texts

from xfer.core.store import Entry
from xfer.recipe.benchmark import task_names
from xfer.steps import steps
from xfer.steps.rows import write_rows
from xfer.steps.steps import STEP_FUNCTIONS

Xfer = Callable[..., Any]
Write = Callable[..., Path]

RECIPE = """\
name: whole
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
stages:
  mnli: {reader: mnli}
benchmark: {name: xtreme, start: mnli, tasks: [xnli, udpos, xquad, mlqa, tatoeba]}
report: {against: phang2020}
"""
METRICS = {"classify": ["accuracy"], "tag": ["f1", "accuracy"], "span": ["f1", "exact"], "retrieve": ["accuracy"]}


def work(node: Any, parents: Mapping[str, Entry], folder: Path, progress: Any) -> dict[str, Any]:
    """Credit of five rows a language; a real report; nothing else."""
    if node.kind == "report":
        return STEP_FUNCTIONS["report"](node.job, parents, folder, progress)
    (folder / "out" / "selected").mkdir()
    write_texts(node, folder)
    if node.kind == "score":
        draw, languages = Random(node.label), [language for language in ("de", "en") for _ in range(5)]
        rows: dict[str, list[Any]] = {"id": [str(i % 5) for i in range(10)], "language": languages}
        for metric in METRICS[node.job.form.name]:
            rows |= {metric: [float(draw.random() < 0.5) for _ in languages], f"{metric}.of": [1.0] * 10}
        write_rows(folder / "out" / "credit.parquet", rows)
        (folder / "out" / "answers.json").write_text("{}")
    return {}


@pytest.fixture
def recipe(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "work", work)
    return write("r.yaml", RECIPE)


def test_check_counts_what_the_benchmark_stands_for(recipe: Path, xfer: Xfer) -> None:
    assert xfer("check", recipe).out == "r.yaml is good: 4 stages, 5 evaluations, 1 seed\n"
    whole = xfer("check", recipe, "--set", "benchmark.name=xtreme_r", "--set", "benchmark.tasks=all")
    assert whole.out == "r.yaml is good: 10 stages, 10 evaluations, 1 seed\n" and len(task_names("xtreme_r")) == 10


def test_check_names_the_line_of_a_fault(write: Write, xfer: Xfer) -> None:
    found = xfer("check", write("r.yaml", RECIPE.replace("phang2020", "nobody")))
    assert found.code == 2
    assert found.err.startswith("r.yaml:7:19: report.against: no scores of 'nobody' are known; there are phang2020")
    assert len(found.err.splitlines()) == 1


def test_a_dry_run_and_explain_know_the_targets(recipe: Path, xfer: Xfer) -> None:
    nodes = xfer("train", recipe, "--dry-run", "--json").json["nodes"]
    trained = {node["label"] for node in nodes if node["kind"] == "train"}
    assert trained == {"mnli seed 1", "xnli seed 1", "udpos seed 1", "xquad seed 1"}
    told = xfer("explain", recipe, "udpos")
    assert told.code == 0 and "udpos seed 1" in told.out


def test_the_report_in_every_form(recipe: Path, xfer: Xfer, folder: Path) -> None:
    trained = xfer("train", recipe)
    assert trained.code == 0, trained.err
    shown = xfer("report", recipe).out
    assert trained.out == shown + "\n" and "\x1b" not in shown  # plain where it is piped
    for part in ("xnli: accuracy", "udpos: F1", "XTREME", "beside Phang et al. 2020", "made-up data"):
        assert part in shown
    found = xfer("report", recipe, "--json").json
    assert [table["data"] for table in found["tables"]] == ["xnli", "udpos", "xquad", "mlqa", "tatoeba"]
    assert set(found["benchmark"]["tasks"]) == {"xnli", "udpos", "tatoeba", "xquad", "mlqa"}
    marked = xfer("report", recipe, "--format", "markdown").out
    assert marked == (folder / "runs" / "whole" / "report.md").read_text()
    assert "\n## XTREME\n" in marked and "\n## udpos: F1\n" in marked
    rows = list(csv.DictReader(io.StringIO(xfer("report", recipe, "--format", "csv").out)))
    averages = [row for row in rows if (row["data"], row["column"]) == ("XTREME", "average")]
    assert [float(row["value"]) for row in averages] == [found["benchmark"]["average"]["value"]]


def test_the_copy_of_the_recipe_beside_the_results_is_the_same_recipe(recipe: Path, xfer: Xfer, folder: Path) -> None:
    xfer("train", recipe)
    again = xfer("report", folder / "runs" / "whole" / "recipe.json", "--json")
    assert again.code == 0 and again.json == xfer("report", recipe, "--json").json
