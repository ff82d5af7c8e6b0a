"""Bounds on what an encoder's states tell of its inputs, as InfoBERT estimates them; all in float32."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from xfer.core.errors import MissingPart
from xfer.core.seeds import derive
from xfer.models.network import Network, seeded

if TYPE_CHECKING:
    from xfer.trainers.adversaries.micro_batch import Micro

HIDDEN = 300  # of the estimator


def estimator(network: Network, seed: int) -> torch.nn.Module:
    """Scores how well a subword's state and a sentence's go together, above 0; [..., 2 width] in, [..., 1] out."""
    encoder: Any = network.encoder
    width = int(encoder.config.hidden_size)
    with seeded(derive("infobert", seed)):
        layers = torch.nn.Linear(2 * width, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 1), torch.nn.Softplus()
        return torch.nn.Sequential(*layers)


@contextmanager
def watched(network: Network) -> Iterator[dict[str, torch.Tensor]]:
    """Gives what a pass inside has: ``inner``, the embeddings' output, and ``last``, the encoder's states.

    Both [sequences, subwords, width]. Raises MissingPart for encoders without a module of embeddings.
    """
    encoder: Any = network.encoder
    seen: dict[str, torch.Tensor] = {}
    if not hasattr(encoder, "embeddings"):
        kind = getattr(encoder.config, "model_type", "this")
        raise MissingPart(f"infobert needs the embeddings' output, which encoders of type {kind} do not show")
    hooks = [
        encoder.embeddings.register_forward_hook(lambda module, inputs, output: seen.update(inner=output)),
        encoder.register_forward_hook(lambda module, inputs, output: seen.update(last=output["last_hidden_state"])),
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def apart(micro: Micro, seen: dict[str, torch.Tensor]) -> torch.Tensor:
    """The mean of |t - t'|^2 / 2 over all subwords t that are no padding, each beside one t' drawn among them."""
    states = seen["inner"].float()[micro.batch["attention_mask"].bool()]
    other = states[micro.picks(len(states), len(states))]
    return (states - other).square().sum(-1).mean() / 2


def anchored(gradient: torch.Tensor, mask: torch.Tensor, between: tuple[float, float]) -> torch.Tensor:
    """Which subwords lie between two shares of their sequence's, by norm of gradient; [sequences, subwords] bool."""
    norms = gradient.norm(dim=-1).masked_fill(mask == 0, torch.inf)
    rank = norms.argsort(dim=1, stable=True).argsort(dim=1)
    lengths = mask.sum(1).tolist()
    low, high = ([[math.ceil(n * share)] for n in lengths] for share in between)
    return (rank >= torch.tensor(low, device=rank.device)) & (rank < torch.tensor(high, device=rank.device))


def told(
    micro: Micro, seen: dict[str, torch.Tensor], gradient: torch.Tensor, between: tuple[float, float]
) -> torch.Tensor:
    """The mean InfoNCE of anchored subwords and their sentences, in groups of as many pairs as there are sequences."""
    chosen = anchored(gradient, micro.batch["attention_mask"], between).nonzero()
    if not len(chosen):  # sentences too short to have any
        return seen["last"].float().sum() * 0
    chosen = chosen[micro.order(len(chosen))]
    local, whole = seen["inner"].float()[chosen[:, 0], chosen[:, 1]], seen["last"].float()[chosen[:, 0], 0]
    groups = zip(local.split(len(gradient)), whole.split(len(gradient)), strict=True)
    with torch.autocast(gradient.device.type, enabled=False):
        return torch.stack([noise_contrast(micro.inner.aside["infobert"], *group) for group in groups]).mean()


def noise_contrast(score: Any, local: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """InfoNCE (van den Oord et al. 2018) of n pairs [n, width]: at most log n."""
    first, rest = score[0], score[1:]  # each side goes through its half of the first layer once, not once a pair
    near, far = (each @ part.T for each, part in zip((local, whole), first.weight.chunk(2, 1), strict=True))
    far = far + first.bias
    own, pairs = rest(near + far), rest(near + far[:, None])
    bound: torch.Tensor = own.mean() - pairs.logsumexp(1).mean() + math.log(len(local))
    return bound
