"""Which task a step trains. Pure functions of (step, seed, sizes); standard library only."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from xfer.core.seeds import stream
from xfer.trainers.base import Mixer


@Mixer.register("proportional")
class Proportional(Mixer):
    """Tasks in proportion to their rows, each counted up to ``cap`` (Raffel et al. 2020, section 3.5.2)."""

    cap: int | None = Field(None, ge=1, description="rows of a task count up to this; no limit if left out")

    def shares(self, sizes: Mapping[str, int]) -> dict[str, float]:
        counted = {name: min(size, self.cap or size) for name, size in sizes.items()}
        total = sum(counted.values())
        return {name: counted[name] / total for name in sorted(counted)}

    def at(self, step: int, seed: int, sizes: Mapping[str, int]) -> str:
        draw, reached = stream("mixer", seed, step).random(), 0.0
        shares = self.shares(sizes)
        for name, share in shares.items():
            reached += share
            if draw < reached:
                return name
        return name
