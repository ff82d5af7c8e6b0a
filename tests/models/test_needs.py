"""A package that a stage lacks is told before any node runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from xfer.core.errors import MissingPart
from xfer.core.store import Store
from xfer.execution.walk import execute_graph
from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.models import needs
from xfer.recipe.recipe import Recipe


def compiled(method: str) -> Graph:
    late = {"tasks": {"nli": {"reader": "mnli"}}, "start": "first", "trainer": {"adapt": {"method": method}}}
    recipe = {"name": "g", "source": "miniature", "model": {"type": "scratch"}}
    stages = {"first": {"reader": "mnli"}, "late": late}
    built = Recipe.model_validate(recipe | {"stages": stages})
    return compile_graph(built, Resolver(lambda path: "digest", lambda name, kind: "commit"))


def test_peft_is_missed_before_the_first_stage_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    graph, done = compiled("lora"), list[str]()
    with pytest.raises(MissingPart, match="needs the package peft; run: pip install"):
        execute_graph(graph, Store(tmp_path), work=lambda node, *_: done.append(node.label) or {})
    assert not done
    assert not [node for node in compiled("houlsby").nodes.values() if node.problem]  # bottlenecks are our own
