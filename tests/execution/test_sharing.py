"""Scores and reports that travel: packed from one store, imported into another, and gone on from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import xfer as package
from xfer.core.errors import StoreDamaged, UsageError
from xfer.core.store import Store
from xfer.execution.needed import needed_nodes
from xfer.execution.sharing import import_results
from xfer.execution.walk import open_graph
from xfer.graph.node import record_key
from xfer.recipe.load import load_recipe

Xfer = Callable[..., Any]
RECIPE: dict[str, Any] = {
    "name": "t",
    "source": "miniature",
    "model": {"type": "scratch", "layers": 1, "width": 16, "heads": 2, "vocabulary": 1500},
    "stages": {"nli": {"reader": "mnli", "trainer": {"steps": 2, "max_length": 32}}},
    "evaluate": {
        "clean": {"stage": "nli", "reader": "xnli", "languages": ["en", "de"]},
        "typos": {"stage": "nli", "reader": "xnli", "languages": ["en", "de"], "attacker": "typos"},
    },
    "limits": {"train_rows": 20, "dev_rows": 4, "test_rows": 6},
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe, a store in which it is finished, and what is packed of it."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "recipe.yaml").write_text(json.dumps(RECIPE))
    package.run(folder / "recipe.yaml", store=folder / "store")
    return folder


def kinds(store: Path) -> dict[str, int]:
    return {path.name: len(list(path.iterdir())) for path in sorted((store / "nodes").iterdir())}


@pytest.fixture
def away(packed: Path, folder: Path, xfer: Xfer) -> Path:
    """Another folder with the recipe and the packed results alone."""
    done = xfer("pack", packed / "recipe.yaml", folder / "results", "--store", packed / "store", "--json")
    assert done.json == {"folder": str(folder / "results"), "score": 2, "report": 1}
    shutil.copy(packed / "recipe.yaml", folder / "recipe.yaml")
    return folder


def test_what_is_imported_counts_as_done_and_nothing_is_trained(away: Path, packed: Path, xfer: Xfer) -> None:
    assert len(xfer("import", "results", "--store", "mine", "--json").json["imported"]) == 3
    assert xfer("train", "recipe.yaml", "--store", "mine", "--runs", "runs").code == 0
    assert kinds(away / "mine") == {"report": 1, "score": 2}
    xfer("train", packed / "recipe.yaml", "--store", packed / "store", "--runs", away / "theirs")
    assert (away / "runs/t/report.json").read_bytes() == (away / "theirs/t/report.json").read_bytes()
    assert xfer("import", "results", "--store", "mine", "--json").json == {"imported": []}


def test_a_further_evaluation_goes_on_from_them_and_makes_only_what_it_needs(away: Path, xfer: Xfer) -> None:
    xfer("import", "results", "--store", "mine")
    more = RECIPE | {"evaluate": RECIPE["evaluate"] | {"case": RECIPE["evaluate"]["typos"] | {"attacker": "case"}}}
    (away / "more.yaml").write_text(json.dumps(more))
    assert xfer("train", "more.yaml", "--store", "mine").code == 0
    made = kinds(away / "mine")
    assert (made["score"], made["predict"], made["train"]) == (3, 1, 1)  # its own prediction alone is made anew


def test_imported_entries_say_where_they_came_from(away: Path, packed: Path) -> None:
    (entry, *_) = import_results(away / "results", Store(away / "mine"))
    found = Store(away / "mine").find(entry.kind, entry.key)
    assert found is not None and found.origin() == str(away / "results")
    made_here = Store(packed / "store").find(entry.kind, entry.key)
    assert made_here is not None and made_here.origin() is None
    assert found.node_record() == made_here.node_record()
    found.verify_files(contents=True)


def test_a_result_that_was_changed_is_refused_and_nothing_is_taken(away: Path) -> None:
    scores = next((away / "results" / "score").glob("*/out/scores.json"))
    scores.write_text(scores.read_text().replace("0", "1", 1))
    with pytest.raises(StoreDamaged, match="is not what was written"):
        import_results(away / "results", Store(away / "mine"))
    assert not (away / "mine").exists()


def test_a_result_under_another_key_is_refused(away: Path) -> None:
    first, second = sorted((away / "results" / "score").iterdir())
    shutil.rmtree(second)
    first.rename(second)
    with pytest.raises(UsageError, match="describes another node than its folder is named for"):
        import_results(away / "results", Store(away / "mine"))


def test_a_folder_without_results_is_one_line(folder: Path, xfer: Xfer) -> None:
    (folder / "empty").mkdir()
    done = xfer("import", "empty")
    assert done.code == 2 and "empty holds no packed results" in done.err


def test_a_key_follows_from_the_record(packed: Path) -> None:
    graph = open_graph(load_recipe(packed / "recipe.yaml").recipe, Store(packed / "store"))
    assert all(record_key(node.hashed_record()) == key for key, node in graph.nodes.items())


def test_all_nodes_are_needed_by_an_empty_store_and_none_that_lead_to_held_ones(packed: Path, away: Path) -> None:
    store = Store(away / "mine")
    nodes = list(open_graph(load_recipe(packed / "recipe.yaml").recipe, store).nodes.values())
    assert needed_nodes(nodes, store) == nodes
    import_results(away / "results", store)
    assert {node.kind for node in needed_nodes(nodes, store)} == {"score", "report"}


def test_a_number_that_was_changed_in_a_report_is_not_shown(packed: Path, folder: Path, xfer: Xfer) -> None:
    shutil.copytree(packed / "store", folder / "store")
    report = next((folder / "store" / "nodes" / "report").glob("*/out/report.json"))
    text = report.read_text()
    digit = next(place for place, char in enumerate(text) if char.isdigit())
    report.write_text(text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :])
    done = xfer("train", packed / "recipe.yaml", "--store", folder / "store", "--runs", "runs")
    assert done.code == 1 and "is not what was written" in done.err and not done.out


def test_plan_and_explain_know_what_is_not_needed_and_what_was_imported(away: Path, xfer: Xfer) -> None:
    before = xfer("train", "recipe.yaml", "--store", "mine", "--dry-run", "--json").json["nodes"]
    assert all(line["needed"] and not line["stored"] for line in before)
    xfer("import", "results", "--store", "mine")
    lines = xfer("train", "recipe.yaml", "--store", "mine", "--dry-run", "--json").json["nodes"]
    assert {line["kind"] for line in lines if line["stored"]} == {"score", "report"}
    assert not any(line["needed"] for line in lines)
    shown = xfer("train", "recipe.yaml", "--store", "mine", "--dry-run").out
    assert f"{len(lines)} nodes, 3 in the store, 0 to run" in shown and "not needed" in shown
    assert "imported from results" in xfer("explain", "recipe.yaml", "--store", "mine").out
