"""Tags of words by any token classifier, such as a finished stage of a tagging task."""

from __future__ import annotations

import torch

from xfer.attackers.search.oracles.loading import load_model
from xfer.attackers.search.oracles.shapes import token_batches

WordTuple = tuple[str, ...]
UNKNOWN_TAG = "X"  # the tag of a word that has no subword, or stands beyond the longest input


class TaggerOracle:
    """Queue ``tagger``: tuples of words -> tuples of tags, each that of the word's first subword."""

    def __init__(self, name: str) -> None:
        self.loaded = load_model(name, "AutoModelForTokenClassification", "tagger")
        self.tags = {int(number): tag for number, tag in self.loaded.model.config.id2label.items()}

    def __call__(self, sentences: list[WordTuple]) -> list[WordTuple]:
        model, tokenizer, where, longest = self.loaded
        options = {"is_split_into_words": True, "truncation": True, "max_length": longest}
        encoded = [tokenizer(list(words) or [""], **options) for words in sentences]
        results: list[WordTuple] = [()] * len(sentences)
        with torch.inference_mode():
            ids = [encoding["input_ids"] for encoding in encoded]
            for numbers, batch in token_batches(ids, tokenizer.pad_token_id or 0, where, longest):
                best = model(**batch).logits.argmax(-1).cpu().tolist()
                for row, number in enumerate(numbers):
                    tags = [UNKNOWN_TAG] * len(sentences[number])
                    for position, word in reversed(list(enumerate(encoded[number].word_ids()))):
                        if word is not None and word < len(tags):
                            tags[word] = self.tags[best[row][position]]
                    results[number] = tuple(tags)
        return results
