"""Several comparisons at once, exact tests of rows, lines over sizes. The estimator itself is ``intervals.judge``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import log10
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtr, ndtri

from xfer.metrics.intervals import LEVEL, Estimate, Sample, judge, least_level, mean, variance

Name = TypeVar("Name", bound=Hashable)
EQUAL = 0.5  # correlation of two differences from one baseline that has as many rows and seeds as they (Dunnett 1955)


def holm_adjust(ps: Sequence[float]) -> list[float]:
    """Adjusted p values that hold the chance of any false positive (Holm 1979), in the order given."""
    return _step_down(ps, lambda p, left: len(left) * p)


def dunnett(ps: Sequence[float], baselines: Sequence[Name], correlations: Mapping[Name, float]) -> list[float]:
    """Adjusted p values of comparisons that share baselines, in the order given (Dunnett and Tamhane 1991, step-down).

    ``baselines`` names what each comparison is with; ``correlations`` holds for each of these the correlation of its
    comparisons (``shared_correlation``), at least 0. Each p counts as the two-sided one of a normal variable. Of
    several baselines each is taken for itself, which is on the safe side (the Gaussian correlation inequality, Royen
    2014); a correlation of 0 gives Holm's correction after Sidak.
    """

    def any_beyond(p: float, left: Sequence[int]) -> float:
        critical = -float(ndtri(p / 2))
        beyond = [_beyond(critical, n, correlations[name]) for name, n in Counter(baselines[i] for i in left).items()]
        with np.errstate(divide="ignore"):  # of what is surely beyond
            return float(-np.expm1(np.log1p(-np.minimum(beyond, 1.0)).sum()))

    return _step_down(ps, any_beyond)


def _step_down(ps: Sequence[float], chance: Callable[[float, Sequence[int]], float]) -> list[float]:
    """From the least p on: the chance of one as small among those that are left, never below the last one's."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, so_far = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        so_far = max(so_far, min(1.0, chance(ps[i], order[rank:])))
        adjusted[i] = so_far
    return adjusted


def first_level(baselines: Sequence[Name], correlations: Mapping[Name, float]) -> float:
    """The level that the least p of a family of such comparisons has to reach: what ``dunnett`` makes ``LEVEL`` of."""
    count = len(baselines)
    return least_level(lambda level: LEVEL - dunnett([level] * count, baselines, correlations)[0]) if count else LEVEL


_GRID = np.linspace(-14.0, 14.0, 561)
_WEIGHTS = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()


def _beyond(critical: float, count: int, correlation: float) -> float:
    """The chance that one of ``count`` standard normal variables of equal correlation is beyond +-``critical``.

    They are ``sqrt(correlation)`` times a common one plus one of their own; the integral over the common one is a sum.
    """
    common, alone = np.sqrt(correlation) * _GRID, np.sqrt(1 - correlation)
    one = ndtr((common - critical) / alone) + ndtr((-common - critical) / alone)
    with np.errstate(divide="ignore"):  # as above
        return float(-(_WEIGHTS @ np.expm1(count * np.log1p(-np.minimum(one, 1.0)))))


def shared_correlation(differences: Sequence[Sample]) -> float:
    """The mean correlation of differences from one baseline, from 0 to that of equal designs (0.5).

    From the variance of their mean, which it raises. Few seeds tell it roughly, so that no more than 0.5 is counted on.
    """
    count = len(differences)
    each = float(np.mean([variance(one).total for one in differences]))
    if count < 2 or not each:
        return 0.0
    found = (count * float(variance(mean(differences)).total) / each - 1) / (count - 1)
    return min(max(found, 0.0), EQUAL)


def mcnemar_test(first: np.ndarray, second: np.ndarray) -> float:
    """The exact two-sided p of two classifiers being right equally often, from 0/1 arrays [rows] (McNemar 1947)."""
    from scipy.stats import binomtest  # late: slow to import, and few studies need it

    better, worse = int(((first > 0) & (second == 0)).sum()), int(((first == 0) & (second > 0)).sum())
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


class FittedLine(NamedTuple):
    """``measure = at_one + slope * log10(size)``: the slope a tenfold size buys, with its interval and p."""

    slope: Estimate
    at_one: float
    sizes: tuple[float, ...]
    values: tuple[float, ...]


def fit_line(sizes: Sequence[float], samples: Sequence[Sample]) -> FittedLine:
    """Least squares over log10(size). Raises ValueError for fewer than two different sizes."""
    x = np.array([log10(size) for size in sizes])
    if len(set(sizes)) < 2:
        raise ValueError("a line needs two sizes or more")
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    first, *rest = [float(weight) * sample for weight, sample in zip(weights, samples, strict=True)]
    slope = judge(sum(rest, first))
    values = tuple(sample.value for sample in samples)
    return FittedLine(slope, float(np.mean(values) - slope.value * x.mean()), tuple(sizes), values)
