"""Distillation: learning from a finished network."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from pydantic import Field

from xfer.core.errors import XferError
from xfer.trainers.losses.base import BatchDraw, Loss, Teacher

if TYPE_CHECKING:
    import torch

    from xfer.forms.base import Form, Tensors
    from xfer.trainers.losses.base import UnitLosses


@Loss.register("distillation")
class Distillation(Loss):
    """(1 - weight) * loss + weight * temperature ** 2 * KL(teacher || network), both softened (Hinton et al. 2015).

    The block ``distil`` of a stage makes it, and says what ``added`` is.
    """

    block: ClassVar[str] = "distil"

    temperature: float = Field(2.0, gt=0, description="divides the logits of both")
    weight: float = Field(0.5, ge=0, description="share of the teacher in the loss")
    added: bool = Field(False, strict=True, description="added to the loss of the labels: xTune's model consistency")

    def prepare_batch(self, draw: BatchDraw, batch: Tensors) -> Tensors:
        """With the teacher's log-probabilities, [units, answers] or [units, parts, answers], where it teaches.

        With ``added`` it teaches augmented copies alone, where a task has any; a view that is only compared, never.
        """
        teacher = draw.context.teacher
        learns = not draw.compared and not (self.added and not batch.get("copy", True))
        if teacher is None or not learns or draw.task not in teacher.student_tasks:
            return batch
        import torch  # late: it is heavy

        with torch.no_grad(), draw.context.accelerator.autocast():
            logits = teacher.network(teacher.task, batch)
        return batch | {"teacher": draw.form.log_probabilities(logits.float() / self.temperature, batch)}

    def unit_losses(self, losses: UnitLosses, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The loss and the teacher's, [units], of logits (e.g. [rows, labels]); the first alone without a teacher."""
        own = losses(logits, batch)
        if "teacher" not in batch:
            return own
        share = 1.0 if self.added else 1 - self.weight
        return share * own + self.teacher_loss(form, logits, batch)

    def teacher_loss(self, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The weighted divergence from the teacher's answers, [units]."""
        from xfer.trainers.losses.divergences import answer_count, kl_divergence  # late: imports torch

        divergences = (
            self.weight
            * self.temperature**2
            * kl_divergence(batch["teacher"], form.log_probabilities(logits.float() / self.temperature, batch))
        )
        return divergences / answer_count(form) * batch.get("taught", 1) if self.added else divergences


def teacher_term(teacher: Teacher) -> Distillation:
    """The term of a teacher."""
    return Distillation(temperature=teacher.temperature, weight=teacher.weight, added=teacher.added)


class _Vocabulary(Protocol):
    def get_vocab(self) -> dict[str, int]: ...


def require_same_vocabulary(teacher: _Vocabulary, student: _Vocabulary) -> None:
    """Raises XferError where two tokenizers cut or number text differently: a teacher could not read the batches."""
    if teacher.get_vocab() != student.get_vocab():
        what = "the teacher of distil has another vocabulary than this stage, so it cannot read the same batches"
        raise XferError(f"{what}; start both from one model")
