"""Teachers, languages and options between the lines of a recipe: faults with their place, and keys of the graph."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import xfer
from xfer.core.errors import RecipeError
from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe

HEAD = """\
name: a
model: {type: scratch}
stages:
  big: {reader: mnli}
  other: {reader: squad_v1}
  late: {reader: mnli, start: small}
  found: {reader: tatoeba, start: big}
  small: {STAGE}
"""


def faults(tmp_path: Path, stage: str) -> list[tuple[str, str]]:
    file = tmp_path / "r.yaml"
    file.write_text(HEAD.replace("{STAGE}", "{" + stage + "}").replace("  found: {reader: tatoeba, start: big}\n", ""))
    try:
        load_recipe(file)
    except RecipeError as error:
        assert all(found.line == 7 for found in error.faults)
        return [(found.path.removeprefix("stages.small."), found.message) for found in error.faults]
    return []


FAULTS = [
    ("reader: mnli, distil: {stage: bgi}", "distil.stage", "there is no stage 'bgi'"),
    ("reader: mnli, distil: {stage: small}", "distil.stage", "'small' waits for 'small' itself"),
    ("reader: mnli, distil: {stage: late}", "distil.stage", "'late' waits for 'small' itself"),
    ("reader: mnli, distil: {stage: big, task: mlni}", "distil.task", "stage 'big' has no task 'mlni'"),
    ("reader: mnli, distil: {stage: other}", "distil", "no task of the stage has the form and labels of squad_v1"),
    ("reader: qqp, distil: {stage: big}", "distil", "no task of the stage has the form and labels of mnli"),
    ("reader: squad_v1, trainer: {mixup: 0.2}", "trainer.mixup", "mixes rows of form classify"),
    ("reader: lareqa, trainer: {freeze_encoder: true}", "trainer.freeze_encoder", "leaves nothing to train"),
    ("reader: mnli, trainer: {unfreeze: {at: 0.5}}", "trainer.unfreeze", "nothing is frozen"),
]


@pytest.mark.parametrize(("stage", "path", "message"), FAULTS, ids=[path + message[:12] for _, path, message in FAULTS])
def test_what_does_not_fit_is_a_fault_with_its_place(stage: str, path: str, message: str, tmp_path: Path) -> None:
    found = [each for each in faults(tmp_path, stage) if each[0] == path]
    assert len(found) == 1 and message in found[0][1]


@pytest.mark.parametrize(
    "stage",
    [
        "reader: mnli, distil: {stage: big, weight: 1, temperature: 4}",
        "tasks: {snli: {reader: snli}, text: {reader: text, sampling: {exponent: 0.3}}}, distil: {stage: big}",
        "tasks: {nli: {reader: mnli}, qa: {reader: squad_v1}}, trainer: {mixup: 0.2, average: {last: 3}}",
        "reader: mnli, trainer: {freeze_encoder: true, unfreeze: {at: 0.3, gradual: true}, layer_decay: 0.9}",
    ],
)
def test_what_fits_is_none(stage: str, tmp_path: Path) -> None:
    assert faults(tmp_path, stage) == []


STAGES: dict[str, Any] = {
    "big": {"reader": "mnli"},
    "small": {"tasks": {"nli": {"reader": "mnli"}, "text": {"reader": {"type": "text", "languages": ["en", "de"]}}}},
}


def compiled(distil: Any = None, sampling: Any = None) -> Graph:
    stages = copy.deepcopy(STAGES)
    stages["small"] |= {"distil": distil} if distil else {}
    stages["small"]["tasks"]["text"] |= {"sampling": sampling} if sampling else {}
    recipe = Recipe.model_validate({"name": "g", "model": {"type": "scratch"}, "stages": stages})
    return compile_graph(recipe, Resolver(lambda path: "digest", lambda name, kind: "commit"))


def test_a_teacher_is_a_parent_of_the_stage_and_belongs_to_its_key() -> None:
    plain, made = compiled().stages["small", 1], compiled({"stage": "big"})
    node = made.stages["small", 1]
    assert node.parents["teacher"] is made.stages["big", 1] and "teacher" not in plain.parents
    assert node.job.hashed_data()["distil"] == {"temperature": 2.0, "weight": 0.5, "task": "mnli", "taught": ["nli"]}
    keys = {plain.key, node.key, compiled({"stage": "big", "weight": 0.1}).stages["small", 1].key}
    assert len(keys) == 3
    assert list(made.nodes).index(node.parents["teacher"].key) < list(made.nodes).index(node.key)


def test_a_teacher_without_weight_and_an_exponent_left_out_leave_the_key_as_it_was() -> None:
    plain = compiled().stages["small", 1]
    assert compiled({"stage": "big", "weight": 0}).stages["small", 1].key == plain.key
    assert "exponent" not in plain.job.hashed_data()["tasks"]["text"]
    other = compiled(sampling={"exponent": 0.3}).stages["small", 1]
    assert other.job.tasks["text"].exponent == 0.3 and other.key != plain.key


def test_a_recipes_start_is_not_applied_to_the_teacher_of_that_start() -> None:
    stages = {
        "big": {"reader": "mnli"},
        "base": {"reader": "mnli", "distil": {"stage": "big"}},
        "end": {"reader": "xnli"},
    }
    recipe = Recipe.model_validate({"name": "g", "model": {"type": "scratch"}, "start": "base", "stages": stages})
    assert (recipe.start_of("end"), recipe.start_of("base"), recipe.start_of("big")) == ("base", None, None)


WHOLE = """\
name: small
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 800}
start: base
stages:
  base: {reader: {type: text, languages: [en, de]}}
  big: {reader: mnli}
  small:
    tasks: {nli: {reader: xnli}, mlm: {reader: {type: text, languages: [en, de]}, sampling: {exponent: 0.3}}}
    mixer: {type: explicit, given: {nli: 2, mlm: 1}}
    distil: {stage: big}
    trainer: {average: {last: 2}, mixup: 0.3, label_smoothing: 0.1, adapt: {method: lora}, evaluate_every: 1}
evaluate: {clean: {stage: small, languages: [en, de]}}
limits: {train_rows: 20, test_rows: 4, dev_rows: 4, steps: 4, least_learning_rate: 1e-2}
"""


def test_a_recipe_with_a_teacher_and_drawn_languages_runs_whole(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    (tmp_path / "r.yaml").write_text(WHOLE)
    table = xfer.run(tmp_path / "r.yaml", store=tmp_path / "store")
    assert set(table["languages"]) == {"en", "de"}
    assert all(0 <= row["clean"]["value"] <= 100 for row in table["languages"].values())


@pytest.mark.parametrize(
    ("tasks", "folder"), [({"nli": "xnli"}, "nli"), ({"nli": "xnli", "more": "text"}, "mlm"), ({"more": "text"}, "mlm")]
)
def test_a_head_of_masked_lm_is_carried_from_the_task_that_has_it(tasks: dict[str, str], folder: str) -> None:
    first = {"tasks": {"nli": {"reader": "mnli"}, "mlm": {"reader": "text"}}}
    after = {"start": "first", "tasks": {name: {"reader": reader} for name, reader in tasks.items()}}
    about = {
        "name": "g",
        "source": "miniature",
        "model": {"type": "scratch"},
        "stages": {"first": first, "after": after},
    }
    graph = compile_graph(Recipe.model_validate(about), Resolver(lambda path: "digest", lambda name, kind: "commit"))
    assert graph.stages["after", 1].job.start_task == folder
