"""Typed jobs: what is hashed of them, what is not, and that they travel to another process whole."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xfer.core.files import digests_in
from xfer.core.store import Store
from xfer.execution.walk import open_graph
from xfer.graph.node import VERSIONS, Graph, Node
from xfer.recipe.recipe import Recipe

SEARCH: dict[str, Any] = {"type": "textattack", "recipe": "deepwordbug", "budget": 5}
RECIPE: dict[str, Any] = {
    "name": "jobs",
    "source": "miniature",
    "model": {"type": "scratch"},
    "stages": {
        "first": {"tasks": {"nli": {"reader": "mnli"}, "text": {"reader": "text", "sampling": {"exponent": 0.3}}}},
        "anew": {
            "start": "first",
            "distil": {"stage": "first"},
            "tasks": {"xnli": {"reader": "xnli", "attacked": {"attacker": SEARCH, "refresh": 10}}},
        },
        "drawn": {
            "mixer": "joint",
            "tasks": {
                "xnli": {"reader": "xnli", "augment": ["typos", {"subwords": {}}], "consistency": {}},
                "language": {"reader": {"type": "text", "of": "xnli", "take": ["dev"]}, "head": "domain"},
            },
        },
    },
    "evaluate": {
        "searched": {"stage": "anew", "attacker": SEARCH},
        "voted": {"stage": "drawn", "smoothing": {"at": [0.0, 0.1]}},
        "ranked": {"stage": "drawn", "reader": "lareqa"},
        "spared": {"stage": "drawn", "attacker": {"type": "typos", "constraints": {"protected_file": "words.txt"}}},
    },
}


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("house\n")
    return open_graph(Recipe.model_validate(RECIPE), Store(tmp_path / "store"))


def test_hashed_data_equals_what_is_read_back_from_json(graph: Graph) -> None:
    """``xfer explain`` lays the one beside the other; a tuple would differ from its list."""
    assert {node.kind for node in graph.nodes.values()} == set(VERSIONS)
    for node in graph.nodes.values():
        data = node.job.hashed_data()
        assert json.loads(json.dumps(data)) == data, node.label


def test_a_job_travels_whole_with_the_files_that_it_knows(graph: Graph) -> None:
    known = {digest.path.name for node in graph.nodes.values() for digest in digests_in(node.job.hashed_data())}
    assert known == {"words.txt"}
    for node in graph.nodes.values():
        sent = pickle.loads(pickle.dumps(node.job))
        assert type(sent) is type(node.job) and sent.label == node.label and sent.seed == node.job.seed
        assert sent.hashed_data() == node.job.hashed_data()
        assert [digest.path for digest in digests_in(sent.hashed_data())] == [
            digest.path for digest in digests_in(node.job.hashed_data())
        ]


def test_a_label_is_not_hashed_and_live_components_are(graph: Graph) -> None:
    stage = graph.stages["anew", 1]
    assert Node(replace(stage.job, label="another"), stage.parents).key == stage.key
    slower = stage.job.trainer.model_copy(update={"learning_rate": 1e-9})
    for change in ({"trainer": slower}, {"limit": 3}, {"seed": 5}, {"teacher": None}, {"frozen_layers": 1}):
        assert Node(replace(stage.job, **change), stage.parents).key != stage.key, change
