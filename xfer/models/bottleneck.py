"""Bottleneck adapters: a narrow network with a residual after a layer's parts, trained in place of the encoder.

Houlsby et al. 2019 ("Parameter-efficient transfer learning for NLP", section 2.1; google-research/adapter-bert): after
the attention and after the feed-forward part, each behind its dropout and before its residual; all layer norms of the
encoder are trained too. Pfeiffer et al. 2021 ("AdapterFusion"; AdapterHub's ``seq_bn``): after the feed-forward part
alone, s <- LN(s + up(relu(down(LN(s))))), s being what the layer's last norm was given. Both begin as the identity
here, to the bit; theirs draws small weights for the way up as well.
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
ATTENTION_OUTPUTS = ("attention.output.dropout", "attention.out_lin")  # BERT, RoBERTa, DeBERTa; DistilBERT
FEEDFORWARD_OUTPUTS = ("output.dropout", "ffn.dropout")
LAST_NORMS = ("output.LayerNorm", "output_layer_norm")
ADAPTED_OUTPUTS = {"houlsby": (ATTENTION_OUTPUTS, FEEDFORWARD_OUTPUTS), "pfeiffer": (LAST_NORMS,)}


class Bottleneck(nn.Module):
    """up(f(down(states))), [..., width] in and out; zeros before it has learnt anything."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, rank), nn.Linear(rank, width)
        nn.init.normal_(self.down.weight, std=0.01)  # as in Houlsby et al.'s appendix, but for the cut at two of them
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)


def add_bottlenecks(encoder: nn.Module, stack: nn.ModuleList | None, method: str, rank: int) -> None:
    """New adapters in every layer of ``stack``, in place. Raises MissingPart where a layer has no such parts."""
    for layer in stack or ():
        inside = dict(layer.named_modules())
        for names in ADAPTED_OUTPUTS[method]:
            targets = [inside[name] for name in names if name in inside]
            if len(targets) != 1:
                raise MissingPart(f"trainer.adapt: {method} knows no place for adapters in a {type(layer).__name__}")
            adapter = Bottleneck(_layer_width(layer), rank).to(next(layer.parameters()).device)
            _attach_adapter(targets[0], adapter)
    if not stack:
        raise MissingPart(f"trainer.adapt: {method} needs an encoder with a single stack of layers")


def train_norms(encoder: nn.Module) -> None:
    """Puts every layer norm of the encoder into training."""
    for module in encoder.modules():
        if isinstance(module, nn.LayerNorm):
            module.requires_grad_(True)


def _layer_width(layer: nn.Module) -> int:
    """The width of the states [..., width] that a layer gives."""
    return next(int(m.normalized_shape[0]) for m in layer.modules() if isinstance(m, nn.LayerNorm))


def _attach_adapter(module: Any, adapter: Bottleneck) -> None:
    """Behind a norm as Pfeiffer et al. have it, behind anything else as Houlsby et al."""
    if not hasattr(module, "adapters"):
        module.adapters = nn.ModuleList()
        module.register_forward_hook(_run_behind_norm if isinstance(module, nn.LayerNorm) else _run_behind_part)
    module.adapters.append(adapter)


def _run_behind_part(module: Any, inputs: Any, output: Tensor) -> Tensor:
    """A part's output [..., width] with what each of its adapters adds, one after the other."""
    for adapter in module.adapters:
        output = output + adapter.up(nn.functional.gelu(adapter.down(output), approximate="tanh"))
    return output


def _run_behind_norm(norm: Any, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """A norm's output [..., width]: adapters read it and add to the norm's input, which is normed again."""
    (states,) = inputs
    for adapter in norm.adapters:
        states = states + adapter.up(nn.functional.relu(adapter.down(output)))
        output = nn.functional.layer_norm(states, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
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
        module = head.base_model.get_submodule(name.partition(ADAPTERS_INFIX)[0])
        _attach_adapter(module, Bottleneck(width, rank).to(head.device))
    with torch.no_grad():
        for name, tensor in tensors.items():
            head.base_model.get_parameter(name).copy_(tensor)
