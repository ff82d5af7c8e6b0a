"""``mask``: masked language modelling (Devlin et al. 2019, section 3.1) over plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch

from xfer.forms.base import Columns, EncodedUnits, Form, Tensors, TextTokenizer, UnitSeeds, pad_batch
from xfer.forms.sheet import MASK, FormFacts


class MaskForm(Form):
    """Columns id, language, text. Each row's mask is drawn from its own seed.

    ``positions`` of a batch are the flat places of predicted subwords, so that the vocabulary-wide
    output is computed for those alone.
    """

    facts: ClassVar[FormFacts] = MASK
    auto: ClassVar[str] = "AutoModelForMaskedLM"

    def __init__(self, labels: Sequence[str] = (), rate: float = 0.15) -> None:
        super().__init__(labels)
        self.rate = rate

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: TextTokenizer,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """``input_ids`` [rows, length] with masks, ``positions`` [masked subwords] and their ``labels`` [masked
        subwords]."""
        arrays = pad_batch(encoded, index, tokenizer.pad_token_id)
        ids = arrays["input_ids"]
        special = np.isin(ids, tokenizer.all_special_ids)
        chosen, replaced = np.zeros(ids.shape, dtype=bool), ids.copy()
        for row, seed in enumerate(seeds if seeds is not None else range(len(index))):
            candidates = np.flatnonzero(~special[row])
            if len(candidates):
                _mask_row(replaced[row], chosen[row], candidates, seed, self.rate, tokenizer)
        positions = np.flatnonzero(chosen)
        arrays["input_ids"] = replaced
        arrays |= {"positions": positions, "labels": ids.reshape(-1)[positions]}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Cross-entropy over the vocabulary, from logits [masked subwords, vocabulary], shape [masked subwords]."""
        return torch.nn.functional.cross_entropy(logits.float(), batch["labels"], reduction="none")

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, np.ndarray]:
        """``sums`` [rows, 3]: masked subwords of each row, those that are right, and their summed loss."""
        shape = batch["input_ids"].shape
        rows = (batch["positions"] // shape[1]).cpu().numpy()
        right = (logits.argmax(-1) == batch["labels"]).float().cpu().numpy()
        loss = self.unit_losses(logits, batch).float().cpu().numpy()
        sums = [np.bincount(rows, weights, minlength=shape[0]) for weights in (np.ones_like(right), right, loss)]
        return {"sums": np.stack(sums, 1)}

    def decode(self, answers: dict[str, np.ndarray], rows: Columns) -> Columns:
        """The share of each row's masked subwords that are right, from ``sums`` [rows, 3]."""
        units, right, loss = answers["sums"].T
        credit = [float(r / u) if u else None for r, u in zip(right, units, strict=True)]
        kept = {"id": rows["id"], "language": rows["language"], "units": units.tolist(), "right": right.tolist()}
        return kept | {"loss": loss.tolist(), "credit": credit}

    def score(self, predictions: Columns) -> dict[str, float]:
        loss = sum(predictions["loss"]) / max(sum(predictions["units"]), 1)
        credit = predictions["credit"]  # the mean over rows, as the intervals of a report take it
        return {"accuracy": sum(credit) / len(credit), "perplexity": float(np.exp(min(loss, 700)))}


def _mask_row(
    ids: np.ndarray, chosen: np.ndarray, candidates: np.ndarray, seed: int, rate: float, tokenizer: TextTokenizer
) -> None:
    """Chooses a share ``rate`` of the candidates (at least one) and hides them, in place in ``ids`` [length] and
    ``chosen`` [length]; ``candidates`` [n] are places of the row.

    80% become the mask, 10% any subword, 10% stay as they are.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    count = max(1, int(len(candidates) * rate + draw.random()))
    places = draw.permutation(candidates)[:count]
    fate = draw.random(len(places))
    chosen[places] = True
    ids[places[fate < 0.8]] = tokenizer.mask_token_id
    random = places[fate >= 0.9]
    ids[random] = draw.integers(len(tokenizer), size=len(random))
