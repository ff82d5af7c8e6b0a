"""Recipes and studies that would take all time or memory are refused in one line that names the bound."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Xfer = Callable[..., Any]
RECIPE = {"name": "t", "source": "miniature", "model": "scratch", "stages": {"s": {"reader": "xnli"}}}


def study_of(axes: int, levels: int) -> str:
    names = ("seed", "trainer.steps", "trainer.learning_rate", "trainer.warmup", "trainer.dev_rows", "trainer.mixup")
    vary = {
        f"a{i}": {f"l{j}": {f"stages.s.{names[i]}": j / 10 if i > 4 else j + 1} for j in range(levels)}
        for i in range(axes)
    }
    return json.dumps({"name": "s", "title": "S", "question": "Which?", "recipe": "recipe.yaml", "vary": vary})


@pytest.mark.timeout(20)
def test_a_study_of_too_many_cells_says_how_many(folder: Path, xfer: Xfer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XFER_MAX_CELLS", "2000")
    (folder / "recipe.yaml").write_text(json.dumps(RECIPE))
    (folder / "study.yaml").write_text(study_of(6, 10))
    for command in (("check",), ("study", "--plan")):
        done = xfer(command[0], "study.yaml", *command[1:])
        assert done.code == 2
        assert "vary: the axes make 1,000,000 cells, and a study has 2,000 at most; take levels out" in done.err


def test_the_user_says_how_many_cells_there_may_be(folder: Path, xfer: Xfer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XFER_MAX_CELLS", "2000")
    (folder / "recipe.yaml").write_text(json.dumps(RECIPE))
    (folder / "study.yaml").write_text(study_of(2, 3))
    assert xfer("check", "study.yaml", "--max-cells", "8").code == 2
    assert xfer("check", "study.yaml", "--max-cells", "9").code == 0


@pytest.mark.timeout(20)
def test_files_that_extend_one_another_without_end_are_refused(folder: Path, xfer: Xfer) -> None:
    for number in range(200):
        (folder / f"e{number}.yaml").write_text(f"extends: e{number + 1}.yaml\n")
    (folder / "e200.yaml").write_text(json.dumps(RECIPE))
    done = xfer("check", "e0.yaml")
    assert done.code == 2 and "more than 50 files extend one another" in done.err
    assert xfer("check", "e150.yaml").code == 0


@pytest.mark.timeout(20)
def test_a_file_that_is_no_recipe_by_its_size_is_not_parsed(folder: Path, xfer: Xfer) -> None:
    (folder / "big.yaml").write_text(json.dumps(RECIPE) + "\n" + "#\n" * 500_000)
    done = xfer("check", "big.yaml")
    assert done.code == 2 and "big.yaml: is larger than 1,000,000 bytes" in done.err


def test_a_path_that_no_system_takes_is_one_line(folder: Path, xfer: Xfer) -> None:
    (folder / "zero.yaml").write_text('extends: "a\\0b"\n')
    done = xfer("check", "zero.yaml")
    assert done.code == 2 and done.err.startswith("zero.yaml:1:10: extends: is not a path")


@pytest.mark.timeout(20)
def test_a_number_of_thousands_of_digits_is_one_line(folder: Path, xfer: Xfer) -> None:
    (folder / "digits.yaml").write_text(json.dumps(RECIPE)[:-1] + ', "seeds": [' + "9" * 6000 + "]}")
    done = xfer("check", "digits.yaml")
    assert done.code == 2 and done.err.count("\n") == 1


@pytest.mark.timeout(60)
def test_a_chain_of_hundreds_of_stages_is_planned(folder: Path, xfer: Xfer) -> None:
    stages = {f"s{i}": {"reader": "xnli"} | ({"start": f"s{i - 1}"} if i else {}) for i in range(600)}
    (folder / "chain.yaml").write_text(json.dumps(RECIPE | {"stages": stages}))
    assert xfer("check", "chain.yaml").code == 0
    assert xfer("train", "chain.yaml", "--dry-run").code == 0
    assert "XFER_MAX_CELLS" not in os.environ
