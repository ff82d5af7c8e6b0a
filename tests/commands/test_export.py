"""xfer export: a run's stored predictions as XTREME's files, and back through xfer score to the report's numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from made_up_attacks import write_texts

from xfer.commands.export import content_writer
from xfer.commands.train import _copy_report
from xfer.core.store import Entry, Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.forms.sheet import EVERY_FORM
from xfer.graph.compile import Graph, Node
from xfer.graph.jobs import DataJob, PredictJob
from xfer.metrics.benchmarks import XTREME, XTREME_R, find_task
from xfer.readers.base import Reader
from xfer.recipe.load import load_recipe
from xfer.steps.rows import write_rows
from xfer.steps.steps import STEP_FUNCTIONS

Xfer = Callable[..., Any]
Write = Callable[..., Path]

RECIPE = """\
name: small
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
seeds: [1, 2]
stages:
  mnli: {reader: mnli}
  xnli: {reader: xnli, start: mnli}
evaluate:
  rough: {stage: mnli, reader: xnli, languages: [en]}
  clean: {stage: xnli, languages: [en, sw, zh]}
  english: {stage: mnli, split: dev}
  typos: {stage: xnli, languages: [en, sw], attacker: {type: typos, rate: 0.1}}
report: {compare: clean}
"""
LABELS = ["entailment", "neutral", "contradiction"]


def predictions(node: Node) -> dict[str, list[Any]]:
    """Made-up answers of one node: others for each, so that a mix-up shows."""
    draw, languages = Random(node.key), ["en", "sw", "zh"] if node.label.startswith("clean") else ["en"]
    rows: dict[str, list[Any]] = {name: [] for name in ("id", "language", "gold", "predicted", "score", "credit")}
    for language in languages:
        for number in range(40):
            gold, predicted = draw.choice(LABELS), draw.choice(LABELS)
            values = (str(number), language, gold, predicted, 0.5, float(gold == predicted))
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
    return rows


def work(node: Node, parents: Mapping[str, Entry], folder: Path, progress: Callable[..., None]) -> dict[str, Any]:
    if node.kind in ("score", "report"):
        return STEP_FUNCTIONS[node.kind](node.job, parents, folder, progress)
    if isinstance(node.job, PredictJob):
        write_rows(folder / "out" / "predictions.parquet", predictions(node))
    else:
        (folder / "out" / "x.json").write_text("{}")
        write_texts(node, folder)
    return {}


@pytest.fixture
def run(write: Write) -> tuple[Path, Graph]:
    """A recipe whose nodes are all in the default store; scores and report are real ones of made-up answers."""
    recipe, store = write("r.yaml", RECIPE), Store(Path(".xfer"))
    loaded = load_recipe(recipe)
    graph = open_graph(loaded.recipe, store)
    outcome = execute_graph(graph, store, work=work)
    assert run_failure(outcome, graph) is None and graph.report is not None
    _copy_report(Path("runs/small"), loaded.recipe, outcome.entries[graph.report.key])
    return recipe, graph


def predicted(graph: Graph, name: str) -> Path:
    assert graph.report is not None
    node = graph.report.parents[name].parents["predict"]
    return Path(".xfer") / "nodes" / "predict" / node.key / "out"


@pytest.mark.parametrize("source", ["r.yaml", "runs/small"])
def test_export_then_score_gives_the_scores_of_the_run(run: Any, xfer: Xfer, source: str) -> None:
    for seed in (1, 2):
        told = xfer("export", "--xtreme", source, "out", "--gold", "gold", "--seed", seed)
        assert (told.code, told.out) == (0, "6 files written to out\n")
        assert "rough is of xnli too" in told.err
        found = xfer("score", "xnli", "--gold", "gold", "--predictions", "out", "--json").json
        node = run[1].report.parents[f"clean/selected/{seed}"]
        stored = json.loads((Path(".xfer") / "nodes" / "score" / node.key / "out" / "scores.json").read_text())
        assert set(found["languages"]) == set(stored) == {"en", "sw", "zh"}
        for language, scores in stored.items():
            assert found["languages"][language]["accuracy"] == pytest.approx(100 * scores["accuracy"])


def test_the_mean_over_seeds_is_the_reports(run: Any, xfer: Xfer) -> None:
    scores = []
    for seed in (1, 2):
        xfer("export", "--xtreme", "r.yaml", f"out{seed}", "--gold", "gold", "--seed", seed)
        xfer_score = xfer("score", "xnli", "--gold", "gold", "--predictions", f"out{seed}", "--json").json
        scores.append(xfer_score["score"])
    report = xfer("report", "r.yaml", "--json").json
    (table,) = [table for table in report["tables"] if table["data"] == "xnli"]  # `english` tests MNLI
    assert sum(scores) / 2 == pytest.approx(table["mean"]["clean"]["value"])


def test_the_files_lie_where_a_submission_has_them(run: Any, xfer: Xfer) -> None:
    found = xfer("export", "--xtreme", "r.yaml", "out", "--json").json
    assert sorted(found["files"]) == [f"out/xnli/test-{code}.tsv" for code in ("en", "sw", "zh")]
    assert not Path("gold").exists()
    assert len(Path("out/xnli/test-sw.tsv").read_text().splitlines()) == 40
    assert set(Path("out/xnli/test-sw.tsv").read_text().splitlines()) <= set(LABELS)


def test_a_named_evaluation_is_written_even_under_attack(run: Any, xfer: Xfer) -> None:
    rows = predictions(run[1].report.parents["typos/selected/1"].parents["predict"])
    assert xfer("export", "--xtreme", "r.yaml", "out", "--evaluation", "typos").code == 0
    assert Path("out/xnli/test-en.tsv").read_text().split() == rows["predicted"]


def test_a_predictions_file_needs_its_reader(run: Any, xfer: Xfer) -> None:
    folder = predicted(run[1], "rough/selected/2")
    assert xfer("export", "--xtreme", folder, "out", "--reader", "xnli").code == 0
    one = Path("out/xnli/test-en.tsv").read_text()
    assert xfer("export", "--xtreme", folder / "predictions.parquet", "out", "--reader", "xnli").code == 0
    assert Path("out/xnli/test-en.tsv").read_text() == one
    assert "--reader xnli" in xfer("export", "--xtreme", folder, "out").err
    assert "mnli is no task of XTREME" in xfer("export", "--xtreme", folder, "out", "--reader", "mnli").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["r.yaml", "out"], "--xtreme"),
        (["--xtreme", "r.yaml", "out", "--seed", "7"], "has no seed 7; it has 1, 2"),
        (["--xtreme", "r.yaml", "out", "--evaluation", "claen"], "did you mean 'clean'?"),
        (["--xtreme", "r.yaml", "out", "--evaluation", "clean", "--evaluation", "typos"], "both of xnli"),
        (["--xtreme", "r.yaml", "out", "--evaluation", "english"], "mnli is no task of XTREME"),
        (["--xtreme", "r.yaml", "out", "--reader", "xnli"], "a run knows its readers"),
        (["--xtreme", "runs", "out"], "no recipe.json"),
        (["--xtreme", "nowhere.parquet", "out", "--reader", "xnli"], "nowhere.parquet is not there"),
        (["--xtreme", "r.yaml", "out", "--set", "seeds=[9]"], "run: xfer train r.yaml"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(run: Any, xfer: Xfer, words: list[str], said: str) -> None:
    found = xfer("export", *words)
    assert found.code == 2 and said in found.err
    assert not Path("out").exists()


def test_a_limited_run_says_that_it_is_a_part(write: Write, xfer: Xfer) -> None:
    write("r.yaml", RECIPE + "limits: {test_rows: 40}\n")
    store = Store(Path(".xfer"))
    graph = open_graph(load_recipe("r.yaml").recipe, store)
    execute_graph(graph, store, work=work)
    assert "at most 40 rows a language" in xfer("export", "--xtreme", "r.yaml", "out").err


def test_a_file_that_is_no_predictions_is_refused(write: Write, xfer: Xfer) -> None:
    write("a.parquet", "nothing")
    assert "not a parquet file" in xfer("export", "--xtreme", "a.parquet", "out", "--reader", "xnli").err
    write_rows(Path("b.parquet"), {"id": ["1"], "language": ["en"]})
    assert "has no column gold" in xfer("export", "--xtreme", "b.parquet", "out", "--reader", "xnli").err


# rows without a prediction

LEFT_OUT = """\
name: lossy
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
seeds: [1]
stages:
  own: {reader: {type: READER, bad_rows: skip}}
