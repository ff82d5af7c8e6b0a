"""What a comparison could have found, and what it would take to decide it, from the parts of its variance.

A test finds a true difference with the power 0.8 where that is as many standard errors away as the noncentral t
distribution says, each part of the variance with its own degrees of freedom, as in ``intervals.half_width``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import nctdtrinc, stdtrit

from xfer.metrics.intervals import LEVEL, Variance, combined_width, half_width

POWER = 0.8  # the chance of finding a difference that is there
MOST_SEEDS = 50  # more are not asked for
MOST_ROWS = 100.0  # times the rows; more are not asked for


def smallest_effect(parts: Variance, level: float = LEVEL) -> float:
    """The true difference that a two-sided test at ``level`` finds with the power 0.8, in units of the metric."""
    return float(combined_width(parts, lambda freedom: nctdtrinc(freedom, 1 - POWER, -stdtrit(freedom, level / 2))))


class Need(NamedTuple):
    """What would decide a comparison, if its difference is as measured: so many seeds, or so many times the rows.

    Both None where neither alone is enough, or where one seed says nothing about trainings.
    """

    seeds: int | None = None
    rows: float | None = None


def decision_need(parts: Variance, difference: float, level: float = LEVEL, bound: float | None = None) -> Need:
    """What an undecided ``difference`` needs to be told from 0, or to be told from ``bound`` if it is within that."""
    if not parts.seed_freedom:
        return Need()

    def is_decided(more: Variance) -> bool:
        close = bound is not None and float(half_width(more)) < bound - abs(difference)
        return close or smallest_effect(more, level) < abs(difference)

    first = parts.seed_freedom + 2
    seeds = next((n for n in range(first, MOST_SEEDS + 1) if is_decided(with_seeds(parts, n))), None)
    return Need(seeds) if seeds else Need(rows=_row_need(parts, is_decided))


def _row_need(parts: Variance, is_decided: Callable[[Variance], bool]) -> float | None:
    times = np.geomspace(1.0, MOST_ROWS, 41)
    return next((float(more) for more in times if is_decided(with_rows(parts, more))), None)


def with_seeds(parts: Variance, count: int) -> Variance:
    """The variance under ``count`` seeds that differ as these do."""
    less = (parts.seed_freedom + 1) / count
    return parts._replace(noise=parts.noise * less, seeds=parts.seeds * less, seed_freedom=count - 1)


def with_rows(parts: Variance, times: float) -> Variance:
    """The variance with ``times`` as many rows: what trainings do stays, what rows add falls."""
    trainings = np.maximum(parts.seeds - parts.noise, 0.0)
    noise = parts.noise / times
    freedom = int(parts.row_freedom * times)
    return parts._replace(rows=parts.rows / times, noise=noise, seeds=trainings + noise, row_freedom=freedom)
