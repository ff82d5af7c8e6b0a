"""Published settings: the tables by hand, the size of the encoder, and what a recipe says itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from xfer.models.pretrained import Pretrained
from xfer.readers.base import Reader
from xfer.recipe.published import published_settings, settings_tables
from xfer.recipe.recipe import Recipe
from xfer.trainers.settings import FinetuneSettings

BASE, LARGE = "FacebookAI/xlm-roberta-base", "FacebookAI/xlm-roberta-large"


def recipe(model: str = BASE, source: str = "hub", **fields: Any) -> Recipe:
    stages = {"one": {"reader": "xnli"}}
    data = {"name": "x", "source": source, "model": {"type": "pretrained", "name": model}, "stages": stages}
    return Recipe.model_validate(data | fields)


def settings_of(reader: str, given: Recipe) -> tuple[float, float, int, int, float, float, str]:
    found = published_settings(given, Reader.model_validate(reader))
    return (*found[:6], found.select)


# Copied by hand from jiant's guide to XTREME and its defaults, and from XTREME's and XTREME-R's scripts: rate, epochs,
# rows, length, weight decay, warm-up, checkpoint
@pytest.mark.parametrize(
    ("table", "reader", "values"),
    [
        ("phang2020", "xnli", (1e-5, 2, 32, 256, 0.01, 0.1, "best")),
        ("phang2020", "pawsx", (1e-5, 5, 32, 256, 0.01, 0.1, "best")),
        ("phang2020", "udpos", (1e-5, 10, 32, 256, 0.01, 0.1, "best")),
        ("phang2020", "panx", (1e-5, 10, 32, 256, 0.01, 0.1, "best")),
        ("phang2020", "xquad", (1e-5, 2, 16, 384, 0.01, 0.1, "last")),
        ("phang2020", "mlqa", (1e-5, 2, 16, 384, 0.01, 0.1, "last")),
        ("phang2020", "tydiqa", (1e-5, 2, 16, 384, 0.01, 0.1, "last")),
        ("phang2020", "mnli", (1e-5, 3, 32, 256, 0.01, 0.1, "best")),
        ("xtreme", "xnli", (2e-5, 5, 32, 128, 0.0, 0.0, "best")),
        ("xtreme", "mnli", (2e-5, 5, 32, 128, 0.0, 0.0, "best")),
        ("xtreme", "squad_v1", (3e-5, 3, 32, 384, 1e-4, 0.06, "last")),
        ("xtreme", "panx", (2e-5, 10, 32, 128, 0.0, 0.0, "best")),
        ("xtreme_r", "copa", (2e-5, 5, 32, 128, 0.0, 0.0, "best")),
        ("xtreme_r", "lareqa", (2e-5, 3, 16, 256, 0.0, 0.0, "last")),
        ("xtreme_r", "mewsli_x", (2e-5, 2, 256, 64, 0.0, 0.0, "best")),
    ],
)
def test_a_table_holds_what_was_published(table: str, reader: str, values: tuple[Any, ...]) -> None:
    assert settings_of(reader, recipe(settings=table)) == values


def test_without_a_table_each_data_set_has_its_own() -> None:
    assert settings_of("mnli", recipe())[:2] == (1e-5, 3) and settings_of("xnli", recipe())[:2] == (2e-5, 5)


@pytest.mark.parametrize(("reader", "rate", "rows"), [("xnli", 3e-5, 32), ("copa", 3e-5, 32), ("mewsli_x", 1e-5, 32)])
def test_a_large_encoder_has_its_own_rate_and_batch(reader: str, rate: float, rows: int) -> None:
    large = settings_of(reader, recipe(LARGE))
    assert (large[0], large[2]) == (rate, rows) != settings_of(reader, recipe())[::2][:2]
    assert settings_of("panx", recipe(LARGE)) == settings_of("panx", recipe())


@pytest.mark.parametrize(
    ("name", "is_large"),
    [(BASE, False), (LARGE, True), ("facebook/xlm-roberta-xl", True), ("intfloat/multilingual-e5-small", False)],
)
def test_the_size_of_a_hub_model_is_in_its_name(name: str, is_large: bool) -> None:
    assert Pretrained(name=name).is_large() == is_large


def test_the_size_of_a_folder_is_in_its_config(tmp_path: Path) -> None:
    for width in (384, 1024):
        (tmp_path / "config.json").write_text(json.dumps({"hidden_size": width}))
        assert Pretrained(name=str(tmp_path)).is_large() == (width == 1024)
    (tmp_path / "config.json").write_text("[]")
    assert not Pretrained(name=str(tmp_path)).is_large()


def test_what_a_recipe_says_stands_and_patience_needs_dev_scores() -> None:
    published = published_settings(recipe(), Reader.model_validate("xquad"))
    assert FinetuneSettings().fill_published(published).select == "last"
    assert FinetuneSettings(select="best").fill_published(published).select == "best"
    assert FinetuneSettings(patience=3).fill_published(published).select is None
    assert FinetuneSettings(learning_rate=1e-3).fill_published(published).learning_rate == 1e-3
    with pytest.raises(ValidationError, match="both patience and select: last"):
        FinetuneSettings(patience=3, select="last")


def test_in_miniature_dev_scores_select_everywhere() -> None:
    stages = {"one": {"reader": "xquad"}}
    made_up = {"name": "x", "source": "miniature", "model": {"type": "scratch"}, "stages": stages}
    assert settings_of("xquad", Recipe.model_validate(made_up))[-1] == "best"


def test_every_name_of_the_tables_is_a_reader() -> None:
    for table in settings_tables().values():
        names = {*table["targets"], *table["like"], *table["like"].values()}
        assert names <= set(Reader.known_names()) and table["source"]
