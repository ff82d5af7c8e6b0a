"""Words that a masked language model puts in: replaced (BAE), inserted and merged (CLARE), joined (BERT-Attack).

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xfer.attackers.search.oracles.masked import Blank, SubwordReading
from xfer.attackers.search.scheduler import ask_oracle
from xfer.attackers.textattack import load
from xfer.attackers.textattack.text import SpanText
from xfer.text.scripts import UNSPACED, word_script
from xfer.text.words import searchable_words

if TYPE_CHECKING:
    from xfer.attackers.search.oracles.vocabulary import Vocabulary

_swaps: Any = load.load_textattack().transformations
_mergeable: Any = _swaps.word_merges.word_merge_masked_lm.find_merge_index


class _MaskedCandidates:
    """Mixed into a transformation: its candidates come from the queue ``mlm``, all places of a text at once."""

    def __init__(self, most: int, floor: float) -> None:
        super().__init__()
        self.most, self.floor = most, floor

    def _proposed(self, text: SpanText, places: Sequence[tuple[int, int, int, str]]) -> list[list[str]]:
        """The likeliest words for each (column, start, end, word whose script it takes)."""
        blanks = [self._blank(text, *location) for location in places]
        answers = ask_oracle("mlm", blanks)
        return [[word for word, chance in words if chance >= self.floor] for words in answers]

    def _blank(self, text: SpanText, column: int, start: int, end: int, word: str) -> Blank:
        before = "\n".join((*text.fields[:column], text.fields[column][:start]))
        after = "\n".join((text.fields[column][end:], *text.fields[column + 1 :]))
        return Blank(before, after, _word_script(word, text), self.most)


class Replace(_MaskedCandidates, _swaps.WordSwap):
    """A word gives way to what the model reads in its place (Garg and Ramakrishnan 2020, BAE-R)."""

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        indices, placed = sorted(map(int, indices_to_modify)), current_text.placed()
        proposed = self._proposed(current_text, [(*placed[i], current_text.words[i]) for i in indices])
        return [
            current_text.replace_word_at_index(index, word)
            for index, words in zip(indices, proposed, strict=True)
            for word in words
            if word != current_text.words[index]
        ]


class InsertWord(_MaskedCandidates, _swaps.WordInsertion):
    """What the model reads before a word is put there (Li et al. 2021, section 2.2)."""

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        indices, placed = sorted(map(int, indices_to_modify)), current_text.placed()
        blanks = [self._blank_before(current_text, placed[i], current_text.words[i]) for i in indices]
        answers = ask_oracle("mlm", blanks)
        return [
            current_text.insert_text_before_word_index(index, word)
            for index, words in zip(indices, answers, strict=True)
            for word, chance in words
            if chance >= self.floor and word != current_text.words[index]
        ]

    def _blank_before(self, text: SpanText, location: tuple[int, int, int], word: str) -> Blank:
        column, start, _ = location
        blank = self._blank(text, column, start, start, word)
        return blank if blank.script in UNSPACED else blank._replace(after=f" {blank.after}")


class MergeWords(_MaskedCandidates, _swaps.Transformation):
    """A word and the next give way to one that the model reads for both (Li et al. 2021, section 2.2).

    ``tags`` gives the parts of speech of a text's words; only pairs that the recipe names are merged.
    """

    def __init__(self, most: int, floor: float, tags: Callable[[Any], Sequence[str]]) -> None:
        super().__init__(most, floor)
        self.tags = tags

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        free, words, columns = set(map(int, indices_to_modify)), current_text.words, current_text.word_columns
        pairs = [
            index
            for index in (_mergeable(self.tags(current_text)) if len(words) > 1 else ())
            if {index, index + 1} <= free and columns[index] == columns[index + 1]
        ]
        placed = current_text.placed()
        locations = [(columns[i], placed[i].start, placed[i + 1].end, words[i]) for i in pairs]
        merged = []
        for index, proposed in zip(pairs, self._proposed(current_text, locations), strict=True):
            shorter = current_text.delete_word_at_index(index + 1)
            if shorter.num_words < len(words):  # a frozen word stays
                merged += [shorter.replace_word_at_index(index, word) for word in proposed if word != words[index]]
        return merged


class JoinedSubwords(_swaps.WordSwap):
    """A word gives way to the likeliest joined replacements of its subwords (Li et al. 2020, section 3.2)."""

    def __init__(self, most: int, vocabulary: Vocabulary, join: Callable[[Sequence[int]], str]) -> None:
        super().__init__()
        self.most, self.vocabulary, self.join = most, vocabulary, join

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        reading: SubwordReading = ask_oracle("subwords", [(current_text.text, self.most)])[0]
        candidates = []
        for index in sorted(map(int, indices_to_modify)):
            word = current_text.words[index]
            start = current_text._text_index_of_word_index(index)
            positions = _covering_subwords(reading, start, start + len(word))
            for new in self._candidates(reading, positions, word_script(word)):
                if new != word:
                    candidates.append(current_text.replace_word_at_index(index, new))
        return candidates

    def _candidates(self, reading: SubwordReading, positions: list[int], script: str) -> list[str]:
        if len(positions) == 1:
            whole = set(self.vocabulary.word_ids(script, False).tolist())
            return [self.vocabulary.words[i] for i in reading.ids[positions[0]].tolist() if i in whole]
        words = (
            [self.join(ids) for ids in k_best(reading.ids[positions], reading.logs[positions], self.most)]
            if positions
            else []
        )
        return list(
            dict.fromkeys(word for word in words if len(searchable_words(word)) == 1 and word_script(word) == script)
        )


def k_best(ids: np.ndarray, logs: np.ndarray, count: int) -> list[tuple[int, ...]]:
    """The ``count`` likeliest rows of one id from each position: ``ids`` and ``logs`` are [positions, k].

    The likelihood of a row is the sum over its positions, so the best rows begin with the best beginnings. Ties fall
    in the order of the candidates.
    """
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for row in logs.astype(np.float64):
        longer = [(total + float(log), (*choices, choice)) for total, choices in best for choice, log in enumerate(row)]
        best = sorted(longer, key=lambda entry: (-entry[0], entry[1]))[:count]
    return [tuple(int(ids[i, choice]) for i, choice in enumerate(choices)) for _, choices in best]


def _covering_subwords(reading: SubwordReading, start: int, end: int) -> list[int]:
    return [i for i, (first, last) in enumerate(reading.places) if first < end and last > start and first < last]


def _word_script(word: str, text: SpanText) -> str:
    """The script of a word; for a number that which most letters of the text have."""
    script = word_script(word)
    if script:
        return script
    scripts = [word_script(other) for other in text.words]
    ranked = sorted(set(filter(None, scripts)), key=lambda name: (-scripts.count(name), name))
    return ranked[0] if ranked else script
