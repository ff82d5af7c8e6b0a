"""Whether several effects differ from one another: a test of interaction on the crossed estimator of ``intervals``.

The statistic is the mean square of the effects' k - 1 orthonormal contrasts, as in the analysis of variance of effects
by seeds, and as in Cochran's Q with weights that are equal. Its variance has the parts of any other estimate: what rows
do under all seeds, and what trainings do. Each has the quantile of its own F distribution, as ``half_width`` has that
of its own t distribution. Effects whose variances or correlations differ have fewer degrees of freedom than their
number says; they are taken from the covariances of the contrasts themselves (Box 1954; Greenhouse and Geisser 1959,
Psychometrika 24), which is on the safe side for few seeds. Of two effects the test is that of their difference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

from xfer.metrics.intervals import Sample, Variance, check_paired, combined_square, least_level, variance_of

LEAST_P = 1e-15  # smaller p values are 0: quantiles of F for them are not always numbers
KEYS_AT_ONCE = 8_192  # rows whose errors are laid side by side in memory


def interaction_p(samples: Sequence[Sample]) -> float:
    """The p of all ``samples`` having one true value. Raises ValueError for fewer than two."""
    count = len(samples)
    if count < 2:
        raise ValueError("a test of interaction needs two effects or more")
    turn = orthonormal_contrasts(count)
    seeds = turn @ np.stack([one.seeds for one in samples])  # [k - 1, S]
    products = np.einsum("ci,isjt,dj->csdt", turn, row_products(samples), turn)
    statistic = float((seeds.mean(1) ** 2).mean())
    parts = _contrast_variance(seeds, products, max(len(one.keys) for one in samples))
    if statistic <= (1e-12 * max(float(np.abs(one.seeds).max()) for one in samples)) ** 2:
        return 1.0
    row_degrees = effective_degrees(products.mean((1, 3)))
    seed_degrees = effective_degrees(np.atleast_2d(np.cov(seeds))) if seeds.shape[1] > 1 else 1.0

    def above(level: float) -> float:
        of_rows = f_quantile(row_degrees, row_degrees * parts.row_freedom, level)
        seed_freedom = seed_degrees * max(parts.seed_freedom, 1)
        return float(combined_square(parts, of_rows, f_quantile(seed_degrees, seed_freedom, level))) - statistic

    return least_level(above, LEAST_P)


def _contrast_variance(seeds: np.ndarray, products: np.ndarray, rows: int) -> Variance:
    """The mean variance of contrasts, from their values [c, S] and products of errors [c, S, c, S]."""
    own = np.einsum("csct->st", products) / len(seeds)
    parts = variance_of(np.zeros(seeds.shape[1]), own, rows)
    spread = float(seeds.var(1, ddof=1).mean()) / seeds.shape[1] if seeds.shape[1] > 1 else 0.0
    return parts._replace(seeds=spread)


def orthonormal_contrasts(count: int) -> np.ndarray:
    """Helmert's contrasts [count - 1, count]: each value beside the mean of those before it."""
    rows = np.tril(np.ones((count - 1, count)))
    steps = np.arange(1, count)
    rows[steps - 1, steps] = -steps
    return rows / np.sqrt(steps * (steps + 1))[:, None]


def row_products(samples: Sequence[Sample]) -> np.ndarray:
    """The sums over rows of products of errors, [k, S, k, S]; rows of equal keys are one."""
    check_paired(samples)
    keys = np.unique(np.concatenate([one.keys for one in samples]))
    shape = len(samples), len(samples[0].seeds)
    total = np.zeros((shape[0] * shape[1],) * 2)
    for start in range(0, len(keys), KEYS_AT_ONCE):
        block = keys[start : start + KEYS_AT_ONCE]
        errors = np.zeros((*shape, len(block)))
        for i, one in enumerate(samples):
            inside = slice(*np.searchsorted(one.keys, [block[0], block[-1] + 1]))
            errors[i][:, np.searchsorted(block, one.keys[inside])] = one.errors[:, inside]
        flat = errors.reshape(len(total), len(block))
        total += flat @ flat.T
    return total.reshape(*shape, *shape)


def effective_degrees(covariance: np.ndarray) -> float:
    """How many contrasts of equal variance vary as these do, from their covariance [c, c] (Box 1954)."""
    square = float((covariance**2).sum())
    return float(np.trace(covariance) ** 2 / square) if square else 1.0


def f_quantile(above: float, below: float, level: float) -> float:
    """What F with ``above`` and ``below`` degrees of freedom exceeds with the chance ``level``."""
    rest = float(betaincinv(below / 2, above / 2, level))
    return below * (1 - rest) / (above * rest)
