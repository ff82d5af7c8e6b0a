"""Uncertainty over examples and seeds, of means and of ratios of sums such as F1. Imports numpy only."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

DRAWS = 1000


class Ratio(NamedTuple):
    """A metric that is a sum over rows divided by another: ``top`` and ``bottom``, each [seeds, examples].

    A mean has a ``bottom`` of ones. F1 is 2 right / (predicted + gold): each row has its own counts.
    """

    top: np.ndarray
    bottom: np.ndarray

    @property
    def values(self) -> list[float]:
        """The metric of each seed, added in the order of the rows as the metrics themselves do."""
        return [_divided(sum(top), sum(bottom)) for top, bottom in zip(*map(np.ndarray.tolist, self), strict=True)]

    @property
    def value(self) -> float:
        """The mean over seeds."""
        values = self.values
        return sum(values) / len(values)

    def at(self, places: list[int]) -> Ratio:
        """The same of some examples alone."""
        return Ratio(self.top[:, places], self.bottom[:, places])


def _divided(top: float, bottom: float) -> float:
    return top / bottom if bottom else 0.0  # as F1 where there is nothing to find and nothing found


@lru_cache(maxsize=4)
def _counts(size: int, what: str) -> np.ndarray:
    """How often each of ``size`` items is taken in each draw with replacement, uint8 of shape [DRAWS, size].

    Depends on ``size`` and ``what`` alone, so that two arrays over the same items are compared draw by
    draw: their difference is a paired one.
    """
    draw = np.random.Generator(np.random.PCG64([size, *what.encode()]))
    taken = np.empty((DRAWS, size), dtype=np.uint8)
    for row in taken:
        row[:] = np.bincount(draw.integers(size, size=size), minlength=size)
    return taken


def by_seed(found: Ratio) -> np.ndarray:
    """Bootstrap values of the metric, shape [DRAWS, seeds].

    Each draw takes examples with replacement, the same for every seed, since runs that are tested on the same rows
    are not independent.
    """
    seeds, examples = found.top.shape
    counts, values = _counts(examples, "examples"), np.empty((DRAWS, seeds))
    for start in range(0, DRAWS, 100):  # as floats the counts of all draws at once would be large
        part = slice(start, start + 100)
        taken = counts[part].astype(np.float64)
        top, bottom = taken @ found.top.T, taken @ found.bottom.T
        values[part] = np.divide(top, bottom, out=np.zeros_like(top), where=bottom != 0)
    return values


def resampled(found: Ratio) -> np.ndarray:
    """Bootstrap values of the metric, averaged over seeds, shape [DRAWS]: seeds are drawn with replacement too."""
    seeds = found.top.shape[0]
    return (by_seed(found) * _counts(seeds, "seeds")).sum(1) / seeds


def interval(values: np.ndarray, share: float = 0.95) -> tuple[float, float]:
    """The percentile interval that holds ``share`` of the draws."""
    low, high = np.quantile(values, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
