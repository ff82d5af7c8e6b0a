"""Names that a report, a network or a file system takes for its own are faults when a recipe is checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.recipe.names import LONGEST_NAME, NETWORK_WORDS

Xfer = Callable[..., Any]
RECIPE: dict[str, Any] = {
    "name": "t",
    "source": "miniature",
    "model": "scratch",
    "stages": {"one": {"tasks": {"nli": {"reader": "xnli"}}}},
    "evaluate": {"clean": {"stage": "one"}},
}


def renamed(kind: str, name: str) -> dict[str, Any]:
    """The recipe with another name for its task, its stage, its evaluation or itself."""
    if kind == "recipe":
        return RECIPE | {"name": name}
    if kind == "task":
        return RECIPE | {"stages": {"one": {"tasks": {name: {"reader": "xnli"}}}}}
    if kind == "stage":
        return RECIPE | {"stages": {name: RECIPE["stages"]["one"]}, "evaluate": {"clean": {"stage": name}}}
    return RECIPE | {"evaluate": {name: {"stage": "one"}}}


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        *(("evaluation", name, "is a column of every report") for name in ("gap", "oracle", "bought")),
        ("evaluation", "clean.drop", "has a dot, which stands between names; write 'clean_drop'"),
        ("evaluation", "clean.f1", "has a dot"),
        ("stage", "a.b", "has a dot"),
        ("task", "a.b", "has a dot"),
        *(("task", name, "is a word of torch's own") for name in ("keys", "training", "to", "forward")),
        *(
            (kind, "n" * 300, "is too long a name: 300 characters")
            for kind in ("recipe", "stage", "task", "evaluation")
        ),
        *((kind, "猫" * 40, "is too long a name") for kind in ("stage", "task")),
        ("stage", "a/b", "cannot name a folder"),
    ],
)
def test_a_name_that_something_else_has_is_a_fault(kind: str, name: str, said: str, folder: Path, xfer: Xfer) -> None:
    (folder / "recipe.yaml").write_text(json.dumps(renamed(kind, name)))
    done = xfer("check", "recipe.yaml")
    assert done.code == 2 and said in done.err
    assert done.err.startswith("recipe.yaml:1:")


@pytest.mark.parametrize("kind", ["recipe", "stage", "task", "evaluation"])
@pytest.mark.parametrize("name", ["clean", "gap_2", "train_1", "猫", "n" * LONGEST_NAME])
def test_other_names_are_good(kind: str, name: str, folder: Path, xfer: Xfer) -> None:
    (folder / "recipe.yaml").write_text(json.dumps(renamed(kind, name)))
    assert xfer("check", "recipe.yaml").code == 0


def test_the_words_of_a_network_are_those_of_torch() -> None:
    from torch.nn import ModuleDict

    assert {name for name in dir(ModuleDict()) if not name.startswith("_")} <= NETWORK_WORDS
