"""What is added to the loss of a row for its augmented view: to answer it alike, and what a teacher says of it.

Zheng et al. 2021 ("Consistency regularization for cross-lingual fine-tuning", xTune): example consistency, and model
consistency on augmented rows.
"""

from __future__ import annotations

import torch

from xfer.forms.base import Tensors
from xfer.trainers.adversaries.base import Adversary
from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.augmenting import Consistency
from xfer.trainers.losses.divergences import kl_divergence
from xfer.trainers.losses.objective import Objective, view_of

VIEW_DROPOUT = 101  # number of the dropout masks of the view's pass: adversaries count theirs from 0
UNALIGNED_LOGIT = -1e4  # below every log-probability by so much that it is none, and yet finite


def backward_with_view(
    player: Adversary, micro: MicroBatch, consistency: Consistency | None, objective: Objective
) -> torch.Tensor:
    """What the adversary does with a micro-batch, and what its view adds; returns the loss that was descended."""
    view = view_of(micro.batch)
    if consistency is None or not view:
        return player.backward(micro)
    if player.is_active:  # its passes are under perturbations
        loss = player.backward(micro)
        return loss + micro.backward(view_loss(micro, micro.logits(), view, consistency, objective))
    logits = micro.logits()
    return micro.backward(micro.loss(logits) + view_loss(micro, logits, view, consistency, objective))


def view_loss(
    micro: MicroBatch, logits: torch.Tensor, view: Tensors, consistency: Consistency, objective: Objective
) -> torch.Tensor:
    """The terms of the view, as the micro-batch counts in its step; ``logits`` are those of the rows."""
    view_micro = view_as_micro(micro, view)
    view_logits = view_micro.logits(dropout=VIEW_DROPOUT)
    first, second = align_log_probabilities(micro.chances(logits), view_micro.chances(view_logits), view.get("places"))
    loss = consistency.weight * micro.mean(detached_divergence(first, second))
    if consistency.labels == "both":
        loss = loss + view_micro.loss(view_logits)
    elif "teacher" in view:
        loss = loss + micro.mean(objective.teacher_loss(micro.form, view_logits, view))
    return loss


def view_as_micro(micro: MicroBatch, view: Tensors) -> MicroBatch:
    """The view as a micro-batch, which counts as the rows do."""
    batch = view | {name: micro.batch[name] for name in ("whole", "mine") if name in micro.batch}
    micro_inputs = (
        micro.network,
        micro.accelerator,
        micro.task,
        batch,
        micro.units,
        micro.weight,
        micro.names,
        micro.kept,
    )
    return MicroBatch(*micro_inputs, micro.losses)


def detached_divergence(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second) + KL(second || first) of each unit, the first of each without a gradient."""
    return kl_divergence(first.detach(), second) + kl_divergence(second.detach(), first)


def align_log_probabilities(
    first: torch.Tensor, second: torch.Tensor, places: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities of what stands in both, in the order of the first: all where no ``places`` are told.

    Of words [words, answers] the rows that align. Of spans [windows, 2, subwords] the probabilities among the
    subwords that align, each side by itself.
    """
    if places is None:
        return first, second
    if places.ndim == 1:
        aligned = places >= 0
        return first[aligned], second[places[aligned]]
    unaligned = places < 0
    gathered = second.gather(2, places.clamp(min=0))
    return tuple(x.masked_fill(unaligned, UNALIGNED_LOGIT).log_softmax(-1) for x in (first, gathered))  # type: ignore[return-value]
