"""Which GPU each worker sees."""

from __future__ import annotations

import pytest

from xfer.executors.workers import visible


@pytest.mark.parametrize(("number", "seen"), [(1, "b"), (2, "c"), (3, "a")])
def test_workers_take_turns_on_the_gpus(number: int, seen: str) -> None:
    assert visible(number, ["a", "b", "c"]) == {"CUDA_VISIBLE_DEVICES": seen}


@pytest.mark.parametrize("gpus", [[], ["0"]])
def test_one_gpu_or_none_is_shared(gpus: list[str]) -> None:
    assert visible(1, gpus) == {}
