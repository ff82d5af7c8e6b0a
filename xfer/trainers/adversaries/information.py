"""Bounds on what an encoder's states tell of its inputs, as InfoBERT estimates them; in float32 or wider."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from xfer.core.errors import MissingPart
from xfer.core.seeds import derive_seed
from xfer.models.network import Network, seeded_torch

if TYPE_CHECKING:
    from xfer.trainers.adversaries.micro_batch import MicroBatch

ESTIMATOR_WIDTH = 300  # of the estimator


def build_estimator(network: Network, seed: int) -> torch.nn.Module:
    """Scores how well a subword's state and a sentence's go together, above 0, [..., 1].

    It reads both, one after the other, [..., embedding width + width]; in ALBERT and the like the first is narrower.
    """
    encoder: Any = network.encoder
    width = int(encoder.config.hidden_size)
    narrow = int(getattr(encoder.get_input_embeddings(), "embedding_dim", width))
    with seeded_torch(derive_seed("infobert", seed)):
        layers = (
            torch.nn.Linear(narrow + width, ESTIMATOR_WIDTH),
            torch.nn.ReLU(),
            torch.nn.Linear(ESTIMATOR_WIDTH, 1),
            torch.nn.Softplus(),
        )
        return torch.nn.Sequential(*layers)


@contextmanager
def watch_states(network: Network) -> Iterator[dict[str, torch.Tensor]]:
    """Gives what a pass inside has: ``inner``, the embeddings' output, and ``last``, the encoder's states.

    Both [sequences, subwords, width]. Raises MissingPart for encoders without a module of embeddings.
    """
    encoder: Any = network.encoder
    recorded: dict[str, torch.Tensor] = {}
    if not hasattr(encoder, "embeddings"):
        kind = getattr(encoder.config, "model_type", "this")
        raise MissingPart(f"infobert needs the embeddings' output, which encoders of type {kind} do not show")
    hooks = [
        encoder.embeddings.register_forward_hook(lambda module, inputs, output: recorded.update(inner=output)),
        encoder.register_forward_hook(lambda module, inputs, output: recorded.update(last=output["last_hidden_state"])),
    ]
    try:
        yield recorded
    finally:
        for hook in hooks:
            hook.remove()


def wide(states: torch.Tensor) -> torch.Tensor:
    """States of any shape in float32, or in float64 where they are."""
    return states.to(torch.promote_types(states.dtype, torch.float32))


def bottleneck_bound(micro: MicroBatch, recorded: dict[str, torch.Tensor]) -> torch.Tensor:
    """The mean of |t - t'|^2 / 2 over all subwords t that are no padding, each beside one t' drawn among them; []."""
    states = wide(recorded["inner"])[micro.batch["attention_mask"].bool()]
    other = states[micro.picks(len(states), len(states))]
    return (states - other).square().sum(-1).mean() / 2


def anchored_subwords(gradient: torch.Tensor, mask: torch.Tensor, between: tuple[float, float]) -> torch.Tensor:
    """Which subwords lie between two shares of their sequence's, by norm of gradient; [sequences, subwords] bool."""
    norms = gradient.norm(dim=-1).masked_fill(mask == 0, torch.inf)
    rank = norms.argsort(dim=1, stable=True).argsort(dim=1)
    lengths = mask.sum(1).tolist()
    low, high = ([[math.ceil(n * share)] for n in lengths] for share in between)
    return (rank >= torch.tensor(low, device=rank.device)) & (rank < torch.tensor(high, device=rank.device))


def anchor_information(
    micro: MicroBatch, recorded: dict[str, torch.Tensor], gradient: torch.Tensor, between: tuple[float, float]
) -> torch.Tensor:
    """The mean InfoNCE of anchored subwords and their sentences, [], in groups of as many pairs as sequences."""
    chosen = anchored_subwords(gradient, micro.batch["attention_mask"], between).nonzero()
    if not len(chosen):  # sentences too short to have any
        return wide(recorded["last"]).sum() * 0
    chosen = chosen[micro.order(len(chosen))]
    local, whole = wide(recorded["inner"])[chosen[:, 0], chosen[:, 1]], wide(recorded["last"])[chosen[:, 0], 0]
    groups = zip(local.split(len(gradient)), whole.split(len(gradient)), strict=True)
    with torch.autocast(gradient.device.type, enabled=False):
        return torch.stack([noise_contrast(micro.inner.aside["infobert"], *group) for group in groups]).mean()


def noise_contrast(score: Any, local: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """InfoNCE (van den Oord et al. 2018) of n pairs, [n, embedding width] and [n, width]: at most log n."""
    first, rest = score[0], score[1:]  # each side goes through its half of the first layer once, not once a pair
    local_hidden, whole_hidden = (
        each @ part.T
        for each, part in zip((local, whole), first.weight.split([local.shape[1], whole.shape[1]], 1), strict=True)
    )
    whole_hidden = whole_hidden + first.bias
    matched_scores, pair_scores = rest(local_hidden + whole_hidden), rest(local_hidden + whole_hidden[:, None])
    bound: torch.Tensor = matched_scores.mean() - pair_scores.logsumexp(1).mean() + math.log(len(local))
    return bound
