"""Workers: which GPU each sees, and what they note of their work for the process that waits."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xfer.core.store import Store
from xfer.execution import workers
from xfer.execution.workers import ProgressNoter, visible_gpus


@pytest.mark.parametrize(("number", "seen"), [(1, "b"), (2, "c"), (3, "a")])
def test_workers_take_turns_on_the_gpus(number: int, seen: str) -> None:
    assert visible_gpus(number, ["a", "b", "c"]) == {"CUDA_VISIBLE_DEVICES": seen}


@pytest.mark.parametrize("gpus", [[], ["0"]])
def test_one_gpu_or_none_is_shared(gpus: list[str]) -> None:
    assert visible_gpus(1, gpus) == {}


def test_what_a_worker_notes_is_read_until_the_node_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(workers.time, "monotonic", lambda: clock[0])
    store, node = Store(tmp_path), SimpleNamespace(key="k")
    watcher: Any = ProgressNoter(store)
    watcher.on_started(node)
    assert store.noted_progress("k") is None
    watcher.on_progress(node, 1, 9, loss=0.5)
    assert store.noted_progress("k") == {"done": 1, "total": 9, "loss": 0.5}
    watcher.on_progress(node, 2, 9, loss=0.4)  # too soon to write again
    assert store.noted_progress("k") == {"done": 1, "total": 9, "loss": 0.5}
    clock[0] += 2
    watcher.on_progress(node, 3, 9, loss=0.3)
    assert store.noted_progress("k") == {"done": 3, "total": 9, "loss": 0.3}
    watcher.on_finished(node, {}, 1.0)
    assert store.noted_progress("k") is None
