"""Which subwords of a vocabulary are whole words, read once a tokenizer, for words of any script."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from xfer.text.scripts import UNSPACED, word_script
from xfer.text.words import searchable_words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# What a subword starts with: at the start of a word (SentencePiece, byte-level BPE), or inside one (WordPiece).
STARTS, INSIDE = ("▁", "Ġ"), "##"


class Vocabulary:
    """The words of a tokenizer: ``words[id]`` is the text of a subword, "" where it is no word or part of one."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, size: int) -> None:
        tokens = tokenizer.convert_ids_to_tokens(list(range(min(size, len(tokenizer)))))
        special = set(tokenizer.all_special_ids)
        self.mark = _word_mark(tokens)
        self.words, self.first = [""] * size, np.zeros(size, dtype=bool)
        self.scripts = np.full(size, "", dtype=object)
        for number, token in enumerate(tokens):
            if token is None or number in special:
                continue
            word = self._token_text(token, tokenizer)
            if word and _is_whole_word(word):
                self.words[number] = word
                self.first[number] = self._is_first(token)
                self.scripts[number] = word_script(word)
        self._ids: dict[tuple[str, bool], np.ndarray] = {}

    def word_ids(self, script: str, at_start: bool) -> np.ndarray:
        """The subwords [words] that can stand for a word of ``script`` alone, in the order of the vocabulary.

        Parts of words can where words have no spaces between them, and at the start of a text that no mark opens.
        """
        loose = script in UNSPACED or (at_start and self.mark == "Ġ")
        if (script, loose) not in self._ids:
            wanted = (self.scripts == script) & (self.first | loose)
            self._ids[script, loose] = np.flatnonzero(wanted)
        return self._ids[script, loose]

    def _is_first(self, token: str) -> bool:
        return token.startswith(self.mark) if self.mark in STARTS else not token.startswith(INSIDE)

    def _token_text(self, token: str, tokenizer: PreTrainedTokenizerBase) -> str:
        if self.mark == "Ġ":
            return str(tokenizer.convert_tokens_to_string([token])).strip()
        return token.removeprefix(self.mark) if self.mark == "▁" else token.removeprefix(INSIDE)


def _word_mark(tokens: Sequence[str | None]) -> str:
    """What opens the words of this vocabulary; "" where only the inside of words is marked, if anything is."""
    counts = {mark: sum(1 for token in tokens if token and token.startswith(mark)) for mark in STARTS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ""


def _is_whole_word(word: str) -> bool:
    """If the text is letters of one word and nothing else."""
    words = searchable_words(word)
    whole = bool(words) and words[0].start == 0 and words[-1].end == len(word)
    if not whole or not word_script(word):
        return False
    return len(words) == 1 or (word_script(word) in UNSPACED and all(a.end == b.start for a, b in pairwise(words)))
