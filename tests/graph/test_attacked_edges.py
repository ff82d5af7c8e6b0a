"""Attacked training rows between the lines of a recipe: faults with their place, and the edges of the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import RecipeError
from xfer.core.store import Store
from xfer.execution.plan import plan_nodes
from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe

HEAD = """\
name: a
source: miniature
model: {type: scratch}
stages:
  first: {reader: mnli}
  asked: {reader: squad_v1}
  late: {reader: mnli, start: here}
  here:
    tasks:
      one: {TASK}
"""
FOOL = "attacker: {type: textattack, recipe: deepwordbug, budget: 5}"


def faults(tmp_path: Path, task: str) -> list[tuple[str, str]]:
    file = tmp_path / "r.yaml"
    file.write_text(HEAD.replace("{TASK}", "{" + task + "}"))
    try:
        load_recipe(file)
    except RecipeError as error:
        assert all(found.line == HEAD.count("\n") and found.column > 1 for found in error.faults)
        return [(found.path.removeprefix("stages.here.tasks.one."), found.message) for found in error.faults]
    return []


FAULTS = [
    (f"reader: mnli, attacked: {{{FOOL}}}", "attacked", "names nobody whom the search asks"),
    (f"reader: mnli, attacked: {{{FOOL}, by: frist}}", "attacked.by", "there is no stage 'frist'"),
    (f"reader: mnli, attacked: {{{FOOL}, by: here}}", "attacked.by", "'here' waits for 'here' itself"),
    (f"reader: mnli, attacked: {{{FOOL}, by: late}}", "attacked.by", "'late' waits for 'here' itself"),
    (f"reader: mnli, attacked: {{{FOOL}, by: asked}}", "attacked.by", "no task of stage 'asked' has the form and"),
    (f"reader: mnli, attacked: {{{FOOL}, by: first, task: one}}", "attacked.task", "stage 'first' has no task 'one'"),
    (f"reader: qqp, attacked: {{{FOOL}, by: first, task: mnli}}", "attacked.task", "does not have the form and labels"),
    (f"reader: mnli, attacked: {{{FOOL}, by: first, refresh: 5}}", "attacked", "gives both by and refresh"),
    (f"reader: mnli, attacked: {{{FOOL}, refresh: 5, task: one}}", "attacked", "gives task, but no stage in by"),
    (f"reader: mnli, attacked: {{{FOOL}, refresh: 1.5}}", "attacked.refresh", "is no number of steps"),
    ("reader: mnli, attacked: {attacker: typos, by: first}", "attacked", "gives by, but attacker typos asks nobody"),
    ("reader: mnli, attacked: {attacker: entity_swap}", "attacked.attacker", "keep the labels of form classify true"),
    ("reader: mnli, attacked: {attacker: {type: typos, diagnostic: true}}", "attacked.attacker.diagnostic", "untrue"),
    ("reader: pawsx, attacked: {attacker: {type: cross_language, other: fr}}", "attacked.attacker", "none in 'fr'"),
    ("reader: mnli, attacked: {attacker: typos, share: 1.2}", "attacked.share", "less than or equal to 1"),
    ("reader: lareqa, attacked: {attacker: typos, weight: 2}", "attacked.weight", "depends on the others of its batch"),
    (
        "reader: {type: text, languages: [en, de]}, head: domain, attacked: {attacker: typos}",
        "attacked",
        "this one has a discriminator",
    ),
]


@pytest.mark.parametrize(
    ("task", "path", "message"), FAULTS, ids=[f"{path} {message[:12]}" for _, path, message in FAULTS]
)
def test_what_does_not_fit_is_a_fault_with_its_place(task: str, path: str, message: str, tmp_path: Path) -> None:
    found = [each for each in faults(tmp_path, task) if each[0] == path]
    assert len(found) == 1 and message in found[0][1], faults(tmp_path, task)


@pytest.mark.parametrize(
    "task",
    [
        f"reader: mnli, attacked: {{{FOOL}, by: first, share: 0.1, weight: 0.5, keep: all, beside: false}}",
        f"reader: mnli, attacked: {{{FOOL}, refresh: 0.25}}",
        "reader: panx, attacked: {attacker: {type: entity_swap, donors: train}}",
        "reader: squad_v1, attacked: {attacker: distractor, share: 0.5}",
        "reader: hellaswag, attacked: {attacker: typos}",
        "reader: {type: text, languages: [en]}, attacked: {attacker: typos}",
    ],
)
def test_what_fits_is_none(task: str, tmp_path: Path) -> None:
    assert faults(tmp_path, task) == []


def compiled(**attacked: Any) -> Graph:
    task: dict[str, Any] = {"reader": "mnli"} | ({"attacked": attacked} if attacked else {})
    stages = {"first": {"reader": "mnli"}, "here": {"tasks": {"nli": task}}}
    recipe = Recipe.model_validate({"name": "g", "model": {"type": "scratch"}, "seeds": [1, 2], "stages": stages})
    return compile_graph(recipe, Resolver(lambda path: "digest", lambda name, kind: "commit"))


SEARCH = {"type": "textattack", "recipe": "deepwordbug", "budget": 5}


def test_a_search_stands_between_the_rows_the_victim_and_the_stage(tmp_path: Path) -> None:
    graph = compiled(attacker=SEARCH, by="first", share=0.1)
    node = graph.stages["here", 1]
    attack = node.parents["attacked/nli"]
    assert attack.parents == {"rows": node.parents["train/nli"], "train": graph.stages["first", 1]}
    assert attack.job.hashed_data().items() >= {"share": 0.1, "task": "mnli", "form": "classify"}.items()
    assert node.job.hashed_data()["tasks"]["nli"]["attacked"] == {"weight": 1.0, "beside": True, "keep": "succeeded"}
    order = list(graph.nodes)
    assert order.index(graph.stages["first", 1].key) < order.index(attack.key) < order.index(node.key)
    assert attack.key != graph.stages["here", 2].parents["attacked/nli"].key  # another victim
    lines = {line["label"]: line for line in plan_nodes(graph.nodes.values(), Store(tmp_path))}
    assert lines["here nli seed 1"]["rows"] == pytest.approx(0.1 * lines["here seed 1"]["rows"], abs=1)


def test_how_rows_are_used_does_not_attack_them_again() -> None:
    about: dict[str, Any] = {"attacker": SEARCH, "by": "first"}
    first, other = (compiled(**about, **more).stages["here", 1] for more in ({}, {"weight": 0.5, "keep": "all"}))
    assert first.parents["attacked/nli"].key == other.parents["attacked/nli"].key and first.key != other.key


def test_one_attack_by_rule_serves_all_seeds() -> None:
    graph = compiled(attacker="typos")
    one, two = (graph.stages["here", seed].parents["attacked/nli"] for seed in (1, 2))
    assert one is two and set(one.parents) == {"rows"}


def test_rows_that_are_refreshed_belong_to_the_stage_alone() -> None:
    node = compiled(attacker=SEARCH, refresh=100).stages["here", 1]
    assert not [role for role in node.parents if role.startswith("attacked")]
    job = node.job.hashed_data()["tasks"]["nli"]["attacked"]
    assert (job["refresh"], job["share"], job["attacker"]["type"]) == (100, 0.2, "textattack")


@pytest.mark.parametrize("more", [{"by": "first"}, {"refresh": 5}])
def test_no_share_is_the_plain_node(more: dict[str, Any]) -> None:
    graph = compiled(attacker=SEARCH, share=0, **more)
    assert graph.stages["here", 1].key == compiled().stages["here", 1].key
    assert not [node for node in graph.nodes.values() if node.kind == "attack"]


def test_a_recipes_start_is_not_applied_to_the_victim_of_that_start() -> None:
    base = {"tasks": {"nli": {"reader": "mnli", "attacked": {"attacker": SEARCH, "by": "first"}}}}
    stages = {"first": {"reader": "mnli"}, "base": base, "end": {"reader": "xnli"}}
    recipe = Recipe.model_validate({"name": "g", "model": {"type": "scratch"}, "start": "base", "stages": stages})
    assert (recipe.start_of("end"), recipe.start_of("base"), recipe.start_of("first")) == ("base", None, None)
