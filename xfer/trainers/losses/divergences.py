"""How far two predictions lie apart, from log-probabilities [units, answers] or [units, parts, answers]."""

from __future__ import annotations

import torch

ODDS_EPSILON = 1e-6  # mt-dnn's: the odds of a probability of 0 or 1 stay numbers


def kl_divergence(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) of each unit in nats; the mean over its parts."""
    return _unit_means(first.exp() * (first - second))


def symmetric_kl(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) + KL(second || first) of each unit in nats; the mean over its parts."""
    return _unit_means((first.exp() - second.exp()) * (first - second))


def detached_symmetric_kl(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """``symmetric_kl`` of each unit, the target of each of its two parts without a gradient."""
    return kl_divergence(first.detach(), second) + kl_divergence(second.detach(), first)


def odds_divergence(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """2 * sum p (odds(p) - odds(q)) of each unit, odds(p) = log p / (1 - p) without a gradient, the second too.

    What mt-dnn (namisan/mt-dnn, ``stable_kl``) climbs in place of KL(first || second).
    """
    odds, other_odds = _log_odds(first.detach().exp()), _log_odds(second.detach().exp())
    return _unit_means(2 * first.exp() * (odds - other_odds))


def _log_odds(chances: torch.Tensor) -> torch.Tensor:
    odds: torch.Tensor = 1 / (1 / (chances + ODDS_EPSILON) - 1 + ODDS_EPSILON)
    return odds.log()


def _unit_means(terms: torch.Tensor) -> torch.Tensor:
    summed = terms.sum(-1)
    return summed.flatten(1).mean(1) if summed.ndim > 1 else summed
