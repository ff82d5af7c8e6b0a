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
