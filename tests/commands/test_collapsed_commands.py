"""A real model that collapsed, from ``xfer train`` to ``xfer explain`` and the page of a study: nothing is silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from xfer.reports.study.page.svg import escape_markup

Xfer = Callable[..., Any]
RECIPE = """\
name: flat
source: mirror
model: {type: scratch, layers: 1, width: 16, heads: 2, vocabulary: 300, positions: 16}
stages:
  topic:
    reader: {type: files, train: train.tsv, dev: dev.tsv, test: "test-{language}.tsv", labels: [bad, good, none],
      test_languages: [en]}
    trainer: {steps: 2, batch_size: 4, learning_rate: 1.0e-7}
evaluate:
  clean: {stage: topic}
  typos: {stage: topic, attacker: {type: typos, rate: 0.5}}
"""
STUDY = """\
name: flat_or_not
question: Does a larger batch help?
recipe: flat.yaml
vary:
  size: {small: {}, large: {stages.topic.trainer.batch_size: 8}}
compare: {against: {size: small}}
hypotheses:
  cheaper: {claim: Typos cost less., against: {size: small}, measure: drop, expect: lower}
"""


@pytest.fixture
def recipe(write: Callable[..., Path], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two steps at a rate that changes nothing: the untrained head prefers one class whatever it reads."""
    labels = ["bad", "good", "none"]
    for name, count in (("train", 12), ("dev", 15), ("test-en", 12)):
        lines = [f"a house of {'stone' if i % 2 else 'straw'} {i}\t{labels[i % 3]}" for i in range(count)]
        write(f"{name}.tsv", "\n".join(["text\tlabel", *lines]) + "\n")
    monkeypatch.setenv("XFER_DATA", str(folder))
    return write("flat.yaml", RECIPE)


def test_a_model_that_collapsed_is_told_wherever_it_is_looked_at(recipe: Path, xfer: Xfer, write: Any) -> None:
    ran = xfer("train", recipe)
    assert ran.code == 0, ran.err
    (answer,) = {
        one
        for path in Path(".xfer").rglob("predictions.parquet")
        for one in pq.read_table(path)["predicted"].to_pylist()
    }
    stage = "files: dev accuracy 33.3 is what giving one answer ('bad' or 'good' or 'none') to all 15 rows scores"
    assert f"! train   topic seed 1  {stage}" in ran.err and f"warning: stage topic seed 1: {stage}" in ran.err
    said = f"the model collapsed: it gives one answer ('{answer}') to every row in en"
    assert f"warning: clean, typos: with seed 1 {said}" in ran.out
    (node,) = Path(".xfer/nodes/train").iterdir()
    last = json.loads((node / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 2 and last["warnings"][0].startswith(stage)
    assert "warnings" not in json.loads((node / "out" / "training.json").read_text())

    again = xfer("train", recipe)  # all of it is in the store: told all the same
    assert f"warning: stage topic seed 1: {stage}" in again.err and said in again.out

    lines = {f"{line['kind']} {line['label']}": line["why"] for line in xfer("explain", recipe, "--json").json}
    assert any(why.startswith(f"warning: {stage}") for why in lines["train topic seed 1"])
    assert f"warning: {said}" in lines["score clean seed 1"] and f"warning: {said}" in lines["score typos seed 1"]

    study = xfer("study", write("study.yaml", STUDY))
    assert "- Collapsed: +0.0 points [+0.0, +0.0]" in study.out and f"warning: stage topic seed 1: {stage}" in study.out
    found = json.loads(Path("runs/flat_or_not/study.json").read_text())
    assert [row["verdict"] for row in found["hypotheses"]] == ["collapsed"]
    shown = Path("runs/flat_or_not/index.html").read_text()
    assert escape_markup(stage) in shown and escape_markup(said) in shown
