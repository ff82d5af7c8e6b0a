"""The graph: what is in it, and what changes which key."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from plain_jobs import plain_node

from xfer.core.errors import HubUnreachable, RecipeError
from xfer.graph import compile as graphs
from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.graph.jobs import DataJob
from xfer.recipe.recipe import Recipe

BASE: dict[str, Any] = {
    "name": "g",
    "source": "hub",
    "model": {"type": "pretrained", "name": "some/encoder"},
    "seeds": [1],
    "stages": {
        "mid": {"reader": "mnli"},
        "end": {"reader": "xnli", "start": "mid"},
        "direct": {"reader": "xnli"},
    },
    "evaluate": {
        "clean": {"stage": "end", "languages": ["en", "sw"]},
        "typos": {"stage": "end", "languages": ["en", "sw"], "attacker": {"type": "typos", "rate": 0.2}},
        "search": {"stage": "end", "languages": ["en"], "rows": 5, "attacker": "textattack"},
        "direct": {"stage": "direct", "languages": ["en", "sw"]},
    },
    "report": {"compare": "clean", "baseline": "direct"},
}

COMMITS = {"nyu-mll/multi_nli": "m1", "facebook/xnli": "x1", "some/encoder": "e1"}


def compiled(data: dict[str, Any], commits: dict[str, str] | None = None) -> Graph:
    known = commits or COMMITS
    return compile_graph(Recipe.model_validate(data), Resolver(lambda path: "digest", lambda name, kind: known[name]))


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """BASE with the value at ``path`` set."""
    data = copy.deepcopy(BASE)
    block = data
    for part in path[:-1]:
        block = block.setdefault(part, {})
    block[path[-1]] = to
    return data


def moved(data: dict[str, Any], commits: dict[str, str] | None = None) -> set[str]:
    """The kind and label of each node whose key is not one of BASE's."""
    before = set(compiled(BASE).nodes)
    return {f"{node.kind} {node.label}" for key, node in compiled(data, commits).nodes.items() if key not in before}


def shuffled(value: Any, random: Random) -> Any:
    if isinstance(value, dict):
        items = [(key, shuffled(item, random)) for key, item in value.items()]
        random.shuffle(items)
        return dict(items)
    return value


AFTER_END = {
    "train end seed 1",
    "predict clean seed 1",
    "score clean seed 1",
    "predict clean oracle seed 1",
    "score clean oracle seed 1",
    "predict typos seed 1",
    "score typos seed 1",
    "attack search seed 1",
    "predict search seed 1",
    "score search seed 1",
    "report g",
}
AFTER_DIRECT = {"train direct seed 1", "predict direct seed 1", "score direct seed 1", "report g"}


# shape


def test_parents_come_first() -> None:
    seen: set[str] = set()
    for key, node in compiled(BASE).nodes.items():
        assert {parent.key for parent in node.parents.values()} <= seen
        seen.add(key)


def test_equal_nodes_stand_once() -> None:
    nodes = [f"{node.kind} {node.label}" for node in compiled(BASE).nodes.values()]
    assert nodes.count("data xnli test 2 languages") == 1
    assert nodes.count("data xnli train en") == 1
    assert len([node for node in nodes if node.startswith("train ")]) == 3


def test_every_seed_has_its_own_stages_and_shares_the_data() -> None:
    one, three = compiled(BASE), compiled(changed("seeds", to=[1, 2, 3]))
    count = {graph: [node.kind for node in graph.nodes.values()] for graph in (one, three)}
    assert count[three].count("train") == 9
    assert count[three].count("data") == count[one].count("data")
    assert count[three].count("report") == 1


def test_a_stage_with_a_seed_of_its_own_is_trained_once() -> None:
    data = changed("stages", "mid", "seed", to=0) | {"seeds": [1, 2]}
    graph = compiled(data)
    assert graph.stages["mid", 1] is graph.stages["mid", 2]
    assert graph.stages["end", 1] is not graph.stages["end", 2]


