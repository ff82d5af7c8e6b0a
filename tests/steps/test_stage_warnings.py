"""What must be said of a finished stage besides its numbers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from encoder_zoo import save_family

from xfer.core.store import Store
from xfer.execution.walk import run_nodes
from xfer.graph.compile import Resolver, compile_graph
from xfer.recipe.recipe import Recipe
from xfer.steps.learning import stage_warnings, training_warnings


@pytest.mark.parametrize(("asked", "read", "told"), [(600, 512, 1), (512, 512, 0), (None, 512, 0), (128, 512, 0)])
def test_inputs_that_are_shorter_than_asked_are_told(asked: int | None, read: int, told: int) -> None:
    job: Any = SimpleNamespace(asked_length=asked, tasks={})
    result = {"max_length": read, "steps": 1, "curve": [], "selected": [1, None]}
    warnings = training_warnings(job, result, {})
    assert len(warnings) == told
    assert not told or warnings[0].startswith("max_length is 600, but the encoder reads 512 subwords at most")


def test_a_masked_lm_head_that_began_random_is_told() -> None:
    job: Any = SimpleNamespace(asked_length=None, tasks={})
    result = {"max_length": 128, "steps": 1, "curve": [], "selected": [1, None]}
    [warning] = training_warnings(job, result | {"random_heads": ["text"]}, {})
    assert warning.startswith("task text: what the stage starts from holds no masked-LM head")


def test_a_stage_of_masked_lm_on_a_bare_encoder_says_so(tmp_path: Path) -> None:
    save_family("xlm-roberta", tmp_path / "model", head="Model")
    data = {
        "name": "t",
        "source": "miniature",
        "model": {"type": "pretrained", "name": str(tmp_path / "model")},
        "stages": {"mlm": {"reader": {"type": "text", "languages": ["en"]}}},
        "limits": {"train_rows": 8, "dev_rows": 4, "steps": 1},
    }
    graph = compile_graph(Recipe.model_validate(data), Resolver(lambda path: "d", lambda name, kind: "c"))
    entries, stage = run_nodes(list(graph.nodes.values()), Store(tmp_path / "store")).entries, graph.stages["mlm", 1]
    assert entries[stage.key].read("training.json")["random_heads"] == ["text"]
    warnings = stage_warnings(stage, lambda node: entries.get(node.key))
    assert any(warning.startswith("task text: what the stage starts from holds no") for warning in warnings)
