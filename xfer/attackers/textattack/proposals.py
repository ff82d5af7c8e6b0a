"""What TextAttack's masked-LM transformation proposes for a masked text, in the order in which it finds it.

The same candidates as ``WordSwapMaskedLM`` (method ``bae``) of TextAttack 0.3.11, faults included: the first mask of
the text counts, words are told from their parts by the model's family. But texts are padded to what they hold, the
vocabulary is judged once, and the best are found on tensors. Importing this module imports TextAttack.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from xfer.attackers.search.oracles.masked import load_masked_model, masked_logits
from xfer.attackers.search.oracles.shapes import token_batches
from xfer.attackers.textattack import load

_utils: Any = load.load_textattack().shared.utils


class Masking(NamedTuple):
    """A text with a mask in it: at most ``most`` words are wanted, each with a chance of at least ``floor``."""

    text: str
    most: int
    floor: float


class ProposalOracle:
    """Queue ``proposals``: Maskings -> words, likeliest first."""

    def __init__(self, name: str) -> None:
        self.loaded, _ = load_masked_model(name)
        self._tables: dict[bool, tuple[np.ndarray, list[str]]] = {}

    def __call__(self, items: list[Masking]) -> list[list[str]]:
        net, tokenizer, where, longest = self.loaded
        ids = tokenizer([item.text for item in items], truncation=True, max_length=longest)["input_ids"]
        results: list[list[str]] = [[] for _ in items]
        masked = [
            number for number, token_ids in enumerate(ids) if tokenizer.mask_token_id in token_ids
        ]  # others lost it: too long
        with torch.inference_mode():
            for numbers, batch in token_batches([ids[i] for i in masked], tokenizer.pad_token_id or 0, where, longest):
                masked_items = [masked[i] for i in numbers]
                places = [ids[i].index(tokenizer.mask_token_id) for i in masked_items]
                chances = masked_logits(net, batch, places).float().softmax(-1).cpu()
                for row, number in enumerate(masked_items):
                    results[number] = self._best(chances[row], places[row] == 1, items[number])
        return results

    def _best(self, chances: torch.Tensor, first: bool, item: Masking) -> list[str]:
        """The likeliest words of a place, from the probabilities of its subwords [vocabulary]."""
        ids, words = self._table(first)
        possible = chances[torch.from_numpy(ids)]
        best = possible.topk(min(item.most, len(ids)))
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        return [words[index] for chance, index in pairs if chance >= item.floor]

    def _table(self, first: bool) -> tuple[np.ndarray, list[str]]:
        """The subwords [words] that TextAttack takes for words, and those words; others at the start of a text."""
        if first not in self._tables:
            net, tokenizer, *_ = self.loaded
            kind, places, words = net.config.model_type, [], []
            for number, token in enumerate(tokenizer.convert_ids_to_tokens(list(range(net.config.vocab_size)))):
                word = token or ""
                if _utils.check_if_subword(word, kind, first):
                    word = _utils.strip_BPE_artifacts(word, kind)
                if _utils.is_one_word(word) and not _utils.check_if_punctuations(word):
                    places.append(number)
                    words.append(word)
            self._tables[first] = np.array(places, dtype=np.int64), words
        return self._tables[first]
