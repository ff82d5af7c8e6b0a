"""Lists that do not fit a source: faults in every place of an attacker, and what miniature takes in their place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import RecipeError
from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.miniature import LANGUAGES
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe

MIXING: dict[str, Any] = {"type": "code_mixing", "languages": ["de"]}
SEARCH: dict[str, Any] = {"type": "code_mixing_search", "languages": ["de"]}
BASE: dict[str, Any] = {
    "name": "mixed",
    "source": "hub",
    "model": {"type": "scratch", "layers": 1, "width": 16, "heads": 2, "vocabulary": 400},
    "stages": {"one": {"tasks": {"mnli": {"reader": "mnli"}}}},
    "evaluate": {"clean": {"stage": "one", "reader": "xnli", "languages": ["en"]}},
}
TASK, TEST = ("stages", "one", "tasks", "mnli"), ("evaluate",)
PLACES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "stages.one.tasks.mnli.augment": (TASK, {"augment": MIXING}),
    "stages.one.tasks.mnli.augment[1].attacker": (TASK, {"augment": ["typos", {"attacker": MIXING, "share": 0.5}]}),
    "stages.one.tasks.mnli.attacked.attacker": (TASK, {"attacked": {"attacker": MIXING}}),
    "evaluate.x.attacker": (TEST, {"x": {"stage": "one", "reader": "xnli", "attacker": MIXING}}),
    "evaluate.y.attacker": (TEST, {"y": {"stage": "one", "reader": "xnli", "attacker": SEARCH}}),
}


def laid(where: str, source: str, **attacker: Any) -> dict[str, Any]:
    """The recipe with an attacker in one place, with these fields."""
    path, block = copy.deepcopy(PLACES[where])
    data = copy.deepcopy(BASE) | {"source": source}
    here = data
    for name in path:
        here = here[name]
    here |= _with(block, attacker)
    return data


def _with(value: Any, fields: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_with(item, fields) for item in value]
    if isinstance(value, dict):
        more = fields if str(value.get("type")).startswith("code_mixing") else {}
        return {name: _with(item, fields) for name, item in value.items()} | more
    return value


def faults(data: dict[str, Any], folder: Path) -> list[tuple[str, str, str]]:
    file = folder / "recipe.yaml"
    file.write_text(json.dumps(data))
    try:
        load_recipe(file)
    except RecipeError as error:
        assert all(fault.line and fault.column for fault in error.faults)
        return [(fault.path, fault.message, fault.hint) for fault in error.faults]
    return []


def graph(data: dict[str, Any]) -> Graph:
    return compile_graph(Recipe.model_validate(data), Resolver(lambda path: path.name, lambda name, kind: "commit"))


def work(found: Graph) -> dict[str, str]:
    """Keys of all but the report, which tells notes."""
    return {node.label: node.key for node in found.nodes.values() if node.kind != "report"}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("source", ["hub", "mirror"])
@pytest.mark.parametrize("named", [{}, {"dictionary": "miniature"}], ids=["left out", "named"])
def test_the_miniature_words_are_a_fault_on_real_text(
    where: str, source: str, named: dict[str, str], tmp_path: Path
) -> None:
    ((path, message, hint),) = faults(laid(where, source, **named), tmp_path)
    assert path == f"{where}.dictionary"
    assert message == "the words of the miniature world are hardly any of those of real text"
    assert "MUSE or PanLex" in hint and "$XFER_DATA/lexica/muse_panlex" in hint


@pytest.mark.parametrize("where", PLACES)
def test_they_fit_the_miniature_world_and_dictionaries_fit_real_text(where: str, tmp_path: Path) -> None:
    assert faults(laid(where, "miniature"), tmp_path) == []
    assert faults(laid(where, "mirror", dictionary="lexica/x"), tmp_path) == []


def test_the_source_of_the_reader_counts(tmp_path: Path) -> None:
    data = copy.deepcopy(BASE)
    data["evaluate"]["x"] = {"stage": "one", "reader": {"type": "xnli", "source": "miniature"}, "attacker": MIXING}
    assert faults(data, tmp_path) == []
    data["evaluate"]["x"]["reader"]["source"] = "mirror"
    assert [path for path, *_ in faults(data, tmp_path)] == ["evaluate.x.attacker.dictionary"]


@pytest.mark.parametrize("where", PLACES)
def test_in_miniature_a_named_dictionary_gives_way_to_its_own_words(where: str) -> None:
    plain, named = graph(laid(where, "miniature")), graph(laid(where, "miniature", dictionary="lexica/nowhere"))
    assert work(plain) == work(named) and not any(node.problem for node in named.nodes.values())
    assert named.notes == plain.notes


def test_in_miniature_languages_that_its_world_does_not_speak_are_left_out(tmp_path: Path) -> None:
    assert "fr" not in LANGUAGES and {"de", "es"} <= set(LANGUAGES)
    where = "evaluate.x.attacker"
    both = graph(laid(where, "miniature", dictionary="d", languages=["de", "fr", "es"]))
    assert "code_mixing: no words in fr in this source; left out" in both.notes
    assert work(both) == work(graph(laid(where, "miniature", languages=["de", "es"])))
    ((path, message, _),) = faults(laid(where, "miniature", dictionary="d", languages=["fr"]), tmp_path)
    assert path == f"{where}.languages" and "no words in 'fr'" in message


def test_on_real_text_the_named_dictionary_stays(tmp_path: Path) -> None:
    (tmp_path / "en-de.txt").write_text("dog Hund\n")
    data = laid("stages.one.tasks.mnli.augment", "hub", dictionary=str(tmp_path))
    (node,) = [node for node in graph(data).nodes.values() if node.kind == "train"]
    assert node.job.tasks["mnli"].augmentation.steps[0].files == {"en-de": "en-de.txt"}
    assert node.job.tasks["mnli"].augmentation.steps[0].settings.attacker.dictionary == str(tmp_path)


@pytest.mark.parametrize("where", PLACES)
def test_the_way_over_english_is_noted_and_what_is_missing_is_a_problem(where: str, tmp_path: Path) -> None:
    data = laid(where, "hub", dictionary=str(tmp_path), languages=["de", "sw"])
    data["evaluate"] = {name: one | {"languages": ["es"]} for name, one in data["evaluate"].items()}
    data["stages"]["one"]["tasks"]["mnli"]["reader"] = {"type": "xnli", "languages": ["es"]}
    for name, lines in {"es-en.txt": "perro dog\n", "en-de.txt": "dog Hund\n", "en-sw.txt": "dog mbwa\n"}.items():
        (tmp_path / name).write_text(lines)
    found = graph(data)
    assert not any(node.problem for node in found.nodes.values())
    (note,) = set(found.notes)
    assert "goes over English for es-de, es-sw, which have no dictionary in" in note
    (tmp_path / "en-sw.txt").unlink()
    problems = {str(node.problem) for node in graph(data).nodes.values() if node.problem}
    assert len(problems) == 1 and "holds no dictionary es-sw.txt" in problems.pop()
    (tmp_path / "en-sw.txt").write_text("\n")
    (problem,) = {str(node.problem) for node in graph(data).nodes.values() if node.problem}
    assert "en-sw.txt: is an empty list" in problem


STUDY = """\
name: s
question: Does it help?
recipe: r.yaml
vary:
  method:
    plain: {}
    mixed: {stages.one.tasks.mnli.augment: {type: code_mixing, languages: [de]}}
