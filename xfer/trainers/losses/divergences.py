"""How far two predictions lie apart, from log-probabilities [units, answers] or [units, parts, answers]."""

from __future__ import annotations

import torch


def kl_divergence(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) of each unit in nats; the mean over its parts."""
    return _unit_means(first.exp() * (first - second))


def symmetric_kl(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) + KL(second || first) of each unit in nats; the mean over its parts."""
    return _unit_means((first.exp() - second.exp()) * (first - second))


def _unit_means(terms: torch.Tensor) -> torch.Tensor:
    summed = terms.sum(-1)
    return summed.flatten(1).mean(1) if summed.ndim > 1 else summed
