"""Norms, balls and draws of perturbations [sequences, subwords, width], all in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from xfer.trainers.adversaries.micro_batch import MicroBatch

TINY = 1e-30  # a gradient of nothing gives a step of nothing; larger ones must keep their direction
NORM_EPSILON = 1e-6  # mt-dnn's, which is felt: its first noise is not much larger


def delta_norms(delta: torch.Tensor, norm: str, per: str) -> torch.Tensor:
    """The norm of each sequence [sequences, 1, 1] or token [sequences, subwords, 1]."""
    dimensions_of_norm = (1, 2) if per == "sequence" else (2,)
    norms: torch.Tensor = torch.linalg.vector_norm(
        delta, 2 if norm == "l2" else torch.inf, dimensions_of_norm, keepdim=True
    )
    return norms


def to_unit_norm(gradient: torch.Tensor, norm: str, per: str) -> torch.Tensor:
    """The gradient [sequences, subwords, width] at norm 1, or 0 where it is nothing."""
    # by its largest number first: the square of a small gradient would not be a number of float32
    scaled = gradient / delta_norms(gradient, "linf", per).clamp(min=TINY)
    return scaled / delta_norms(scaled, norm, per).clamp(min=TINY)


def project_to_ball(delta: torch.Tensor, radius: float | None, norm: str, per: str) -> torch.Tensor:
    """The nearest perturbation [sequences, subwords, width] whose norms are at most ``radius``."""
    if radius is None:
        return delta
    if norm == "linf":
        return delta.clamp(-radius, radius)
    return delta * (radius / delta_norms(delta, norm, per).clamp(min=TINY)).clamp(max=1)


def rescale_to_norm(delta: torch.Tensor, radius: float, norm: str, per: str) -> torch.Tensor:
    """The perturbation [sequences, subwords, width] at the norm ``radius`` or little less, however small it was.

    0 where it is nothing.
    """
    return radius * delta / (delta_norms(delta, norm, per) + NORM_EPSILON)


def uniform_in_cube(micro: MicroBatch, mask: torch.Tensor, bound: float, norm: str, per: str) -> torch.Tensor:
    """Uniform in a cube, [sequences, subwords, width], 0 where ``mask`` [sequences, subwords, 1] is.

    Of half side ``bound`` for linf; for l2 the largest cube whose corners have that norm.
    """
    draw = micro.uniform() * mask
    if norm == "linf":
        return draw * bound
    return draw * bound / free_dimensions(mask, draw.shape[-1], per).sqrt()


def uniform_in_ball(micro: MicroBatch, mask: torch.Tensor, radius: float, norm: str, per: str) -> torch.Tensor:
    """Uniform in the ball, [sequences, subwords, width], 0 where ``mask`` [sequences, subwords, 1] is."""
    if norm == "linf":
        return micro.uniform() * mask * radius
    direction = to_unit_norm(micro.normal() * mask, norm, per)
    share = (micro.uniform()[..., :1] + 1) / 2
    share = share[:, :1] if per == "sequence" else share
    return direction * radius * share.clamp(min=TINY) ** (1 / free_dimensions(mask, direction.shape[-1], per))


def free_dimensions(mask: torch.Tensor, width: int, per: str) -> torch.Tensor:
    """How many numbers may change, at least 1: in each sequence [sequences, 1, 1] or token [sequences, subwords, 1].

    ``mask`` is [sequences, subwords, 1].
    """
    free_subwords = mask.sum((1, 2), keepdim=True) if per == "sequence" else mask
    return (free_subwords * width).clamp(min=1)
