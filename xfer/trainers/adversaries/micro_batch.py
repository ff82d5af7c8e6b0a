"""One micro-batch as an adversary sees it, and the hook that moves its word embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import torch

from xfer.core.seeds import derive_seed
from xfer.models.embeddings import embedding_width, shifted_embeddings
from xfer.models.network import Network

if TYPE_CHECKING:
    from accelerate import Accelerator

    from xfer.forms.base import Form, Tensors


class TaskLoss(Protocol):
    """What a micro-batch is trained for (see ``losses.objective``)."""

    def around_pass(self, network: Network, batch: Tensors) -> AbstractContextManager[None]:
        """What is around a pass over a batch (``input_ids`` [sequences, subwords])."""
        ...

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The loss of each unit, [units], of logits as the form has them, e.g. [rows, labels]."""
        ...


class FormLoss:
    """A form's own loss without any other term."""

    def __init__(self, form: Form) -> None:
        self.unit_losses = form.unit_losses

    def around_pass(self, network: Network, batch: Tensors) -> AbstractContextManager[None]:
        """Nothing, whatever the batch (``input_ids`` [sequences, subwords])."""
        return nullcontext()


Site = Callable[[Network, torch.Tensor | None], AbstractContextManager[None]]  # where a perturbation is added


class MicroBatch:
    """Forward and backward passes over the rows of one batch, under any perturbation of their embeddings.

    Perturbations are float32 [sequences, subwords, width]. ``names`` are (seed, step, number of the micro-batch):
    all draws follow from them. ``kept`` holds what the adversary's ``initial_state`` gave; ``delta`` and ``replay``
    are for methods that hand a perturbation from one replay to the next, and count the replays.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        accelerator: Accelerator,
        task: str,
        batch: Tensors,
        units: int,
        weight: float,
        names: tuple[int, int, int],
        adversary_state: Mapping[str, torch.Tensor],
        objective: TaskLoss | None = None,
    ) -> None:
        """``batch`` is what the form builds: ``input_ids`` [sequences, subwords] and more.

        ``units`` are those of the whole step, ``weight`` is the loss's factor, ``adversary_state`` holds any shape.
        """
        self.network, self.accelerator, self.task, self.batch = network, accelerator, task, batch
        self.units, self.weight, self.names, self.kept = units, weight, names, adversary_state
        self.inner: Network = accelerator.unwrap_model(network)
        self.form = self.inner.forms[task]
        self.objective = objective or FormLoss(self.form)
        self.delta: torch.Tensor | None = None
        self.replay = 0
        self._drawn = 0

    def logits(
        self, delta: torch.Tensor | None = None, dropout: int = 0, site: Site = shifted_embeddings
    ) -> torch.Tensor:
        """One pass under ``delta`` [sequences, subwords, width] at ``site``: the form's logits, e.g. [rows, labels].

        Passes with the same number ``dropout`` have the same dropout masks.
        """
        return self._pass(self.network, delta, dropout, site)

    def with_batch(self, batch: Tensors) -> MicroBatch:
        """Another batch (``input_ids`` [sequences, subwords]) that counts in the step as this one does."""
        own = self.network, self.accelerator, self.task
        return MicroBatch(*own, batch, self.units, self.weight, self.names, self.kept, self.objective)

    def _pass(
        self, network: torch.nn.Module, delta: torch.Tensor | None, dropout: int, site: Site = shifted_embeddings
    ) -> torch.Tensor:
        """What ``logits`` does, e.g. [rows, labels], through ``network``, which may be wrapped or not."""
        torch.manual_seed(derive_seed("dropout", *self.names, *([dropout] if dropout else []), *self._rank()))
        terms = self.objective.around_pass(self.inner, self.batch)
        with self.accelerator.autocast(), site(self.inner, delta), terms:
            logits: torch.Tensor = network(self.task, self.batch)
        return logits

    def loss(self, logits: torch.Tensor) -> torch.Tensor:
        """The task's loss, as this micro-batch counts in its step, []."""
        return self.mean(self.objective.unit_losses(logits, self.batch))

    def chances(self, logits: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of what each unit may answer, float32 [units, answers] or [units, parts, answers]."""
        return self.form.log_probabilities(logits, self.batch)

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean of values [units], as this micro-batch counts in its step, []."""
        return values.sum() / self.units * (0 if "idle" in self.batch else 1)

    def backward(self, loss: torch.Tensor, again: bool = False) -> torch.Tensor:
        """Adds the gradient to all that needs one; returns the loss, []. ``again``: the pass has more to come."""
        self.accelerator.backward(loss * self.weight, **({"retain_graph": True} if again else {}))
        return loss.detach()

    def slope(self, delta: torch.Tensor, dropout: int, loss: Any, site: Site = shifted_embeddings) -> torch.Tensor:
        """The gradient of ``loss(logits)`` in ``delta``, [sequences, subwords, width] like it.

        That of the parameters is neither made nor changed.
        """
        delta = delta.detach().requires_grad_()
        # past the wrapper of several processes: it would wait for gradients of parameters
        (gradient,) = torch.autograd.grad(loss(self._pass(self.inner, delta, dropout, site)), delta)
        return gradient

    def twin(self, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The logits of other weights (e.g. [rows, labels]), without dropout and without a gradient.

        ``weights`` have the network's own names and shapes.
        """
        self.inner.eval()
        with torch.no_grad(), self.accelerator.autocast(), self.objective.around_pass(self.inner, self.batch):
            # tied by ourselves: torch would meet the shared encoder once a task, and never give its own weights back
            placed_weights, model_inputs = self.inner.weight_places(weights), (self.task, self.batch)
            logits: torch.Tensor = torch.func.functional_call(
                self.inner, placed_weights, model_inputs, tie_weights=False
            )
        self.inner.train()
        return logits

    def mask(self, special: bool = True) -> torch.Tensor:
        """1 where a perturbation may be: no padding, and no special token if told so. [sequences, subwords, 1]."""
        allowed = self.batch["attention_mask"].bool()
        if not special:
            ids = torch.tensor(self.inner.tokenizer.all_special_ids, device=allowed.device)
            allowed = allowed & ~torch.isin(self.batch["input_ids"], ids)
        return allowed.unsqueeze(-1).float()

    def zeros(self) -> torch.Tensor:
        """The perturbation that changes nothing, [sequences, subwords, width]."""
        return torch.zeros(self._shape(), device=self.batch["input_ids"].device)

    def uniform(self) -> torch.Tensor:
        """Draws from -1 to 1, [sequences, subwords, width]."""
        generator = self._generator()
        return self._own(torch.rand(self._drawn_shape(), generator=generator, device=generator.device)) * 2 - 1

    def normal(self) -> torch.Tensor:
        """Draws of a standard normal, [sequences, subwords, width]."""
        generator = self._generator()
        return self._own(torch.randn(self._drawn_shape(), generator=generator, device=generator.device))

    def picks(self, count: int, limit: int) -> torch.Tensor:
        """Draws of whole numbers under ``limit``, [count]."""
        generator = self._generator()
        return torch.randint(limit, (count,), generator=generator, device=generator.device)

    def order(self, count: int) -> torch.Tensor:
        """The numbers under ``count`` in an order that is drawn, [count]."""
        generator = self._generator()
        return torch.randperm(count, generator=generator, device=generator.device)

    @property
    def device(self) -> torch.device:
        """Where the batch lies."""
        return self.batch["input_ids"].device

    @property
    def share(self) -> float:
        """The share of the step's units that this micro-batch has: the factor of what is a mean over its rows."""
        return len(self.batch["labels"]) / self.units

    def _shape(self) -> tuple[int, ...]:
        return (*self.batch["input_ids"].shape, embedding_width(self.inner))

    def _drawn_shape(self) -> tuple[int, ...]:
        """Draws are those of the whole batch, of which another process may have the other rows."""
        if "whole" not in self.batch:
            return self._shape()
        return (*self.batch["whole"][2:].tolist(), embedding_width(self.inner))

    def _own(self, draws: torch.Tensor) -> torch.Tensor:
        """Of draws for the whole batch those for this process's rows, [sequences, subwords, width]."""
        if "mine" not in self.batch:
            return draws
        return draws[self.batch["mine"].to(draws.device), : self.batch["input_ids"].shape[1]]

    def _rank(self) -> list[str]:
        """What tells the dropout of this process from that of the others: nothing where it has all rows."""
        if "mine" not in self.batch or len(self.batch["mine"]) == self.batch["whole"][2]:
            return []
        return [f"from sequence {int(self.batch['mine'][0])}"]

    def _generator(self) -> torch.Generator:
        self._drawn += 1
        seed = derive_seed("adversary", *self.names, self._drawn)
        return torch.Generator(self.batch["input_ids"].device).manual_seed(seed)
