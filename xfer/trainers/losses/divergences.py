"""How far two predictions lie apart, from log-probabilities [units, answers] or [units, parts, answers]."""

from __future__ import annotations

import torch


def divergence(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) of each unit in nats; the mean over its parts."""
    return _units(first.exp() * (first - second))


def symmetric(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) + KL(second || first) of each unit in nats; the mean over its parts."""
    return _units((first.exp() - second.exp()) * (first - second))


def _units(terms: torch.Tensor) -> torch.Tensor:
    summed = terms.sum(-1)
    return summed.flatten(1).mean(1) if summed.ndim > 1 else summed
