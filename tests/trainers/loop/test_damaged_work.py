"""Unfinished work that was damaged: the same command goes on from the last state that is whole, and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_runs import RESULT, Stop, equal, stopping, twenty, weights

from xfer.core.jsonl import read_whole_lines


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, torch.Tensor], RESULT, str]:
    folder = tmp_path_factory.mktemp("unbroken")
    net, found = twenty(folder)
    return weights(net), found, (folder / "log.jsonl").read_text()


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def newest(folder: Path) -> Path:
    return next((folder / "checkpoint").glob("step-*"))


def best(folder: Path) -> Path:
    return next((folder / "checkpoint").glob("selected-*.safetensors"))


DAMAGES: dict[str, tuple[Callable[[Path], object], bool]] = {  # and whether it is said
    "torn weights": (lambda folder: tear(newest(folder) / "state.safetensors"), True),
    "no weights": (lambda folder: (newest(folder) / "state.safetensors").unlink(), True),
    "torn counters": (lambda folder: tear(newest(folder) / "state.json"), True),
    "no counters": (lambda folder: (newest(folder) / "state.json").unlink(), True),
    "counters of another kind": (lambda folder: (newest(folder) / "state.json").write_text("[]"), True),
    "empty checkpoint": (lambda folder: (folder / "checkpoint" / "step-99").mkdir(), True),
    "torn choice": (lambda folder: tear(best(folder)), True),
    "no choice": (lambda folder: best(folder).unlink(), True),
    "a folder that looks like one": (lambda folder: (folder / "checkpoint" / "step-x").mkdir(), False),
    "garbage in the log": (lambda folder: (folder / "log.jsonl").write_text("{]\n"), True),
    "a line of another kind": (lambda folder: (folder / "log.jsonl").write_text('[1]\n{"step": 1}\n'), True),
    "a line without its step": (lambda folder: (folder / "log.jsonl").write_text('{"loss": 1}\n'), False),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_continued_from_what_is_whole(
    damage: str, unbroken: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Stop):
        twenty(tmp_path, stopping(13))
    make, is_said = DAMAGES[damage]
    make(tmp_path)
    net, found = twenty(tmp_path)
    assert found == unbroken[1] and equal(weights(net), unbroken[0])
    assert ("note: " in capsys.readouterr().err) == is_said


def test_lines_up_to_a_damaged_one_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}\n{"a": \n{"a": 4}\n')
    assert read_whole_lines(path) == [{"a": 1}, {"a": 2}]
    assert path.read_text() == '{"a": 1}\n{"a": 2}\n'
    assert f"{path}:3: is damaged" in capsys.readouterr().err
    path.write_text('{"a": 1}\n{"a"')
    assert read_whole_lines(path) == [{"a": 1}] and not capsys.readouterr().err
