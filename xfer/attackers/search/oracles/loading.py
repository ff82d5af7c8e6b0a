"""Models of searches, read once a process: any local folder or hub model with safetensors weights."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import transformers

from xfer.core.errors import MissingPart, XferError
from xfer.models.folders import load_config, load_tokenizer
from xfer.models.positions import position_limit
from xfer.models.predictor import default_device
from xfer.models.pretrained import Pretrained

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase


class LoadedModel(NamedTuple):
    """A model with its tokenizer, on ``device``, and the longest input in subwords."""

    model: Any
    tokenizer: Any
    device: torch.device
    longest: int


def load_model(name: str, auto: str, purpose: str) -> LoadedModel:
    """``name`` as a transformers ``auto`` class. Raises MissingPart, which says ``what`` was to be loaded."""
    try:
        folder = Pretrained(name=name).load_origin(lambda: ()).folder
    except XferError as error:
        raise MissingPart(f"{purpose}: {str(error).removeprefix('model.')}") from None
    assert folder is not None  # a pretrained model has one
    return _load_cached(folder, auto, purpose)


@lru_cache(maxsize=8)
def _load_cached(folder: Path, auto: str, purpose: str) -> LoadedModel:
    options = {"use_safetensors": True, "dtype": torch.float32, "trust_remote_code": False}
    options |= {"config": load_config(folder)}
    try:
        model, info = getattr(transformers, auto).from_pretrained(folder, **options, output_loading_info=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise MissingPart(f"{purpose}: {folder} cannot be read: {' '.join(str(error).split())}") from None
    lost = sorted(name for name in info["missing_keys"] if "pooler" not in name)
    if lost:
        raise MissingPart(f"{purpose}: the model in {folder} has no weights for {lost[0]}; is it of another kind?")
    tokenizer = load_tokenizer(folder)
    where = default_device()
    return LoadedModel(model.eval().to(where), tokenizer, where, max_input_length(model.config, tokenizer))


def max_input_length(config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> int:
    """The longest input in subwords, special ones included."""
    room = position_limit(config, default=512)
    return int(min(room, getattr(tokenizer, "model_max_length", room), 512))
