"""Every shipped recipe is valid, round-trips, and runs whole at toy size; the schema file is current."""

from __future__ import annotations

from pathlib import Path

import pytest

import xfer
from xfer.core.errors import RecipeError
from xfer.core.load import load_recipe
from xfer.core.recipe import Recipe

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
TOY = [
    "limits={train_rows: 40, test_rows: 6, dev_rows: 4, steps: 3, least_learning_rate: 1e-3}",
    "model={layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 1500}",
    "stages.miniature_encoder.trainer={steps: 3, batch_tokens: 256, evaluate_every: 3, dev_rows: 1}",
]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_valid_and_round_trips(path: Path) -> None:
    recipe = load_recipe(path).recipe
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_runs_whole_at_toy_size(path: Path, tmp_path: Path) -> None:
    try:
        load_recipe(path, "miniature")
    except RecipeError as error:
        assert all("cannot read from source miniature" in fault.message for fault in error.faults)
        pytest.skip(f"{path.name} reads files of its own, which no made-up world holds")
    table = xfer.run(path, scale="miniature", sets=TOY, store=tmp_path / "store")
    recipe = load_recipe(path, "miniature", TOY).recipe
    assert set(table["evaluations"]) == set(recipe.evaluate)
    stage = recipe.stages[recipe.evaluate["clean"].stage]
    assert set(table["languages"]) == set(stage.first.reader.offered("miniature", "test"))
    assert all(0 <= row["clean"]["value"] <= 100 for row in table["languages"].values())


def test_the_scales_lay_over_a_recipe() -> None:
    base = load_recipe(ROOT / "recipes" / "mnli_to_xnli.yaml", "base").recipe
    small = load_recipe(ROOT / "recipes" / "mnli_to_xnli.yaml", "miniature").recipe
    assert base.source == "hub" and base.model.type_name == "pretrained"
    assert small.source == "miniature" and small.model.type_name == "scratch"
    assert small.start_of("mnli") == "miniature_encoder" and small.start_of("miniature_encoder") is None
