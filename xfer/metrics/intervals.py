"""The one estimator of 95% intervals and p values: rows and trainings (seeds) as two crossed sources of chance.

A ``Sample`` is an estimate with what it takes to judge it: its value under each seed, and what each row adds to each of
these values. Samples add, subtract and divide like numbers, so that a drop, a gap or a mean over languages is judged as
one thing, and what is tested on the same rows with the same seeds is paired by itself.

The variance of a mean over S seeds has three parts (crossed random effects; Searle, Casella and McCulloch 1992,
chapter 4): ``rows``, how hard the rows are for every seed, known from thousands of them; ``noise``, what a row does
under one seed and not under another, known likewise; and what a training as a whole does. The mean square between
seeds estimates the sum of the last two with S - 1 degrees of freedom, and of two or three seeds it is often small by
chance. Satterthwaite's degrees of freedom (1946), taken from that same mean square, are then large where they should
be 1 or 2; a bootstrap over seeds never leaves the range of the few that there are. Here each part has the t quantile of
its own degrees of freedom (Banerjee 1960, Sankhya 22): ``half ** 2 = t_rows ** 2 * rows + t_seeds ** 2 * seeds`` covers
with the nominal probability or more, whatever the true shares are. ``benchmarks/coverage.py`` shows how much more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

LEVEL = 0.05  # of a test; an interval covers with 1 - LEVEL
LEAST_P = 1e-100  # smaller p values are 0
# The seeds' part is never taken for less than this share of the noise's: about one standard error where the quantile
# is two. Without it two seeds that came out equal by chance would have no part at all; the whole of it (1.0) would
# cover more than 0.985 of two seeds that do not differ.
FLOOR = 0.26


class Ratio(NamedTuple):
    """A metric that is a sum over rows divided by another: ``top`` and ``bottom``, each [seeds, rows].

    A mean has a ``bottom`` of ones. F1 is 2 right / (predicted + gold): each row has its own counts.
    """

    top: np.ndarray
    bottom: np.ndarray

    @property
    def seed_values(self) -> list[float]:
        """The metric of each seed, added in the order of the rows as the metrics themselves do."""
        return [
            _ratio_or_zero(sum(top), sum(bottom)) for top, bottom in zip(*map(np.ndarray.tolist, self), strict=True)
        ]

    @property
    def value(self) -> float:
        """The mean over seeds."""
        values = self.seed_values
        return sum(values) / len(values)

    def take_rows(self, indices: list[int]) -> Ratio:
        """The same of some rows alone."""
        return Ratio(self.top[:, indices], self.bottom[:, indices])


def _ratio_or_zero(top: float, bottom: float) -> float:
    return top / bottom if bottom else 0.0  # as F1 where there is nothing to find and nothing found


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """An estimate: ``seeds`` [S], its value under each training seed; ``errors`` [S, K], what each row adds to the
    chance error of that value; ``keys`` [K] (integers, ascending), which rows these are.

    Rows of equal keys are one draw from the same population: the same text under two models, or a sentence and its
    translation. For a mean a row's error is its distance from the mean divided by the number of rows; for any other
    metric the same to first order (influence values, Efron 1982, chapter 6).
    """

    seeds: np.ndarray
    errors: np.ndarray
    keys: np.ndarray

    @property
    def value(self) -> float:
        """The mean over seeds."""
        return float(sum(self.seeds.tolist())) / len(self.seeds)

    def __add__(self, other: Sample) -> Sample:
        return _summed([self, other])

    def __radd__(self, other: int) -> Sample:
        """Of a ``sum()``, which starts with 0."""
        return self

    def __sub__(self, other: Sample) -> Sample:
        return _summed([self, -1.0 * other])

    def __mul__(self, factor: float) -> Sample:
        return Sample(self.seeds * factor, self.errors * factor, self.keys)

    __rmul__ = __mul__

    def __truediv__(self, divisor: float | Sample) -> Sample:
        """Divided by a number, or by another sample: the ratio of their values, to first order under each seed.

        0 where the divisor is 0.
        """
        if not isinstance(divisor, Sample):
            return Sample(self.seeds / divisor, self.errors / divisor, self.keys)
        if not divisor.value:
            return 0.0 * (self + divisor)
        ratio = self.value / divisor.value
        rest = (self - ratio * divisor) / divisor.value
        return Sample(ratio + rest.seeds, rest.errors, rest.keys)


def check_paired(samples: Sequence[Sample]) -> None:
    counts = {len(one.seeds): None for one in samples}
    if len(counts) > 1:
        raise ValueError(f"{' and '.join(map(str, counts))} seeds cannot be paired")


def _summed(samples: Sequence[Sample]) -> Sample:
    """The sum, whose rows are all that any of them has."""
    check_paired(samples)
    seeds, keys = np.sum([one.seeds for one in samples], 0), samples[0].keys
    if all(np.array_equal(one.keys, keys) for one in samples):
        return Sample(seeds, np.sum([one.errors for one in samples], 0), keys)
    keys = np.unique(np.concatenate([one.keys for one in samples]))
    errors = np.zeros((len(seeds), len(keys)))
    for one in samples:
        errors[:, np.searchsorted(keys, one.keys)] += one.errors
    return Sample(seeds, errors, keys)


def sample(ratio: Ratio, keys: np.ndarray | None = None) -> Sample:
    """A metric of rows that are named by ``keys`` [rows], integers; by their places if left out.

    Rows of one key count as one draw.
    """
    values, count = np.array(ratio.seed_values), ratio.top.shape[1]
    distances, below = ratio.top - values[:, None] * ratio.bottom, ratio.bottom.sum(1, keepdims=True)
    errors = np.divide(distances, below, out=np.zeros(ratio.top.shape), where=below != 0)
    errors *= sqrt(count / max(count - 1, 1))  # so that the variance of a mean is without bias
    if keys is None:
        return Sample(values, errors, np.arange(count))
    unique, places = np.unique(keys, return_inverse=True)
    gathered = np.zeros((len(values), len(unique)))
    np.add.at(gathered.T, places, errors.T)
    return Sample(values, gathered, unique)


def mean(samples: Sequence[Sample]) -> Sample:
    """The unweighted mean, of languages for one. Raises ValueError for none."""
    if not samples:
        raise ValueError("there is nothing to average")
    return _summed(samples) / len(samples)


class Variance(NamedTuple):
    """The parts of the variance of a mean over seeds, in squared units of the metric: numbers, or arrays of one shape.

    ``rows`` is what all seeds share; ``noise`` what a row adds under one seed alone; ``seeds`` the mean square between
    seeds divided by their number, which estimates noise plus the trainings' own part.
    """

    rows: Any
    noise: Any
    seeds: Any
    row_freedom: int
    seed_freedom: int

    @property
    def total(self) -> Any:
        """The variance of the mean; of one seed that of its rows."""
        return self.rows + np.maximum(self.seeds, self.noise)


def variance(found: Sample) -> Variance:
    """The parts of a sample's variance."""
    return variance_of(found.seeds, found.errors @ found.errors.T, found.errors.shape[1])


