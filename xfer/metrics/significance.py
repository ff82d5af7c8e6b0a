"""Is a difference more than chance? Rows and seeds as two crossed random effects, and exact tests. Numpy and scipy.

A ``Sample`` is an estimate with its two sources of chance: one value a seed, and bootstrap draws over the rows.
Samples add, subtract and average like numbers, so that a drop, a gap or a mean over languages is judged as one thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10, sqrt
from typing import NamedTuple

import numpy as np

from xfer.metrics.intervals import Ratio, by_seed

FREE = 1e9  # degrees of freedom of the rows' part: their bootstrap variance counts as known


class Sample(NamedTuple):
    """An estimate: ``seeds`` [S], one value a training seed, and ``draws`` [DRAWS] over rows, averaged over seeds."""

    seeds: np.ndarray
    draws: np.ndarray

    @property
    def value(self) -> float:
        return float(self.seeds.mean())

    def minus(self, other: Sample) -> Sample:
        """The difference, paired by seed and by row where both were tested on the same rows."""
        if len(self.seeds) != len(other.seeds):
            raise ValueError(f"{len(self.seeds)} and {len(other.seeds)} seeds cannot be paired")
        return Sample(self.seeds - other.seeds, self.draws - other.draws)

    def by(self, other: Sample) -> Sample:
        """The ratio; 0 where the denominator is."""
        return Sample(_ratio(self.seeds, other.seeds), _ratio(self.draws, other.draws))


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom != 0)


def sample(ratio: Ratio) -> Sample:
    """The metric of one language: each draw takes rows with replacement, the same rows for every seed.

    Two metrics over equally many rows are drawn alike: their difference is a paired one.
    """
    return Sample(np.array(ratio.values), by_seed(ratio).mean(1))


def mean(samples: Sequence[Sample]) -> Sample:
    """The unweighted mean, of languages for one. Raises ValueError for none."""
    if not samples:
        raise ValueError("there is nothing to average")
    return Sample(np.mean([one.seeds for one in samples], 0), np.mean([one.draws for one in samples], 0))


class Estimate(NamedTuple):
    """A value with its 95% interval, the two-sided p of its being 0, and its size in standard errors."""

    value: float
    low: float
    high: float
    p: float
    effect: float


def judge(found: Sample) -> Estimate:
    """Interval and test of a sample, by the t distribution.

    The variance is the rows' (of the bootstrap) plus the seeds' (divided by their number): crossed random effects,
    the interaction counted in both, so that the interval is rather too wide than too narrow. Degrees of freedom after
    Satterthwaite 1946. A single seed says nothing about seeds: then the interval is over rows alone.
    """
    from scipy.stats import t  # late: slow to import, and only studies need it

    count = len(found.seeds)
    rows = float(found.draws.var(ddof=1))
    seeds = float(found.seeds.var(ddof=1)) / count if count > 1 else 0.0
    spread = sqrt(rows + seeds)
    if not spread:
        return Estimate(found.value, found.value, found.value, float(found.value == 0), 0.0)
    free = (rows + seeds) ** 2 / (rows**2 / FREE + (seeds**2 / (count - 1) if count > 1 else 0.0))
    half = float(t.ppf(0.975, free)) * spread
    p = 2 * float(t.sf(abs(found.value) / spread, free))
    return Estimate(found.value, found.value - half, found.value + half, p, found.value / spread)


def holm(ps: Sequence[float]) -> list[float]:
    """Adjusted p values that hold the chance of any false positive (Holm 1979), in the order given."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, so_far = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        so_far = max(so_far, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = so_far
    return adjusted


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """The exact two-sided p of two classifiers being right equally often, from 0/1 arrays [rows] (McNemar 1947)."""
    from scipy.stats import binomtest  # late: as in ``judge``

    better, worse = int(((first > 0) & (second == 0)).sum()), int(((first == 0) & (second > 0)).sum())
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


class Line(NamedTuple):
    """``measure = at_one + slope * log10(size)``: the slope a tenfold size buys, with its interval and p."""

    slope: Estimate
    at_one: float
    sizes: tuple[float, ...]
    values: tuple[float, ...]


def line(sizes: Sequence[float], samples: Sequence[Sample]) -> Line:
    """Least squares over log10(size). Raises ValueError for fewer than two different sizes."""
    x = np.array([log10(size) for size in sizes])
    if len(set(sizes)) < 2:
        raise ValueError("a line needs two sizes or more")
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    slope = Sample(
        np.sum([w * one.seeds for w, one in zip(weights, samples, strict=True)], 0),
        np.sum([w * one.draws for w, one in zip(weights, samples, strict=True)], 0),
    )
    values = tuple(one.value for one in samples)
    return Line(judge(slope), float(np.mean(values) - slope.value * x.mean()), tuple(sizes), values)
