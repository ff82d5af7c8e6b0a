"""How fixed recipes change letters and words: TextAttack's edits where they are right, ours where they are not.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xfer.attackers.search.oracles.gradient import GradientQuery, WordGradients
from xfer.attackers.search.scheduler import ask_oracle
from xfer.attackers.textattack import load
from xfer.attackers.textattack.adapters import Clusters, ClusterSwap
from xfer.attackers.textattack.text import SpanText
from xfer.text.keyboards import key_neighbours
from xfer.text.lookalikes import homoglyph_table

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText

_textattack: Any = load.load_textattack()
_swaps: Any = _textattack.transformations
_recover: Any = _swaps.word_swaps.word_swap_embedding.recover_word_case
TAG_CLASSES = {"NOUN": "noun", "PROPN": "noun", "VERB": "verb", "AUX": "verb", "ADJ": "adj", "ADV": "adv"}


class InsertSpace(ClusterSwap, _swaps.WordSwapRandomCharacterInsertion):
    """A space inside a word (TextBugger: Li et al. 2019, section IV-B)."""

    def _get_random_letter(self) -> Clusters:
        return Clusters((" ",))


class KeyboardSwap(ClusterSwap, _swaps.WordSwapQWERTY):
    """A letter gives way to its neighbour on the keyboard of the language."""

    def __init__(self, language: str, **options: Any) -> None:
        super().__init__(**options)
        self.language = language

    def _get_adjacent(self, s: Clusters) -> list[Clusters]:
        letter = str(s)
        adjacent = [char for char, _ in key_neighbours(letter.lower(), self.language)] if len(letter) == 1 else []
        return [Clusters((char.upper() if letter.isupper() else char,)) for char in adjacent]


class LookAlike(_swaps.WordSwap):
    """One letter gives way to one of the same shape, of any script that has such letters."""

    def _get_replacement_words(self, word: str) -> list[str]:
        same = homoglyph_table()
        return [word[:i] + other + word[i + 1 :] for i, char in enumerate(word) for other in same.get(char, "")]


class FromList(_swaps.WordSwap):
    """A word gives way to what a function gives for it."""

    def __init__(self, candidates: Callable[[str], Sequence[str]]) -> None:
        super().__init__()
        self.candidates = candidates

    def _get_replacement_words(self, word: str) -> list[str]:
        return [new for new in self.candidates(word) if len(new.split()) == 1]


class FromTable(_swaps.WordSwap):
    """A word gives way to others of its part of speech in a table (Zang et al. 2020: words of equal sememes)."""

    def __init__(self, table: Mapping[tuple[str, str], Sequence[str]], tags: Callable[[Any], Sequence[str]]) -> None:
        super().__init__()
        self.table, self.tags = table, tags

    def _get_transformations(self, current_text: AttackedText, indices_to_modify: Iterable[int]) -> list[Any]:
        tags, words, candidates = self.tags(current_text), current_text.words, []
        for index in sorted(map(int, indices_to_modify)):
            word = words[index]
            listed = [self.table.get((word.lower(), kind), ()) for kind in (TAG_CLASSES.get(tags[index], ""), "*")]
            for new in dict.fromkeys(_recover(other, word) for others in listed for other in others):
                if new != word:
                    candidates.append(current_text.replace_word_at_index(index, new))
        return candidates


class GradientFlip(_swaps.WordSwap):
    """A word gives way to what would raise the loss most to first order (HotFlip: Ebrahimi et al. 2018, eq. 1)."""

    is_black_box = False

    def __init__(self, gold: Callable[[], int], each: int | None, best: int | None) -> None:
        super().__init__()
        self.gold, self.each, self.best = gold, each, best

    def _get_transformations(self, current_text: AttackedText, indices_to_modify: Iterable[int]) -> list[Any]:
        indices = sorted(map(int, indices_to_modify))
        slopes = word_gradients(current_text, self.gold(), self.each or self.best or 1)
        flips = [(-gain, index, word) for index in indices for word, gain in slopes.flips[index]]
        return [current_text.replace_word_at_index(index, word) for _, index, word in sorted(flips)[: self.best]]


def word_gradients(text: AttackedText, gold: int, flips: int) -> WordGradients:
    """What the victim's gradient says of the words of a text."""
    places = text.placed() if isinstance(text, SpanText) else _plain_word_places(text)
    wanted = GradientQuery(
        tuple(text._text_input.values()), tuple((column, start, end) for column, start, end in places), gold, flips
    )
    slopes: WordGradients = ask_oracle("gradient", [wanted])[0]
    return slopes


def _plain_word_places(text: AttackedText) -> list[tuple[int, int, int]]:
    """Where the words of TextAttack's own text stand: the joined columns are searched for one after the other."""
    ends: list[int] = []
    joined, position, places = text.text, 0, []
    for column in text._text_input.values():
        ends.append((ends[-1] if ends else 0) + len(column) + 1)
    for word in text.words:
        start = joined.index(word, position)
        position = start + len(word)
        column = int(np.searchsorted(ends, start, side="right"))
        before = ends[column - 1] if column else 0
        places.append((column, start - before, position - before))
    return places
