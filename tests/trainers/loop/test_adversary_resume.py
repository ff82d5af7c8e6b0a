"""A run of every method that is killed at a random step and goes on ends in the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
import tiny_runs
import torch
from adversary_runs import NAMES, make, network, rows
from tiny_runs import Stop, context, settings, stopping

from xfer.trainers.loop import checkpoint
from xfer.trainers.loop.fit import TaskData, fit

STRONG: dict[str, dict[str, Any]] = {  # so that a wrong perturbation would be seen in the weights
    "infobert": {"anchor": 0.5, "bottleneck": 0.1},
    "smart": {"start": 0.01, "rate": 0.1, "momentum": [0.5, 0.6]},
    "r3f": {"size": 0.1},
    "r4f": {"size": 0.1},
}


def finished(folder: Path, name: str, progress: Any = lambda *_, **__: None) -> bytes:
    """Eight steps on two tasks, a checkpoint every two; the bytes of the weights at the end."""
    net = network("classify", "tag", dropout=0.1)
    chosen = settings(
        steps=8, evaluate_every=2, accumulate=2, batch_size=4, adversary=make(name, **STRONG.get(name, {}))
    )
    tasks = [TaskData(kind, 1.0, rows(kind), None, ("en",)) for kind in ("classify", "tag")]
    fit(chosen, net, tasks, context(folder, progress=progress))
    net.save_tasks(folder / "saved")
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("saved/**/*.safetensors")))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_stopped_at_a_random_step_equals_an_unbroken_one(name: str, tmp_path: Path) -> None:
    whole = finished(tmp_path / "whole", name)
    stops = sorted(Random(time.time_ns()).sample(range(2, 9), 2))
    for at in stops:
        with pytest.raises(Stop):
            finished(tmp_path / "broken", name, stopping(at))
    assert finished(tmp_path / "broken", name) == whole, f"stopped after {stops}"


def test_the_slow_weights_of_smart_are_in_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them the run that goes on would end elsewhere."""
    whole, real = finished(tmp_path / "whole", "smart"), checkpoint.restore_checkpoint
    with pytest.raises(Stop):
        finished(tmp_path / "broken", "smart", stopping(5))
    with monkeypatch.context() as patched:
        patched.setattr(
            checkpoint, "restore_checkpoint", lambda folder, net, optimizer, kept: real(folder, net, optimizer)
        )
        assert finished(tmp_path / "broken", "smart") != whole


def test_a_killed_process_with_state_is_continued_bit_for_bit(tmp_path: Path) -> None:
    at = Random(time.time_ns()).randrange(3, 9)
    tested = [Path(tiny_runs.__file__).parent, Path(checkpoint.__file__).parents[3]]  # the xfer of this very checkout
    variables = dict(os.environ) | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(map(str, tested))}
    done = subprocess.run([sys.executable, __file__, str(tmp_path / "broken"), str(at)], env=variables)
    assert done.returncode == -signal.SIGKILL
    assert finished(tmp_path / "broken", "smart") == finished(tmp_path / "whole", "smart"), f"killed after {at}"


def killing(at: int) -> Any:
    def progress(step: int, total: int, **_: Any) -> None:
        if step == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


if __name__ == "__main__":
    torch.set_num_threads(1)
    finished(Path(sys.argv[1]), "smart", killing(int(sys.argv[2])))
