"""Constraints as a search asks them: of many candidates at once, encoder and tagger through the hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Any

from xfer.attackers.constraints import CONSTRAINT_ENCODER, CONSTRAINT_TAGGER, Constraints
from xfer.attackers.search.candidate import EditableText

SIMILARITY_ROUNDING = 1e-6  # of a similarity: what another batch shape may change must not decide


class ConstraintChecks:
    """Constraints as a search asks them: many candidates at once, encoder and tagger through the hub."""

    def __init__(self, constraints: Constraints, ask: Callable[[str, Sequence[Any]], list[Any]]) -> None:
        self.constraints, self.ask = constraints, ask

    def allowed(self, original: EditableText, candidates: Sequence[EditableText]) -> list[bool]:
        """Whether each candidate (a Text) may stand for the original one. Cheap ones are asked first."""
        keep_flags = [self._within(original, candidate) for candidate in candidates]
        for check in (self._parts_of_speech, self._alike):
            remaining = [i for i, kept in enumerate(keep_flags) if kept]
            for i, kept in zip(remaining, check(original, [candidates[i] for i in remaining]), strict=True):
                keep_flags[i] = kept
        return keep_flags

    def _within(self, old: EditableText, new: EditableText) -> bool:
        return self.constraints.within_word_share(
            _column_words(old), _column_words(new)
        ) and self.constraints.within_distance(_text_fields(old), _text_fields(new))

    def _alike(self, old: EditableText, candidates: Sequence[EditableText]) -> list[bool]:
        wanted = self.constraints.similarity
        if wanted is None:
            return [True] * len(candidates)
        pairs = [
            [
                (old_side, new_side)
                for old_side, new_side in zip(old.fields, new.fields, strict=True)
                if old_side != new_side
            ]
            for new in candidates
        ]
        texts = list(dict.fromkeys(text for edited in pairs for pair in edited for text in pair))
        vectors = dict(zip(texts, self.ask(CONSTRAINT_ENCODER, texts), strict=True)) if texts else {}
        least = wanted.at_least - SIMILARITY_ROUNDING
        return [
            all(
                wanted.vector_similarity(vectors[old_side], vectors[new_side]) >= least for old_side, new_side in edited
            )
            for edited in pairs
        ]

    def _parts_of_speech(self, old: EditableText, candidates: Sequence[EditableText]) -> list[bool]:
        wanted = self.constraints.part_of_speech
        if wanted is None:
            return [True] * len(candidates)
        replaced = [_replaced_words(old, new) for new in candidates]
        sentences = list(
            dict.fromkeys(
                side for pairs in replaced for _, _, old_side, new_side in pairs for side in (old_side, new_side)
            )
        )
        tags = dict(zip(sentences, self.ask(CONSTRAINT_TAGGER, sentences), strict=True)) if sentences else {}
        return [
            all(wanted.allows_tag(tags[old_side][i], tags[new_side][j]) for i, j, old_side, new_side in pairs)
            for pairs in replaced
        ]


def _replaced_words(old: EditableText, new: EditableText) -> list[tuple[int, int, tuple[str, ...], tuple[str, ...]]]:
    """Of each replaced word: its number in its side before and after, and the words of that side before and after."""
    sides = list(zip(map(tuple, _column_words(old)), map(tuple, _column_words(new)), strict=True))
    places, pairs = _column_places(new.word_columns), []
    for (column, i), now in zip(_column_places(old.word_columns), _word_origins(old, new), strict=True):
        if now >= 0 and sides[column][0][i] != sides[column][1][places[now][1]]:
            pairs.append((i, places[now][1], *sides[column]))
    return pairs


def _word_origins(old: EditableText, new: EditableText) -> Sequence[int]:
    """Where each word of ``old`` is in ``new``, -1 if it is gone: as ``new`` knows it, if it came of ``old`` by edits.

    Else, where a row was split anew, words pair up within the stretches that differ, if these have as many words.
    """
    origin: Sequence[int] = new.origin.tolist()
    if len(origin) == old.num_words:
        return origin
    positions = [-1] * old.num_words
    before = [(column, word) for column, word in zip(old.word_columns, old.words, strict=True)]
    after = [(column, word) for column, word in zip(new.word_columns, new.words, strict=True)]
    for _, start, end, first, past in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if end - start == past - first:
            positions[start:end] = range(first, past)
    return positions


def _column_places(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Of each word its column and its number there."""
    counts: dict[int, int] = {}
    places = []
    for column in columns:
        places.append((column, counts.get(column, 0)))
        counts[column] = places[-1][1] + 1
    return places


def _column_words(text: EditableText) -> list[list[str]]:
    """The words of each column."""
    sides: list[list[str]] = [[] for _ in text.fields]
    for column, word in zip(text.word_columns, text.words, strict=True):
        sides[column].append(word)
    return sides


def _text_fields(text: EditableText) -> tuple[str, ...]:
    fields: tuple[str, ...] = text.fields
    return fields
