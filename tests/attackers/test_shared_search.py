"""An attack node by one process, by two, cut short and resumed: the same rows; and a process that dies is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import XferError
from xfer.core.store import Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.graph.compile import Node
from xfer.recipe.load import load_recipe
from xfer.steps import attacks, search_processes
from xfer.steps.rows import read_rows, row_dicts

RECIPE = """\
name: searched
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2, vocabulary: 600, positions: 130}
stages:
  xnli: {reader: xnli}
limits: {train_rows: 8, dev_rows: 4, test_rows: 8, steps: 1}
evaluate:
  bugs: {stage: xnli, languages: [en, th], attacker: {type: textattack, recipe: deepwordbug, budget: 12}}
"""
Ran = tuple[Node, dict[str, Any], Path]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """A finished attack node, its parents' entries and its results."""
    folder = tmp_path_factory.mktemp("searched")
    (folder / "r.yaml").write_text(RECIPE, "utf-8")
    store = Store(folder / "store")
    graph = open_graph(load_recipe(folder / "r.yaml").recipe, store)
    error = run_failure(execute_graph(graph, store), graph)
    assert error is None, error
    node = next(node for node in graph.nodes.values() if node.kind == "attack")
    parents = {role: store.find(parent.kind, parent.key) for role, parent in node.parents.items()}
    entry = store.find(node.kind, node.key)
    assert entry is not None
    yield node, parents, entry.out


def by_name(found: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {(outcome.row["language"], outcome.row["id"]): outcome.row for outcome in found}


def test_two_processes_find_what_one_finds(ran: Ran, tmp_path: Path) -> None:
    node, parents, out = ran
    rows = row_dicts(read_rows(parents["rows"]))
    assert len(rows) == 16
    one, two = (by_name(search_processes.run_search_processes(node.job, parents, rows, count)) for count in (1, 2))
    assert one == two and {found["status"] for found in one.values()} >= {"failed"}
    assert any(found["text"] != row["text"] or found["pair"] != row["pair"] for row in rows for found in one.values())
    # cut short after four rows, in the middle of a line
    lines = [json.dumps(one[row["language"], row["id"]]) for row in rows[:4]]
    (tmp_path / "results.jsonl").write_text("\n".join(lines) + '\n{"id": "x', "utf-8")
    (tmp_path / "out").mkdir()
    attacks.attack_step(node.job, parents, tmp_path, lambda *_, **__: None)
    assert (tmp_path / "out" / "rows.parquet").read_bytes() == (out / "rows.parquet").read_bytes()
    assert (tmp_path / "out" / "edits.parquet").read_bytes() == (out / "edits.parquet").read_bytes()
    assert len((tmp_path / "results.jsonl").read_text("utf-8").splitlines()) == 16


def test_a_process_that_dies_or_reports_is_one_line(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    node, parents, _ = ran
    rows = row_dicts(read_rows(parents["rows"]))
    first = json.dumps({"result": {"id": rows[0]["id"]}, "unsteady_shapes": 3})
    monkeypatch.setattr(search_processes, "COMMAND", [sys.executable, "-c", f"print({first!r}); import os; os.abort()"])
    found = search_processes.run_search_processes(node.job, parents, rows, 2)
    assert next(found) == ({"id": rows[0]["id"]}, 3)
    with pytest.raises(XferError, match="of 2 was killed by signal 6; what is finished is kept") as caught:
        list(found)
    assert "\n" not in str(caught.value)
    said = json.dumps({"error": "no model here"})
    monkeypatch.setattr(search_processes, "COMMAND", [sys.executable, "-c", f"print({said!r})"])
    with pytest.raises(XferError, match=r"attack bugs.*: no model here$"):
        list(search_processes.run_search_processes(node.job, parents, rows, 2))