def test_an_attack_without_a_model_is_shared_by_seeds_and_a_search_is_not() -> None:
    labels = [node.label for node in compiled(changed("seeds", to=[1, 2])).nodes.values() if node.kind == "attack"]
    assert sorted(labels) == ["search seed 1", "search seed 2", "typos"]


def test_the_oracle_is_scored_beside_the_evaluation_that_is_compared() -> None:
    labels = [node.label for node in compiled(BASE).nodes.values() if node.kind == "score"]
    assert [label for label in labels if "oracle" in label] == ["clean oracle seed 1"]


def test_a_recipe_without_evaluation_has_no_report() -> None:
    graph = compiled(BASE | {"evaluate": {}, "report": {}})
    assert graph.report is None
    assert {node.kind for node in graph.nodes.values()} == {"data", "train"}


def test_miniature_hangs_on_one_world(tmp_path: Path) -> None:
    graph = compiled(changed("source", to="miniature") | {"model": "scratch"})
    worlds = [node for node in graph.nodes.values() if node.kind == "world"]
    assert len(worlds) == 1
    assert all(node.parents.get("world") is worlds[0] for node in graph.nodes.values() if node.kind == "data")


def test_a_language_that_miniature_has_not_is_left_out_with_a_note() -> None:
    data = changed("source", to="miniature") | {"model": "scratch"}
    data["evaluate"] = {"clean": {"stage": "end", "languages": ["en", "vi"]}}
    data["report"] = {}
    graph = compiled(data)
    left_out, repeated = sorted(set(graph.notes))
    assert left_out == "evaluation clean: no rows in vi in this source; left out"
    assert repeated.startswith("stage end trains on the data of mnli, as stage mid before it")
    assert [
        node.job.languages
        for node in graph.nodes.values()
        if isinstance(node.job, DataJob) and node.job.split == "test"
    ] == [("en",)]


@pytest.mark.parametrize("folder", [True, False])
def test_words_of_the_miniature_world_on_real_rows_are_a_problem_wherever_they_are_used(
    folder: bool, tmp_path: Path
) -> None:
    """Also in a recipe that nobody has checked, such as one that was made in Python."""
    mixing: dict[str, Any] = {"type": "code_mixing", "languages": ["de"]}
    if folder:
        mixing["dictionary"] = str(tmp_path)
        for language in ("en", "sw"):
            (tmp_path / f"{language}-de.txt").write_text("dog Hund\n", encoding="utf-8")
    data = changed("evaluate", "typos", "attacker", to=mixing)
    attacked = {"reader": "mnli", "attacked": {"attacker": mixing, "share": 0.5}}
    data["stages"]["mid"] = {"tasks": {"mnli": attacked}}
    data["stages"]["direct"] = {"tasks": {"xnli": {"reader": "xnli", "augment": [{"attacker": mixing}]}}}
    problems = {
        (node.kind, node.label.split(" ")[0]): str(node.problem)
        for node in compiled(data).nodes.values()
        if node.problem and node.kind in ("attack", "train")
    }
    places = {("attack", "typos"), ("attack", "mid"), ("train", "direct")}
    assert problems.keys() == (set() if folder else places)
    assert all("code_mixing.dictionary: the words of the miniature world" in one for one in problems.values())
    small = data | {"source": "miniature", "model": "scratch"}
    assert not [note for note in compiled(small).notes if "miniature" in note]


# what changes a key


