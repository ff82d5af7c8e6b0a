"""The recipe as data: round trip, names, and what continues what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import xfer
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(ROOT.glob("recipes/*.yaml"))

FULL: dict[str, Any] = {
    "name": "full",
    "description": "every block",
    "source": "mirror",
    "model": {"type": "pretrained", "name": "FacebookAI/xlm-roberta-base", "freeze_layers": 2},
    "seeds": [3, 1],
    "start": "mlm",
    "stages": {
        "mlm": {"reader": {"type": "text", "languages": ["no", "en"], "folder": "wiki"}, "seed": 0},
        "nli": {
            "tasks": {
                "a": {"reader": "mnli", "weight": 0.5},
                "b": {
                    "reader": {"type": "files", "train": "t.tsv", "labels": ["entailment", "neutral", "contradiction"]}
                },
            },
            "mixer": {"type": "capped", "cap": 100},
            "trainer": {"steps": 10, "batch_tokens": 512, "learning_rate": 1e-5},
        },
        "xnli": {"reader": "xnli", "start": "nli", "trainer": "finetune"},
    },
    "evaluate": {
        "clean": {"stage": "nli", "task": "a", "reader": "xnli", "languages": ["en", "sw"], "rows": 5},
        "typos": {"stage": "xnli", "attacker": {"type": "typos", "rate": 0.5, "operations": ["swap"]}},
        "search": {"stage": "xnli", "languages": "all", "attacker": "textattack"},
    },
    "report": {"compare": "clean"},
    "limits": {"steps": 3},
}


def small(**changes: Any) -> Recipe:
    base = {"name": "a", "model": "scratch", "stages": {"one": {"reader": "mnli"}}}
    return Recipe.model_validate(base | changes)


@pytest.mark.parametrize("mode", ["json", "python"])
def test_a_full_recipe_round_trips(mode: str) -> None:
    recipe = Recipe.model_validate(FULL)
    again = Recipe.model_validate(recipe.model_dump(mode=mode))
    assert again == recipe
    assert again.model_dump() == recipe.model_dump()


def test_a_recipe_round_trips_through_json_text() -> None:
    recipe = Recipe.model_validate(FULL)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
@pytest.mark.parametrize("scale", [None, "miniature"])
def test_every_shipped_recipe_round_trips(path: Path, scale: str | None) -> None:
    if scale == "miniature" and "source: mirror" in path.read_text():
        pytest.skip("names files of its own, which have no miniature rows")
    recipe = load_recipe(path, scale).recipe
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_a_dump_names_the_type_of_each_component() -> None:
    dump = Recipe.model_validate(FULL).model_dump(mode="json")
    assert dump["model"]["type"] == "pretrained"
    assert dump["stages"]["nli"]["tasks"]["b"]["reader"]["type"] == "files"
    assert dump["stages"]["xnli"]["trainer"]["type"] == "finetune"
    assert dump["evaluate"]["search"]["attacker"]["type"] == "textattack"


def test_the_short_form_of_a_stage_is_one_task_named_after_its_reader() -> None:
    short = small(stages={"one": {"reader": {"type": "mnli", "source": "hub"}, "seed": 3}})
    long = small(stages={"one": {"tasks": {"mnli": {"reader": {"type": "mnli", "source": "hub"}}}, "seed": 3}})
    assert short == long


def test_a_dotted_reader_in_short_form_makes_a_task_with_a_name_for_folders() -> None:
    assert list(small(stages={"one": {"reader": "xfer.readers.nli:Mnli"}}).stages["one"].tasks) == ["Mnli"]


@pytest.mark.parametrize("name", ["a/b", "..", ".a", "a b", "", "a\nb", "a:b"])
def test_a_name_that_is_no_folder_is_a_fault(name: str) -> None:
    with pytest.raises(ValidationError):
        small(name=name)
    with pytest.raises(ValidationError):
        small(stages={name: {"reader": "mnli"}})
    with pytest.raises(ValidationError):
        small(evaluate={name: {"stage": "one"}})


@pytest.mark.parametrize("name", ["mnli_to_xnli", "a-b.2", "日本", "é"])
def test_a_name_may_hold_letters_of_any_script(name: str) -> None:
    assert small(name=name).name == name


def test_a_seed_stands_once() -> None:
    with pytest.raises(ValidationError, match="twice"):
        small(seeds=[1, 2, 1])


@pytest.mark.parametrize("changes", [{"seeds": []}, {"stages": {}}, {"limits": {"steps": 0}}, {"source": "web"}])
def test_what_leaves_nothing_to_do_is_a_fault(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        small(**changes)


@pytest.mark.parametrize("languages", [[], ["en", "en"]])
def test_languages_are_some_and_each_once(languages: list[str]) -> None:
    with pytest.raises(ValidationError):
        small(evaluate={"clean": {"stage": "one", "reader": "xnli", "languages": languages}})
    with pytest.raises(ValidationError):
        small(stages={"one": {"reader": {"type": "xnli", "languages": languages}}})


STAGES = {"base": {"reader": "text"}, "mid": {"reader": "mnli", "start": "base"}, "top": {"reader": "xnli"}}


def test_a_stage_continues_the_one_it_names() -> None:
    recipe = small(stages=STAGES)
    assert [recipe.start_of(name) for name in STAGES] == [None, "base", None]


def test_the_recipes_start_holds_for_stages_without_one() -> None:
    recipe = small(stages=STAGES, start="base")
    assert [recipe.start_of(name) for name in STAGES] == [None, "base", "base"]


def test_the_recipes_start_does_not_hold_for_what_leads_to_it() -> None:
    recipe = small(stages=STAGES, start="mid")
    assert [recipe.start_of(name) for name in STAGES] == [None, "base", "mid"]


def test_a_reader_may_name_its_source_but_not_in_miniature() -> None:
    reader = {"type": "xnli", "source": "mirror"}
    stages = {"one": {"reader": reader}}
    hub, mini = small(stages=stages), small(stages=stages, source="miniature")
    assert hub.source_of(hub.stages["one"].first.reader) == "mirror"
    assert mini.source_of(mini.stages["one"].first.reader) == "miniature"


def test_python_loads_and_runs_by_the_same_names() -> None:
    assert xfer.load is load_recipe
    assert callable(xfer.run)
    with pytest.raises(AttributeError):
        _ = xfer.gone
