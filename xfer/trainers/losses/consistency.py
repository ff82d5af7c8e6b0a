"""What is added to the loss of a row for its augmented view: to answer it alike, and what a teacher says of it.

Zheng et al. 2021 ("Consistency regularization for cross-lingual fine-tuning", xTune): example consistency, and model
consistency on augmented rows.
"""

from __future__ import annotations

import torch

from xfer.forms.base import Tensors
from xfer.trainers.adversaries.base import Adversary
from xfer.trainers.adversaries.micro_batch import Micro
from xfer.trainers.augmenting import Consistency
from xfer.trainers.losses.divergences import divergence
from xfer.trainers.losses.objective import Objective, view_of

OTHER = 101  # number of the dropout masks of the view's pass: adversaries count theirs from 0
NEVER = -1e4  # below every log-probability by so much that it is none, and yet finite


def backward(player: Adversary, micro: Micro, consistency: Consistency | None, objective: Objective) -> torch.Tensor:
    """What the adversary does with a micro-batch, and what its view adds; returns the loss that was descended."""
    view = view_of(micro.batch)
    if consistency is None or not view:
        return player.backward(micro)
    if player.active:  # its passes are under perturbations
        loss = player.backward(micro)
        return loss + micro.backward(added(micro, micro.logits(), view, consistency, objective))
    logits = micro.logits()
    return micro.backward(micro.loss(logits) + added(micro, logits, view, consistency, objective))


def added(
    micro: Micro, logits: torch.Tensor, view: Tensors, consistency: Consistency, objective: Objective
) -> torch.Tensor:
    """The terms of the view, as the micro-batch counts in its step; ``logits`` are those of the rows."""
    other = twin(micro, view)
    moved = other.logits(dropout=OTHER)
    first, second = paired(micro.chances(logits), other.chances(moved), view.get("places"))
    found = consistency.weight * micro.mean(apart(first, second))
    if consistency.labels == "both":
        found = found + other.loss(moved)
    elif "teacher" in view:
        found = found + micro.mean(objective.taught(micro.form, moved, view))
    return found


def twin(micro: Micro, view: Tensors) -> Micro:
    """The view as a micro-batch, which counts as the rows do."""
    batch = view | {name: micro.batch[name] for name in ("whole", "mine") if name in micro.batch}
    about = micro.network, micro.accelerator, micro.task, batch, micro.units, micro.weight, micro.names, micro.kept
    return Micro(*about, micro.losses)


def apart(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) + KL(second || first) of each unit, the first of each without a gradient."""
    return divergence(first.detach(), second) + divergence(second.detach(), first)


def paired(first: torch.Tensor, second: torch.Tensor, places: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities of what stands in both, in the order of the first: all where no ``places`` are told.

    Of words [words, answers] the rows that align. Of spans [windows, 2, subwords] the probabilities among the
    subwords that align, each side by itself.
    """
    if places is None:
        return first, second
    if places.ndim == 1:
        both = places >= 0
        return first[both], second[places[both]]
    gone = places < 0
    moved = second.gather(2, places.clamp(min=0))
    return tuple(x.masked_fill(gone, NEVER).log_softmax(-1) for x in (first, moved))  # type: ignore[return-value]
