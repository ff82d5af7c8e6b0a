"""The text objects that TextAttack's searches walk over: upstream's own, and one that knows its words by place.

Importing this module imports TextAttack (through the shim).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from xfer.attackers import textattack_shim
from xfer.attackers.textattack_victim import Fields
from xfer.attackers.textattack_words import Span, alphabet, spans

_AttackedText: Any = textattack_shim.load().shared.AttackedText
ROLES = {1: ("text",), 2: ("premise", "hypothesis")}  # what TextAttack calls the columns; no result depends on it


def attacked_text(fields: Fields, *, fixed: bool) -> Any:
    """The text object that a search starts from."""
    if fixed:
        return SpanText.split(fields)
    if len(fields) == 1:
        return _AttackedText(fields[0])
    return _AttackedText(OrderedDict(zip(ROLES[len(fields)], fields, strict=True)))


def columns(text: Any) -> Fields:
    """The columns of an ``AttackedText``, in order."""
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


class SpanText(_AttackedText):
    """An ``AttackedText`` of words at known places: an edit is spliced in, nothing is split again.

    The number of words never changes, so a word keeps its index; equality is that of the columns and not
    of the joined text (where a line break could stand for either).
    """

    def __init__(self, fields: Fields, words: Iterable[tuple[int, Span]], letters: Mapping[str, str]) -> None:
        self._text_input = OrderedDict(zip(ROLES[len(fields)], fields, strict=True))
        placed = list(words)
        self.word_columns = [column for column, _ in placed]
        self._words = [fields[column][span.start : span.end] for column, span in placed]
        self._starts = np.array([span.start for _, span in placed], dtype=np.int64)
        self._edit: tuple[SpanText, int, str] | None = None
        self.letters = letters
        self.attack_attrs: dict[str, Any] = {"original_index_map": np.arange(len(placed)), "modified_indices": set()}

    @classmethod
    def split(cls, fields: Fields) -> SpanText:
        """The text of one example, split into words; its own letters are those that edits may insert."""
        words = [(column, span) for column, field in enumerate(fields) for span in spans(field)]
        return cls(fields, words, alphabet(fields[column][span.start : span.end] for column, span in words))

    @property
    def words(self) -> list[str]:
        self._settle()
        return self._words

    @property
    def num_words(self) -> int:
        return len(self.word_columns)

    def replace_words_at_indices(self, indices: Iterable[int], new_words: Iterable[str]) -> SpanText:
        """A new text with the words at ``indices`` replaced, one after the other."""
        text = self
        for index, word in zip(indices, new_words, strict=True):
            text = text._replaced(int(index), word)
        return text

    def generate_new_attacked_text(self, new_words: Iterable[str]) -> SpanText:
        """A new text with all words replaced, where they differ."""
        changed = [(i, new) for i, (old, new) in enumerate(zip(self.words, new_words, strict=True)) if old != new]
        return self.replace_words_at_indices([index for index, _ in changed], [word for _, word in changed])

    def _replaced(self, index: int, word: str) -> SpanText:
        self._settle()
        fields, column = list(columns(self)), self.word_columns[index]
        start = int(self._starts[index])
        field = fields[column]
        fields[column] = field[:start] + word + field[start + len(self._words[index]) :]
        new = SpanText.__new__(SpanText)
        new._text_input = OrderedDict(zip(self._text_input, fields, strict=True))
        new.word_columns, new.letters = self.word_columns, self.letters
        new._edit = (self, index, word)
        new.attack_attrs = {
            "original_index_map": self.attack_attrs["original_index_map"],
            "modified_indices": self.attack_attrs["modified_indices"] | {index},
            "newly_modified_indices": {index},
        }
        return new

    def _settle(self) -> None:
        """Works out words and places, which most candidates are never asked for."""
        if self._edit is None:
            return
        old, index, word = self._edit
        self._edit = None  # lets the old text go
        self._words = list(old._words)
        self._words[index] = word
        self._starts = old._starts.copy()
        after = np.array(self.word_columns[index + 1 :], dtype=np.int64) == self.word_columns[index]
        self._starts[index + 1 :][after] += len(word) - len(old._words[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpanText) and columns(self) == columns(other)

    def __hash__(self) -> int:
        return hash(columns(self))
