"""Whether a stage trains again on what a stage before it has learnt is said."""

from __future__ import annotations

from typing import Any

import pytest

from xfer.graph.repeated_data import repeated_data_notes
from xfer.recipe.recipe import Recipe


def notes(middle: Any, target: Any) -> list[str]:
    stages = {"middle": {"reader": middle}, "target": {"reader": target, "start": "middle"}}
    recipe = {"name": "x", "source": "miniature", "model": {"type": "scratch"}, "stages": stages}
    return list(repeated_data_notes(Recipe.model_validate(recipe)))


@pytest.mark.parametrize(
    ("middle", "target", "data"),
    [
        ("mnli", "xnli", "mnli"),
        ("squad_v2", "xquad", "squad_v1"),
        ("anli_plus", "xnli", "mnli"),
        ("panx", "panx", "panx"),
    ],
)
def test_the_same_data_twice_is_told(middle: str, target: str, data: str) -> None:
    (note,) = notes(middle, target)
    assert note.startswith(f"stage target trains on the data of {data}, as stage middle before it:")


@pytest.mark.parametrize(("middle", "target"), [("mnli", "pawsx"), ("squad_v1", "tydiqa"), ("text", "xnli")])
def test_other_data_is_not(middle: str, target: str) -> None:
    assert not notes(middle, target)


def test_stages_further_back_count() -> None:
    stages = {
        "first": {"reader": "mnli"},
        "second": {"reader": "qqp", "start": "first"},
        "third": {"reader": {"type": "xnli", "languages": ["de"]}, "start": "second"},
    }
    recipe = {"name": "x", "source": "miniature", "model": {"type": "scratch"}, "stages": stages}
    (note,) = repeated_data_notes(Recipe.model_validate(recipe))
    assert "stage third trains on the data of mnli, as stage first" in note
