"""The trainer and the mixer as kinds. Light: the loop stands in ``loop``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from xfer.core.component import Component
from xfer.readers.base import Settings


class Mixer(Component, kind="mixer"):
    """Chooses the task of each step."""

    default_type: ClassVar[str] = "proportional"

    def shares(self, sizes: Mapping[str, int]) -> dict[str, float]:
        """The probability of each task, from the number of rows of each."""
        raise NotImplementedError

    def at(self, step: int, seed: int, sizes: Mapping[str, int]) -> str:
        """The task that ``step`` trains: a pure function, so that resume and every rank agree."""
        raise NotImplementedError


class Trainer(Component, kind="trainer"):
    """Fits a network on the tasks of a stage."""

    default_type: ClassVar[str] = "finetune"

    def filled(self, published: Settings, least_rate: float | None = None) -> Any:
        """This trainer with every gap filled from published settings, and no peak rate under ``least_rate``."""
        raise NotImplementedError

    def fit(self, network: Any, tasks: Sequence[Any], context: Any) -> dict[str, Any]:
        """Trains ``network`` in place of the context's work folder; returns what the log should keep."""
        raise NotImplementedError
