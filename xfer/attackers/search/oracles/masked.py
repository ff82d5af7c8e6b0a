"""What a masked language model puts in the place of a word: whole words of the word's own script, any tokenizer.

Two queues. ``mlm`` masks a place (Garg and Ramakrishnan 2020; Li et al. 2021, CLARE); ``subwords`` reads the whole
text and gives each subword's likely replacements (Li et al. 2020, BERT-Attack). The vocabulary is decoded once, and
the best words are found on tensors, at the masked places only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch

from xfer.attackers.search.oracles.loading import LoadedModel, load_model
from xfer.attackers.search.oracles.shapes import token_batches
from xfer.attackers.search.oracles.vocabulary import Vocabulary


class Blank(NamedTuple):
    """A place in a text: the ``most`` likeliest words of ``script`` between ``before`` and ``after`` are wanted."""

    before: str
    after: str
    script: str
    most: int


RankedWords = list[tuple[str, float]]  # with the probability of each, likeliest first


class SubwordReading(NamedTuple):
    """A text as its model sees it: for each subword its place ``[start, end)`` and the likeliest ``ids`` [n, k]
    with their log-probabilities."""

    places: list[tuple[int, int]]
    ids: np.ndarray
    logs: np.ndarray


class MaskOracle:
    """Queue ``mlm``: Blanks -> Words. A text longer than the model takes is read around the place."""

    def __init__(self, name: str) -> None:
        self.loaded, self.vocabulary = load_masked_model(name)
        self._ids: dict[tuple[str, bool], torch.Tensor] = {}  # where the model is

    def __call__(self, items: list[Blank]) -> list[RankedWords]:
        encoded = [self._around(blank) for blank in items]
        results: list[RankedWords] = [[] for _ in items]
        net, tokenizer, where, longest = self.loaded
        with torch.inference_mode():
            for numbers, batch in token_batches(
                [ids for ids, _ in encoded], tokenizer.pad_token_id or 0, where, longest
            ):
                places = [encoded[i][1] for i in numbers]
                chances = masked_logits(net, batch, places).float().softmax(-1)
                for row, number in enumerate(numbers):
                    results[number] = self._words(chances[row], items[number])
        return results

    def _around(self, blank: Blank) -> tuple[list[int], int]:
        """The subwords of a text with a mask in the place, cut to what the model takes, and where the mask is."""
        tokenizer, longest = self.loaded.tokenizer, self.loaded.longest
        text = blank.before + tokenizer.mask_token + blank.after
        options = {"return_offsets_mapping": True, "return_special_tokens_mask": True, "add_special_tokens": True}
        encoded = tokenizer(text, **options)
        ids, offsets = list(encoded["input_ids"]), encoded["offset_mapping"]
        at = len(blank.before)
        # some tokenizers count the space before a mask as part of it
        mask_position = next(
            i for i, (start, end) in enumerate(offsets) if ids[i] == tokenizer.mask_token_id and start <= at < end
        )
        special = [bool(flag) and i != mask_position for i, flag in enumerate(encoded["special_tokens_mask"])]
        head, tail = _leading_count(special), _leading_count(special[::-1])
        body = ids[head : len(ids) - tail]
        room = longest - head - tail
        start = min(max(0, mask_position - head - room // 2), max(0, len(body) - room))
        kept = ids[:head] + body[start : start + room] + ids[len(ids) - tail :] if len(body) > room else ids
        return kept, mask_position - (start if len(body) > room else 0)

    def _words(self, chances: torch.Tensor, blank: Blank) -> RankedWords:
        """The best whole words of a place, from the probabilities of its subwords [vocabulary]."""
        key = blank.script, not blank.before.strip()
        if key not in self._ids:
            self._ids[key] = torch.from_numpy(self.vocabulary.word_ids(*key)).to(chances.device)
        ids = self._ids[key]
        best = chances[ids].topk(min(2 * blank.most, len(ids)))  # two subwords may be the same word
        ranked = sorted(zip((-best.values).tolist(), ids[best.indices].tolist(), strict=True))
        words: dict[str, float] = {}
        for less, number in ranked:
            words.setdefault(self.vocabulary.words[number], -less)
        return list(words.items())[: blank.most]


class SubwordOracle:
    """Queue ``subwords``: (text, k) -> Reading. What a text has beyond the longest input is not read."""

    def __init__(self, name: str) -> None:
        self.loaded, self.vocabulary = load_masked_model(name)

    def __call__(self, items: list[tuple[str, int]]) -> list[SubwordReading]:
        net, tokenizer, where, longest = self.loaded
        options = {"return_offsets_mapping": True, "truncation": True, "max_length": longest}
        encoded = [tokenizer(text, **options) for text, _ in items]
        results: list[Any] = [None] * len(items)
        with torch.inference_mode():
            ids = [encoding["input_ids"] for encoding in encoded]
            for numbers, batch in token_batches(ids, tokenizer.pad_token_id or 0, where, longest):
                logs = net(**batch).logits.float().log_softmax(-1)
                for row, number in enumerate(numbers):
                    best = logs[row, : len(ids[number])].topk(min(items[number][1], logs.shape[-1]), -1)
                    places = [tuple(span) for span in encoded[number]["offset_mapping"]]
                    results[number] = SubwordReading(places, best.indices.cpu().numpy(), best.values.cpu().numpy())
        return results


@lru_cache(maxsize=4)
def load_masked_model(name: str) -> tuple[LoadedModel, Vocabulary]:
    """A masked language model and its vocabulary. Raises MissingPart."""
    loaded = load_model(name, "AutoModelForMaskedLM", "masked_lm")
    return loaded, Vocabulary(loaded.tokenizer, int(loaded.model.config.vocab_size))


def _leading_count(flags: list[bool]) -> int:
    """How many flags are set before the first that is not."""
    return next((i for i, flag in enumerate(flags) if not flag), len(flags))


def masked_logits(net: Any, batch: dict[str, torch.Tensor], places: list[int]) -> torch.Tensor:
    """Logits [len(places), vocabulary] at one place of each of the first rows."""
    rows = torch.arange(len(places), device=batch["input_ids"].device)
    at = torch.tensor(places, device=batch["input_ids"].device)
    outer = [module for name, module in net.named_children() if name != net.base_model_prefix]
    if len(outer) != 1:  # an unusual head: let it see every place
        return net(**batch).logits[rows, at]
    logits = outer[0](net.base_model(**batch).last_hidden_state[rows, at])
    return logits[0] if isinstance(logits, tuple) else logits
