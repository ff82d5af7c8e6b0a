"""Models of searches, read once a process: any local folder or hub model with safetensors weights."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers

from xfer.core.errors import MissingPart, XferError
from xfer.models.network import _trusted
from xfer.models.positions import positions
from xfer.models.predictor import device
from xfer.models.pretrained import Pretrained


class Loaded(NamedTuple):
    """A model with its tokenizer, on ``device``, and the longest input in subwords."""

    model: Any
    tokenizer: Any
    device: torch.device
    longest: int


def load(name: str, auto: str, what: str) -> Loaded:
    """``name`` as a transformers ``auto`` class. Raises MissingPart, which says ``what`` was to be loaded."""
    try:
        folder = Pretrained(name=name).origin(lambda: ()).folder
    except XferError as error:
        raise MissingPart(f"{what}: {str(error).removeprefix('model.')}") from None
    assert folder is not None  # a pretrained model has one
    return _load(folder, auto, what)


@lru_cache(maxsize=8)
def _load(folder: Path, auto: str, what: str) -> Loaded:
    options = {"use_safetensors": True, "dtype": torch.float32, "trust_remote_code": False}
    try:
        model, info = getattr(transformers, auto).from_pretrained(folder, **options, output_loading_info=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise MissingPart(f"{what}: {folder} cannot be read: {' '.join(str(error).split())}") from None
    lost = sorted(name for name in info["missing_keys"] if "pooler" not in name)
    if lost:
        raise MissingPart(f"{what}: the model in {folder} has no weights for {lost[0]}; is it of another kind?")
    tokenizer = _trusted(transformers.AutoTokenizer, folder)
    where = device()
    return Loaded(model.eval().to(where), tokenizer, where, longest(model.config, tokenizer))


def longest(config: Any, tokenizer: Any) -> int:
    """The longest input in subwords, special ones included."""
    room = positions(config, default=512)
    return int(min(room, getattr(tokenizer, "model_max_length", room), 512))
