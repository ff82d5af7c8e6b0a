"""What a run does to need less memory or time without changing what is trained: checkpointed and compiled layers."""

from __future__ import annotations

from typing import Any

import torch

from xfer.core.errors import MissingPart
from xfer.models.network import Network


def enable_checkpointing(network: Network) -> None:
    """From now on layers keep no activations but their inputs, and compute the others again when gradients are made.

    Chen et al. 2016 ("Training deep nets with sublinear memory cost"). The second pass has the first one's dropout.
    Raises MissingPart for an encoder that cannot.
    """
    encoder: Any = network.encoder
    try:
        # the other kind needs inputs with a gradient, which frozen embeddings do not give
        name = "activation" if hasattr(encoder, "activation_checkpointing_enable") else "gradient"  # its older name
        getattr(encoder, f"{name}_checkpointing_enable")(**{f"{name}_checkpointing_kwargs": {"use_reentrant": False}})
    except (ValueError, AttributeError):
        kind = getattr(encoder.config, "model_type", "this")
        what = f"encoders of type {kind} have no gradient checkpointing"
        raise MissingPart(f"{what}; leave trainer.gradient_checkpointing out") from None


def compile_layers(network: Network) -> None:
    """From now on each layer runs as ``torch.compile`` makes it; parameters keep their names.

    Layers share what is compiled, so that it is done once, and whatever is hooked to embeddings stays outside of it.
    Raises MissingPart where nothing can be compiled.
    """
    stack = network.layer_stack()
    if stack is None:
        raise MissingPart("trainer.compile needs an encoder with a single stack of layers")
    try:
        torch.compile(_trial)(torch.zeros(2, device=next(network.parameters()).device))
    except Exception as error:  # whatever the compiler's makers raise
        what = " ".join(str(error).split("\n")[:1])
        raise MissingPart(f"trainer.compile: nothing can be compiled on this machine ({what}); leave it out") from None
    for layer in stack:
        layer.compile(dynamic=True)


def _trial(numbers: torch.Tensor) -> torch.Tensor:
    """Something small to compile: numbers of any shape."""
    return numbers * 2 + 1
