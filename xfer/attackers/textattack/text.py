"""The text objects that TextAttack's searches walk over: upstream's own, and one that knows its words by place.

Importing this module imports TextAttack (through the shim).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.textattack import load

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText

Fields = tuple[str, ...]
_AttackedText: Any = load.load_textattack().shared.AttackedText


def column_roles(count: int) -> tuple[str, ...]:
    """What TextAttack calls the columns; no result depends on it."""
    return ("text",) if count == 1 else ("premise", "hypothesis", *(f"column {i}" for i in range(2, count)))[:count]


def plain_text(fields: Fields) -> AttackedText:
    """TextAttack's own text object."""
    return _AttackedText(
        fields[0] if len(fields) == 1 else OrderedDict(zip(column_roles(len(fields)), fields, strict=True))
    )


def attacked_columns(text: AttackedText) -> Fields:
    """The columns of an ``AttackedText``, in order."""
    if isinstance(text, EditableText):
        return text.fields
    return tuple(text._text_input.values())


def word_columns(text: AttackedText) -> list[int]:
    """The column index of every word.

    A plain ``AttackedText`` splits the joined columns, which can give other words than the single ones
    (one Chinese column switches both to another splitter); so words are looked up in the joined text.
    """
    if isinstance(text, SpanText):
        return text.word_columns
    ends = np.cumsum([len(column) + 1 for column in attacked_columns(text)])
    joined, position, numbers = text.text, 0, []
    for word in text.words:
        position = joined.index(word, position)
        numbers.append(int(np.searchsorted(ends, position, side="right")))
        position += len(word)
    return numbers


class SpanText(EditableText, _AttackedText):
    """A Text that TextAttack's searches take: an edit is spliced in, nothing is split again."""

    def _begin(self, words: int) -> None:
        self.attack_attrs: dict[str, Any] = {"original_index_map": self.origin, "modified_indices": set()}

    def _follow(self, old: Self, index: int, count: int) -> None:
        modified, new = old.attack_attrs["modified_indices"], set(range(index, index + count))
        if count not in (1, -1):
            modified = {i if i < index else i + count - 1 for i in modified if i != index}
        self.attack_attrs = {
            "original_index_map": self.origin,
            "modified_indices": modified | new,
            "newly_modified_indices": new,
        }

    @property
    def _text_input(self) -> OrderedDict[str, str]:
        return OrderedDict(zip(column_roles(len(self.fields)), self.fields, strict=True))

    @property
    def text(self) -> str:
        return "\n".join(self.fields)

    def replace_words_at_indices(self, indices: Iterable[int], new_words: Iterable[str]) -> Self:
        """A new text with the words at ``indices`` replaced: an empty one deletes, one with spaces adds words."""
        wanted = {int(index): word for index, word in zip(indices, new_words, strict=True)}
        if any(not 0 <= index < self.num_words for index in wanted):
            raise ValueError(f"no word at one of {sorted(wanted)}: there are {self.num_words}")
        text, new = self, set[int]()
        for index in sorted(wanted, reverse=True):  # from the end, so that the others keep their numbers
            before = text.num_words
            text = text.replaced(index, wanted[index])
            modified = text.attack_attrs["newly_modified_indices"]
            new = {i + text.num_words - before for i in new} | modified
        if len(wanted) != 1:
            text = text if wanted else self.unchanged()
            text.attack_attrs["newly_modified_indices"] = new
        return text

    def insert_text_before_word_index(self, index: int, text: str) -> Self:
        """A new text with the words of ``text`` before a word."""
        return self.inserted(int(index), text)

    def insert_text_after_word_index(self, index: int, text: str) -> Self:
        """A new text with the words of ``text`` after a word."""
        return self.inserted(int(index), text, after=True)

    def _text_index_of_word_index(self, i: int) -> int:
        column = self.word_columns[i]
        return int(self.starts[i]) + sum(len(field) + 1 for field in self.fields[:column])

    @property
    def words_per_input(self) -> list[list[str]]:
        """The words of each column."""
        by_column: list[list[str]] = [[] for _ in self.fields]
        for column, word in zip(self.word_columns, self.words, strict=True):
            by_column[column].append(word)
        return by_column

    def generate_new_attacked_text(self, new_words: Iterable[str]) -> Self:
        """A new text with all words replaced, where they differ."""
        changed = [(i, new) for i, (old, new) in enumerate(zip(self.words, new_words, strict=True)) if old != new]
        return self.replace_words_at_indices([index for index, _ in changed], [word for _, word in changed])
