"""Narrow encoders compute with one thread, whatever the machine has; wide ones with torch's default."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from xfer.models import threads


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_width_decides_and_the_last_encoder_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_DEFAULT", 2)
    found = []
    for width in (128, 768, 64, 256):
        threads.set_threads(SimpleNamespace(hidden_size=width))
        found.append(torch.get_num_threads())
    assert found == [1, 2, 1, 2]


def test_an_encoder_that_does_not_tell_its_width_is_narrow() -> None:
    threads.set_threads(SimpleNamespace())
    assert torch.get_num_threads() == 1
