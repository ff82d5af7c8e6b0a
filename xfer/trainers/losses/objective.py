"""What a task's batches are trained for: its form's loss and the terms that the stage adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

import torch

from xfer.forms.base import Form, Tensors
from xfer.models.domain.form import DomainForm
from xfer.models.network import Network
from xfer.trainers.adversaries.base import Adversary, Plain
from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.batches.views import as_view, view_of
from xfer.trainers.losses.base import BatchDraw, Loss, LossContext
from xfer.trainers.losses.consistency import Consistency
from xfer.trainers.losses.discriminator import Discriminator
from xfer.trainers.losses.distillation import teacher_term
from xfer.trainers.settings import FinetuneSettings

PLAIN = Plain()


class Objective:
    """The loss of one task. All that is random is a function of (seed, task, number of the batch)."""

    def __init__(self, form: Form, task: str, terms: Sequence[Loss], context: LossContext) -> None:
        self.form, self.task, self.terms, self.context = form, task, tuple(terms), context

    def prepare_batch(self, number: int | str, batch: Tensors) -> Tensors:
        """The batch (``input_ids`` [sequences, length]) with what the loss needs beside it, and its view too.

        The same batch if that is nothing.
        """
        rows, view = self._with_needs(number, batch, False), view_of(batch)
        if not view:
            return rows
        compared = not any(term.learns_views for term in self.terms)
        return rows | as_view(self._with_needs(number, view, compared))

    def _with_needs(self, number: int | str, batch: Tensors, compared: bool) -> Tensors:
        """The batch (``input_ids`` [sequences, length]) as each term prepares it in turn."""
        draw = BatchDraw(self.form, self.task, number, compared, self.context)
        for term in self.terms:
            batch = term.prepare_batch(draw, batch)
        return batch

    def step_values(self, progress: float) -> Mapping[str, float]:
        """Numbers that the batches of a step hold, by name, when ``progress`` (0 to 1) of the steps are done."""
        return {name: value for term in self.terms for name, value in term.step_values(progress).items()}

    @contextmanager
    def around_pass(self, network: Network, batch: Tensors) -> Iterator[None]:
        """What is around each forward pass over a batch (``input_ids`` [sequences, length])."""
        with ExitStack() as stack:
            for term in self.terms:
                stack.enter_context(term.around_pass(network, batch))
            yield

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The loss of each unit, [units]."""
        losses: Callable[[torch.Tensor, Tensors], torch.Tensor] = self.form.unit_losses
        for term in self.terms:
            losses = partial(term.unit_losses, losses, self.form)
        return losses(logits, batch)

    def backward(self, adversary: Adversary, micro: MicroBatch) -> torch.Tensor:
        """What the adversary does with a micro-batch, and what terms add; returns the loss that was descended, []."""
        player = adversary if all(term.perturbed for term in self.terms) else PLAIN
        adding = [term for term in self.terms if term.adds_loss(micro.batch)]
        if not adding:
            return player.backward(micro)
        if player.is_active:  # its passes are under perturbations
            loss = player.backward(micro)
            return loss + micro.backward(_sum_losses(adding, micro, micro.logits()))
        logits = micro.logits()
        return micro.backward(micro.loss(logits) + _sum_losses(adding, micro, logits))


def _sum_losses(terms: Sequence[Loss], micro: MicroBatch, logits: torch.Tensor) -> torch.Tensor:
    """The sum of what the terms add, [], for logits (e.g. [rows, labels])."""
    first, *others = (term.added_loss(micro, logits) for term in terms)
    for loss in others:
        first = first + loss
    return first


def build_objectives(
    settings: FinetuneSettings,
    network: Network,
    consistencies: Mapping[str, Consistency],
    context: LossContext,
) -> dict[str, Objective]:
    """The objective of each task of a network: the terms of its stage, and those that its own blocks make."""
    teacher = context.teacher if context.teacher and context.teacher.weight else None
    if teacher:
        teacher.network.eval().requires_grad_(False).to(context.accelerator.device)
    stage_terms = settings.loss_terms(*([teacher_term(teacher)] if teacher else []))
    objectives = {}
    for task, form in network.forms.items():
        task_terms: list[Loss] = [consistencies[task]] if task in consistencies else []
        task_terms += [Discriminator(head=form.head)] if isinstance(form, DomainForm) else []
        objectives[task] = Objective(form, task, (*stage_terms, *task_terms), context._replace(teacher=teacher))
    return objectives
