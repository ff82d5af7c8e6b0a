"""Example consistency: a row and its augmented view are answered alike.

Zheng et al. 2021 ("Consistency regularization for cross-lingual fine-tuning", xTune), R1, averaged as in their code.
"""

from __future__ import annotations

import torch

from xfer.forms.base import Tensors
from xfer.trainers.adversaries.base import Adversary
from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.augmenting import Consistency
from xfer.trainers.distributed import total_units
from xfer.trainers.losses.divergences import kl_divergence
from xfer.trainers.losses.objective import answer_count, view_of

VIEW_DROPOUT = 101  # number of the dropout masks of the view's pass: adversaries count theirs from 0
UNALIGNED_LOGIT = -1e4  # below every log-probability by so much that it is none, and yet finite


def backward_with_view(player: Adversary, micro: MicroBatch, consistency: Consistency | None) -> torch.Tensor:
    """What the adversary does with a micro-batch, and what its view adds; returns the loss that was descended."""
    view = view_of(micro.batch)
    if consistency is None or not view:
        return player.backward(micro)
    if player.is_active:  # its passes are under perturbations
        loss = player.backward(micro)
        return loss + micro.backward(view_loss(micro, micro.logits(), view, consistency))
    logits = micro.logits()
    return micro.backward(micro.loss(logits) + view_loss(micro, logits, view, consistency))


def view_loss(micro: MicroBatch, logits: torch.Tensor, view: Tensors, consistency: Consistency) -> torch.Tensor:
    """What the view adds, as the micro-batch counts in its step: a number. ``logits`` are those of the rows."""
    view_micro = view_as_micro(micro, view)
    view_logits = view_micro.logits(dropout=VIEW_DROPOUT)
    first, second = align_log_probabilities(micro.chances(logits), view_micro.chances(view_logits), view.get("places"))
    mean = micro.mean(detached_divergence(first, second)) / answer_count(micro.form)
    if "aligned" in micro.batch:  # the mean over words that have a counterpart, as the batch counts in its step
        mean = mean * (total_units(micro.batch) / max(1, int(micro.batch["aligned"])))
    loss = consistency.weight * mean
    return loss + view_micro.loss(view_logits) if consistency.labels == "both" else loss


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
    """KL(first || second) + KL(second || first) of each unit, [units], the first of each without a gradient."""
    return kl_divergence(first.detach(), second) + kl_divergence(second.detach(), first)


def align_log_probabilities(
    first: torch.Tensor, second: torch.Tensor, places: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities of what stands in both, in the order of the first: all where no ``places`` are given.

    Of words [words, answers] the rows that align. Of spans [windows, 2, subwords] the subwords that align, and last
    the rest of each side as one answer: [windows, 2, subwords of the first + 1].
    """
    if places is None:
        return first, second
    if places.ndim == 1:
        aligned = places >= 0
        return first[aligned], second[places[aligned]]
    unaligned = places < 0
    targets = torch.where(unaligned, second.shape[2], places)  # what aligns with nothing falls behind the last
    alone = torch.ones_like(second, dtype=torch.bool)
    alone = torch.cat([alone, alone[..., :1]], -1).scatter(2, targets, False)[..., :-1]
    gathered = second.gather(2, places.clamp(min=0))
    return _with_rest(first, unaligned, first, unaligned), _with_rest(gathered, unaligned, second, alone)


def _with_rest(aligned: torch.Tensor, left_out: torch.Tensor, whole: torch.Tensor, alone: torch.Tensor) -> torch.Tensor:
    rest = whole.masked_fill(~alone, UNALIGNED_LOGIT).logsumexp(-1, keepdim=True)
    return torch.cat([aligned.masked_fill(left_out, UNALIGNED_LOGIT), rest], -1)
