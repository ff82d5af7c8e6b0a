"""Random choices built on `Random.random()` alone.

`Random.choice`, `shuffle` and `sample` have changed between Python versions;
`random()` is promised to give the same stream everywhere.
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


def stream(seed: int, *names: str) -> Random:
    """A generator of its own for one purpose, so that files do not depend on each other's order."""
    return Random("/".join(["miniature", str(seed), *names]))


def pick(rng: Random, items: Sequence[Item]) -> Item:
    return items[int(rng.random() * len(items))]


def chance(rng: Random, probability: float) -> bool:
    return rng.random() < probability


def shuffled(rng: Random, items: Sequence[Item]) -> list[Item]:
    """A shuffled copy (Fisher-Yates)."""
    result = list(items)
    for last in range(len(result) - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        result[last], result[other] = result[other], result[last]
    return result
