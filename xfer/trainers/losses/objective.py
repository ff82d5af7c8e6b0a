"""The loss of a micro-batch: the form's own, with smoothed labels, mixed rows, and a teacher beside the labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np
import torch

from xfer.core.errors import MissingPart, XferError
from xfer.core.seeds import derive_seed
from xfer.forms.base import Form, Tensors
from xfer.models.network import Network
from xfer.trainers.losses.divergences import kl_divergence

IMPOSSIBLE_BELOW = (
    -5e3
)  # a log-probability under this is that of an answer that a row does not have (see the forms' chances)
VIEW_PREFIX = "view/"
MIXED_ENTRIES = ("labels", "teacher")  # what belongs to a row's answer and goes along with it when rows are mixed


class Teacher(NamedTuple):
    """A finished network, and what is learnt of it by which tasks."""

    network: Network
    task: str
    student_tasks: tuple[str, ...]
    temperature: float
    weight: float
    added: bool = False

    def teaches(self, batch: Tensors) -> bool:
        """Whether a batch is taught: with ``added`` augmented copies alone, where a task has any."""
        return not self.added or bool(batch.get("copy", True))


class Objective:
    """Turns batches into losses of units. All that is random is a function of (seed, task, number of the batch)."""

    def __init__(self, smoothing: float, mixup: float, teacher: Teacher | None, seed: int, accelerator: Any) -> None:
        self.smoothing, self.mixup, self.seed, self.accelerator = smoothing, mixup, seed, accelerator
        self.teacher = teacher if teacher and teacher.weight else None
        if self.teacher:
            self.teacher.network.eval().requires_grad_(False).to(accelerator.device)

    def prepare_batch(
        self, form: Form, task: str, number: int | str, batch: Tensors, learns_views: bool = False
    ) -> Tensors:
        """The batch with what the loss needs beside it, and its view too; the same batch if that is nothing.

        ``learns_views``: whether views are learnt as rows are, and not only compared.
        """
        row_batch, view = self._prepared(form, task, number, batch), view_of(batch)
        if not view:
            return row_batch
        return row_batch | as_view(self._prepared(form, task, number, view, learns_views))

    def _prepared(self, form: Form, task: str, number: int | str, batch: Tensors, learnt: bool = True) -> Tensors:
        if learnt and self.teacher and task in self.teacher.student_tasks and self.teacher.teaches(batch):
            batch = batch | {"teacher": self._teacher_log_probabilities(form, batch)}
        if self.mixup and form.name == "classify":
            draw = np.random.Generator(np.random.PCG64(derive_seed("mixup", self.seed, task, number)))
            partner = torch.from_numpy(draw.permutation(len(batch["labels"])))
            share = torch.tensor(draw.beta(self.mixup, self.mixup), dtype=torch.float32)
            device = batch["labels"].device
            batch = batch | {"partner": partner.to(device), "share": share.to(device)}
        return batch

    def _teacher_log_probabilities(self, form: Form, batch: Tensors) -> torch.Tensor:
        assert self.teacher
        with torch.no_grad(), self.accelerator.autocast():
            logits = self.teacher.network(self.teacher.task, batch)
        return form.log_probabilities(logits.float() / self.teacher.temperature, batch)

    def unit_losses(self, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The loss of each unit, shape [units]."""
        if "partner" not in batch:
            return self._plain_losses(form, logits, batch)
        other = batch | {name: batch[name][batch["partner"]] for name in MIXED_ENTRIES if name in batch}
        return _blend(self._plain_losses(form, logits, batch), self._plain_losses(form, logits, other), batch["share"])

    def _plain_losses(self, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        losses = form.unit_losses(logits, batch)
        if self.smoothing and torch.is_tensor(logits):  # discriminators give several
            losses = (1 - self.smoothing) * losses + self.smoothing * _uniform_cross_entropy(form, logits, batch)
        if self.teacher and "teacher" in batch:
            share = 1.0 if self.teacher.added else 1 - self.teacher.weight
            losses = share * losses + self.teacher_loss(form, logits, batch)
        return losses

    def teacher_loss(self, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The weighted divergence from the teacher's answers, [units]."""
        assert self.teacher
        temperature, weight = self.teacher.temperature, self.teacher.weight
        divergences = (
            weight
            * temperature**2
            * kl_divergence(batch["teacher"], form.log_probabilities(logits.float() / temperature, batch))
        )
        return divergences / answer_count(form) * batch.get("taught", 1) if self.teacher.added else divergences


def answer_count(form: Form) -> int:
    """By what a divergence is divided to be a mean over labels; 1 of forms whose answers are the row's own."""
    return len(form.labels) or 1


def view_of(batch: Tensors) -> Tensors:
    """What a batch holds of its rows' augmented view, under the names that a batch has."""
    return {name.removeprefix(VIEW_PREFIX): tensor for name, tensor in batch.items() if name.startswith(VIEW_PREFIX)}


def as_view(batch: Tensors) -> Tensors:
    """A batch as part of another, of whose rows it is the view."""
    return {VIEW_PREFIX + name: tensor for name, tensor in batch.items()}


def _uniform_cross_entropy(form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
    """Cross-entropy with every answer that a unit may give being as likely, [units]; 0 where there is no label."""
    chances = form.log_probabilities(logits, batch)
    possible = chances > IMPOSSIBLE_BELOW
    mean = -torch.where(possible, chances, 0).sum(-1) / possible.sum(-1)
    mean = mean.flatten(1).mean(1) if mean.ndim > 1 else mean
    return mean.masked_fill(batch["labels"] == -100, 0) if batch["labels"].ndim == 1 else mean


def _blend(first: torch.Tensor, other: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    return share * first + (1 - share) * other


@contextmanager
def _mixing(network: Network, batch: Mapping[str, torch.Tensor]) -> Iterator[None]:
    passes = 0

    def mix(module: Any, inputs: Any, output: Any) -> Any:
        nonlocal passes
        passes += 1
        for name in ("last_hidden_state", "pooler_output"):
            states = output.get(name)
            if states is not None:
                output[name] = _blend(states, states[batch["partner"]], batch["share"].to(states.dtype))
        return output

    hook = network.encoder.register_forward_hook(mix)
    try:
        yield
    finally:
        hook.remove()
    if passes != 1:
        raise MissingPart(f"mixup needs an encoder that is run once a pass, not {passes} times; set trainer.mixup: 0")


def mix_partners(network: Network, batch: Mapping[str, torch.Tensor]) -> Any:
    """Inside, one pass mixes what the encoder gives for each row with what it gives for the row's partner.

    Mixup on the encoder's output (Zhang et al. 2018, equation 1; Sun et al. 2020, "Mixup-Transformer", section 3.2).
    """
    return _mixing(network, batch) if "partner" in batch else nullcontext()


def require_same_vocabulary(teacher: Any, student: Any) -> None:
    """Raises XferError where two tokenizers cut or number text differently: a teacher could not read the batches."""
    if teacher.get_vocab() != student.get_vocab():
        what = "the teacher of distil has another vocabulary than this stage, so it cannot read the same batches"
        raise XferError(f"{what}; start both from one model")
