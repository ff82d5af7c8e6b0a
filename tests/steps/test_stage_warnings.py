"""What must be said of a finished stage besides its numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from xfer.steps.learning import training_warnings


@pytest.mark.parametrize(("asked", "read", "told"), [(600, 512, 1), (512, 512, 0), (None, 512, 0), (128, 512, 0)])
def test_inputs_that_are_shorter_than_asked_are_told(asked: int | None, read: int, told: int) -> None:
    job: Any = SimpleNamespace(asked_length=asked, tasks={})
    result = {"max_length": read, "steps": 1, "curve": [], "selected": [1, None]}
    warnings = training_warnings(job, result, {})
    assert len(warnings) == told
    assert not told or warnings[0].startswith("max_length is 600, but the encoder reads 512 subwords at most")