def test_the_same_recipe_has_the_same_keys_in_another_process() -> None:
    program = (
        "import json, sys\nfrom xfer.text import segment\nfrom xfer.graph.compile import Resolver, compile_graph\n"
        "from xfer.recipe.recipe import Recipe\n"
        "segment._segmenter = lambda: (segment.PIECES, None)\n"  # as in every test
        "data, commits = json.load(sys.stdin)\n"
        "graph = compile_graph(Recipe.model_validate(data), Resolver(str, lambda name, kind: commits[name]))\n"
        "print(json.dumps(list(graph.nodes)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps([BASE, COMMITS]), capture_output=True, text=True, check=True
    )
    assert json.loads(found.stdout) == list(compiled(BASE).nodes)


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_keys_give_equal_nodes(seed: int) -> None:
    """All but the report, whose columns stand in the order of the evaluations."""
    mixed = shuffled(BASE, Random(seed))
    assert moved(mixed) <= {"report g"}
    assert moved(mixed | {"evaluate": {name: mixed["evaluate"][name] for name in BASE["evaluate"]}}) == set()


def test_defaults_that_are_written_out_change_nothing() -> None:
    full = Recipe.model_validate(BASE).model_dump(mode="json")
    assert set(compiled(full).nodes) == set(compiled(BASE).nodes)


def test_published_settings_that_are_written_out_change_nothing() -> None:
    published = {
        "learning_rate": 2e-5,
        "epochs": 5,
        "batch_size": 32,
        "max_length": 128,
        "weight_decay": 0,
        "warmup": 0,
    }
    assert moved(changed("stages", "direct", "trainer", to=published)) == set()


def test_only_a_length_of_the_recipe_itself_counts_as_asked_for() -> None:
    lengths = [128, None]
    recipes = [changed("stages", "direct", "trainer", to={"max_length": length}) for length in lengths]
    assert [compiled(data).stages["direct", 1].job.asked_length for data in recipes] == lengths


def test_incidental_fields_change_nothing() -> None:
    assert moved(changed("stages", "end", "trainer", to={"checkpoint_seconds": 7})) == set()


@pytest.mark.parametrize("path", [("description",), ("name",)])
def test_words_for_people_change_no_work(path: tuple[str, ...]) -> None:
    assert moved(changed(*path, to="other")) <= {"report other"}


def test_a_field_of_a_stage_changes_that_stage_and_what_follows() -> None:
    assert moved(changed("stages", "end", "trainer", to={"clip": 0.5})) == AFTER_END
    assert moved(changed("stages", "mid", "trainer", to={"clip": 0.5})) == {"train mid seed 1"} | AFTER_END
    assert moved(changed("stages", "direct", "trainer", to={"clip": 0.5})) == AFTER_DIRECT


def test_a_mixer_changes_its_stage() -> None:
    assert moved(changed("stages", "direct", "mixer", to={"type": "capped", "cap": 9})) == AFTER_DIRECT


def test_the_model_changes_the_stages_that_start_from_it() -> None:
    assert moved(changed("model", "name", to="facebook/xnli")) == {"train mid seed 1"} | AFTER_END | AFTER_DIRECT


def test_an_attacker_changes_its_evaluation_alone() -> None:
    assert moved(changed("evaluate", "typos", "attacker", to="typos")) == {
        "attack typos",
        "predict typos seed 1",
        "score typos seed 1",
        "report g",
    }


def test_a_new_evaluation_changes_the_report_alone() -> None:
    assert moved(changed("evaluate", "again", to={"stage": "end", "languages": ["en", "sw"]})) == {"report g"}


def test_a_seed_changes_training_and_not_data() -> None:
    assert {line.split()[0] for line in moved(changed("seeds", to=[2]))} == {
        "train",
        "predict",
        "score",
        "attack",
        "report",
    }
    assert "attack typos" not in moved(changed("seeds", to=[2]))


def test_a_limit_on_test_rows_does_not_train_again() -> None:
    assert {line.split()[0] for line in moved(changed("limits", "test_rows", to=3))} == {
        "data",
        "attack",
        "predict",
        "score",
        "report",
    }


def test_a_limit_on_steps_trains_again_and_keeps_the_data() -> None:
    assert "data" not in {line.split()[0] for line in moved(changed("limits", "steps", to=3))}


