"""Which states of a text a head reads: asked of the head itself, since families pool in their own ways."""

from __future__ import annotations

from typing import Any, Literal

import torch

from xfer.core.errors import MissingPart
from xfer.models.network import Network
from xfer.models.packed import FAMILIES

PooledBy = Literal["cls", "mean", "last"]
LENGTH, INSIDE = 6, 4  # subwords of the text that is asked with, and how many of them are no padding


def head_pooling(network: Network, task: str) -> PooledBy:
    """How the head of a task makes one vector of a text: the first state (``cls``, or the encoder's own pooler of it),
    the mean or the last of those that are no padding.

    Found by the gradient of the head's answer in the states. Raises MissingPart for a head that does neither.
    """
    if getattr(network.encoder.config, "model_type", "") in FAMILIES:
        return "cls"  # known of them, which may be sharded or run without padding
    slope = _state_slope(network, task)
    return "cls" if slope is None else _read_places(slope[0].abs().sum(-1))


def _asked_text(network: Network) -> dict[str, torch.Tensor]:
    """A text of one word, again and again, and padding: ``input_ids`` and ``attention_mask`` [1, LENGTH]."""
    tokenizer, device = network.tokenizer, next(network.parameters()).device
    word = next(number for number in range(len(tokenizer)) if number not in tokenizer.all_special_ids)
    end = word if tokenizer.eos_token_id is None else int(tokenizer.eos_token_id)
    pad = int(tokenizer.pad_token_id or 0)
    ids = [word] * (INSIDE - 1) + [end] + [pad] * (LENGTH - INSIDE)
    mask = [1] * INSIDE + [0] * (LENGTH - INSIDE)
    return {"input_ids": torch.tensor([ids], device=device), "attention_mask": torch.tensor([mask], device=device)}


def _state_slope(network: Network, task: str) -> torch.Tensor | None:
    """The gradient of a head's answer in the last hidden states, [1, LENGTH, width]; None where it reads none of them,
    but what the encoder has pooled."""
    states: list[torch.Tensor] = []

    def watch(module: torch.nn.Module, inputs: object, output: Any) -> Any:
        states.append(output["last_hidden_state"].detach().requires_grad_())
        output["last_hidden_state"] = states[0]
        return output

    training, hook = network.training, network.encoder.register_forward_hook(watch)
    try:
        network.eval()
        with torch.enable_grad():
            answer = network.heads[task](**_asked_text(network)).logits.float()
            weights = torch.linspace(1, 2, answer.numel(), device=answer.device).view_as(answer)  # sums may be constant
            (slope,) = torch.autograd.grad((answer * weights).sum(), states, allow_unused=True)
    finally:
        hook.remove()
        network.train(training)
    return slope if slope is not None and slope.any() else None


def _read_places(sizes: torch.Tensor) -> PooledBy:
    """By how much the answer hangs on each state, [LENGTH]."""
    places = sizes.nonzero()[:, 0].tolist()
    if places == [0]:
        return "cls"
    if places == [INSIDE - 1]:
        return "last"
    if places == list(range(INSIDE)) and torch.allclose(sizes[:INSIDE], sizes[0], rtol=1e-3):
        return "mean"
    raise MissingPart(f"this encoder's head reads states {places} of {INSIDE} in a way that mixup does not know")
