"""Example consistency: a row and its augmented view are answered alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from xfer.trainers.batches.views import view_of
from xfer.trainers.losses.base import Loss

if TYPE_CHECKING:
    import torch

    from xfer.forms.base import Tensors
    from xfer.trainers.adversaries.micro_batch import MicroBatch


@Loss.register("consistency")
class Consistency(Loss):
    """Rows stay as they are, and what ``augment`` makes of them is a view that should be answered alike.

    Example consistency of xTune (Zheng et al. 2021, R1): weight * (KL(p || q) + KL(q || p)) of the answers p to a row
    and q to its view, the first of each divergence without a gradient; 5 is their weight. As in their code
    (bozheng-hit/xTune) it is averaged over the labels of forms classify and tag, and of tags over the words that stand
    in both; of spans it is the mean of start and end, where subwords that stand in one alone count as one answer.
    Their second stage has ``copies``, and a teacher of these (``distil`` with ``added``, R2). ``labels: both`` is
    their ``noised_loss``, which their scripts leave off; with a teacher it is our cheaper second stage, of two passes
    a row in place of four.
    """

    version: ClassVar[int] = 2
    block: ClassVar[str] = "consistency"

    weight: float = Field(5.0, ge=0, description="factor of the divergence between a row and its view")
    labels: Literal["row", "both"] = Field("row", description="whose labels are learnt: the row's, or the view's too")
    copies: bool = Field(
        False, strict=True, description="train an augmented copy beside each row, with a view of its own"
    )

    @property
    def learns_views(self) -> bool:
        return self.labels == "both"

    def adds_loss(self, batch: Tensors) -> bool:
        """Whether the batch holds a view of its rows (``input_ids`` [sequences, length])."""
        return bool(view_of(batch))

    def added_loss(self, micro: MicroBatch, logits: torch.Tensor) -> torch.Tensor:
        """The divergence of the view from the logits (e.g. [rows, labels]), and its labels' loss if learnt: []."""
        from xfer.trainers.losses.agreement import view_loss  # late: imports torch

        return view_loss(micro, logits, self.weight, self.learns_views)
