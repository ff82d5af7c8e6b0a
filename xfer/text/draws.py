"""Random draws made of ``rng.random()`` alone.

``random.choice`` and ``random.shuffle`` have changed between Python versions; the stream of
``random()`` has not, so an attack drawn from here is the same everywhere.
May import: the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeVar

DrawnItem = TypeVar("DrawnItem")


def random_below(rng: Random, bound: int) -> int:
    """A whole number from 0 up to, not including, ``bound``."""
    return int(rng.random() * bound)


def weighted_choice(rng: Random, items: Sequence[tuple[DrawnItem, int]]) -> DrawnItem:
    """One item of ``(item, weight)`` pairs, with probability proportional to its weight."""
    remaining = random_below(rng, sum(weight for _, weight in items))
    for item, weight in items:
        remaining -= weight
        if remaining < 0:
            return item
    raise ValueError("weighted() needs at least one item with a positive weight")


def shuffle_items(rng: Random, items: Iterable[DrawnItem]) -> list[DrawnItem]:
    """The items in random order (Fisher and Yates), as a new list."""
    deck, draw = list(items), rng.random
    for last in range(len(deck) - 1, 0, -1):
        other = int(draw() * (last + 1))
        deck[last], deck[other] = deck[other], deck[last]
    return deck


def random_round(rng: Random, expected: float) -> int:
    """``expected`` rounded down, or up with the probability of its remainder."""
    floor = int(expected)
    return floor + (rng.random() < expected - floor)
