"""What a recipe says of augmentation: faults with their places, keys that move with it and no others, a run by it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import RecipeError
from xfer.core.store import Entry
from xfer.graph.compile import Resolver, compile_graph
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe
from xfer.steps.rows import write_rows
from xfer.steps.training import build_augmentation

BASE: dict[str, Any] = {
    "name": "augmented",
    "source": "miniature",
    "model": {"type": "scratch", "layers": 1, "width": 16, "heads": 2, "vocabulary": 400},
    "stages": {"one": {"tasks": {"mnli": {"reader": "mnli"}}}, "two": {"tasks": {"panx": {"reader": "panx"}}}},
}


def changed(stage: str, task: str, **fields: Any) -> dict[str, Any]:
    data = copy.deepcopy(BASE)
    data["stages"][stage]["tasks"][task] |= fields
    return data


def keys(data: dict[str, Any], digest: str = "digest") -> dict[str, str]:
    graph = compile_graph(Recipe.model_validate(data), Resolver(lambda path: digest, lambda name, kind: "commit"))
    return {node.label: node.key for node in graph.nodes.values() if node.kind == "train"}


def faults(data: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    file = folder / "recipe.yaml"
    file.write_text(json.dumps(data))
    try:
        load_recipe(file)
    except RecipeError as error:
        assert all(fault.line and fault.column for fault in error.faults)
        return [(fault.path, fault.message) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "fields",
    [{"augment": {"attacker": "typos", "share": 0}}, {"augment": []}, {"augment": {"subwords": {"words": 0}}}],
    ids=str,
)
def test_what_changes_nothing_leaves_every_key_as_it_was(fields: Any) -> None:
    assert keys(changed("one", "mnli", **fields)) == keys(BASE)


def test_the_key_follows_the_attacker_its_share_its_files_and_the_views(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("house\thome\n")
    synonyms = {"type": "synonyms", "folder": str(tmp_path)}
    steps: list[Any] = ["typos", {"type": "typos", "rate": 0.3}, {"attacker": "typos", "share": 0.5}]
    steps += [{"subwords": {}}, {"subwords": {"drop": 0.2}}, synonyms, ["typos", {"subwords": {}}]]
    found = [keys(changed("one", "mnli", augment=step)) for step in steps]
    found += [keys(changed("one", "mnli", augment="typos", consistency={"weight": weight})) for weight in (1, 2)]
    found += [keys(changed("one", "mnli", augment=synonyms), "another digest")]
    assert len({each["one seed 1"] for each in found}) == len(found)
    assert all(each["two seed 1"] == keys(BASE)["two seed 1"] for each in found)
    assert keys(changed("one", "mnli", augment={"attacker": "typos"})) == found[0]


CASES: list[tuple[dict[str, Any], str, str]] = [
    (changed("one", "mnli", augment="textattack"), ".augment", "searches against a victim"),
    (changed("one", "mnli", augment=["typos", "entity_swap"]), ".augment[1]", "does not keep the labels of form"),
    (changed("one", "mnli", augment={"attacker": {"type": "typos", "diagnostic": True}}), ".diagnostic", "untrue"),
    (changed("one", "mnli", augment={"type": "word_order"}), ".augment", "does not keep the labels of mnli true"),
    (changed("one", "mnli", augment={"share": 0.5}), ".augment[0]", "needs either attacker or subwords"),
    (changed("one", "mnli", consistency={}), ".consistency", "nothing is augmented"),
    (changed("one", "mnli", augment="typos", consistency={"weight": 0}), ".weight", "without any part in the loss"),
    (changed("two", "panx", augment="word_order", consistency={}), ".augment", "moves words"),
    (changed("one", "mnli", augment={"type": "typos", "rate": 2}), ".augment.rate", "less than or equal to 1"),
]


@pytest.mark.parametrize(("data", "path", "message"), CASES, ids=[case[2] for case in CASES])
def test_what_makes_no_sense_is_a_fault_at_its_place(
    data: dict[str, Any], path: str, message: str, tmp_path: Path
) -> None:
    found = faults(data, tmp_path)
    assert any(place.endswith(path) and message in said for place, said in found), found


def test_a_discriminators_rows_are_left_as_they_are(tmp_path: Path) -> None:
    data = changed("one", "mnli", augment="typos")
    text = {"reader": {"type": "text", "of": "xnli", "take": ["dev"]}, "head": "domain", "augment": "typos"}
    data["stages"]["one"] |= {"mixer": "joint", "tasks": data["stages"]["one"]["tasks"] | {"language": text}}
    ((path, message),) = faults(data, tmp_path)
    assert path.endswith("language.augment") and "discriminator" in message


def test_a_missing_word_list_is_a_problem_of_the_node_and_not_of_the_file(tmp_path: Path) -> None:
    data = changed("one", "mnli", augment={"type": "synonyms", "folder": str(tmp_path / "nowhere")})
    assert faults(data, tmp_path) == []
    graph = compile_graph(Recipe.model_validate(data), Resolver(lambda path: "digest", lambda name, kind: "commit"))
    (node,) = [node for node in graph.nodes.values() if node.label == "one seed 1"]
    assert "there is no word list" in str(node.problem)


def test_names_of_the_training_set_come_in_where_an_attacker_needs_further_rows() -> None:
    data = changed("two", "panx", augment="entity_swap")
    graph = compile_graph(Recipe.model_validate(data), Resolver(lambda path: "digest", lambda name, kind: "commit"))
    (node,) = [node for node in graph.nodes.values() if node.label == "two seed 1"]
    assert node.parents["further/panx/0"].job.split == "train"


def test_an_attacker_is_given_the_further_rows(tmp_path: Path) -> None:
    data = changed("two", "panx", augment=[{"subwords": {}}, "entity_swap"])
    graph = compile_graph(Recipe.model_validate(data), Resolver(lambda path: "digest", lambda name, kind: "commit"))
    (node,) = [node for node in graph.nodes.values() if node.label == "two seed 1"]
    (tmp_path / "out").mkdir()
    rows = {"id": ["1"], "language": ["en"], "text": ["Ann Lee sat"], "words": [["Ann", "Lee", "sat"]]}
    write_rows(tmp_path / "out" / "rows.parquet", rows | {"tags": [["B-PER", "I-PER", "O"]]})
    found = build_augmentation(node.job, {"further/panx/1": Entry("data", "key", tmp_path)}, "panx")
    assert found is not None and found.consistency is None
    assert [known for _, known in found.steps] == [None, {("en", "PER"): [("Ann", "Lee")]}]
