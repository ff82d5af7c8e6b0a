"""Which states of a text a head reads: asked of the head itself, since families pool in their own ways."""

from __future__ import annotations

from typing import Any, Literal

import torch

from xfer.core.errors import MissingPart
from xfer.models.network import Network
from xfer.models.packed import FAMILIES

PooledBy = Literal["pooler", "cls", "mean", "last"]
LENGTH, INSIDE = 6, 4  # subwords of the text that is asked with, and how many of them are no padding


def head_pooling(network: Network, task: str) -> PooledBy:
    """How the head of a task makes one vector of a text: the encoder's own pooler, or the first state (``cls``), the
    mean or the last of those that are no padding.

    Found by the gradient of the head's answer in the states. Raises MissingPart for a head that does neither.
    """
    if getattr(network.encoder.config, "model_type", "") in FAMILIES:
        return "cls"  # known of them, which may be sharded or run without padding
    seen: dict[str, torch.Tensor] = {}

    def watch(module: torch.nn.Module, inputs: object, output: Any) -> Any:
        for name in ("last_hidden_state", "pooler_output"):
            if output.get(name) is not None:
                output[name] = seen[name] = output[name].detach().requires_grad_()
        return output

    head, training = network.heads[task], network.training
    device = next(head.parameters()).device
    ids = torch.full((1, LENGTH), int(network.tokenizer.pad_token_id or 0), device=device)
    marks = network.tokenizer.all_special_ids
    ids[0, :INSIDE] = next(number for number in range(len(network.tokenizer)) if number not in marks)
    if network.tokenizer.eos_token_id is not None:
        ids[0, INSIDE - 1] = network.tokenizer.eos_token_id
    mask = (torch.arange(LENGTH, device=device) < INSIDE).long()[None]
    hook = network.encoder.register_forward_hook(watch)
    try:
        network.eval()
        with torch.enable_grad():
            answer = head(input_ids=ids, attention_mask=mask).logits.float()
            weights = torch.linspace(1, 2, answer.numel(), device=device).view_as(answer)  # a sum may be constant
            slopes = torch.autograd.grad((answer * weights).sum(), list(seen.values()), allow_unused=True)
    finally:
        hook.remove()
        network.train(training)
    found = {name: slope for name, slope in zip(seen, slopes, strict=True) if slope is not None and slope.any()}
    if "pooler_output" in found:
        return "pooler"
    return _read_places(found["last_hidden_state"][0].abs().sum(-1)) if found else "cls"


def _read_places(sizes: torch.Tensor) -> PooledBy:
    """By how much the answer hangs on each state, [length]."""
    places = sizes.nonzero()[:, 0].tolist()
    if places == [0]:
        return "cls"
    if places == [INSIDE - 1]:
        return "last"
    if places == list(range(INSIDE)) and torch.allclose(sizes[:INSIDE], sizes[0], rtol=1e-3):
        return "mean"
    raise MissingPart(f"this encoder's head reads states {places} of {INSIDE} in a way that mixup does not know")
