"""10 steps, a kill and 10 more equal 20, bit for bit; the same seed gives the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_runs
import torch
from tiny_runs import RESULT, Stop, context, equal, network, settings, stopping, task, twenty, weights

from xfer.trainers.loop import checkpoint
from xfer.trainers.loop.fit import fit


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, torch.Tensor], RESULT, Path]:
    folder = tmp_path_factory.mktemp("unbroken")
    net, found = twenty(folder)
    return weights(net), found, folder


def log(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "rows_per_second"} for line in lines]


def check(folder: Path, unbroken: tuple[dict[str, torch.Tensor], RESULT, Path]) -> None:
    """Goes on from what lies in ``folder`` and compares all with the unbroken run."""
    net, found = twenty(folder)
    assert found == unbroken[1]
    assert equal(weights(net), unbroken[0])
    assert log(folder) == log(unbroken[2])
    if found["oracle"]:
        name = f"checkpoint/oracle-{found['oracle'][0]}.safetensors"
        assert (folder / name).read_bytes() == (unbroken[2] / name).read_bytes()


@pytest.mark.parametrize("at", [2, 5, 10, 13, 20])
def test_a_run_that_is_stopped_and_continued_equals_an_unbroken_one(at: int, unbroken: Any, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        twenty(tmp_path, stopping(at))
    check(tmp_path, unbroken)


def test_a_run_that_is_stopped_twice_equals_an_unbroken_one(unbroken: Any, tmp_path: Path) -> None:
    for at in (7, 16):
        with pytest.raises(Stop):
            twenty(tmp_path, stopping(at))
    check(tmp_path, unbroken)


def test_checkpoints_between_dev_scores_change_nothing(unbroken: Any, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        twenty(tmp_path, stopping(13), checkpoint_seconds=1e-9)
    assert [path.name for path in (tmp_path / "checkpoint").glob("step-*")] == ["step-12"]
    check(tmp_path, unbroken)


def test_a_killed_process_is_continued_bit_for_bit(unbroken: Any, tmp_path: Path) -> None:
    variables = dict(os.environ) | {"OMP_NUM_THREADS": "1"}  # as many as here: the sums of two threads differ in bits
    done = subprocess.run([sys.executable, tiny_runs.__file__, str(tmp_path), "13"], env=variables)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "checkpoint").glob("step-*")] == ["step-10"]
    check(tmp_path, unbroken)


@pytest.mark.parametrize("write", [1, 2, 3, 4, 5, 6])
def test_a_stop_while_weights_are_written_leaves_the_last_whole_ones(
    write: int, unbroken: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, real = 0, checkpoint.save_file

    def half(tensors: Any, path: Path) -> None:
        nonlocal written
        written += 1
        real(tensors, path)
        if written == write:
            path.write_bytes(path.read_bytes()[:1000])
            raise Stop

    with monkeypatch.context() as patched, pytest.raises(Stop):
        patched.setattr(checkpoint, "save_file", half)
        twenty(tmp_path)
    check(tmp_path, unbroken)


@pytest.mark.parametrize("removal", [3, 4, 5])
def test_a_stop_while_old_checkpoints_are_removed_is_harmless(
    removal: int, unbroken: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, real = 0, checkpoint.shutil.rmtree

    def broken(path: Path, *args: Any, **options: Any) -> None:
        nonlocal done
        done += 1
        if done == removal:
            raise Stop
        real(path, *args, **options)

    with monkeypatch.context() as patched, pytest.raises(Stop):
        patched.setattr(checkpoint.shutil, "rmtree", broken)
        twenty(tmp_path)
    check(tmp_path, unbroken)


@pytest.mark.parametrize("torn", ['{"dev": {"nli": {"en": 0.5}', '{"step": 11, "lo', "{"])
def test_a_torn_line_of_the_log_does_not_stand_in_the_way(torn: str, unbroken: Any, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        twenty(tmp_path, stopping(13))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write(torn)
    check(tmp_path, unbroken)


def test_the_optimiser_and_the_counters_are_put_back(tmp_path: Path) -> None:
    made = tiny_runs.run(tmp_path, network(), steps=6)
    for step in range(3):
        made.train_step(step)
    checkpoint.save_checkpoint(tmp_path / "kept", 3, made.inner, made.optimizer.optimizer, {"step": 3, "since": 1})
    other = tiny_runs.run(tmp_path, network(seed=9), steps=6)
    assert checkpoint.restore_checkpoint(tmp_path / "kept", other.inner, other.optimizer.optimizer) == {
        "step": 3,
        "since": 1,
    }
    assert equal(weights(other.inner), weights(made.inner))
    one, two = (list(each.optimizer.optimizer.state_dict()["state"].values()) for each in (made, other))
    assert len(one) == len(two) > 20
    for mine, theirs in zip(one, two, strict=True):
        assert mine.keys() == theirs.keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_without_a_checkpoint_nothing_is_put_back(tmp_path: Path) -> None:
    made = tiny_runs.run(tmp_path, network())
    before = weights(made.inner)
    assert checkpoint.restore_checkpoint(tmp_path / "nowhere", made.inner, made.optimizer.optimizer) is None
    assert equal(weights(made.inner), before)


def test_nothing_in_a_checkpoint_is_a_pickle(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        twenty(tmp_path, stopping(12))
    names = {path.name for path in (tmp_path / "checkpoint").rglob("*") if path.is_file()}
    assert "state.safetensors" in names and any(name.startswith("selected-") for name in names)
    assert all(name.endswith((".safetensors", ".json")) for name in names)


def saved(folder: Path, seed: int) -> dict[str, bytes]:
    net = network(("nli", "mlm"), seed=seed)
    fit(settings(steps=6), net, [task(), task("mlm")], context(folder, seed=seed))
    net.save_tasks(folder / "saved")
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("saved/**/*.safetensors"))}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = saved(tmp_path / "a", 1), saved(tmp_path / "b", 1), saved(tmp_path / "c", 2)
    assert len(first) == 2
    assert first == again
    assert first.keys() == other.keys() and all(first[name] != other[name] for name in first)


def test_the_seed_of_the_run_alone_draws_other_batches(tmp_path: Path) -> None:
    nets = [network(dropout=0) for _ in range(2)]
    for seed, net in enumerate(nets):
        fit(settings(steps=3), net, [task()], context(tmp_path / str(seed), seed=seed))
    assert not equal(weights(nets[0]), weights(nets[1]))