def variance_of(seeds: np.ndarray, products: np.ndarray, rows: int) -> Variance:
    """The same from values [..., S] and the sums over rows of products of two seeds' errors [..., S, S].

    The products of different seeds hold what these share, without bias. A negative estimate of it counts as none.
    """
    count = seeds.shape[-1]
    single = np.trace(products, axis1=-2, axis2=-1) / count  # of the value under one seed
    if count == 1:
        return Variance(single, 0.0 * single, 0.0 * single, max(rows - 1, 1), 0)
    shared = (products.sum((-2, -1)) / count - single) / (count - 1)
    shared = np.clip(shared, 0.0, single)
    return Variance(shared, (single - shared) / count, seeds.var(-1, ddof=1) / count, max(rows - 1, 1), count - 1)


def half_width(parts: Variance, level: float = LEVEL) -> Any:
    """Half of the interval that covers with ``1 - level``, in units of the metric."""
    return combined_width(parts, lambda freedom: stdtrit(freedom, level / 2))


def combined_width(parts: Variance, quantile: Callable[[int], float]) -> Any:
    """The parts of a variance, each under the ``quantile`` of its own degrees of freedom, as one width.

    With two seeds the wider of the two parts stands for their sum: their quantile is 12.7 against 1.96, and the sum
    would cover 0.987 where seeds differ a little. A single seed says nothing about trainings: rows alone.
    """
    of_rows = quantile(parts.row_freedom) ** 2
    of_seeds = quantile(parts.seed_freedom) ** 2 if parts.seed_freedom else 0.0
    return np.sqrt(combined_square(parts, of_rows, of_seeds))


def combined_square(parts: Variance, of_rows: float, of_seeds: float) -> Any:
    """The square of a width from the squared quantiles of rows and of seeds."""
    if not parts.seed_freedom:
        return of_rows * parts.rows
    least = FLOOR * of_rows * parts.noise
    if parts.seed_freedom == 1:
        return np.maximum(of_rows * parts.rows + least, of_seeds * parts.seeds)
    return of_rows * parts.rows + np.maximum(least, of_seeds * parts.seeds)


def p_value(distance: float, parts: Variance) -> float:
    """The least level at which the interval around an estimate leaves out what is ``distance`` away."""
    if not distance:
        return 0.0 if half_width(parts, LEAST_P) <= 0 else 1.0
    return least_level(lambda level: half_width(parts, level) - abs(distance))


def least_level(above: Callable[[float], float], least: float = LEAST_P) -> float:
    """The level from 0 to 1 at which ``above``, which falls with the level, is 0; one below ``least`` counts as 0."""
    from scipy.optimize import brentq  # late: slow to import, and reports have no p values

    if above(least) <= 0:
        return 0.0
    return float(np.exp(brentq(lambda x: above(np.exp(x)), log(least), 0.0)))


class Estimate(NamedTuple):
    """A value with its 95% interval, the two-sided p of its being 0, and its size in standard errors."""

    value: float
    low: float
    high: float
    p: float
    effect: float


def percentile_interval(found: Sample) -> tuple[float, float]:
    """The 95% interval of the mean over seeds; of a single seed over rows alone: it speaks of this one training."""
    half = float(half_width(clean_variance(found)))
    return found.value - half, found.value + half


def judge(found: Sample) -> Estimate:
    """Interval and test of a sample. Without any spread the value is certain."""
    parts, value = clean_variance(found), found.value
    half, error = float(half_width(parts)), sqrt(parts.total)
    p = p_value(value, parts) if error else float(value == 0)
    return Estimate(value, value - half, value + half, p, value / error if error else 0.0)


def clean_variance(found: Sample) -> Variance:
    """The variance, without what rounding leaves of equal numbers."""
    parts = variance(found)
    least = (1e-12 * float(np.abs(found.seeds).max())) ** 2
    return parts._replace(seeds=parts.seeds if parts.seeds > least else 0.0)
