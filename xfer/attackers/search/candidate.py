"""A text as words at known places: an edit is spliced in, nothing is split again, and labels follow.

May import: forms.texts, text.scripts, text.words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from xfer.forms.texts import is_entity_tag
from xfer.text.scripts import UNSPACED, script_alphabet, script_of
from xfer.text.words import searchable_words

OUTSIDE_TAG = "O"


class PlacedWord(NamedTuple):
    """``fields[column][start:end]`` (code points)."""

    column: int
    start: int
    end: int


class _PendingEdit(NamedTuple):
    """Word ``number`` of ``old`` gives way to ``words`` at ``starts``; the rest of its column moves by ``growth``."""

    old: Any
    number: int
    words: list[str]
    starts: list[int]
    growth: int
    tags: list[Any] | None


class EditableText:
    """The columns of an example and its words.

    ``fields`` are the columns in order, ``letters`` the letters of each script that an edit may insert, ``carried``
    whatever an aim needs of the row again. ``tags`` (one a word) stay with their words: a deleted word takes its tag
    along, an inserted one is ``O``; where tags are no entities nothing can be inserted. ``frozen`` words and
    ``answers`` (places of columns) cannot be touched: such an edit gives an equal text, which searches drop.
    ``origin`` [original words] is where each of them is now, -1 if deleted. ``given`` words come from the data set:
    the only field is the words with a space between two.
    Equality is that of the fields (and of given words).
    """

    def __init__(
        self,
        fields: Sequence[str],
        words: Iterable[tuple[int, int, int]],
        letters: Mapping[str, str] | None = None,
        carried: Any = None,
        *,
        tags: Sequence[Any] | None = None,
        frozen: Collection[int] = (),
        answers: Iterable[tuple[int, int, int]] = (),
        given: bool = False,
    ) -> None:
        placed = list(words)
        self.fields = tuple(fields)
        self.word_columns = [column for column, *_ in placed]
        self._words = [self.fields[column][start:end] for column, start, end in placed]
        self._starts = np.array([start for _, start, _ in placed], dtype=np.int64)
        self._tags = None if tags is None else list(tags)
        self.answers = tuple(PlacedWord(*span) for span in answers)
        inside = {
            i for i, span in enumerate(placed) if any(_shares_characters(*span, *answer) for answer in self.answers)
        }
        self._frozen = frozenset(frozen) | inside
        self._edit: _PendingEdit | None = None
        self.origin = np.arange(len(placed))
        self.letters, self.carried, self.given = letters or {}, carried, given
        self.grows = tags is None or is_entity_tag(tags)
        self._begin(len(placed))

    @classmethod
    def split(cls, fields: Sequence[str], carried: Any = None, **more: Any) -> Self:
        """Columns split into words of any script; their own letters are those that edits may insert."""
        words = [(column, *span) for column, field in enumerate(fields) for span in searchable_words(field)]
        letters = script_alphabet(fields[column][start:end] for column, start, end in words)
        return cls(fields, words, letters, carried, **more)

    def freeze(self, words: Collection[int]) -> None:
        """More words that no edit of this text, or of what comes of it, may touch."""
        self._frozen = self.frozen | frozenset(words)

    def _begin(self, words: int) -> None:
        """For subclasses that keep more."""

    def _follow(self, old: Self, index: int, count: int) -> None:
        """For subclasses that keep more: word ``index`` of ``old`` became ``count`` words, or -1 where that was
        refused."""

    @property
    def words(self) -> list[str]:
        """The words in order; nobody may change the list."""
        self._settle()
        return self._words

    @property
    def tags(self) -> list[Any] | None:
        """The tags of the words; nobody may change the list."""
        self._settle()
        return self._tags

    @property
    def frozen(self) -> frozenset[int]:
        """The words that no edit touches."""
        self._settle()
        return self._frozen

    @property
    def num_words(self) -> int:
        return len(self.word_columns)

    def placed(self) -> list[PlacedWord]:
        """Where every word stands."""
        self._settle()
        triples = zip(self.word_columns, self._starts.tolist(), self._words, strict=True)
        return [PlacedWord(column, start, start + len(word)) for column, start, word in triples]

    def replaced(self, index: int, word: str) -> Self:
        """A new text with one word replaced: by none where ``word`` is empty, by several where spaces part it.

        Of several, those before or after the old word are insertions; else all take its place.
        """
        old = self.words[index]
        if word == old:
            return self.unchanged()
        pieces = [word] if self.given and old.split() != [old] else word.split()
        if not pieces:
            return self.deleted(index)
        if len(pieces) > 1 and old in (pieces[0], pieces[-1]):
            after = pieces[0] == old
            return self._inserted(index, pieces[1:] if after else pieces[:-1], after, word)
        if len(pieces) > 1 and not self.grows:
            return self._refused(index)
        start = int(self._starts[index])
        new = " ".join(pieces) if self.given and len(pieces) > 1 else word
        tags = self._tags and [self._tags[index], *[_inner_tag(self._tags[index])] * (len(pieces) - 1)]
        return self._changed(index, start, start + len(old), new, pieces, len(pieces) - 1, tags)

    def deleted(self, index: int) -> Self:
        """A new text without a word and the space before it (after it, where it is the first)."""
        start, field = int(self.starts[index]), self.fields[self.word_columns[index]]
        end = start + len(self._words[index])
        last = end == len(field) and self.word_columns[index] == len(self.fields) - 1
        if index == 0:
            end += field[end : end + 1] == " "
        elif self.given or not last:  # TextAttack leaves the space before the last word of all
            start -= field[:start].endswith(" ")
        return self._changed(index, start, end, "", [], 0, [])

    def inserted(self, index: int, text: str, after: bool = False) -> Self:
        """A new text with the words of ``text`` put before the word ``index``, or after it."""
        word, pieces = self.words[index], text.split()
        if not pieces:
            return self._refused(index)
        first, second = (word, text) if after else (text, word)
        glue = "" if not self.given and script_of(first[-1]) in UNSPACED and script_of(second[0]) in UNSPACED else " "
        return self._inserted(index, pieces, after, f"{first}{glue}{second}")

    @property
    def starts(self) -> np.ndarray:
        """Where each word begins in its column, [words]."""
        self._settle()
        return self._starts

    def _inserted(self, index: int, pieces: list[str], after: bool, joined: str) -> Self:
        old, tags = self.words[index], self._tags
        following = index + after
        if not self.grows or (tags is not None and following < len(tags) and tags[following][:2] == "I-"):
            return self._refused(index)  # within an entity O would part it
        start = int(self._starts[index])
        words = [old, *pieces] if after else [*pieces, old]
        outside = [OUTSIDE_TAG] * len(pieces)
        new_tags = tags and ([tags[index], *outside] if after else [*outside, tags[index]])
        kept = 0 if words[0] == old else len(words) - 1  # as TextAttack finds the old word again
        new = " ".join(words) if self.given else joined
        return self._changed(index, start, start + len(old), new, words, kept, new_tags)

    def _changed(
        self, index: int, start: int, end: int, new: str, words: list[str], kept: int, tags: list[Any] | None
    ) -> Self:
        """``new`` in place of a stretch of the column of word ``index``, in whose place are now ``words`` of it."""
        column, growth = self.word_columns[index], len(new) - (end - start)
        if index in self.frozen or any(_shares_characters(column, start, end, *answer) for answer in self.answers):
            return self._refused(index)
        changed = self._copy()
        field = self.fields[column]
        changed.fields = (*self.fields[:column], field[:start] + new + field[end:], *self.fields[column + 1 :])
        if len(words) != 1:
            changed.word_columns = [
                *self.word_columns[:index],
                *[column] * len(words),
                *self.word_columns[index + 1 :],
            ]
            changed.origin = _renumbered(self.origin, index, len(words), kept)
        if self.answers:
            changed.answers = tuple(_shifted_answer(answer, column, end, growth) for answer in self.answers)
        starts, offset = [], 0
        for word in words:
            offset = new.index(word, offset)
            starts.append(start + offset)
            offset += len(word)
        changed._edit = _PendingEdit(self, index, words, starts, growth, tags)
        changed._follow(self, index, len(words))
        return changed

    def unchanged(self) -> Self:
        """An equal text of its own: what an edit that is not allowed gives."""
        return self._refused(0)

    def _refused(self, index: int) -> Self:
        refused = self._copy()
        refused._words, refused._starts, refused._tags, refused._frozen = (
            self.words,
            self._starts,
            self._tags,
            self._frozen,
        )
        refused._follow(self, index, -1)
        return refused

    def _copy(self) -> Self:
        copied = type(self).__new__(type(self))
        copied.fields, copied.word_columns, copied.answers = self.fields, self.word_columns, self.answers
        copied.origin = self.origin
        copied.letters, copied.carried, copied.given, copied.grows = self.letters, self.carried, self.given, self.grows
        copied._edit = None
        return copied

    def _settle(self) -> None:
        """Works out words and places, which most candidates are never asked for."""
        if self._edit is None:
            return
        old, index, words, starts, growth, tags = self._edit
        self._edit = None  # lets the old text go
        self._words = [*old._words[:index], *words, *old._words[index + 1 :]]
        after = old._starts[index + 1 :]
        if growth:
            same = np.array(old.word_columns[index + 1 :], dtype=np.int64) == old.word_columns[index]
            after = after + growth * same
        self._starts = np.concatenate([old._starts[:index], np.array(starts, dtype=np.int64), after])
        self._frozen = old._frozen
        if len(words) != 1 and old._frozen:
            self._frozen = frozenset(i if i < index else i + len(words) - 1 for i in old._frozen)
        self._tags = old._tags
        if old._tags is not None:
            rest = old._tags[index + 1 :]
            if (
                not words
                and rest
                and rest[0][:2] == "I-"
                and rest[0] == _inner_tag(old._tags[index]) != old._tags[index]
            ):
                rest = [old._tags[index], *rest[1:]]  # the entity now begins with its second word
            self._tags = [*old._tags[:index], *(tags or []), *rest]

    def _key(self) -> Any:
        return tuple(self.words) if self.given else self.fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EditableText) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


def _renumbered(origin: np.ndarray, index: int, count: int, kept: int) -> np.ndarray:
    """Where the original words are, [words], after word ``index`` became ``count``, the one at ``kept`` its own."""
    renumbered = origin + (count - 1) * (origin > index)
    renumbered[origin == index] = index + kept if count else -1
    return renumbered


def _inner_tag(tag: Any) -> Any:
    """The tag of a further word of the same entity."""
    return f"I-{tag[2:]}" if tag is not None and tag[:2] == "B-" else tag


def _shares_characters(column: int, start: int, end: int, other: int, first: int, past: int) -> bool:
    """Whether two stretches share a character, or the first is an empty one within the second."""
    return column == other and start < past and end > first and (start < end or first < start)


def _shifted_answer(answer: PlacedWord, column: int, end: int, growth: int) -> PlacedWord:
    if answer.column != column or answer.start < end:
        return answer
    return PlacedWord(column, answer.start + growth, answer.end + growth)
