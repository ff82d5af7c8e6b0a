"""Sentence vectors by any encoder: the mean of its last states (Reimers and Gurevych 2019, section 3)."""

from __future__ import annotations

import numpy as np
import torch

from xfer.attackers.search.oracles.loading import LoadedModel, load_model
from xfer.attackers.search.oracles.shapes import token_batches


class EncoderOracle:
    """Queue ``encoder``: texts -> float32 vectors [width] of length 1, as numpy arrays.

    Subwords beyond the longest input are cut off.
    """

    def __init__(self, name: str) -> None:
        self.loaded: LoadedModel = load_model(name, "AutoModel", "encoder")

    def __call__(self, texts: list[str]) -> list[np.ndarray]:
        """The mean of the last hidden states of each text, [width], of Euclidean length 1."""
        model, tokenizer, where, longest = self.loaded
        ids = tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
        results: list[np.ndarray] = [np.zeros(0)] * len(ids)
        with torch.inference_mode():
            for numbers, batch in token_batches(ids, tokenizer.pad_token_id or 0, where, longest):
                states = model(**batch).last_hidden_state.float()
                mask = batch["attention_mask"][..., None]
                vectors = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
                unit = torch.nn.functional.normalize(vectors, dim=1).cpu().numpy()
                for row, number in enumerate(numbers):
                    results[number] = unit[row]
        return results
