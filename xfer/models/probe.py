"""The linear probe: multinomial logistic regression on the pooled states of an encoder that stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from xfer.forms.base import Columns
from xfer.models.network import Network
from xfer.models.predictor import ProgressCallback, predict_rows

MAX_ITERATIONS = 1000


class LinearProbe(NamedTuple):
    """``weights`` [width, labels] and ``bias`` [labels] of standardised vectors; ``mean``, ``scale`` [width] of raw
    ones."""

    weights: np.ndarray
    bias: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """Logits [rows, labels] of vectors [rows, width]."""
        logits: np.ndarray = (vectors.astype(np.float64) - self.mean) / self.scale @ self.weights + self.bias
        return logits


def fit_probe(vectors: np.ndarray, targets: np.ndarray, labels: int, l2: float) -> LinearProbe:
    """The probe that minimises mean cross-entropy + l2 / 2 |weights|^2, in float64 by L-BFGS from zero.

    ``vectors`` [rows, width] are brought to mean 0 and standard deviation 1 first; a column that does not vary counts
    as 0. ``targets`` [rows] number the right labels. The minimum is one alone, so that no seed is drawn.
    """
    mean, scale = vectors.mean(0, dtype=np.float64), vectors.std(0, dtype=np.float64)
    scale = np.where(scale > 1e-12, scale, np.inf)
    inputs, width = (vectors.astype(np.float64) - mean) / scale, vectors.shape[1]
    right = np.eye(labels)[targets]

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = flat[: width * labels].reshape(width, labels), flat[width * labels :]
        log_probabilities = log_softmax(inputs @ weights + bias, axis=1)
        slope = (np.exp(log_probabilities) - right) / len(inputs)
        loss = -(right * log_probabilities).sum() / len(inputs) + 0.5 * l2 * (weights**2).sum()
        return float(loss), np.concatenate([(inputs.T @ slope + l2 * weights).reshape(-1), slope.sum(0)])

    start = np.zeros((width + 1) * labels)
    options = {"maxiter": MAX_ITERATIONS, "ftol": 1e-12, "gtol": 1e-7}
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options).x
    return LinearProbe(found[: width * labels].reshape(width, labels), found[width * labels :], mean, scale)


def probe_logits(
    network: Network,
    task: str,
    fitted_rows: Columns,
    rows: Columns,
    labels: Sequence[str],
    l2: float,
    max_length: int,
    progress: ProgressCallback,
) -> np.ndarray:
    """Logits [rows, labels] of a probe that was fitted on ``fitted_rows``; the network's form is retrieval.

    Texts that are tested are not learnt, should both sides hold one.
    """
    tested = {*rows["text"]}
    kept = [place for place, text in enumerate(fitted_rows["text"]) if text not in tested]
    learnt = {name: [column[place] for place in kept] for name, column in fitted_rows.items()}
    total = len(kept) + len(rows["id"])
    vectors = predict_rows(network, task, learnt, max_length, lambda done, _: progress(done, total))["vectors"]
    number = {label: place for place, label in enumerate(labels)}
    targets = np.array([number[label] for label in learnt["label"]])
    probe = fit_probe(vectors, targets, len(labels), l2)
    tested_vectors = predict_rows(network, task, rows, max_length, lambda done, _: progress(len(kept) + done, total))
    return probe.logits(tested_vectors["vectors"])
