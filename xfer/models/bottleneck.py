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

from xfer.core.errors import MissingPart

FILE, PART = "adapters.safetensors", ".adapters."
ATTENTION = ("attention.output.dense", "attention.out_lin")  # BERT, RoBERTa, DeBERTa; DistilBERT
FEEDFORWARD = ("output.dense", "ffn.lin2")
PLACES = {"houlsby": (ATTENTION, FEEDFORWARD), "pfeiffer": (FEEDFORWARD,)}


class Bottleneck(nn.Module):
    """states + up(gelu(down(states))), [..., width]; the identity, to the bit, before it has learnt anything."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, rank), nn.Linear(rank, width)
        nn.init.normal_(self.down.weight, std=0.01)  # as in Houlsby et al.'s appendix, but for the cut at two of them
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, states: Tensor) -> Tensor:
        return states + self.up(nn.functional.gelu(self.down(states)))


def add(encoder: nn.Module, stack: Any, method: str, rank: int) -> None:
    """New adapters in every layer of ``stack``, in place. Raises MissingPart where a layer has no such parts."""
    for layer in stack or ():
        inside = dict(layer.named_modules())
        for names in PLACES[method]:
            found = [inside[name] for name in names if name in inside]
            if len(found) != 1:
                raise MissingPart(f"trainer.adapt: {method} knows no place for adapters in a {type(layer).__name__}")
            _after(found[0], Bottleneck(found[0].out_features, rank))
    if not stack:
        raise MissingPart(f"trainer.adapt: {method} needs an encoder with a single stack of layers")


def _after(part: Any, adapter: Bottleneck) -> None:
    if not hasattr(part, "adapters"):
        part.adapters = nn.ModuleList()
        part.register_forward_hook(_through)
    part.adapters.append(adapter.to(part.weight.device))


def _through(part: Any, inputs: Any, output: Tensor) -> Tensor:
    for adapter in part.adapters:
        output = adapter(output)
    return output


def save(head: Any, folder: Path) -> None:
    """``head.save_pretrained`` with what adapters it has in a file of their own, named by places in its encoder."""
    found = {name: tensor for name, tensor in head.base_model.state_dict().items() if PART in name}
    if not found:
        head.save_pretrained(folder)
        return
    head.save_pretrained(folder, state_dict={n: t for n, t in head.state_dict().items() if PART not in n})
    save_file({name: tensor.cpu().clone() for name, tensor in found.items()}, folder / FILE)


def read(head: Any, folder: Path | None) -> None:
    """Puts the adapters of a saved task back into its encoder; nothing where there are none."""
    if folder is None or not (folder / FILE).is_file():
        return
    tensors = load_file(folder / FILE)
    for name in sorted(name for name in tensors if name.endswith(".down.weight")):
        rank, width = tensors[name].shape
        _after(head.base_model.get_submodule(name.partition(PART)[0]), Bottleneck(width, rank))
    with torch.no_grad():
        for name, tensor in tensors.items():
            head.base_model.get_parameter(name).copy_(tensor)
