"""A batch's rows and their augmented view as predictions of the same units, and how far these lie apart."""

from __future__ import annotations

import torch

from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.batches.views import view_of
from xfer.trainers.distributed import total_units
from xfer.trainers.losses.divergences import answer_count, detached_symmetric_kl

VIEW_DROPOUT = 101  # number of the dropout masks of the view's pass: adversaries count theirs from 0
UNALIGNED_LOGIT = -1e4  # below every log-probability by so much that it is none, and yet finite


def view_loss(micro: MicroBatch, logits: torch.Tensor, weight: float, learnt: bool) -> torch.Tensor:
    """What the view adds, as the micro-batch counts in its step: a number, shape [].

    ``logits`` are those of the rows. ``learnt``: the labels of the view are learnt as well.
    """
    view_micro = view_as_micro(micro)
    view_logits = view_micro.logits(dropout=VIEW_DROPOUT)
    first, second = align_log_probabilities(
        micro.chances(logits), view_micro.chances(view_logits), view_micro.batch.get("places")
    )
    mean = micro.mean(detached_symmetric_kl(first, second)) / answer_count(micro.form)
    if "aligned" in micro.batch:  # the mean over words that have a counterpart, as the batch counts in its step
        mean = mean * (total_units(micro.batch) / max(1, int(micro.batch["aligned"])))
    return weight * mean + view_micro.loss(view_logits) if learnt else weight * mean


def view_as_micro(micro: MicroBatch) -> MicroBatch:
    """The view as a micro-batch, which counts as the rows do."""
    batch = view_of(micro.batch) | {
        name: micro.batch[name] for name in ("whole", "mine", "idle") if name in micro.batch
    }
    return micro.with_batch(batch)


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
    """``aligned`` [windows, 2, subwords] with -1e4 where ``left_out``, and last the log-sum of what is ``alone``.

    ``whole`` and ``alone`` are [windows, 2, their subwords]. Returns [windows, 2, subwords + 1].
    """
    rest = whole.masked_fill(~alone, UNALIGNED_LOGIT).logsumexp(-1, keepdim=True)
    return torch.cat([aligned.masked_fill(left_out, UNALIGNED_LOGIT), rest], -1)