compare: {against: {method: plain}}
"""


def test_check_and_the_plan_of_a_study_say_it(write: Callable[..., Path], xfer: Callable[..., Any]) -> None:
    write("r.yaml", json.dumps(BASE))
    study = write("s.yaml", STUDY)
    for words in (("check", study), ("study", study, "--plan")):
        done = xfer(*words)
        assert done.code == 2 and "augment.dictionary: the words of the miniature world" in done.err
    write("s.yaml", STUDY.replace("[de]", "[de], dictionary: nowhere"))
    done = xfer("check", study)
    assert done.code == 2 and "augment: nowhere holds no dictionary en-de.txt" in done.err
    assert xfer("check", study, "--set", "source=miniature").code == 0
    plan = xfer("study", study, "--plan", "--json")
    assert any("nowhere holds no dictionary en-de.txt" in problem for problem in map(str, plan.json["problems"]))


@pytest.mark.parametrize("where", PLACES)
def test_check_asks_for_the_lists_of_every_place(
    where: str, write: Callable[..., Path], xfer: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fault an attacker, where it stands, with what to give; good as soon as the list is under $XFER_DATA."""
    monkeypatch.setenv("XFER_DATA", str(tmp_path / "data"))
    data = laid(where, "hub", dictionary="lexica/lists")
    data["evaluate"] = {name: one | {"languages": ["en"]} for name, one in data["evaluate"].items()}
    recipe = write("r.yaml", json.dumps(data))
    done = xfer("check", recipe, "--json")
    (fault,) = done.json["faults"]
    assert done.code == 2 and fault["path"] == where and fault["line"]
    assert fault["message"].endswith("data/lexica/lists holds no dictionary en-de.txt") and "MUSE" in fault["hint"]
    (tmp_path / "data/lexica/lists").mkdir(parents=True)
    (tmp_path / "data/lexica/lists/en-de.txt").write_text("dog Hund\n")
    assert xfer("check", recipe).code == 0


def test_a_recipe_is_loaded_without_its_lists(tmp_path: Path) -> None:
    """A report of stored results needs none of them; only ``xfer check`` asks."""
    assert faults(laid("evaluate.x.attacker", "hub", dictionary="nowhere"), tmp_path) == []


def test_a_text_by_hand_is_changed_with_a_note(xfer: Callable[..., Any]) -> None:
    done = xfer("attack", "--attacker", json.dumps(MIXING | {"rate": 1.0}), "--text", "the book", "--json")
    assert done.code == 0 and done.json["changed"] == "the Buch"
    assert done.err.startswith("xfer: note: the words of the miniature world")
