"""Uncertainty over examples and seeds. Imports numpy only."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

DRAWS = 1000


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


def resampled(credit: np.ndarray) -> np.ndarray:
    """Bootstrap means of ``credit`` [seeds, examples], shape [DRAWS].

    Each draw takes seeds with replacement and examples with replacement, the same examples for every
    seed, since runs that are tested on the same rows are not independent.
    """
    seeds, examples = credit.shape
    counts, means = _counts(examples, "examples"), np.empty((DRAWS, seeds))
    for start in range(0, DRAWS, 100):  # as floats the counts of all draws at once would be large
        part = slice(start, start + 100)
        means[part] = counts[part].astype(np.float32) @ credit.T.astype(np.float32) / examples
    return (means * _counts(seeds, "seeds")).sum(1) / seeds


def interval(means: np.ndarray, share: float = 0.95) -> tuple[float, float]:
    """The percentile interval that holds ``share`` of the draws."""
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
