"""Constraints as a search asks them: of many candidates at once, encoder and tagger through the hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Any

from xfer.attackers.constraints import ENCODER, TAGGER, Constraints

ROUNDING = 1e-6  # of a similarity: what another batch shape may change must not decide


class Checks:
    """Constraints as a search asks them: many candidates at once, encoder and tagger through the hub."""

    def __init__(self, constraints: Constraints, ask: Callable[[str, Sequence[Any]], list[Any]]) -> None:
        self.constraints, self.ask = constraints, ask

    def allowed(self, original: Any, candidates: Sequence[Any]) -> list[bool]:
        """Whether each candidate (a Text) may stand for the original one. Cheap ones are asked first."""
        found = [self._within(original, candidate) for candidate in candidates]
        for check in (self._parts_of_speech, self._alike):
            left = [i for i, kept in enumerate(found) if kept]
            for i, kept in zip(left, check(original, [candidates[i] for i in left]), strict=True):
                found[i] = kept
        return found

    def _within(self, old: Any, new: Any) -> bool:
        return self.constraints.near(_sides(old), _sides(new)) and self.constraints.close(_fields(old), _fields(new))

    def _alike(self, old: Any, candidates: Sequence[Any]) -> list[bool]:
        wanted = self.constraints.similarity
        if wanted is None:
            return [True] * len(candidates)
        pairs = [
            [(one, two) for one, two in zip(old.fields, new.fields, strict=True) if one != two] for new in candidates
        ]
        texts = list(dict.fromkeys(text for edited in pairs for pair in edited for text in pair))
        vectors = dict(zip(texts, self.ask(ENCODER, texts), strict=True)) if texts else {}
        least = wanted.at_least - ROUNDING
        return [all(wanted.of(vectors[one], vectors[two]) >= least for one, two in edited) for edited in pairs]

    def _parts_of_speech(self, old: Any, candidates: Sequence[Any]) -> list[bool]:
        wanted = self.constraints.part_of_speech
        if wanted is None:
            return [True] * len(candidates)
        replaced = [_replaced(old, new) for new in candidates]
        sentences = list(dict.fromkeys(side for pairs in replaced for _, _, one, two in pairs for side in (one, two)))
        tags = dict(zip(sentences, self.ask(TAGGER, sentences), strict=True)) if sentences else {}
        return [all(wanted.same(tags[one][i], tags[two][j]) for i, j, one, two in pairs) for pairs in replaced]


def _replaced(old: Any, new: Any) -> list[tuple[int, int, tuple[str, ...], tuple[str, ...]]]:
    """Of each replaced word: its number in its side before and after, and the words of that side before and after."""
    sides = list(zip(map(tuple, _sides(old)), map(tuple, _sides(new)), strict=True))
    places, found = _places(new.word_columns), []
    for (column, i), now in zip(_places(old.word_columns), _origin(old, new), strict=True):
        if now >= 0 and sides[column][0][i] != sides[column][1][places[now][1]]:
            found.append((i, places[now][1], *sides[column]))
    return found


def _origin(old: Any, new: Any) -> Sequence[int]:
    """Where each word of ``old`` is in ``new``, -1 if it is gone: as ``new`` knows it, if it came of ``old`` by edits.

    Else, where a row was split anew, words pair up within the stretches that differ, if these have as many words.
    """
    known: Sequence[int] = new.origin.tolist()
    if len(known) == old.num_words:
        return known
    found = [-1] * old.num_words
    before = [(column, word) for column, word in zip(old.word_columns, old.words, strict=True)]
    after = [(column, word) for column, word in zip(new.word_columns, new.words, strict=True)]
    for _, start, end, first, past in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if end - start == past - first:
            found[start:end] = range(first, past)
    return found


def _places(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Of each word its column and its number there."""
    counts: dict[int, int] = {}
    found = []
    for column in columns:
        found.append((column, counts.get(column, 0)))
        counts[column] = found[-1][1] + 1
    return found


def _sides(text: Any) -> list[list[str]]:
    """The words of each column."""
    found: list[list[str]] = [[] for _ in text.fields]
    for column, word in zip(text.word_columns, text.words, strict=True):
        found[column].append(word)
    return found


def _fields(text: Any) -> tuple[str, ...]:
    fields: tuple[str, ...] = text.fields
    return fields
