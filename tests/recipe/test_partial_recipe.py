"""What is valid of a faulty recipe, and the rules that hold of it as of a whole one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import RecipeError
from xfer.core.yaml import plain_data
from xfer.readers.base import Reader
from xfer.recipe.benchmark import expand_benchmark
from xfer.recipe.load import load_recipe, read_tree
from xfer.recipe.read_partial import partial_recipe
from xfer.recipe.recipe import Recipe
from xfer.recipe.rules import needed_stages, prerequisite_stages, reader_source, short_task_name

RECIPES = Path(__file__).parents[2] / "recipes"
FAULTY: dict[str, Any] = {
    "name": 5,
    "source": "hubb",
    "model": {"type": "scratch", "width": "wide"},
    "stages": {
        "good": {"reader": "mnli", "start": "base"},
        "base": {"tasks": {"judged": {"reader": "xnli", "head": "dmain"}, "learnt": {"reader": "xnlii"}}},
        "odd": 7,
    },
    "evaluate": {"clean": {"stage": "good", "reader": {"type": "xnli"}, "attacker": {"type": "typo"}}, "odd": "good"},
    "report": {"compare": ["clean", 3]},
}


def test_what_is_faulty_is_none_and_the_rest_is_there() -> None:
    recipe = partial_recipe(FAULTY)
    assert recipe.source is None and recipe.model is None and recipe.evaluations["odd"] is None
    assert list(recipe.stages) == ["good", "base", "odd"] and recipe.stages["good"].start == "base"
    assert recipe.stages["good"].readers == {"mnli": Reader.model_validate("mnli")}
    assert recipe.stages["odd"].tasks == {} and recipe.stages["odd"].trainer is not None
    clean = recipe.evaluations["clean"]
    assert clean is not None and clean.is_attacked and clean.attacker is None
    assert recipe.tested_reader(clean) == Reader.model_validate("xnli")
    assert recipe.report_names["compare"] == [(("report", "compare", 0), "clean"), (("report", "compare", 1), "3")]


def test_tasks_that_learn_labels_stand_first_and_a_faulty_head_still_makes_a_discriminator() -> None:
    base = partial_recipe(FAULTY).stages["base"]
    assert list(base.tasks) == ["learnt", "judged"] and base.learnt_readers == {"learnt": None}
    assert base.tasks["judged"].has_head and base.tasks["judged"].head is None


def _shipped() -> list[Path]:
    return [path for path in sorted(RECIPES.glob("*.yaml")) if "vary" not in read_tree(path).value]


@pytest.mark.parametrize("path", _shipped(), ids=lambda path: path.stem)
def test_all_of_a_recipe_without_faults_is_valid(path: Path) -> None:
    recipe = load_recipe(path).recipe
    partial = partial_recipe(plain_data(expand_benchmark(read_tree(path))))
    assert (partial.start, partial.source, partial.model) == (recipe.start, recipe.source, recipe.model)
    assert list(partial.stages) == list(recipe.stages) and list(partial.evaluations) == list(recipe.evaluate)
    for name, stage in recipe.stages.items():
        same = partial.stages[name]
        assert (same.start, same.mixer, same.trainer) == (stage.start, stage.mixer, stage.trainer)
        assert list(same.readers.items()) == [(task, settings.reader) for task, settings in stage.tasks.items()]
        assert list(same.learnt_readers) == list(stage.learnt_tasks)
        assert prerequisite_stages(name, partial.stages) == prerequisite_stages(name, recipe.stages)
    for name, evaluation in recipe.evaluate.items():
        tested = partial.evaluations[name]
        assert tested is not None and tested.attacker == evaluation.attacker
        assert partial.tested_reader(tested) == recipe.reader_of(evaluation)


LINKED: dict[str, Any] = {
    "one": {"reader": "mnli"},
    "two": {"reader": "mnli", "start": "one"},
    "teacher": {"reader": "mnli"},
    "victim": {"reader": "mnli", "distil": {"stage": "teacher"}},
    "last": {
        "start": "two",
        "tasks": {
            "mnli": {
                "reader": "mnli",
                "attacked": {"attacker": {"type": "textattack", "recipe": "deepwordbug"}, "by": "victim"},
            }
        },
    },
}


def test_a_stage_waits_for_its_start_its_teacher_and_its_victims() -> None:
    for stages in (
        Recipe.model_validate({"name": "a", "model": "scratch", "stages": LINKED}).stages,
        partial_recipe({"stages": LINKED}).stages,
    ):
        assert sorted(needed_stages(stages["last"])) == ["two", "victim"]
        assert prerequisite_stages("last", stages) == {"last", "two", "one", "victim", "teacher"}
        assert prerequisite_stages("victim", stages) == {"victim", "teacher"}
        assert prerequisite_stages("gone", stages) == {"gone"}


def test_stages_in_a_circle_wait_for_each_other() -> None:
    stages = partial_recipe({"stages": {"a": {"start": "b"}, "b": {"start": "a"}, "c": {"start": "a"}}}).stages
    assert prerequisite_stages("a", stages) == prerequisite_stages("b", stages) == {"a", "b"}
    assert prerequisite_stages("c", stages) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "recipe_source, own, wanted",
    [
        ("hub", None, "hub"),
        ("mirror", None, "mirror"),
        ("hub", "mirror", "mirror"),
        ("mirror", "hub", "hub"),
        ("miniature", None, "miniature"),
        ("miniature", "hub", "miniature"),
        ("hub", "miniature", "miniature"),
    ],
)
def test_miniature_holds_for_all_readers_else_the_readers_own_source_wins(
    recipe_source: Any, own: str | None, wanted: str
) -> None:
    reader = Reader.model_validate({"type": "mnli", "source": own})
    assert reader_source(reader, recipe_source) == wanted
    assert partial_recipe({"source": recipe_source}).source_of(reader) == wanted


@pytest.mark.parametrize(
    "reader, name",
    [("mnli", "mnli"), ({"type": "xnli"}, "xnli"), ("a.b:Files", "Files"), ("a.b:", "task"), ({}, "task"), (5, "5")],
)
def test_the_only_task_of_a_stage_is_called_by_its_reader(reader: object, name: str) -> None:
    assert short_task_name(reader) == name


# what null means where a field may be left out

HEAD = """\
name: a
model: scratch
stages:
  one: {reader: mnli}
  two: {reader: xnli, distil: {stage: one, task: null}}
"""


def test_a_teachers_task_of_null_is_left_out(write: Callable[[str, str], Path]) -> None:
    distil = load_recipe(write("r.yaml", HEAD)).recipe.stages["two"].distil
    assert distil is not None and distil.task is None


def test_an_evaluations_reader_of_null_is_left_out(write: Callable[[str, str], Path]) -> None:
    text = HEAD + "evaluate: {c: {stage: two, reader: null, languages: [xx]}}\n"
    with pytest.raises(RecipeError) as caught:
        load_recipe(write("r.yaml", text))
    assert [fault.path for fault in caught.value.faults] == ["evaluate.c.languages[0]"]
