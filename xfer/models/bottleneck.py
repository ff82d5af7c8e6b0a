"""Bottleneck adapters: a narrow network with a residual after a layer's parts, trained in place of the encoder.

Houlsby et al. 2019 ("Parameter-efficient transfer learning for NLP", section 2.1): after the attention and after the
feed-forward part, each before its residual. Pfeiffer et al. 2021 ("AdapterFusion"): after the feed-forward part alone.
They cannot be merged into the encoder's weights. A saved task holds them as ``adapters.safetensors`` beside the plain
encoder; xfer puts them back, transformers alone reads the encoder without them. A stage that starts from one that has
some keeps them as part of its encoder, and puts its own after them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from xfer.core.errors import MissingPart

ADAPTERS_FILE, ADAPTERS_INFIX = "adapters.safetensors", ".adapters."
ATTENTION_OUTPUTS = ("attention.output.dense", "attention.out_lin")  # BERT, RoBERTa, DeBERTa; DistilBERT
FEEDFORWARD_OUTPUTS = ("output.dense", "ffn.lin2")
ADAPTED_OUTPUTS = {"houlsby": (ATTENTION_OUTPUTS, FEEDFORWARD_OUTPUTS), "pfeiffer": (FEEDFORWARD_OUTPUTS,)}


class Bottleneck(nn.Module):
    """states + up(gelu(down(states))), [..., width]; the identity, to the bit, before it has learnt anything."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, rank), nn.Linear(rank, width)
        nn.init.normal_(self.down.weight, std=0.01)  # as in Houlsby et al.'s appendix, but for the cut at two of them
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, states: Tensor) -> Tensor:
        """States [..., width] -> [..., width]."""
        return states + self.up(nn.functional.gelu(self.down(states)))


def add_bottlenecks(encoder: nn.Module, stack: nn.ModuleList | None, method: str, rank: int) -> None:
    """New adapters in every layer of ``stack``, in place. Raises MissingPart where a layer has no such parts."""
    for layer in stack or ():
        inside = dict(layer.named_modules())
        for names in ADAPTED_OUTPUTS[method]:
            targets = [inside[name] for name in names if name in inside]
            if len(targets) != 1:
                raise MissingPart(f"trainer.adapt: {method} knows no place for adapters in a {type(layer).__name__}")
            _attach_adapter(targets[0], Bottleneck(targets[0].out_features, rank))
    if not stack:
        raise MissingPart(f"trainer.adapt: {method} needs an encoder with a single stack of layers")


def _attach_adapter(layer: Any, adapter: Bottleneck) -> None:
    if not hasattr(layer, "adapters"):
        layer.adapters = nn.ModuleList()
        layer.register_forward_hook(_run_adapters)
    layer.adapters.append(adapter.to(layer.weight.device))


def _run_adapters(layer: Any, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
    """A layer's output [..., width] through its adapters, one after the other."""
    for adapter in layer.adapters:
        output = adapter(output)
    return output


def save_with_adapters(head: PreTrainedModel, folder: Path) -> None:
    """``head.save_pretrained`` with what adapters it has in a file of their own, named by places in its encoder."""
    adapters = {name: tensor for name, tensor in head.base_model.state_dict().items() if ADAPTERS_INFIX in name}
    if not adapters:
        head.save_pretrained(folder)
        return
    head.save_pretrained(folder, state_dict={n: t for n, t in head.state_dict().items() if ADAPTERS_INFIX not in n})
    save_file({name: tensor.cpu().clone() for name, tensor in adapters.items()}, folder / ADAPTERS_FILE)


def read_adapters(head: PreTrainedModel, folder: Path | None) -> None:
    """Puts the adapters of a saved task back into its encoder; nothing where there are none."""
    if folder is None or not (folder / ADAPTERS_FILE).is_file():
        return
    tensors = load_file(folder / ADAPTERS_FILE)
    for name in sorted(name for name in tensors if name.endswith(".down.weight")):
        rank, width = tensors[name].shape
        _attach_adapter(head.base_model.get_submodule(name.partition(ADAPTERS_INFIX)[0]), Bottleneck(width, rank))
    with torch.no_grad():
        for name, tensor in tensors.items():
            head.base_model.get_parameter(name).copy_(tensor)
