"""Dual encoders for LAReQA and Mewsli-X from a recipe to official scores, in the miniature world."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import xfer as package
from xfer.core.store import Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.readers.lareqa import gold_file
from xfer.recipe.load import load_recipe
from xfer.steps.rows import read_rows

Xfer = Callable[..., Any]
RECIPE = """\
name: ranking
source: miniature
model: {type: scratch, layers: 1, width: 48, heads: 2, feedforward: 48, vocabulary: 1200, positions: 64, dropout: 0}
seeds: [1]
stages:
  untrained:
    reader: {type: lareqa, pooling: mean}
    trainer: {steps: 1, batch_size: 2, learning_rate: 1.0e-12, max_length: 48, precision: fp32}
  answers:
    reader: {type: lareqa, pooling: mean}
    trainer:
      {steps: 60, batch_size: 32, learning_rate: 4e-3, max_length: 48, evaluate_every: 60, dev_rows: 20,
       precision: fp32}
  entities:
    reader: mewsli_x
    trainer:
      {steps: 10, batch_size: 16, learning_rate: 1e-3, max_length: 32, evaluate_every: 10, dev_rows: 20,
       precision: fp32}
evaluate:
  before: {stage: untrained, languages: [de, en]}
  after: {stage: answers, languages: [de, en]}
  entities: {stage: entities, languages: [en, tr]}
limits: {train_rows: 1200}
"""


class Done:
    """A finished run."""

    def __init__(self, folder: Path) -> None:
        self.recipe = folder / "ranking.yaml"
        self.recipe.write_text(RECIPE)
        self.store = folder / "store"
        self.graph = open_graph(load_recipe(self.recipe).recipe, Store(self.store))
        outcome = execute_graph(self.graph, Store(self.store))
        error = run_failure(outcome, self.graph)
        assert error is None, error
        self.entries = outcome.entries

    def scores(self, name: str) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = self.entries[self._score(name).key].read("scores.json")
        return found

    def predictions(self, name: str) -> dict[str, list[Any]]:
        return read_rows(self.entries[self._score(name).parents["predict"].key], "predictions.parquet")

    def rows(self, name: str) -> dict[str, list[Any]]:
        return read_rows(self.entries[self._score(name).parents["predict"].parents["rows"].key])

    def world(self, part: str) -> Path:
        """The folder of a part of the made-up world."""
        return next(found.out for found in self.entries.values() if (found.out / part).is_dir())

    def _score(self, name: str) -> Any:
        assert self.graph.report is not None
        return self.graph.report.parents[f"{name}/selected/1"]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return Done(tmp_path_factory.mktemp("ranking"))


def test_training_raises_map_in_the_language_trained_on(done: Done) -> None:
    before, after = (done.scores(name)["en"]["map@20"] for name in ("before", "after"))
    assert before < 0.04 < 0.06 < after, (before, after)


def test_the_pool_is_all_languages_whatever_is_asked_in(done: Done) -> None:
    rows, found = done.rows("after"), done.predictions("after")
    asked = {lang for lang, side in zip(rows["language"], rows["side"], strict=True) if side == "query"}
    known = {name for name, side in zip(rows["id"], rows["side"], strict=True) if side == "candidate"}
    assert asked == {"de", "en"} and len({name[:2] for name in known}) == 10
    assert all(len(gold) == 10 and set(gold) <= known for gold in found["gold"])
    assert {name for ids in found["predicted"] for name in ids} <= known
    assert all(len(set(ids)) == 20 for ids in found["predicted"])
    people = done.rows("entities")
    described = {lang for lang, side in zip(people["language"], people["side"], strict=True) if side == "candidate"}
    assert len(described) == 11


def test_the_scores_are_those_of_the_official_files(done: Done) -> None:
    """mAP@20 from the predictions and the files alone."""
    found = done.predictions("after")
    for language in ("de", "en"):
        right = gold_file(done.world("lareqa") / "lareqa" / "xquad-r" / f"{language}.json").right
        ranked = {
            name: ids
            for name, lang, ids in zip(found["id"], found["language"], found["predicted"], strict=True)
            if lang == language
        }
        assert set(ranked) == set(right)
        total = 0.0
        for name, gold in right.items():
            hits = [rank for rank, one in enumerate(ranked[name], 1) if one in gold]
            total += sum(number / rank for number, rank in enumerate(hits, 1)) / 10
        assert done.scores("after")[language]["map@20"] == pytest.approx(total / len(right))


def test_what_is_exported_scores_the_same(done: Done, xfer: Xfer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = xfer(
        "export", "--xtreme", done.recipe, "out", "--store", done.store, "--evaluation", "after",
        "--evaluation", "entities", "--gold", "gold",
    )  # fmt: skip
    assert made.code == 0, made.err
    files = done.world("lareqa")
    for task, name, gold in [("lareqa", "after", files), ("lareqa", "after", "gold"), ("mewslix", "entities", "gold")]:
        for language, scores in done.scores(name).items():
            guess = Path("out") / task / f"test-{language}.json"
            words = ("score", task, "--gold", gold, "--predictions", "out", "--language", language, "--json")
            found = xfer(*words).json["languages"][language]
            assert len(json.loads(guess.read_text())) == found["rows"] == scores["rows"]
            assert found["map@20"] == pytest.approx(100 * scores["map@20"])


def test_a_finished_run_is_not_run_again(done: Done) -> None:
    report = package.run(done.recipe, store=done.store)
    assert set(report["evaluations"]) == {"before", "after", "entities"}
