"""Word embeddings of an encoder: where they are looked up, how wide they are, how they are shifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from xfer.core.errors import MissingPart
from xfer.models.network import Network


def word_embeddings(network: Network) -> torch.nn.Embedding:
    """The module that turns subwords into vectors. Raises MissingPart where an encoder has none."""
    encoder: Any = network.encoder
    try:
        embeddings: torch.nn.Embedding = encoder.get_input_embeddings()
        return embeddings
    except (NotImplementedError, AttributeError):
        what = f"an encoder of type {encoder.config.model_type} has no word embeddings"
        raise MissingPart(f"{what} that could be perturbed; set trainer.adversary: none") from None


def embedding_width(network: Network) -> int:
    """How many numbers a word embedding has."""
    return int(word_embeddings(network).weight.shape[1])


def embedding_layer(network: Network) -> Any:
    """The module that adds positions to word embeddings and normalises them. Raises MissingPart where there is none."""
    encoder: Any = network.encoder
    if not hasattr(encoder, "embeddings"):
        kind = getattr(encoder.config, "model_type", "this")
        what = f"encoders of type {kind} have no embedding layer whose output could be read"
        raise MissingPart(f"{what}; take another trainer.adversary")
    return encoder.embeddings


@contextmanager
def shifted_embeddings(network: Network, delta: torch.Tensor | None) -> Iterator[None]:
    """Inside, one pass of the network adds ``delta`` [sequences, subwords, width] to its word embeddings."""
    with _shifted_output(network, word_embeddings, delta, lambda output: output):
        yield


@contextmanager
def shifted_constants(network: Network, delta: torch.Tensor | None) -> Iterator[None]:
    """As ``shifted_embeddings``, ``delta`` [sequences, subwords, width], but what is looked up is a constant.

    No gradient reaches the table through it.
    """
    with _shifted_output(network, word_embeddings, delta, torch.Tensor.detach):
        yield


@contextmanager
def shifted_layer_output(network: Network, delta: torch.Tensor | None) -> Iterator[None]:
    """Inside, one pass adds ``delta`` [sequences, subwords, width] to what the whole embedding layer gives."""
    with _shifted_output(network, embedding_layer, delta, lambda output: output):
        yield


@contextmanager
def _shifted_output(
    network: Network,
    find_module: Callable[[Network], Any],
    delta: torch.Tensor | None,
    prepare: Callable[[torch.Tensor], torch.Tensor],
) -> Iterator[None]:
    """Inside, one pass adds ``delta`` [sequences, subwords, width] to the prepared output of a module.

    None changes nothing. Raises MissingPart where the module does not run exactly once a pass.
    """
    if delta is None:
        yield
        return
    passes = 0

    def add(module: torch.nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        nonlocal passes
        passes += 1
        return prepare(output) + delta.view(output.shape).to(output.dtype)

    hook = find_module(network).register_forward_hook(add, prepend=True)  # others look at what is moved
    try:
        yield
    finally:
        hook.remove()
    if passes != 1:
        kind = getattr(network.encoder.config, "model_type", "this")
        raise MissingPart(f"encoders of type {kind} look up word embeddings {passes} times a pass, not once")
