"""Random choices built on `Random.random()` alone.

`Random.choice`, `shuffle` and `sample` have changed between Python versions;
`random()` is promised to give the same stream everywhere.
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Element = TypeVar("Element")


def seeded_stream(seed: int, *names: str) -> Random:
    """A generator of its own for one purpose, so that files do not depend on each other's order."""
    return Random("/".join(["miniature", str(seed), *names]))


def pick_one(rng: Random, items: Sequence[Element]) -> Element:
    return items[int(rng.random() * len(items))]


def draw_chance(rng: Random, probability: float) -> bool:
    return rng.random() < probability


def shuffled_copy(rng: Random, items: Sequence[Element]) -> list[Element]:
    """A shuffled copy (Fisher-Yates)."""
    result = list(items)
    for last in range(len(result) - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        result[last], result[other] = result[other], result[last]
    return result
