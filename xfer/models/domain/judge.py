"""The network of a discriminator, gradient reversal, and the formulas of the heads. Features are float32 [n, width]."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch

from xfer.models.domain.base import Head

ENTROPY_EPSILON = 1e-5  # thuml/CDAN's: the slope of the entropy stays a number at a probability of 0


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
    """A multi-layer perceptron for features of ``size`` numbers, of the head's layers."""

    def __init__(self, head: Head, size: int, width: int, values: int) -> None:
        super().__init__()
        sizes = [size, *[head.width or width] * head.depth]
        hidden: list[torch.nn.Module] = []
        for before, after in pairwise(sizes):
            hidden += head.hidden_layer(before, after)
        self.layers = torch.nn.Sequential(*hidden, torch.nn.Linear(sizes[-1], head.output_count(values)))

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


def certainty_weights(chances: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """1 + exp(-H) of probabilities [units, classes], scaled so that each domain has as large a share: [units].

    The mean over units of weight times loss is then the mean over domains of their weighted means. Units with label
    -100 weigh nothing. The gradient goes through H, not through the scale (thuml/CDAN).
    """
    entropy = -(chances * (chances + ENTROPY_EPSILON).log()).sum(-1)
    weights = (1 + torch.exp(-entropy)) * (labels >= 0)
    domains = labels[labels >= 0].unique()
    totals = torch.zeros_like(weights)
    for domain in domains:
        totals = torch.where(labels == domain, weights.detach()[labels == domain].sum(), totals)
    return len(weights) * weights / totals.clamp(min=1) / max(len(domains), 1)


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


def normalised_outputs(
    layers: Callable[[torch.Tensor], torch.Tensor], apart: bool, features: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Scores [units, values] of features [units, width] by layers with batch norm.

    ``apart``: each domain in a pass of its own, so that it is normalised by its own units. A domain of one unit has no
    spread to be normalised by and scores 0, as units of no known domain do. One output a unit is the score of the
    first of two values, and minus that of the other.
    """
    every = torch.arange(len(features), device=features.device)
    places = [(labels == value).nonzero()[:, 0] for value in labels[labels >= 0].unique()] if apart else [every]
    places = [place for place in places if len(place) > 1]
    if not places:
        return both_signs(layers(features.repeat(2, 1))[: len(features)]) * 0
    outputs = torch.cat([layers(features[place]) for place in places])
    scattered = outputs.new_zeros(len(features), outputs.shape[1]).index_copy(0, torch.cat(places), outputs)
    return both_signs(scattered)


def both_signs(outputs: torch.Tensor) -> torch.Tensor:
    """One score of two values [units, 1] as a score of each, [units, 2]; more stay as they are."""
    return torch.cat([outputs, -outputs], 1) if outputs.shape[1] == 1 else outputs


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
