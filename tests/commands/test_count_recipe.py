"""``xfer count --recipe``: what a recipe or a study will find, and what it will miss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mirrors import write_mirror

Xfer = Callable[..., Any]

RECIPE = {
    "name": "t",
    "source": "mirror",
    "model": "scratch",
    "stages": {"tags": {"reader": "panx"}, "more": {"reader": "panx"}},
    "evaluate": {"clean": {"stage": "tags", "split": "dev", "languages": ["de", "sw"]}},
}


@pytest.fixture
def data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of names in three languages, without German, and with one bad row."""
    files = {
        "panx/train-en.tsv": "Anna\tB-PER\nruns\tO\n\nCairo\tB-LOC\n\n",
        "panx/dev-en.tsv": "Anna\tB-PER\n\n",
        "panx/dev-sw.tsv": "Anna\tB-PER\n\nbad\tX\n\n",
    }
    return write_mirror(folder / "data", files, monkeypatch)


def write_recipe(folder: Path, **changes: Any) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(RECIPE | changes))
    return path


def test_every_split_and_language_is_counted_once_with_who_asks(data: Path, folder: Path, xfer: Xfer) -> None:
    done = xfer("count", "--recipe", write_recipe(folder), "--json")
    rows = {(row["split"], row["language"]): row for row in done.json["needs"]}
    assert {key: row["rows"] for key, row in rows.items()} == {
        ("train", "en"): 2,
        ("dev", "en"): 1,
        ("dev", "de"): None,
        ("dev", "sw"): 1,
    }
    assert rows["train", "en"]["asked_by"] == ["stage tags", "stage more"]
    assert rows["dev", "sw"]["asked_by"] == ["evaluation clean"] and len(rows["dev", "sw"]["bad"]) == 1
    assert "panx/dev-de.tsv" in rows["dev", "de"]["looked_for"]
    assert done.code == 1 and done.json["lacking"] == ["panx dev in de"]


def test_what_is_available_is_enough_where_the_recipe_says_so(data: Path, folder: Path, xfer: Xfer) -> None:
    done = xfer("count", "--recipe", write_recipe(folder, languages="available"))
    assert done.code == 0
    assert done.out.splitlines()[-1] == "3 of 4 splits and languages are there, 1 are missing"


def test_a_data_set_of_which_nothing_is_there_is_lacking_all_the_same(data: Path, folder: Path, xfer: Xfer) -> None:
    recipe = write_recipe(folder, languages="available", stages={"nli": {"reader": "mnli"}}, evaluate={})
    done = xfer("count", "--recipe", recipe)
    assert done.code == 1 and done.out.splitlines()[-1] == "cannot run without mnli train"


def test_the_cells_of_a_study_are_counted_together(data: Path, folder: Path, xfer: Xfer) -> None:
    write_recipe(folder, languages="available")
    study = {
        "name": "s",
        "question": "Which?",
        "title": "S",
        "recipe": "recipe.yaml",
        "vary": {"seed": {"a": {}, "b": {"stages.tags.seed": 7}}},
    }
    (folder / "study.yaml").write_text(json.dumps(study))
    done = xfer("count", "--recipe", folder / "study.yaml", "--json")
    assert [row["rows"] for row in done.json["needs"]] == [2, 1, None, 1]


def test_the_miniature_world_has_all_that_it_is_asked(data: Path, folder: Path, xfer: Xfer) -> None:
    recipe = write_recipe(folder, source="miniature", evaluate={"clean": {"stage": "tags", "languages": ["de"]}})
    done = xfer("count", "--recipe", recipe, "--json")
    assert done.code == 0 and all(row["rows"] for row in done.json["needs"])


def test_of_the_hub_the_card_is_told(data: Path, folder: Path, xfer: Xfer) -> None:
    done = xfer("count", "--recipe", write_recipe(folder, source="hub"), "--json")
    assert done.code == 0 and {row["place"] for row in done.json["needs"]} == {"hub"}


@pytest.mark.parametrize("more", [("panx",), ("--source", "hub")])
def test_a_recipe_says_its_own_readers_and_source(more: tuple[str, ...], folder: Path, data: Path, xfer: Xfer) -> None:
    assert xfer("count", *more, "--recipe", write_recipe(folder)).code == 2
    assert xfer("count", "panx", "--scale", "small").code == 2
