"""What an encoder is fed beside the subwords of a text: segments where it has them, and padding."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from xfer.core.errors import MissingPart

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

SEGMENTS = "token_type_ids"
PADDING_READERS = ("canine", "convbert", "fnet")  # states near the end of a text depend on the padding behind it


def match_tokenizer(tokenizer: PreTrainedTokenizerBase, head: PreTrainedModel) -> None:
    """Makes a tokenizer give what the encoder of a head reads: segments or none, and padding. Raises MissingPart.

    The tokenizer keeps it where it is saved.
    """
    _add_padding(tokenizer, head.config)
    wanted = _reads_segments(tokenizer, head.base_model)
    names = list(tokenizer.model_input_names)
    if wanted != (SEGMENTS in names):
        names = [*names, SEGMENTS] if wanted else [name for name in names if name != SEGMENTS]
        tokenizer.model_input_names = names
        tokenizer.init_kwargs["model_input_names"] = names


def _reads_segments(tokenizer: PreTrainedTokenizerBase, encoder: nn.Module) -> bool:
    """Whether the two texts of a pair are told apart by segments: by the encoder's table of them, if it has one."""
    given = SEGMENTS in tokenizer.model_input_names
    types = getattr(encoder.config, "type_vocab_size", None)
    if types is None:
        return given and SEGMENTS in inspect.signature(encoder.forward).parameters
    if types < 2 or given:
        return given and types >= 2
    pair = tokenizer("a", "b", **{f"return_{SEGMENTS}": True})
    return any(pair.get(SEGMENTS, ()))


def _add_padding(tokenizer: PreTrainedTokenizerBase, config: PreTrainedConfig) -> None:
    """Decoders come without a subword for padding: their end of text serves, as everything masks it."""
    if tokenizer.pad_token_id is None:
        spare = tokenizer.eos_token or tokenizer.unk_token
        if spare is None:
            raise MissingPart("the tokenizer has no subword for padding, nor for the end of a text; add a pad_token")
        tokenizer.pad_token = spare
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = tokenizer.pad_token_id


def reads_padding(config: PreTrainedConfig) -> bool:
    """Whether texts of different lengths must not share a batch, or an answer would depend on its company."""
    return getattr(config, "model_type", "") in PADDING_READERS
