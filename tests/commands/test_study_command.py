"""``xfer study`` and ``xfer report STUDY`` around made-up work: what they write, show and leave alone."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from made_up_attacks import write_texts

from xfer.core.errors import XferError
from xfer.core.seeds import json_digest
from xfer.core.store import Entry
from xfer.graph.compile import Node
from xfer.steps import steps
from xfer.steps.rows import write_rows
from xfer.steps.steps import STEP_FUNCTIONS

Xfer = Callable[..., Any]

RECIPE = """\
name: base
source: miniature
model: scratch
stages:
  middle: {reader: mnli}
  target: {reader: xnli, start: middle, trainer: {oracle: false}}
evaluate:
  clean: {stage: target, languages: [en, sw]}
  typos: {stage: target, languages: [en, sw], attacker: typos}
"""
STUDY = """\
name: small
title: Small & made up
question: Which?
recipe: base.yaml
seeds: [1, 2]
vary:
  method:
    standard: {}
    freelb: {stages.middle.trainer.adversary: freelb}
    pgd: {stages.middle.trainer.adversary: pgd}
  clip: {whole: {}, half: {stages.target.trainer.clip: 0.5}}
compare: {against: {method: standard}}
hypotheses:
  higher: {claim: FreeLB helps., cells: {method: freelb}, against: {method: standard}, evaluations: clean}
"""


class Work:
    """Scores by the node's key; real reports; nothing else. ``stops`` are the counts of nodes at which it is killed."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fails = ""
        self.stops: set[int] = set()

    def __call__(self, node: Node, parents: Mapping[str, Entry], folder: Path, progress: Any) -> dict[str, Any]:
        if len(self.done) in self.stops:
            self.stops.remove(len(self.done))
            raise KeyboardInterrupt
        if self.fails and node.kind == "train" and self.fails in json.dumps(node.hashed_record(), default=str):
            raise XferError("no memory <here>")
        self.done.append(f"{node.kind} {node.label}")
        if node.kind == "report":
            return STEP_FUNCTIONS["report"](node.job, parents, folder, progress)
        write_texts(node, folder)
        if node.kind == "data":
            (folder / "out" / "size.json").write_text('{"rows": 8, "characters": 320}')
        if node.kind == "score":
            chance = random.Random(json_digest(node.key))
            rows = {"id": [str(i % 4) for i in range(8)], "language": ["en"] * 4 + ["sw"] * 4}
            right = [float(chance.random() < 0.6) for _ in range(8)]
            write_rows(folder / "out" / "credit.parquet", rows | {"accuracy": right, "accuracy.of": [1.0] * 8})
            (folder / "out" / "scores.json").write_text("{}")
            (folder / "out" / "answers.json").write_text("{}")
        return {}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work()
    monkeypatch.setitem(sys.modules, "resvg_py", None)  # pictures take seconds, and have tests of their own
    monkeypatch.setattr(steps, "work", made)
    return made


