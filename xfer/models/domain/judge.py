"""The network of a discriminator, gradient reversal, and the formulas of the heads. Features are float32 [n, width]."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch

from xfer.models.domain.base import Head


class _Reversal(torch.autograd.Function):
    """Identity forward; backward the gradient times -strength."""

    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
        """The features [units, width]; ``strength`` is []."""
        ctx.save_for_backward(strength)
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Gradients [units, width] times -strength."""
        (strength,) = ctx.saved_tensors
        return gradients[0] * -strength, None


def reverse_gradient(features: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """The features [units, width], whose gradient is multiplied by -``strength`` []."""
    output: torch.Tensor = _Reversal.apply(features, strength)
    return output


class Judge(torch.nn.Module):
    """A multi-layer perceptron with one output a value, for features of ``size`` numbers."""

    def __init__(self, head: Head, size: int, width: int, values: int) -> None:
        super().__init__()
        sizes = [size, *[head.width or width] * head.depth]
        hidden: list[torch.nn.Module] = []
        for before, after in pairwise(sizes):
            hidden += [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(head.dropout)]
        self.layers = torch.nn.Sequential(*hidden, torch.nn.Linear(sizes[-1], values))

    def frozen_outputs(self, features: torch.Tensor) -> torch.Tensor:
        """The outputs [units, values] for features [units, width], with no gradient for the weights."""
        weights = {name: parameter.detach() for name, parameter in self.layers.named_parameters()}
        outputs: torch.Tensor = torch.func.functional_call(self.layers, weights, (features,))
        return outputs


def unit_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each unit, [units]; 0 where the label is -100."""
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none", ignore_index=-100)


def uniform_divergence(logits: torch.Tensor) -> torch.Tensor:
    """KL(uniform || softmax of the logits) of each unit, [units]; 0 if all logits are equal."""
    return -logits.log_softmax(-1).mean(-1) - math.log(logits.shape[-1])


def outer_product(features: torch.Tensor, chances: torch.Tensor) -> torch.Tensor:
    """Features [n, width] and probabilities [n, classes] as [n, classes x width], class by class."""
    return (chances.unsqueeze(2) * features.unsqueeze(1)).flatten(1)


def certainty_weights(chances: torch.Tensor) -> torch.Tensor:
    """1 + exp(-H) of probabilities [n, classes], scaled to a mean of 1."""
    weights = 1 + torch.exp(-torch.special.entr(chances).sum(-1))
    return weights / weights.mean()


def domain_distance(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """What each unit adds to the distance between domains, times n, so that the mean over the n units is it.

    The distance is the sum over values of the mean score inside minus the mean score outside, over values that
    have units on both sides. [units, values] -> [units].
    """
    terms = 0 * scores[:, 0]  # of one domain alone: a gradient of nothing
    for value in range(scores.shape[1]):
        inside, outside = labels == value, (labels >= 0) & (labels != value)
        if inside.any() and outside.any():
            terms = terms + scores[:, value] * (inside / inside.sum() - outside / outside.sum())
    return len(scores) * terms


def slope_penalty(layers: torch.nn.Module, features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(norm of the slope - 1)^2 of each score, at random points between units of different domains, [].

    Features [units, width], labels [units].

    The mean over points, added up over scores.
    """
    order = torch.randperm(len(features), device=features.device)
    pairs = (labels >= 0) & (labels[order] >= 0) & (labels != labels[order])
    if not pairs.any():
        return features.new_zeros(())
    share = torch.rand(len(features), 1, device=features.device)
    points = (share * features + (1 - share) * features[order])[pairs].requires_grad_()
    total = features.new_zeros(())
    for score in layers(points).unbind(1):
        (slope,) = torch.autograd.grad(score.sum(), points, create_graph=True)
        total = total + ((slope.norm(dim=1) - 1) ** 2).mean()
    return total
