"""Label smoothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from xfer.trainers.losses.base import Loss

if TYPE_CHECKING:
    import torch

    from xfer.forms.base import Form, Tensors
    from xfer.trainers.losses.base import UnitLosses


@Loss.register("label_smoothing")
class LabelSmoothing(Loss):
    """(1 - share) * loss + share * mean cross-entropy over the answers (Szegedy et al. 2016, section 7).

    Answers that a row does not have take no part. ``trainer.label_smoothing`` is short for it.
    """

    share: float = Field(0.1, ge=0, lt=1, description="share of the label that is spread over all answers")

    def unit_losses(self, losses: UnitLosses, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Loss and the cross-entropy over all answers, [units], of logits (e.g. [rows, labels])."""
        from xfer.trainers.losses.divergences import uniform_cross_entropy  # late: imports torch

        own = losses(logits, batch)
        if isinstance(logits, dict):  # discriminators give several
            return own
        return (1 - self.share) * own + self.share * uniform_cross_entropy(form, logits, batch)