@pytest.fixture
def study(write: Callable[..., Path]) -> Path:
    write("base.yaml", RECIPE)
    return write("s.yaml", STUDY)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_study_writes_its_page(study: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    found = xfer("study", study)
    assert found.code == 0, found.err
    assert found.out.startswith("Small & made up\nWhich?\n") and "Claim: FreeLB helps." in found.out
    page = (folder / "runs/small/index.html").read_text()
    assert "Small &amp; made up" in page
    assert "<del>small</del>" in page
    assert "type: freelb" in page
    assert "By clip: whole " in page and "Ranks" in page and "Smallest difference that it could have found" in page
    doses = json.loads((folder / "runs/small/study.json").read_text())["doses"]
    assert len(doses) == 6 and all(one["updates"] and one["evaluations"] == ["clean", "typos"] for one in doses)
    assert 'href="small/index.html"' in (folder / "runs/index.html").read_text()
    names = {path.name for path in (folder / "runs/small").rglob("*")}
    assert {"study.json", "records.csv", "report.md", "report.tex", "heat-score-clean.svg", "results.tex"} <= names
    examples = json.loads((folder / "runs/small/study.json").read_text())["examples"]
    assert [(row["data"], row["language"]) for row in examples] == [("xnli", "en")] * 2 + [("xnli", "sw")] * 2


def test_a_failed_cell_is_shown_and_stops_no_other(study: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    work.fails = "pgd"
    found = xfer("study", study)
    assert found.code == 1 and found.out.count("failed: method=pgd") == 2
    page = (folder / "runs/small/index.html").read_text()
    assert "6 cells, 2 without a result" in page and "no memory &lt;here&gt;" in page
    work.done.clear()
    again = xfer("report", study, "--json").json
    assert work.done == [] and again == json.loads((folder / "runs/small/study.json").read_text())


def test_a_report_of_a_study_comes_from_the_store(study: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    before = xfer("report", study)
    assert (before.code, work.done) == (2, [])
    assert "none of its 6 cells has a result; run: xfer study s.yaml" in before.err
    told = xfer("study", study).out
    work.done.clear()
    runs = folder / "runs" / "small"
    for form, name in (
        ("html", "index.html"),
        ("markdown", "report.md"),
        ("csv", "records.csv"),
        ("latex", "report.tex"),
    ):
        assert xfer("report", study, "--format", form).out == (runs / name).read_text(), form
    assert xfer("report", study).out == told
    assert work.done == []


def test_html_is_for_studies(study: Path, work: Work, xfer: Xfer) -> None:
    found = xfer("report", "base.yaml", "--format", "html")
    assert found.code == 2 and "html is for studies; a recipe is reported as text, markdown, csv" in found.err


def test_a_killed_study_ends_in_the_same_files(study: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    xfer("study", study, "--store", "one")
    whole, count = files(folder / "runs"), len(work.done)
    work.done.clear()
    work.stops = set(random.Random(5).sample(range(count), 5))
    codes = [xfer("study", study, "--store", "two").code for _ in range(6)]
    assert codes == [130] * 5 + [0] and len(work.done) == count
    assert files(folder / "runs") == whole


def test_several_studies_are_read_before_one_is_run(
    study: Path, work: Work, xfer: Xfer, write: Callable[..., Path], folder: Path
) -> None:
    second = write("all/second.yaml", STUDY.replace("small", "second").replace("base.yaml", "../base.yaml"))
    write("all/_part.yaml", "no: study\n")
    found = xfer("study", study, second.parent)
    assert found.code == 0, found.err
    assert "study 1 of 2: small" in found.err and "study 2 of 2: second" in found.err
    index = (folder / "runs/index.html").read_text()
    assert 'href="small/index.html"' in index and 'href="second/index.html"' in index
    told = xfer("study", study, second, "--json").json
    assert [one["name"] for one in told] == ["small", "second"]
    work.done.clear()
    wrong = write("wrong.yaml", STUDY.replace("vary:", "varry:"))
    other = write("other.yaml", STUDY.replace("compare:", "compere:"))
    faults = xfer("study", wrong, study, other, "--store", "new")
    assert (faults.code, work.done) == (2, []) and "wrong.yaml:" in faults.err and "other.yaml:" in faults.err
    assert faults.err.splitlines()[-1] == "3 faults"
    same = write("same.yaml", STUDY)
    assert "are both named small" in xfer("study", study, same).err
    assert "there is no file *.yaml in the folder" in xfer("study", folder / "runs").err


def test_of_a_folder_recipes_are_passed_over(study: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    found = xfer("study", ".", study, "--plan", "--json")  # and a study that is named twice is run once
    assert found.code == 0, found.err
    assert found.json["study"] == "small"
    study.unlink()
    bare = xfer("study", ".")
    assert (bare.code, bare.err) == (2, "xfer: there is no study in the folder .\n")


@pytest.mark.parametrize("option, name", [("--runs", "runs/small"), ("--store", "kept")])
def test_a_folder_that_cannot_be_is_told_before_the_work(
    study: Path, work: Work, xfer: Xfer, write: Callable[..., Path], option: str, name: str
) -> None:
    write(name, "mine")
    found = xfer("study", study, option, name.partition("/")[0])
    assert (found.code, found.out, work.done) == (2, "", [])
    assert found.err == f"xfer: {name} cannot be a folder: a file is in its place; choose another\n"
    assert Path(name).read_text() == "mine"
    within = xfer("study", study, option, f"{name}/deeper")
    assert (within.code, len(within.err.splitlines()), work.done) == (2, 1, [])


def test_a_study_that_wholly_fails_leaves_an_earlier_page(study: Path, work: Work, xfer: Xfer, folder: Path) -> None:
    work.fails = "kind"  # of every stage
    assert xfer("study", study, "--store", "broken").code == 1
    assert "6 cells, 6 without a result" in (folder / "runs/small/index.html").read_text()
    work.fails = "middle"
    assert "stays as it is" not in xfer("study", study, "--store", "broken too").err  # there was no result either
    work.fails = ""
    assert xfer("study", study).code == 0
    whole = files(folder / "runs")
    work.fails = "kind"
    again = xfer("study", study, "--store", "new")
    assert again.code == 1 and "what an earlier run wrote to runs/small stays as it is" in again.err
    assert files(folder / "runs") == whole


def test_json_is_one_document_and_nothing_else(study: Path, work: Work, xfer: Xfer, write: Callable[..., Path]) -> None:
    work.fails = "pgd"
    found = xfer("study", study, "--json")
    assert (found.code, found.json["name"], len(found.json["cells"])) == (1, "small", 6)
    bad = xfer("study", write("bad.yaml", STUDY.replace("vary:", "varry:")), "--json")
    assert bad.code == 2 and not bad.json["ok"] and bad.json["errors"] == bad.err.splitlines()[:2]
