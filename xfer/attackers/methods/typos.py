"""``typos``: one slip of the finger in a share of the words, by script and keyboard layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from xfer.attackers.base import Asked, ModelFree
from xfer.forms.sheet import EVERY_FORM
from xfer.text.draws import random_round, shuffle_items, weighted_choice
from xfer.text.edits import Edit
from xfer.text.homophones import han_table
from xfer.text.keyboards import Weighted
from xfer.text.replacements import by_key, by_mark, by_sound
from xfer.text.scripts import ZWJ, ZWNJ, count_graphemes, is_mark, language_of
from xfer.text.words import CellSpan, TextWord, are_adjacent, counted_words, is_editable


@ModelFree.register("typos")
class Typos(ModelFree):
    """Swapped, dropped, doubled and neighbouring letters, on grapheme clusters.

    Languages: any; layouts by language, else by script. Chinese uses confusable characters.
    """

    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"
    example: ClassVar[str] = "the frozen river -> the frzoen river"

    rate: float = Field(0.1, ge=0, le=1, description="share of the words that get one typo")
    words: int | None = Field(
        None, ge=1, description="words of each text that get one typo, instead of a share: long texts get no more"
    )
    operations: tuple[Literal["swap", "drop", "double", "neighbour", "homophone", "diacritic"], ...] = Field(
        ("swap", "drop", "double", "neighbour", "homophone", "diacritic"),
        min_length=1,
        description="the slips to draw from",
    )

    @model_validator(mode="after")
    def _one_dose(self) -> Self:
        if self.words is not None and "rate" in self.model_fields_set:
            raise PydanticCustomError("both", "gives both rate and words", {"hint": "keep one of them"})
        return self

    def asked(self) -> Asked | None:
        return super().asked() if self.words is None else None

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        return typo_edits(text, language, self.rate, random, self.operations, self.words)


_MAX_TRIES = 12  # candidates looked at per word and operation: bounds the time on a word of any length


_CONTEXT = 6  # code points around an edit in which a cluster could merge or split


_MIN_INNER_LETTERS = 4  # from this many letters on, the first and the last one are spared


_GROWTH = {"drop": -1, "double": 1}


TYPO_OPERATIONS: tuple[str, ...] = ("swap", "drop", "double", "neighbour", "homophone", "diacritic")


class TypoContext(NamedTuple):
    """A text under attack, with what must be known of it as a whole."""

    text: str
    language: str
    han: str
    rng: Random


def typo_edits(
    text: str,
    language: str,
    rate: float,
    rng: Random,
    operations: Sequence[str] = TYPO_OPERATIONS,
    count: int | None = None,
) -> list[Edit]:
    """One typing error in a share ``rate`` of the words of ``text``, or in ``count`` of them, as sorted edits.

    An operation that does not apply to a word gives way to another of ``operations``. Fewer words
    are hit when fewer can be: numbers, addresses and single letters are left alone.
    """
    _check_options(rate, operations)
    words = counted_words(text)
    wanted = random_round(rng, rate * len(words)) if count is None else count
    page = TypoContext(text, language_of(language), han_table(language, text), rng)
    edits: list[Edit] = []
    for word in shuffle_items(rng, filter(is_editable, words)) if wanted else ():
        edits += _typo(page, word, operations)
        if len(edits) == wanted:
            break
    return sorted(edits)


def _check_options(rate: float, operations: Sequence[str]) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be between 0 and 1, got {rate}")
    unknown = [name for name in operations if name not in _CANDIDATE_FUNCTIONS]
    if unknown or not operations:
        raise ValueError(f"operations must be some of {', '.join(TYPO_OPERATIONS)}; got {list(operations)}")


def _typo(page: TypoContext, word: TextWord, operations: Sequence[str]) -> list[Edit]:
    for kind in shuffle_items(page.rng, operations):
        for span, new in islice(_CANDIDATE_FUNCTIONS[kind](page, word), _MAX_TRIES):
            edit = Edit(*span, new, kind)
            if _is_intact(page.text, word, edit):
                return [edit]
    return []


def _is_intact(text: str, word: TextWord, edit: Edit) -> bool:
    """No cluster around the edit merges or splits, and the word does not begin with a mark or a joiner."""
    old = text[edit.start : edit.end]
    left, right = text[max(0, edit.start - _CONTEXT) : edit.start], text[edit.end : edit.end + _CONTEXT]
    growth = count_graphemes(left + edit.new + right) - count_graphemes(left + old + right)
    head = (edit.new or text[edit.end : word.end])[:1]
    headless = edit.start == word.start and (not head or is_mark(head) or head in (ZWNJ, ZWJ))
    return growth == _GROWTH.get(edit.kind, 0) and not headless


TypoCandidates = Iterator[tuple[CellSpan, str]]


def _inner_first(rng: Random, groups: Sequence[tuple[CellSpan, ...]], word: TextWord) -> list[tuple[CellSpan, ...]]:
    edges = (word.cells[0], word.cells[-1]) if len(word.cells) >= _MIN_INNER_LETTERS else ()
    outer = [group for group in groups if group[0] in edges or group[-1] in edges]
    inner = [group for group in groups if not (group[0] in edges or group[-1] in edges)]
    return [*shuffle_items(rng, inner), *shuffle_items(rng, outer)]


def _swap(page: TypoContext, word: TextWord) -> TypoCandidates:
    pairs = [pair for pair in zip(word.cells, word.cells[1:], strict=False) if are_adjacent(page.text, *pair)]
    for left, right in _inner_first(page.rng, pairs, word):
        first, gap, second = (page.text[slice(*span)] for span in (left, (left[1], right[0]), right))
        if first != second:
            yield (left[0], right[1]), second + gap + first


def _drop(page: TypoContext, word: TextWord) -> TypoCandidates:
    if len(word.cells) > 1:
        for (cell,) in _inner_first(page.rng, [(cell,) for cell in word.cells], word):
            yield cell, ""


def _double(page: TypoContext, word: TextWord) -> TypoCandidates:
    for start, end in shuffle_items(page.rng, word.cells):
        letter = page.text[start:end]
        # Next to an equal letter of the next piece, that piece's drop could undo this.
        if not (page.text.endswith(letter, 0, word.start) or page.text.startswith(letter, word.end)):
            yield (start, end), letter * 2


def _neighbour(page: TypoContext, word: TextWord) -> TypoCandidates:
    return _replaced_letters(page, word, lambda letter: by_key(letter, page.language))


def _homophone(page: TypoContext, word: TextWord) -> TypoCandidates:
    return _replaced_letters(page, word, lambda letter: by_sound(letter, page.language, page.han))


def _diacritic(page: TypoContext, word: TextWord) -> TypoCandidates:
    return _replaced_letters(page, word, lambda letter: by_mark(letter, page.language))


def _replaced_letters(page: TypoContext, word: TextWord, options: Callable[[str], Weighted]) -> TypoCandidates:
    for start, end in shuffle_items(page.rng, word.cells):
        replacements = options(page.text[start:end])
        if replacements:
            yield (start, end), weighted_choice(page.rng, replacements)


_CANDIDATE_FUNCTIONS: dict[str, Callable[[TypoContext, TextWord], TypoCandidates]] = {
    "swap": _swap,
    "drop": _drop,
    "double": _double,
    "neighbour": _neighbour,
    "homophone": _homophone,
    "diacritic": _diacritic,
}
