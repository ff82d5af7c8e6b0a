"""Heads whose last linear layer has a largest singular value of 1 (Miyato et al. 2018, "Spectral normalization")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from xfer.models.network import Network

TINY = 1e-12  # a weight of nothing stays nothing


def last_layers(network: Network) -> Iterator[nn.Linear]:
    """The last linear layer of each head, without those that the encoder has or shares."""
    encoder_modules = set(network.encoder.modules())
    encoder_parameters = {id(parameter) for parameter in network.encoder.parameters()}
    for head in network.heads.values():
        layers = [m for m in head.modules() if isinstance(m, nn.Linear) and m not in encoder_modules]
        if layers and id(layers[-1].weight) not in encoder_parameters:
            yield layers[-1]


def largest_singular_value(weight: Tensor) -> Tensor:
    """Of a weight [outputs, inputs]: a number, through which the gradient goes."""
    value: Tensor = torch.linalg.matrix_norm(weight, 2).clamp(min=TINY)
    return value


def divide_outputs(network: Network) -> None:
    """From now on, in training, the layers compute with their weights divided by the largest singular values."""
    for layer in last_layers(network):
        layer.register_forward_hook(_divide_output)


def _divide_output(layer: Any, inputs: Any, output: Tensor) -> Tensor | None:
    """The output [..., outputs] of the divided weight, in the same shape; None changes nothing, in evaluation."""
    if not layer.training:  # as it is saved
        return None
    value = largest_singular_value(layer.weight.float()).to(output.dtype)
    divided: Tensor = output / value if layer.bias is None else (output - layer.bias) / value + layer.bias
    return divided


def divide_weights(network: Network) -> None:
    """Divides the weights themselves, in place."""
    with torch.no_grad():
        for layer in last_layers(network):
            layer.weight.div_(largest_singular_value(layer.weight))
