"""Searches of other forms in whole recipes: a stage that tags as an edge, pools of queries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from xfer.core.store import Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.graph.compile import Graph
from xfer.graph.node import Node
from xfer.recipe.load import load_recipe

RECIPE = """\
name: searched
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2, vocabulary: 400, positions: 70}
stages:
  xnli: {reader: xnli}
  udpos: {reader: udpos}
limits: {train_rows: 6, dev_rows: 4, test_rows: 12, steps: STEPS}
evaluate:
  clean: {stage: xnli, languages: [en]}
  same: {stage: xnli, languages: [en, hi], attacker: {type: textattack, budget: 15, protect: [premise],
    constraints: {edit_distance: 2, part_of_speech: {tagger: {stage: udpos}}}}}
  tags: {stage: udpos, languages: [th], rows: 4, attacker: {type: textattack, budget: 15, goal: {bound: 1.0}}}
  pools: {stage: xnli, reader: tatoeba, languages: [de, hi], rows: 4,
    attacker: {type: textattack, budget: 9, goal: {k: 200}}}
"""


def compiled(folder: Path, steps: int = 1) -> Graph:
    path = folder / "r.yaml"
    path.write_text(RECIPE.replace("STEPS", str(steps)), "utf-8")
    return open_graph(load_recipe(path).recipe, Store(folder / "store"))


def attacks(graph: Graph) -> dict[str, Node]:
    return {node.label.split()[0]: node for node in graph.nodes.values() if node.kind == "attack"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Graph, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("searched")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        graph = compiled(folder)
        results = execute_graph(graph, Store(folder / "store"))
        assert not run_failure(results, graph), run_failure(results, graph)
        entries = {name: results.entries[node.key] for name, node in attacks(graph).items()}
        yield graph, entries | {"pools before": results.entries[attacks(graph)["pools"].parents["rows"].key]}


def table(entry: Any, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(entry.out / name).to_pylist()
    return found


def test_a_stage_that_tags_is_an_edge(ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, entries = ran
    node = attacks(graph)["same"]
    assert node.parents["tagger"].label == "udpos seed 1" and node.parents["train"].label == "xnli seed 1"
    assert node.job.tagger.task == "udpos" and "NOUN" in node.job.tagger.form.labels
    monkeypatch.chdir(tmp_path)
    assert attacks(compiled(tmp_path, 2))["same"].key != node.key
    notes = table(entries["same"], "edits.parquet")
    assert {note["status"] for note in notes} <= {"succeeded", "failed", "skipped"}
    assert any(note["queries"] > 1 for note in notes)


def test_tags_stay_with_the_words_of_the_data(ran: Any) -> None:
    _, entries = ran
    rows = table(entries["tags"], "rows.parquet")
    assert all(len(row["words"]) == len(row["tags"]) and row["text"] == " ".join(row["words"]) for row in rows)


def test_queries_of_one_language_search_pools_of_several(ran: Any) -> None:
    _, entries = ran
    notes, rows = table(entries["pools"], "edits.parquet"), table(entries["pools"], "rows.parquet")
    searched = [note for note in notes if note["status"] != "unchanged"]
    counts = [sum(note["language"] == language for note in searched) for language in ("de", "hi")]
    assert counts[0] == counts[1] > 0 and sum(counts) == len(searched)
    assert {note["status"] for note in searched} <= {"succeeded", "failed", "skipped"}
    assert sum(note["queries"] for note in searched) > len(searched)
    assert sum(row["side"] == "query" for row in rows) == len(searched) == 8 < len(rows) == len(notes)


def test_candidates_stay_though_queries_have_their_ids(ran: Any) -> None:
    before, after = (table(ran[1][name], "rows.parquet") for name in ("pools before", "pools"))
    candidates = [row for row in before if row["side"] == "candidate"]
    assert {row["id"] for row in candidates} >= {row["id"] for row in before if row["side"] == "query"}
    assert [row for row in after if row["side"] == "candidate"] == candidates
