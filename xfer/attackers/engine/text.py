"""A text as words at known places: an edit is spliced in, nothing is split again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from xfer.attackers.textattack_words import alphabet, spans


class Word(NamedTuple):
    """``fields[column][start:end]`` (code points)."""

    column: int
    start: int
    end: int


class Text:
    """The columns of an example and its words, which keep their indices through replacements.

    ``fields`` are the columns in order, ``letters`` the letters of each script that an edit may insert, ``carried``
    whatever an aim needs of the row again (tags, answers, options). Equality is that of the fields.
    """

    def __init__(
        self,
        fields: Sequence[str],
        words: Iterable[tuple[int, int, int]],
        letters: Mapping[str, str] | None = None,
        carried: Any = None,
    ) -> None:
        placed = list(words)
        self.fields = tuple(fields)
        self.word_columns = [column for column, *_ in placed]
        self._words = [self.fields[column][start:end] for column, start, end in placed]
        self._starts = np.array([start for _, start, _ in placed], dtype=np.int64)
        self._edit: tuple[Self, int, str] | None = None
        self.letters = letters or {}
        self.carried = carried
        self._begin(len(placed))

    @classmethod
    def split(cls, fields: Sequence[str], carried: Any = None) -> Self:
        """Columns split into words of any script; their own letters are those that edits may insert."""
        words = [(column, *span) for column, field in enumerate(fields) for span in spans(field)]
        return cls(fields, words, alphabet(fields[column][start:end] for column, start, end in words), carried)

    def _begin(self, words: int) -> None:
        """For subclasses that keep more."""

    def _follow(self, old: Self, index: int) -> None:
        """For subclasses that keep more: this text is ``old`` with the word ``index`` replaced."""

    @property
    def words(self) -> list[str]:
        """The words in order; nobody may change the list."""
        self._settle()
        return self._words

    @property
    def num_words(self) -> int:
        return len(self.word_columns)

    def placed(self) -> list[Word]:
        """Where every word stands."""
        self._settle()
        found = zip(self.word_columns, self._starts.tolist(), self._words, strict=True)
        return [Word(column, start, start + len(word)) for column, start, word in found]

    def replaced(self, index: int, word: str) -> Self:
        """A new text with one word replaced."""
        self._settle()
        fields, column = list(self.fields), self.word_columns[index]
        start = int(self._starts[index])
        field = fields[column]
        fields[column] = field[:start] + word + field[start + len(self._words[index]) :]
        new = type(self).__new__(type(self))
        new.fields = tuple(fields)
        new.word_columns, new.letters, new.carried = self.word_columns, self.letters, self.carried
        new._edit = (self, index, word)
        new._follow(self, index)
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
        return isinstance(other, Text) and self.fields == other.fields

    def __hash__(self) -> int:
        return hash(self.fields)
