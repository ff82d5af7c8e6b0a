"""Every shipped recipe is valid and round-trips, and runs whole at toy size: of those a method, a few."""

from __future__ import annotations

from pathlib import Path

import pytest

import xfer
from xfer.models.domain.base import Head
from xfer.recipe.benchmark import task_names
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe
from xfer.reports.write import tables_of
from xfer.trainers.adversaries.base import Adversary

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
METHODS = sorted((ROOT / "recipes" / "methods").glob("[!_]*.yaml"))
RUN = [
    "smoothing",
    "multitask",
    "gradual_unfreezing",
]  # a vote, several tasks, options; the others' parts run elsewhere
TOY = [
    "limits={train_rows: 40, test_rows: 6, dev_rows: 4, steps: 3, least_learning_rate: 1e-3}",
    "model={layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 1500}",
    "stages.miniature_words.trainer={steps: 3, batch_tokens: 256, evaluate_every: 3, dev_rows: 1}",
    "stages.miniature_encoder.trainer={steps: 3, batch_tokens: 256, evaluate_every: 3, dev_rows: 1}",
]


@pytest.mark.parametrize("path", RECIPES + METHODS, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_valid_and_round_trips(path: Path) -> None:
    recipe = load_recipe(path).recipe
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all recipes: they share their world, its encoder and many stages, which are then made once."""
    return tmp_path_factory.mktemp("recipes") / "store"


@pytest.mark.parametrize("path", RECIPES + [p for p in METHODS if p.stem in RUN], ids=lambda path: path.stem)
def test_a_shipped_recipe_runs_whole_at_toy_size(path: Path, shared_store: Path) -> None:
    if path.stem.startswith("real_"):
        pytest.skip(f"{path.name} reads folders of its own, which no made-up world holds")
    recipe = load_recipe(path, "miniature", TOY).recipe
    sets = [*TOY, "seeds=[1]"] if recipe.benchmark or len(recipe.stages) > 20 else TOY  # one seed of many stages
    report = xfer.run(path, scale="miniature", sets=sets, store=shared_store)
    assert set(report["evaluations"]) == set(recipe.evaluate)
    for table in tables_of(report):
        reader = recipe.reader_of(recipe.evaluate[table["compare"]])
        assert set(table["languages"]) == set(reader.offered_languages("miniature", "test"))
        assert all(0 <= row[table["compare"]]["value"] <= 100 for row in table["languages"].values())
    if recipe.benchmark:
        assert list(report["benchmark"]["tasks"]) == sorted(task_names(recipe.benchmark.name).values())
        assert report["benchmark"]["missing"] == [] and report["against"]["made_up"]


def test_there_is_a_recipe_of_every_method() -> None:
    stages = [stage for path in METHODS for stage in load_recipe(path).recipe.stages.values()]
    assert {stage.trainer.adversary.type_name for stage in stages} == set(Adversary.known_names())
    heads = {task.head.type_name for stage in stages for task in stage.tasks.values() if task.head}
    assert heads == set(Head.known_names()) - {"wasserstein"}  # a variant of ours beside its recipe's, adan
    used = {name for stage in stages for name in stage.trainer.model_fields_set}
    assert {"label_smoothing", "mixup", "layer_decay", "average", "adapt", "freeze_encoder", "unfreeze"} <= used
    assert any(stage.distil for stage in stages)
    tasks = [task for stage in stages for task in stage.tasks.values()]
    assert any(task.sampling for task in tasks) and any(task.consistency for task in tasks)
    assert {step.attacker.type_name for task in tasks for step in task.augment if step.attacker} >= {
        "typos",
        "neighbour_words",
    }
    assert any(step.subwords for task in tasks for step in task.augment)


def test_recipes_of_methods_differ_in_the_method_alone() -> None:
    plain = load_recipe(ROOT / "recipes" / "methods" / "plain.yaml").recipe
    for path in METHODS:
        recipe = load_recipe(path).recipe
        assert recipe.name == path.stem and (recipe.model, recipe.seeds) == (plain.model, plain.seeds)
        assert recipe.evaluate.items() >= plain.evaluate.items() and recipe.report == plain.report
        assert recipe.stages.keys() == plain.stages.keys()
        assert (recipe.stages == plain.stages) == (path.stem == "plain")


def test_the_scales_lay_over_a_recipe() -> None:
    base = load_recipe(ROOT / "recipes" / "mnli_to_xnli.yaml", "base").recipe
    small = load_recipe(ROOT / "recipes" / "mnli_to_xnli.yaml", "miniature").recipe
    assert base.source == "hub" and base.model.type_name == "pretrained"
    assert small.source == "miniature" and small.model.type_name == "scratch"
    assert small.start_of("mnli") == "miniature_encoder"
    assert (small.start_of("miniature_encoder"), small.start_of("miniature_words")) == ("miniature_words", None)
