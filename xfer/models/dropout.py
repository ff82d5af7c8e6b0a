"""Cheap dropout for training encoders on CPU: the same distribution as ``nn.Dropout``, drawn from fewer random bits.

On CPU ``nn.Dropout`` spends its time in ``bernoulli_`` (serial, one 32-bit or wider draw and some arithmetic for each
element), and sdpa with dropout leaves its flash kernel for the general math path. Here one 64-bit draw serves four
elements, which are kept with a probability exact to 1/65536 and scaled by that exact probability, and attention with
dropout is one autograd function that keeps two score-sized tensors. A float mask that already holds the scale beats a
bool mask: torch multiplies float by float several times faster than float by bool, forward and backward. Measured, a
module's dropout with its gradient is 2.5 times as fast, attention 1.2 to 1.6 times (16 to 128 words), a step 1.1.

Measured and left out: eight bits an element (p = 0.1 would become 0.102), numpy's generators (a second random state
to save for a resume), one big draw sliced by the layers (as long as many small ones), a bool mask with the scale
applied after it or ``torch.where`` (slower).

All bits come from torch's default CPU generator, so ``torch.manual_seed`` decides them. In eval mode, without
dropout, and on any other device the plain torch and transformers functions run unchanged.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from xfer.models import packed

ATTENTION_NAME = "xfer"
LEVELS = 1 << 16


def use_fast_dropout(model: nn.Module) -> None:
    """Make the dropout of ``model`` cheap on CPU, in place; weights, names, hooks and saved files stay as they are.

    Encoders that choose eager attention (or, like DeBERTa, have no other) keep it: their attention dropout is an
    ``nn.Dropout`` and becomes cheap as such.
    """
    for module in model.modules():
        # A subclass or an in-place dropout may mean something else by it.
        if type(module) is nn.Dropout and not module.inplace:
            module.__class__ = Dropout
        elif isinstance(module, PreTrainedModel) and module.config._attn_implementation == "sdpa":
            module.set_attn_implementation(ATTENTION_NAME)


def keep_mask(shape: torch.Size, p: float, dtype: torch.dtype) -> Tensor:
    """A CPU tensor of any shape: 0 with probability ``p``, to 1/65536, otherwise 1 / (true keep probability)."""
    dropped = round(p * LEVELS)
    if dropped >= LEVELS:
        return torch.zeros(shape, dtype=dtype)
    size = math.prod(shape)
    words = torch.empty((size + 3) // 4, dtype=torch.int64).random_(-(1 << 63), None)
    # Signed, because torch has no fast comparison of uint16.
    kept = words.view(torch.int16)[:size].view(shape) >= dropped - LEVELS // 2
    return kept.to(dtype).mul_(LEVELS / (LEVELS - dropped))


class Dropout(nn.Dropout):
    """``nn.Dropout`` with a cheap mask on CPU: any shape in, the same shape out."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape in, the same shape out."""
        if not self.training or self.p == 0 or input.device.type != "cpu":
            return super().forward(input)
        return input * keep_mask(input.shape, self.p, input.dtype)


class Attention(torch.autograd.Function):
    """softmax(query key' scale + bias) with dropout, times value, for query [b, h, q, d], key and value [b, h, k, d].

    One function rather than a chain of operations, so that scores are changed in place and only the probabilities
    before and after dropout, (b h, q, k) each, are kept: dropout's mask cancels out of the gradient. ``bias`` is
    None or broadcasts to (b, h, q, k), and gets no gradient.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, p: float, scale: float
    ) -> Tensor:
        """Query [b, h, q, d], key and value [b, h, k, d], bias [b, 1 or h, q, k] or None -> [b, h, q, d]."""
        batch, heads, length, _ = query.shape
        # Autocast would turn the softmax to float32, against the types of the tensors that are reused in place.
        with torch.autocast("cpu", enabled=False):
            query, key, value = (query * scale).flatten(0, 1), key.flatten(0, 1), value.flatten(0, 1)
            scores = torch.bmm(query, key.transpose(1, 2))
            if bias is not None:
                scores.view(batch, heads, length, -1).add_(bias)
            probabilities = torch.softmax(scores, -1)
            thinned = torch.mul(probabilities, keep_mask(probabilities.shape, p, probabilities.dtype), out=scores)
            output = torch.bmm(thinned, value)
        ctx.save_for_backward(query, key, value, probabilities, thinned)
        ctx.scale, ctx.heads = scale, heads
        return output.unflatten(0, (batch, heads))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient [b, h, q, d] of the output -> those of query, key and value, in their shapes [b, h, q or k, d]."""
        query, key, value, probabilities, thinned = ctx.saved_tensors
        with torch.autocast("cpu", enabled=False):
            output_gradient = gradients[0].flatten(0, 1)
            value_gradient = torch.bmm(thinned.transpose(1, 2), output_gradient)
            # thinned = whole * mask, so the softmax's whole * (mask * gradient - sum) needs no mask of its own.
            scores = torch.bmm(output_gradient, value.transpose(1, 2)).mul_(thinned)
            scores.addcmul_(probabilities, scores.sum(-1, keepdim=True), value=-1)
            query_gradient = torch.bmm(scores, key).mul_(ctx.scale)
            key_gradient = torch.bmm(scores.transpose(1, 2), query)
        shaped = [each.unflatten(0, (-1, ctx.heads)) for each in (query_gradient, key_gradient, value_gradient)]
        return *shaped, None, None, None


def attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Attention of query [b, h, q, d], key and value [b, h, k, d], returned as [b, q, h, d]; transformers' interface.

    Only bidirectional attention with dropout on CPU is ours, and rows without padding; sdpa does all the rest as
    transformers would.
    """
    query, key = query.to(value.dtype), key.to(value.dtype)  # some rotary positions leave them wider
    if options.get(packed.PACKING_KEYS[0]) is not None:
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        return packed.packed_attention(query, key, value, dropout, scale, options), None
    if not _is_supported(module, query, key, attention_mask, dropout, options):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **options
        )
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    output = Attention.apply(query, key, value, _additive_mask(attention_mask, query.dtype), dropout, scale)
    return output.transpose(1, 2).contiguous(), None


def _is_supported(
    module: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None, dropout: float, options: dict[str, Any]
) -> bool:
    """Whether this attention is ours: query [b, h, q, d], key [b, h, k, d], mask [b, 1 or h, q, k] or None."""
    if dropout == 0 or query.device.type != "cpu" or query.shape[:2] != key.shape[:2]:
        return False
    if any(options.get(name) is not None for name in ("position_bias", "softcap", "cache")):
        return False
    causal = options.get("is_causal")
    causal = getattr(module, "is_causal", True) if causal is None else causal
    return not (causal and mask is None) and not (mask is not None and mask.requires_grad)


def _additive_mask(mask: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """A mask, [b, 1 or h, q, k], as something to add to scores; the lowest number, as minus infinity can give NaN."""
    if mask is None or mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=dtype).masked_fill_(~mask, torch.finfo(dtype).min)


AttentionInterface.register(ATTENTION_NAME, attention_forward)
AttentionMaskInterface.register(ATTENTION_NAME, sdpa_mask)
