"""What the scheduler runs: a job an example, items that an oracle is asked, and what answers them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

QueueItem = Hashable
Oracle = Callable[[list[Any]], Any]  # items -> a sequence of as many answers
SearchJob = tuple[Any, int, Callable[[], Any]]  # key, seed, what to do
