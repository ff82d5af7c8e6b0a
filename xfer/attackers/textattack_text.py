"""The text objects that TextAttack's searches walk over: upstream's own, and one that knows its words by place.

Importing this module imports TextAttack (through the shim).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from xfer.attackers import textattack_shim
from xfer.attackers.engine.text import Text

Fields = tuple[str, ...]
_AttackedText: Any = textattack_shim.load().shared.AttackedText


def roles(count: int) -> tuple[str, ...]:
    """What TextAttack calls the columns; no result depends on it."""
    return ("text",) if count == 1 else ("premise", "hypothesis", *(f"column {i}" for i in range(2, count)))[:count]


def plain_text(fields: Fields) -> Any:
    """TextAttack's own text object."""
    return _AttackedText(fields[0] if len(fields) == 1 else OrderedDict(zip(roles(len(fields)), fields, strict=True)))


def columns(text: Any) -> Fields:
    """The columns of an ``AttackedText``, in order."""
    if isinstance(text, Text):
        return text.fields
    return tuple(text._text_input.values())


def word_columns(text: Any) -> list[int]:
    """The column index of every word.

    A plain ``AttackedText`` splits the joined columns, which can give other words than the single ones
    (one Chinese column switches both to another splitter); so words are looked up in the joined text.
    """
    if isinstance(text, SpanText):
        return text.word_columns
    ends = np.cumsum([len(column) + 1 for column in columns(text)])
    joined, position, found = text.text, 0, []
    for word in text.words:
        position = joined.index(word, position)
        found.append(int(np.searchsorted(ends, position, side="right")))
        position += len(word)
    return found


class SpanText(Text, _AttackedText):
    """A Text that TextAttack's searches take: an edit is spliced in, nothing is split again."""

    def _begin(self, words: int) -> None:
        self.attack_attrs: dict[str, Any] = {"original_index_map": np.arange(words), "modified_indices": set()}

    def _follow(self, old: Self, index: int) -> None:
        self.attack_attrs = {
            "original_index_map": old.attack_attrs["original_index_map"],
            "modified_indices": old.attack_attrs["modified_indices"] | {index},
            "newly_modified_indices": {index},
        }

    @property
    def _text_input(self) -> OrderedDict[str, str]:
        return OrderedDict(zip(roles(len(self.fields)), self.fields, strict=True))

    @property
    def text(self) -> str:
        return "\n".join(self.fields)

    def replace_words_at_indices(self, indices: Iterable[int], new_words: Iterable[str]) -> Self:
        """A new text with the words at ``indices`` replaced, one after the other."""
        text = self
        for index, word in zip(indices, new_words, strict=True):
            text = text.replaced(int(index), word)
        return text

    def generate_new_attacked_text(self, new_words: Iterable[str]) -> Self:
        """A new text with all words replaced, where they differ."""
        changed = [(i, new) for i, (old, new) in enumerate(zip(self.words, new_words, strict=True)) if old != new]
        return self.replace_words_at_indices([index for index, _ in changed], [word for _, word in changed])
