"""Norms, balls and draws of perturbations [sequences, subwords, width], all in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from xfer.trainers.adversaries.micro_batch import Micro

TINY = 1e-30  # a gradient of nothing gives a step of nothing; larger ones must keep their direction


def size(delta: torch.Tensor, norm: str, per: str) -> torch.Tensor:
    """The norm of each sequence [sequences, 1, 1] or token [sequences, subwords, 1]."""
    over = (1, 2) if per == "sequence" else (2,)
    found: torch.Tensor = torch.linalg.vector_norm(delta, 2 if norm == "l2" else torch.inf, over, keepdim=True)
    return found


def unit(gradient: torch.Tensor, norm: str, per: str) -> torch.Tensor:
    """The gradient at norm 1, or 0 where it is nothing."""
    # by its largest number first: the square of a small gradient would not be a number of float32
    scaled = gradient / size(gradient, "linf", per).clamp(min=TINY)
    return scaled / size(scaled, norm, per).clamp(min=TINY)


def project(delta: torch.Tensor, radius: float | None, norm: str, per: str) -> torch.Tensor:
    """The nearest perturbation whose norms are at most ``radius``."""
    if radius is None:
        return delta
    if norm == "linf":
        return delta.clamp(-radius, radius)
    return delta * (radius / size(delta, norm, per).clamp(min=TINY)).clamp(max=1)


def box(micro: Micro, mask: torch.Tensor, bound: float, norm: str, per: str) -> torch.Tensor:
    """Uniform in a cube: of half side ``bound`` for linf; for l2 the largest whose corners have that norm."""
    draw = micro.uniform() * mask
    if norm == "linf":
        return draw * bound
    return draw * bound / dimensions(mask, draw.shape[-1], per).sqrt()


def inside(micro: Micro, mask: torch.Tensor, radius: float, norm: str, per: str) -> torch.Tensor:
    """Uniform in the ball."""
    if norm == "linf":
        return micro.uniform() * mask * radius
    direction = unit(micro.normal() * mask, norm, per)
    share = (micro.uniform()[..., :1] + 1) / 2
    share = share[:, :1] if per == "sequence" else share
    return direction * radius * share.clamp(min=TINY) ** (1 / dimensions(mask, direction.shape[-1], per))


def dimensions(mask: torch.Tensor, width: int, per: str) -> torch.Tensor:
    """Numbers that may change in each sequence or token; at least 1."""
    places = mask.sum((1, 2), keepdim=True) if per == "sequence" else mask
    return (places * width).clamp(min=1)
