"""The global random states that search code draws from, one set an example."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def seed_generators(number: int) -> None:
    """Sets ``random``, ``numpy.random`` and, where it is loaded, torch's generator of the CPU."""
    import numpy as np  # late: checking a recipe needs none of it

    random.seed(number)
    np.random.seed([number & 0xFFFFFFFF, number >> 32])
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(number)


def take_states() -> tuple[Any, ...]:
    """The states as they are."""
    import numpy as np  # late: checking a recipe needs none of it

    torch = sys.modules.get("torch")
    return random.getstate(), np.random.get_state(), None if torch is None else torch.get_rng_state()


def restore_states(states: tuple[Any, ...]) -> None:
    """Sets the states to what ``taken`` gave."""
    import numpy as np  # late: checking a recipe needs none of it

    random.setstate(states[0])
    np.random.set_state(states[1])
    if states[2] is not None:
        sys.modules["torch"].set_rng_state(states[2])


@contextmanager
def preserve_states() -> Iterator[None]:
    """Puts the states back at the end, whatever was drawn inside."""
    before = take_states()
    try:
        yield
    finally:
        restore_states(before)
