"""The trainer and the mixer as kinds. Light: the loop stands in ``loop``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from xfer.core.component import Component
from xfer.core.seeds import seeded_random
from xfer.readers.base import Settings

Misfit = tuple[tuple[str | int, ...], str, str]  # where within a mixer or trainer, what is wrong, a hint


class Mixer(Component, kind="mixer"):
    """Chooses the task of each step."""

    default_type: ClassVar[str] = "proportional"
    together: ClassVar[bool] = False  # whether a step trains every task

    def task_shares(self, sizes: Mapping[str, int], progress: float = 0.0) -> dict[str, float]:
        """The probability of each task by name (sorted), from the rows of each and the share of steps that are done."""
        raise NotImplementedError

    def counted_rows(self, size: int) -> int:
        """How many of a task's rows an epoch of the stage counts."""
        return size

    def epoch_steps(self, batches: Mapping[str, float]) -> float:
        """How many steps an epoch of the stage has, from the batches of each task that learns labels."""
        return sum(batches.values())

    def find_faults(self, tasks: Collection[str]) -> Iterator[Misfit]:
        """What stands against mixing these tasks."""
        return iter(())

    def step_tasks(self, step: int, seed: int, sizes: Mapping[str, int], progress: float = 0.0) -> tuple[str, ...]:
        """The tasks that ``step`` trains, their gradients added up."""
        return (self.draw_task(step, seed, sizes, progress),)

    def draw_task(self, step: int, seed: int, sizes: Mapping[str, int], progress: float = 0.0) -> str:
        """The task that ``step`` trains: a pure function, so that resume and every rank agree."""
        draw, reached, last = seeded_random("mixer", seed, step).random(), 0.0, ""
        for name, share in self.task_shares(sizes, progress).items():
            reached += share
            last = name if share else last  # rounding may leave the sum a little under 1
            if share and draw < reached:
                return name
        return last


class Trainer(Component, kind="trainer"):
    """Fits a network on the tasks of a stage."""

    default_type: ClassVar[str] = "finetune"

    def fill_published(self, published: Settings, least_rate: float | None = None) -> Any:
        """This trainer with every gap filled from published settings, and no peak rate under ``least_rate``."""
        raise NotImplementedError

    def find_faults(self, forms: Sequence[str]) -> Iterator[Misfit]:
        """What stands against training tasks of these forms."""
        return iter(())

    def fit(self, network: Any, tasks: Sequence[Any], context: Any) -> dict[str, Any]:
        """Trains ``network`` in place of the context's work folder; returns what the log should keep."""
        raise NotImplementedError
