"""Log-probabilities of continuations by any causal language model."""

from __future__ import annotations

import torch

from xfer.attackers.search.oracles.loading import load_model
from xfer.attackers.search.oracles.shapes import token_batches

Continuation = tuple[str, str]


class CausalOracle:
    """Queue ``language_model``: (prefix, continuation) -> ln p(continuation | prefix), all its subwords together.

    A subword belongs to the continuation if it ends there. Of long texts the last subwords are read. Where the
    model has no mark of a beginning, the very first subword of a text has no probability and counts 0.
    """

    def __init__(self, name: str) -> None:
        self.loaded = load_model(name, "AutoModelForCausalLM", "language_model")

    def __call__(self, items: list[Continuation]) -> list[float]:
        model, tokenizer, where, longest = self.loaded
        encoded = [self._ids(*item) for item in items]
        scores = [0.0] * len(items)
        with torch.inference_mode():
            pad = tokenizer.pad_token_id or 0
            for numbers, batch in token_batches([ids for ids, _ in encoded], pad, where, longest):
                logits = model(**batch).logits.float()
                for row, number in enumerate(numbers):
                    ids, continuation_length = encoded[number]
                    positions = torch.arange(max(len(ids) - continuation_length, 1), len(ids), device=where)
                    if len(positions):
                        chances = logits[row, positions - 1].log_softmax(-1)
                        picked = chances.gather(1, batch["input_ids"][row, positions][:, None])
                        scores[number] = float(picked.double().sum())
        return scores

    def _ids(self, prefix: str, continuation: str) -> tuple[list[int], int]:
        """The subwords of both, the model's mark of a beginning first, and how many belong to the continuation."""
        tokenizer, longest = self.loaded.tokenizer, self.loaded.longest
        encoded = tokenizer(prefix + continuation, add_special_tokens=False, return_offsets_mapping=True)
        ids = list(encoded["input_ids"])
        continuation_length = sum(end > len(prefix) for _, end in encoded["offset_mapping"])
        begin = [tokenizer.bos_token_id] if tokenizer.bos_token_id is not None else []
        kept = ids[max(0, len(ids) - (longest - len(begin))) :]
        return (begin + kept) or [tokenizer.eos_token_id or 0], min(continuation_length, len(kept))


class FirstSubword(CausalOracle):
    """Queue ``language_model`` of TextAttack's GPT-2 constraint: (prefix, word) -> ln p(first subword | prefix).

    Both are read apart, so that no space stands before the word, and no mark of a beginning before the prefix.
    """

    def _ids(self, prefix: str, continuation: str) -> tuple[list[int], int]:
        tokenizer, longest = self.loaded.tokenizer, self.loaded.longest
        before, word = tokenizer([prefix, continuation], add_special_tokens=False)["input_ids"]
        ids = [*before, *word[:1]][-longest:]
        return ids or [tokenizer.eos_token_id or 0], len(word[:1])
