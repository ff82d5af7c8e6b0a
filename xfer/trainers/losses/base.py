"""The loss as a kind: a term that a stage adds to the loss of its tasks. Light: what needs torch imports it late.

A task's own loss is its form's. Terms are applied from the first to the last, each to the losses that those before it
give; all that is random is drawn from the names of the batch, so that a step stays a pure function of (seed, step).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from xfer.core.component import Component
from xfer.trainers.base import Misfit

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator

    from xfer.forms.base import Form, Tensors
    from xfer.models.network import Network
    from xfer.trainers.adversaries.micro_batch import MicroBatch

    UnitLosses = Callable[[torch.Tensor, Tensors], torch.Tensor]  # logits and batch -> [units]


class Teacher(NamedTuple):
    """A finished network, and what is learnt of it by which tasks."""

    network: Network
    task: str
    student_tasks: tuple[str, ...]
    temperature: float
    weight: float
    added: bool = False


class LossContext(NamedTuple):
    """What all terms of a run may draw on."""

    seed: int
    accelerator: Accelerator
    teacher: Teacher | None = None


class BatchDraw(NamedTuple):
    """Which batch is prepared: of which task, its number there, and whether it is a view that is only compared."""

    form: Form
    task: str
    number: int | str
    compared: bool
    context: LossContext


class Loss(Component, kind="loss"):
    """A term of the loss. As it stands here it changes nothing; a term overrides what it needs.

    Units are what a form's loss is a mean over: rows, words, masked subwords.
    """

    block: ClassVar[str] = ""  # the block of a recipe that makes this term; without one it stands in trainer.losses
    perturbed: ClassVar[bool] = True  # whether an adversary perturbs tasks that have this term

    @property
    def learns_views(self) -> bool:
        """Whether views are learnt as rows are, and not only compared."""
        return False

    def find_faults(self, forms: Sequence[str]) -> Iterator[Misfit]:
        """What stands against this term in ``trainer.losses`` of a stage with tasks of these forms."""
        if self.block:
            yield (), f"is no term of its own here: the block {self.block} makes it", f"write {self.block}: ..."

    def is_batchwise(self, form: Form) -> bool:
        """Whether the loss of a unit depends on the other units of its batch."""
        return False

    def step_values(self, progress: float) -> Mapping[str, float]:
        """Numbers that the batches of a step hold, by name, when ``progress`` (0 to 1) of the steps are done."""
        return {}

    def prepare_batch(self, draw: BatchDraw, batch: Tensors) -> Tensors:
        """The batch (``input_ids`` [sequences, length]) with what the term needs; the same if that is nothing."""
        return batch

    def around_pass(self, network: Network, batch: Tensors) -> AbstractContextManager[None]:
        """What is around each forward pass over a batch (``input_ids`` [sequences, length])."""
        return nullcontext()

    def unit_losses(self, losses: UnitLosses, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The losses of units, [units], made of those that ``losses`` gives for logits and a batch."""
        return losses(logits, batch)

    def adds_loss(self, batch: Tensors) -> bool:
        """Whether ``added_loss`` is asked of a batch (``input_ids`` [sequences, length])."""
        return False

    def added_loss(self, micro: MicroBatch, logits: torch.Tensor) -> torch.Tensor:
        """What is added to a micro-batch's loss, []; ``logits``, e.g. [rows, labels], are of an unperturbed pass."""
        raise NotImplementedError
