"""What is read from a model's folder: config, tokenizer and weights. No code and no pickle of it is run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file

from xfer.core.errors import MissingPart

MOST_LAYERS = 1_000  # of an encoder; large ones have 24 to 48
FEWEST_WORDS = 4  # beside its marks: some tokenizers without a vocabulary make up one or two


def load_trusted(auto: Any, folder: Path | None) -> Any:
    """Reads a config or tokenizer; code that comes with a model is never run. Raises MissingPart."""
    try:
        return auto.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        what = " ".join(str(error).split("\n")[:1])
        needs_code = "trust_remote_code" in str(error) or "auto_map" in str(error)
        reason = "cannot be used without code of its own" if needs_code else "cannot be read"
        raise MissingPart(f"the model in {folder} {reason}: {what}") from None


def load_config(folder: Path | None) -> Any:
    """Reads a config. Raises MissingPart, also for more layers than any encoder has, which would take all memory.

    Which code attends is ours to say: a config that names a kernel would have transformers fetch and run it.
    """
    config = load_trusted(transformers.AutoConfig, folder)
    layers = getattr(config, "num_hidden_layers", None)
    if isinstance(layers, int) and layers > MOST_LAYERS:
        raise MissingPart(f"the model in {folder} claims {layers:,} layers; {MOST_LAYERS:,} at most are built")
    config._attn_implementation = None
    config._experts_implementation = None
    return config


def load_tokenizer(folder: Path | None) -> Any:
    """Reads a tokenizer. Raises MissingPart, also where it knows no words, so that every text would read the same."""
    tokenizer = load_trusted(transformers.AutoTokenizer, folder)
    if len(tokenizer) <= len({*tokenizer.all_special_ids}) + FEWEST_WORDS:
        what = f"the model in {folder} has no tokenizer of its own: every word would be {tokenizer.unk_token}"
        raise MissingPart(f"{what}; put the files of its tokenizer there (tokenizer.json, or a vocabulary)")
    return tokenizer


def check_complete(folder: Path | None, missing: Iterable[str], prefix: str) -> None:
    """Raises MissingPart where a folder lacks weights of the encoder: they would be random without a word."""
    absent = sorted(name for name in missing if name.startswith(prefix) and "pooler" not in name)
    if absent:
        raise MissingPart(f"the weights in {folder} lack {len(absent)} parts of the encoder, such as {absent[0]}")


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors of a folder's safetensors files, by name, in any shape. Raises MissingPart."""
    try:
        names = _weight_files(folder)
        strange = [name for name in names if Path(name).name != name or not (folder / name).is_file()]
        if strange:
            raise MissingPart(f"the index names {strange[0]}, which is no file of this folder")
        return {name: tensor for file in names for name, tensor in load_file(folder / file).items()}
    except Exception as error:
        raise MissingPart(f"the weights in {folder} cannot be read: {error}") from error


def _weight_files(folder: Path) -> list[str]:
    """The files to read: the whole one where there is one, as in transformers, else those of the index, else all."""
    if (folder / "model.safetensors").is_file():
        return ["model.safetensors"]
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return sorted(set(json.loads(index.read_text())["weight_map"].values()))
    return sorted(path.name for path in folder.glob("*.safetensors"))
