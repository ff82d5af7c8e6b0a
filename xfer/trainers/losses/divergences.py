"""How far two predictions lie apart, from log-probabilities [units, answers] or [units, parts, answers]."""

from __future__ import annotations

import torch

from xfer.forms.base import Form, Tensors

ODDS_EPSILON = 1e-6  # mt-dnn's: the odds of a probability of 0 or 1 stay numbers
# a log-probability under this is that of an answer that a row does not have (see the forms' log_probabilities)
IMPOSSIBLE_BELOW = -5e3


def kl_divergence(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) of each unit in nats, [units]; the mean over its parts."""
    return _unit_means(first.exp() * (first - second))


def symmetric_kl(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) + KL(second || first) of each unit in nats, [units]; the mean over its parts."""
    return _unit_means((first.exp() - second.exp()) * (first - second))


def detached_symmetric_kl(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """``symmetric_kl`` of each unit, [units], the target of each of its two parts without a gradient."""
    return kl_divergence(first.detach(), second) + kl_divergence(second.detach(), first)


def odds_divergence(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """2 * sum p (odds(p) - odds(q)) of each unit, [units], odds(p) = log p / (1 - p) and odds(q) without a gradient.

    What mt-dnn (namisan/mt-dnn, ``stable_kl``) climbs in place of KL(first || second).
    """
    odds, other_odds = _log_odds(first.detach().exp()), _log_odds(second.detach().exp())
    return _unit_means(2 * first.exp() * (odds - other_odds))


def _log_odds(chances: torch.Tensor) -> torch.Tensor:
    """Logarithms of the odds of probabilities, in the same shape."""
    odds: torch.Tensor = 1 / (1 / (chances + ODDS_EPSILON) - 1 + ODDS_EPSILON)
    return odds.log()


def uniform_cross_entropy(form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
    """Cross-entropy with every answer that a unit may give being as likely, [units]; 0 where there is no label."""
    chances = form.log_probabilities(logits, batch)
    possible = chances > IMPOSSIBLE_BELOW
    mean = -torch.where(possible, chances, 0).sum(-1) / possible.sum(-1)
    mean = mean.flatten(1).mean(1) if mean.ndim > 1 else mean
    return mean.masked_fill(batch["labels"] == -100, 0) if batch["labels"].ndim == 1 else mean


def answer_count(form: Form) -> int:
    """By what a divergence is divided to be a mean over labels; 1 of forms whose answers are the row's own."""
    return len(form.labels) or 1


def _unit_means(terms: torch.Tensor) -> torch.Tensor:
    """Sums over answers, means over parts: [units] of [units, answers] or [units, parts, answers]."""
    summed = terms.sum(-1)
    return summed.flatten(1).mean(1) if summed.ndim > 1 else summed