evaluate:
  clean: {stage: own, languages: [en]}
  typos: {stage: own, languages: [en], attacker: {type: typos, rate: 0.1}}
report: {compare: clean}
"""


def lossy(
    node: Node, parents: Mapping[str, Entry], folder: Path, progress: Callable[..., None], bad: str, dropped: int
) -> dict[str, Any]:
    """Nodes of a test set with a bad row where ``bad`` is its split, and of an attack that drops some."""
    if isinstance(node.job, DataJob) and node.job.split == bad:
        (folder / "out" / "bad_rows.json").write_text(json.dumps({"test.tsv:4: label 'x' is unknown": "en"}))
    if node.kind == "attack":
        status = ["dropped"] * dropped + ["changed"]
        write_rows(
            folder / "out" / "edits.parquet",
            {"id": [str(i) for i in range(dropped + 1)], "language": ["en"] * (dropped + 1), "status": status},
        )
    if isinstance(node.job, PredictJob):
        write_rows(
            folder / "out" / "predictions.parquet", {"id": ["1"], "language": ["en"], **ONE[node.job.network.form.name]}
        )
    else:
        (folder / "out" / "x.json").write_text("{}")
    return {}


ONE: dict[str, dict[str, list[Any]]] = {
    "classify": {"gold": ["neutral"], "predicted": ["neutral"]},
    "tag": {"gold": [["O"]], "predicted": [["O"]]},
    "span": {"gold": [["a cat"]], "predicted": ["cat"]},
}


def finished(write: Write, reader: str, bad: str = "test", dropped: int = 0) -> Graph:
    write("r.yaml", LEFT_OUT.replace("READER", reader))
    store = Store(Path(".xfer"))
    graph = open_graph(load_recipe("r.yaml").recipe, store)
    assert run_failure(execute_graph(graph, store, work=partial(lossy, bad=bad, dropped=dropped)), graph) is None
    return graph


@pytest.mark.parametrize("reader", ["xnli", "panx"])
def test_a_file_with_a_line_for_every_row_is_refused_where_rows_lack(write: Write, xfer: Xfer, reader: str) -> None:
    graph = finished(write, reader)
    told = xfer("export", "--xtreme", "r.yaml", "out", "--gold", "gold")
    assert told.code == 2 and not Path("out").exists() and not Path("gold").exists()
    assert "clean: 1 row of the data set has no prediction (test.tsv:4: label 'x' is unknown)" in told.err
    assert f"a file of {reader} has a line for every row" in told.err
    for name in ("clean", "typos"):  # an attack works on what is left of the data
        folder = predicted(graph, f"{name}/selected/1")
        assert "test.tsv:4" in xfer("export", "--xtreme", folder, "out", "--reader", reader).err
        assert not Path("out").exists()


def test_rows_that_an_attack_dropped_lack_too(write: Write, xfer: Xfer) -> None:
    finished(write, "xnli", bad="none", dropped=2)
    assert xfer("export", "--xtreme", "r.yaml", "out").code == 0
    told = xfer("export", "--xtreme", "r.yaml", "attacked", "--evaluation", "typos")
    assert told.code == 2 and not Path("attacked").exists()
    assert "typos: 2 rows of the data set have no prediction (an attack dropped row 0 in en, ...)" in told.err


def test_bad_rows_of_training_stand_in_no_test_file(write: Write, xfer: Xfer) -> None:
    finished(write, "xnli", bad="train")
    told = xfer("export", "--xtreme", "r.yaml", "out")
    assert (told.code, told.err) == (0, "")


def test_questions_that_are_not_answered_are_told_and_score_zero(write: Write, xfer: Xfer) -> None:
    finished(write, "xquad")
    told = xfer("export", "--xtreme", "r.yaml", "out")
    assert told.code == 0 and json.loads(Path("out/xquad/test-en.json").read_text()) == {"1": "cat"}
    assert "note: clean: 1 row of the data set has no prediction (test.tsv:4" in told.err


# other forms

SPAN = {"gold": [["a cat", "cat"], ["dog"]], "predicted": ["cat", "the dog"]}
OTHERS = {
    "pawsx": ({"gold": 0, "predicted": 1}, 0.0),
    "xcopa": ({"gold": [0, 1], "predicted": [0, 0]}, 50.0),
    "panx": ({"gold": [["B-LOC", "O"], ["B-PER"]], "predicted": [["B-LOC", "O"], ["B-LOC"]]}, 50.0),
    "xquad": (SPAN, 100.0),
    "mlqa": (SPAN, 100.0),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_forms_come_back_with_their_score(write: Write, xfer: Xfer, name: str) -> None:
    task = find_task(name)
    assert task is not None
    try:
        reader = Reader.model_validate(name)
    except Exception:
        pytest.skip(f"no reader {name} yet")
    columns, wanted = OTHERS[name]
    if name == "pawsx":  # the reader's own words for XTREME's 0 and 1
        columns = {side: [reader.label_names()[value]] * 2 for side, value in columns.items()}  # type: ignore[call-overload]
    write_rows(Path("p.parquet"), {"id": ["1", "2"], "language": ["en", "en"], **columns})  # type: ignore[dict-item]
    assert xfer("export", "--xtreme", "p.parquet", "out", "--gold", "gold", "--reader", name).code == 0
    found = xfer("score", name, "--gold", "gold", "--predictions", "out", "--json").json
    assert found["score"] == pytest.approx(wanted)
    if name == "pawsx":
        assert Path(f"out/pawsx/{task.named('en')}").read_text() == "1\n1\n"


def test_withheld_gold_is_not_written(write: Write, xfer: Xfer) -> None:
    write_rows(Path("p.parquet"), {"id": ["1"], "language": ["en"], "gold": [None], "predicted": ["neutral"]})
    found = xfer("export", "--xtreme", "p.parquet", "out", "--gold", "gold", "--reader", "xnli", "--json").json
    assert found["files"] == ["out/xnli/test-en.tsv"]


def test_every_form_with_rows_of_answers_can_be_exported() -> None:
    layouts = {task.layout for benchmark in (XTREME, XTREME_R) for task in benchmark.tasks.values()}
    assert layouts == {"labels", "tags", "answers", "choices", "pairs", "rankings"}
    assert [form for form in EVERY_FORM if content_writer(form) is None] == ["mask"]
