"""Encoder layers without padding: all subwords of a batch as one row, [1, subwords, width], with where each row ends.

Embeddings are looked up for padded rows and what the layers give is put back into padded rows, [rows, length, width]
with zeros on the padding. Hence heads, discriminators and adversaries see what they always see; only the layers, which
take the time, do not compute what nobody reads. It happens by itself on CUDA under bf16 or fp16 autocast, which flash
attention needs, and nowhere else: on a processor it gains nothing (reference: 1.0 times with rows sorted by length).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

FAMILIES = ("bert", "camembert", "roberta", "xlm-roberta", "xlm-roberta-xl")  # their layers pass on what they are given
PACKING_KEYS = "cu_seq_lens_q", "max_length_q"  # transformers' own names of what its packed kernels are told
Kernel = Callable[[Tensor, Tensor, Tensor, Tensor, int, float, float], Tensor]


def flash_attention(
    query: Tensor, key: Tensor, value: Tensor, ends: Tensor, longest: int, dropout: float, scale: float
) -> Tensor:
    """Attention within each row, of query, key and value [subwords, heads, width]; CUDA, 16 bits.

    ``ends`` [rows + 1] are where rows begin and end among the subwords; ``longest`` is the longest row's length.
    """
    if not dropout:
        from torch.nn.attention.varlen import varlen_attn  # late: torch has it from 2.10 on

        output: Any = varlen_attn(query, key, value, ends, ends, longest, longest, scale=scale)
        return output
    rows = [torch.nested.nested_tensor_from_jagged(each, ends, max_seqlen=longest) for each in (query, key, value)]
    query_rows, key_rows, value_rows = (
        each.transpose(1, 2) for each in rows
    )  # (rows, heads, ragged, width); varlen has no dropout
    nested_output: Any = nn.functional.scaled_dot_product_attention(
        query_rows, key_rows, value_rows, dropout_p=dropout, scale=scale
    )
    flat_output: Tensor = nested_output.transpose(1, 2).values()
    return flat_output


def plain_attention(
    query: Tensor, key: Tensor, value: Tensor, ends: Tensor, longest: int, dropout: float, scale: float
) -> Tensor:
    """What ``flash_attention`` computes of [subwords, heads, width], row by row and on any device, for tests."""
    outputs = []
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        query_row, key_row, value_row = (each[start:end].transpose(0, 1) for each in (query, key, value))
        attended = nn.functional.scaled_dot_product_attention(
            query_row, key_row, value_row, dropout_p=dropout, scale=scale
        )
        outputs.append(attended.transpose(0, 1))
    return torch.cat(outputs)


def attention_kernel(states: Tensor) -> Kernel | None:
    """What computes attention over packed states [1, subwords, width]; None where rows stay padded."""
    half_precision = torch.is_autocast_enabled("cuda") and torch.get_autocast_dtype("cuda") in (
        torch.bfloat16,
        torch.float16,
    )
    return flash_attention if states.is_cuda and half_precision and _has_flash() else None


def _has_flash() -> bool:
    return bool(torch.backends.cuda.flash_sdp_enabled() and torch.backends.cuda.is_flash_attention_available())


def packed_attention(
    query: Tensor, key: Tensor, value: Tensor, dropout: float, scale: float, options: Mapping[str, Any]
) -> Tensor:
    """Attention of packed query, key and value [1, heads, subwords, width], given as [1, subwords, heads, width]."""
    ends, longest = (options[name] for name in PACKING_KEYS)
    compute = attention_kernel(query)
    assert compute is not None
    row_tensors = [each[0].transpose(0, 1) for each in (query, key, value)]
    return compute(row_tensors[0], row_tensors[1], row_tensors[2], ends, longest, dropout, scale)[None]


def enable_packing(model: nn.Module) -> None:
    """Lets the encoders of ``model`` compute without padding wherever ``kernel`` has something; weights stay."""
    for module in list(model.modules()):
        config: Any = getattr(module, "config", None)
        family = getattr(config, "model_type", None) in FAMILIES and not getattr(config, "is_decoder", False)
        if family and hasattr(module, "embeddings") and hasattr(module, "encoder") and not hasattr(module, "_packing"):
            Packing(module)


class Packing:
    """The hooks of one encoder; ``places`` are those of a pass under way: its subwords' numbers in padded rows."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        encoder._packing = self
        self.places: Tensor | None = None
        self.shape: tuple[int, int] = (0, 0)
        self.mask: Tensor | None = None
        encoder.register_forward_pre_hook(self._note_mask, with_kwargs=True)
        encoder.encoder.register_forward_pre_hook(self._pack, with_kwargs=True)
        encoder.encoder.register_forward_hook(self._unpack)
        encoder.register_forward_hook(self._unpack_hidden_states)

    def _note_mask(self, encoder: nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.mask, self.places = options.get("attention_mask"), None

    def _pack(
        self, stack: nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        states = inputs[0] if inputs else None
        if states is None or self.mask is None or self.mask.ndim != 2 or attention_kernel(states) is None:
            return None
        self.shape = (states.shape[0], states.shape[1])
        self.places = self.mask.flatten().nonzero()[:, 0]
        ends = nn.functional.pad(self.mask.sum(1).cumsum(0), (1, 0)).to(torch.int32)
        packing_options = dict(zip(PACKING_KEYS, (ends, self.shape[1]), strict=True))
        packed = states.flatten(0, 1).index_select(0, self.places)[None]
        return (packed, *inputs[1:]), options | {"attention_mask": None, "position_ids": None} | packing_options

    def _unpack(self, stack: nn.Module, inputs: tuple[Any, ...], output: ModelOutput) -> ModelOutput:
        if self.places is not None:
            output["last_hidden_state"] = self._padded(output["last_hidden_state"])
        return output

    def _unpack_hidden_states(self, encoder: nn.Module, inputs: tuple[Any, ...], output: ModelOutput) -> ModelOutput:
        """The states of inner layers, which transformers collects on the way."""
        if self.places is not None and output.get("hidden_states") is not None:
            last = len(output["hidden_states"]) - 1
            output["hidden_states"] = tuple(
                output["last_hidden_state"] if i == last else self._padded(each)
                for i, each in enumerate(output["hidden_states"])
            )
        self.places = self.mask = None
        return output

    def _padded(self, packed: Tensor) -> Tensor:
        """Packed states [1, subwords, width] as padded rows [rows, length, width], zeros on the padding."""
        assert self.places is not None
        whole = packed.new_zeros(self.shape[0] * self.shape[1], packed.shape[-1])
        return whole.index_copy(0, self.places, packed[0]).unflatten(0, self.shape)