def test_a_commit_on_the_hub_changes_the_data_of_that_repository() -> None:
    found = moved(BASE, COMMITS | {"nyu-mll/multi_nli": "m2"})
    assert found == {"data mnli train en", "data mnli dev en", "train mid seed 1"} | AFTER_END


def test_a_commit_of_the_model_changes_what_starts_from_it() -> None:
    found = moved(BASE, COMMITS | {"some/encoder": "e2"})
    assert found == {"train mid seed 1"} | AFTER_END | AFTER_DIRECT


def test_a_raised_version_of_a_kind_changes_it_and_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(compiled(BASE).nodes)
    monkeypatch.setitem(graphs.VERSIONS, "score", graphs.VERSIONS["score"] + 1)
    after = compiled(BASE).nodes
    assert {node.kind for key, node in after.items() if key not in before} == {"score", "report"}


def test_a_raised_version_of_a_component_changes_its_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    from xfer.readers.nli import Mnli

    before = set(compiled(BASE).nodes)
    monkeypatch.setattr(Mnli, "version", Mnli.version + 1)
    after = compiled(BASE).nodes
    labels = {f"{node.kind} {node.label}" for key, node in after.items() if key not in before}
    assert labels == {"data mnli train en", "data mnli dev en", "train mid seed 1"} | AFTER_END


def test_the_order_of_languages_is_part_of_the_data() -> None:
    assert "data xnli test 2 languages" in moved(changed("evaluate", "clean", "languages", to=["sw", "en"]))


def test_what_the_report_compares_with_is_part_of_its_key() -> None:
    """Without ``compare`` the first clean evaluation counts, so that its place must count too."""
    two = {"one": {"stage": "end", "languages": ["en"]}, "two": {"stage": "direct", "languages": ["en"]}}
    keys = []
    base = copy.deepcopy(BASE)
    for stage in base["stages"].values():
        stage["trainer"] = {"oracle": False}
    for evaluations in (two, dict(reversed(two.items()))):
        graph = compiled(base | {"evaluate": evaluations, "report": {}})
        assert graph.report is not None
        keys.append(graph.report.key)
    assert keys[0] != keys[1]


def test_a_key_is_a_hash_of_what_is_recorded() -> None:
    node = plain_node("data", "label", {"b": 1, "a": [2]})
    assert node.key == plain_node("data", "another label", {"a": [2], "b": 1}).key
    assert len(node.key) == 32 and int(node.key, 16)
    assert node.hashed_record() == {
        "kind": "data",
        "version": graphs.VERSIONS["data"],
        "label": "label",
        "job": {"b": 1, "a": [2]},
        "parents": {},
        "seed": None,
    }


@pytest.mark.parametrize(
    "change", [{"kind": "train"}, {"data": {"a": 2}}, {"seed": 1}, {"parents": {"x": plain_node("data", "p", {})}}]
)
def test_kind_job_seed_and_parents_are_hashed(change: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"kind": "data", "label": "l", "data": {"a": 1}}
    assert plain_node(**plain).key != plain_node(**(plain | change)).key


# the world outside


def test_a_repository_is_asked_once() -> None:
    asked: list[str] = []

    def ask(name: str, kind: str) -> str:
        asked.append(f"{kind} {name}")
        return "commit"

    compile_graph(Recipe.model_validate(BASE), Resolver(lambda path: "digest", ask))
    assert sorted(asked) == ["dataset facebook/xnli", "dataset nyu-mll/multi_nli", "model some/encoder"]


def test_a_repository_that_does_not_answer_is_asked_once_and_named_by_its_nodes() -> None:
    asked: list[str] = []

    def ask(name: str, kind: str) -> str:
        asked.append(name)
        raise HubUnreachable(f"cannot reach {name}")

    graph = compile_graph(Recipe.model_validate(BASE), Resolver(lambda path: "digest", ask))
    assert len(asked) == 3
    problems = {f"{node.kind} {node.label}": str(node.problem) for node in graph.nodes.values() if node.problem}
    assert problems["data mnli train en"] == "cannot reach nyu-mll/multi_nli"
    assert problems["train mid seed 1"].startswith("cannot reach some/encoder; nor is there a folder some/encoder")
    assert "train end seed 1" not in problems


