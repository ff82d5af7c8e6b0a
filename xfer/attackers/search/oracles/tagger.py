"""Tags of words by any token classifier, such as a finished stage of a tagging task."""

from __future__ import annotations

import torch

from xfer.attackers.search.oracles.loading import load
from xfer.attackers.search.oracles.shapes import batches

Words = tuple[str, ...]
UNKNOWN = "X"  # the tag of a word that has no subword, or stands beyond the longest input


class Tagger:
    """Queue ``tagger``: tuples of words -> tuples of tags, each that of the word's first subword."""

    def __init__(self, name: str) -> None:
        self.loaded = load(name, "AutoModelForTokenClassification", "tagger")
        self.tags = {int(number): tag for number, tag in self.loaded.model.config.id2label.items()}

    def __call__(self, sentences: list[Words]) -> list[Words]:
        model, tokenizer, where, longest = self.loaded
        options = {"is_split_into_words": True, "truncation": True, "max_length": longest}
        encoded = [tokenizer(list(words) or [""], **options) for words in sentences]
        found: list[Words] = [()] * len(sentences)
        with torch.inference_mode():
            ids = [one["input_ids"] for one in encoded]
            for numbers, batch in batches(ids, tokenizer.pad_token_id or 0, where, longest):
                best = model(**batch).logits.argmax(-1).cpu().tolist()
                for row, number in enumerate(numbers):
                    tags = [UNKNOWN] * len(sentences[number])
                    for place, word in reversed(list(enumerate(encoded[number].word_ids()))):
                        if word is not None and word < len(tags):
                            tags[word] = self.tags[best[row][place]]
                    found[number] = tuple(tags)
        return found
