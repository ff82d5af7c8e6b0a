"""Mixup of what the encoder gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from pydantic import Field

from xfer.core.errors import MissingPart
from xfer.core.seeds import derive_seed
from xfer.forms.sheet import form_facts
from xfer.trainers.base import Misfit
from xfer.trainers.losses.base import BatchDraw, Loss

if TYPE_CHECKING:
    import torch

    from xfer.forms.base import Form, Tensors
    from xfer.models.network import Network
    from xfer.trainers.losses.base import UnitLosses

MIXED_ENTRIES = ("labels", "teacher")  # what belongs to a row's answer and goes along with it when rows are mixed


@Loss.register("mixup")
class Mixup(Loss):
    """share * L(row's label) + (1 - share) * L(partner's label) of the mixed states of a row and its partner.

    Zhang et al. 2018, equation 1, on the encoder's output (Sun et al. 2020, "Mixup-Transformer", section 3.2). The
    share of a batch follows Beta(alpha, alpha). Rows of form classify; ``trainer.mixup`` is short for it.
    """

    alpha: float = Field(0.2, gt=0, description="of the beta distribution that shares are drawn from")

    def find_faults(self, forms: Sequence[str]) -> Iterator[Misfit]:
        if not any(form_facts(form).classifies_rows for form in forms):
            yield (), "mixes rows of form classify, and the stage has none", "leave it out"

    def is_batchwise(self, form: Form) -> bool:
        return form.facts.classifies_rows

    def prepare_batch(self, draw: BatchDraw, batch: Tensors) -> Tensors:
        """With ``partner`` [rows] and ``share`` [], which are drawn; of forms other than classify the batch itself."""
        import numpy as np  # late: both are heavy
        import torch

        if not draw.form.facts.classifies_rows:
            return batch
        generator = np.random.Generator(
            np.random.PCG64(derive_seed("mixup", draw.context.seed, draw.task, draw.number))
        )
        partner = torch.from_numpy(generator.permutation(len(batch["labels"])))
        share = torch.tensor(generator.beta(self.alpha, self.alpha), dtype=torch.float32)
        device = batch["labels"].device
        return batch | {"partner": partner.to(device), "share": share.to(device)}

    def around_pass(self, network: Network, batch: Tensors) -> AbstractContextManager[None]:
        """Mixes the encoder's states in a pass where the batch has ``partner`` [rows]."""
        return _mixed_states(network, batch) if "partner" in batch else nullcontext()

    def unit_losses(self, losses: UnitLosses, form: Form, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The losses of both labels, blended, [rows], of logits [rows, labels]."""
        if "partner" not in batch:
            return losses(logits, batch)
        other = batch | {name: batch[name][batch["partner"]] for name in MIXED_ENTRIES if name in batch}
        return _blend(losses(logits, batch), losses(logits, other), batch["share"])


def _blend(first: torch.Tensor, other: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """``share`` [] of the first, the rest of the other, which has the same shape."""
    return share * first + (1 - share) * other


def _pooling_of(network: Network) -> str:
    """How the heads of a network that classify rows pool, found once."""
    from xfer.models.head_vectors import asked_pooling  # late: imports torch
    from xfer.models.pooling import head_pooling  # late: imports torch

    if network.pooled_by is None:
        task = next(name for name, form in network.forms.items() if form.facts.classifies_rows)
        network.pooled_by = asked_pooling(network.forms[task]) or head_pooling(network, task)
    return network.pooled_by


@contextmanager
def _mixed_states(network: Network, batch: Tensors) -> Iterator[None]:
    """Inside, one pass mixes what the head reads of each row with what it reads of the row's partner.

    States are [rows, length, width] or pooled [rows, width]; ``partner`` is [rows]. A head that pools over a row's own
    mask is given what it would have pooled, mixed, at every place. Raises MissingPart where the encoder is not run
    exactly once a pass.
    """
    from xfer.forms.pooling import pooled_states  # late: imports torch

    passes, pooled_by = 0, _pooling_of(network)

    def mix(module: torch.nn.Module, inputs: object, output: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        nonlocal passes
        passes += 1
        for name in ("last_hidden_state", "pooler_output"):
            states = output.get(name)
            if states is None:
                continue
            if name == "last_hidden_state" and pooled_by in ("mean", "last", "max"):
                pooled = pooled_states(states, batch["attention_mask"], pooled_by)
                mixed = _blend(pooled, pooled[batch["partner"]], batch["share"].to(states.dtype))
                output[name] = mixed[:, None].expand_as(states)
            else:
                output[name] = _blend(states, states[batch["partner"]], batch["share"].to(states.dtype))
        return output

    hook = network.encoder.register_forward_hook(mix)
    try:
        yield
    finally:
        hook.remove()
    if passes != 1:
        raise MissingPart(f"mixup needs an encoder that is run once a pass, not {passes} times; set trainer.mixup: 0")