@pytest.fixture
def texts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of plain text whose files have the same name in each language."""
    for language in ("en", "de"):
        (folder / "data/text" / language).mkdir(parents=True)
        (folder / "data/text" / language / "wiki.txt").write_text(f"{language} one\n{language} two\n")
    monkeypatch.setenv("XFER_DATA", str(folder / "data"))
    return folder / "data/text"


def by_content(path: Path) -> str:
    return path.read_text()


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_changed_file_changes_the_data_that_is_read_from_it(language: str, texts: Path) -> None:
    data = {
        "name": "t",
        "source": "mirror",
        "model": "scratch",
        "stages": {"mlm": {"reader": {"type": "text", "languages": ["en", "de"]}}},
    }
    keys = []
    for text in ("before\n", "after\n"):
        (texts / language / "wiki.txt").write_text(text)
        graph = compile_graph(Recipe.model_validate(data), Resolver(by_content, lambda name, kind: "x"))
        keys.append(graph.stages["mlm", 1].key)
    assert keys[0] != keys[1]


def test_data_does_not_depend_on_where_the_mirror_lies(
    texts: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[..., Path]
) -> None:
    data = {
        "name": "t",
        "source": "mirror",
        "model": "scratch",
        "stages": {"mlm": {"reader": {"type": "text", "languages": ["en"]}}},
    }
    keys = []
    for place in ("data", "moved"):
        if place == "moved":
            texts.parent.rename(texts.parents[1] / "moved")
            monkeypatch.setenv("XFER_DATA", str(texts.parents[1] / "moved"))
        graph = compile_graph(Recipe.model_validate(data), Resolver(by_content, lambda name, kind: "x"))
        keys.append(graph.stages["mlm", 1].key)
    assert keys[0] == keys[1]


def test_missing_data_is_a_problem_of_its_node_alone(texts: Path) -> None:
    data = {
        "name": "t",
        "source": "mirror",
        "model": "scratch",
        "stages": {"mlm": {"reader": {"type": "text", "languages": ["en"]}}, "nli": {"reader": "mnli"}},
    }
    graph = compile_graph(Recipe.model_validate(data), Resolver(by_content, lambda name, kind: "x"))
    problems = {node.label for node in graph.nodes.values() if node.problem}
    assert problems == {"mnli train en", "mnli dev en"}


def available(folder: Path, **more: Any) -> Graph:
    """The graph of a recipe over a mirror that holds text in two languages."""
    data: dict[str, Any] = {
        "name": "t",
        "source": "mirror",
        "model": "scratch",
        "stages": {"mlm": {"reader": {"type": "text", "folder": "text", "languages": ["en", "de", "sw"]}}},
    }
    return compile_graph(Recipe.model_validate(data | more), Resolver(by_content, lambda name, kind: "x"))


def test_languages_that_a_mirror_lacks_are_a_problem_or_left_out_as_the_recipe_says(texts: Path) -> None:
    assert "sw" in str(next(node.problem for node in available(texts).nodes.values() if node.problem))
    graph = available(texts, languages="available")
    assert not [node.problem for node in graph.nodes.values() if node.problem]
    assert graph.stages["mlm", 1].job.tasks["text"].languages == ("en", "de")
    assert "stage mlm: no rows in sw in this source; left out" in graph.notes


def test_a_data_set_without_any_language_left_is_one_fault(texts: Path) -> None:
    stages = {"mlm": {"reader": {"type": "text", "folder": "text", "languages": ["sw"]}}}
    with pytest.raises(RecipeError, match="stage mlm has no language left in this source"):
        available(texts, languages="available", stages=stages)
