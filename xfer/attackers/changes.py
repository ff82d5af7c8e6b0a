"""What an attack did to a text: the edits of a change that only its result tells, and the share of words they touch.

May import: units, forms.edits, forms.texts, the standard library and ``regex``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, NamedTuple

import regex

from xfer.forms.texts import mentions, texts
from xfer.text.edits import Edit, replaced
from xfer.text.words import Word, cut

KIND = "search"  # of an edit that a search made and did not name
_LONGEST = 1_000  # words on both sides that are aligned one by one; longer ones differ as a whole
_JOINED = regex.compile(r"[\p{L}\p{M}\p{N}\p{Cf}]")


def differences(original: str, changed: str) -> list[Edit]:
    """Edits that make ``original`` ``changed``, word by word, each as small as it can be."""
    ours, theirs = _tokens(original), _tokens(changed)
    if len(ours) == len(theirs):
        blocks = [(i, i + 1, i, i + 1) for i, (one, two) in enumerate(zip(ours, theirs, strict=True)) if one != two]
    else:
        blocks = list(_blocks(ours, theirs))
    starts = [0]
    for token in ours:
        starts.append(starts[-1] + len(token))
    found: list[Edit] = []
    for first, past, begin, end in blocks:
        found += replaced(original, starts[first], starts[past], "".join(theirs[begin:end]), KIND)
    return found


def _tokens(text: str) -> list[str]:
    """The words of a text and what stands between them, which together are the text."""
    borders = [0, *(place for word in cut(text) for place in (word.start, word.end)), len(text)]
    return [text[start:end] for start, end in pairwise(borders) if start < end]


def _blocks(ours: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int, int]]:
    left, right, least = 0, 0, min(len(ours), len(theirs))
    while left < least and ours[left] == theirs[left]:
        left += 1
    while right < least - left and ours[-1 - right] == theirs[-1 - right]:
        right += 1
    one, two = ours[left : len(ours) - right], theirs[left : len(theirs) - right]
    if max(len(one), len(two)) > _LONGEST:  # aligning costs the product of both
        yield left, left + len(one), left, left + len(two)
        return
    for what, *places in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if what != "equal":
            first, past, begin, end = (place + left for place in places)
            yield first, past, begin, end


def words_changed(text: str, edits: Sequence[Edit]) -> tuple[int, int]:
    """How many words of ``text`` were changed, or put beside them but no more than there are, and how many there are.

    Words are those of ``units.cut``: of the segmenter in scripts without spaces. ``edits`` are sorted and do not
    overlap. What is put in within a word or joined to one changes it; else its own words count. What joins two words
    changes both.
    """
    words = cut(text)
    touched, added, at = set[int](), 0, 0
    for edit in edits:
        while at < len(words) and words[at].end < edit.start:
            at += 1
        here = set(_touched(words, at, edit))
        if not here and edit.start < edit.end and not edit.new:  # what stood between two words
            here = {number for number in (at, at + 1) if number < len(words) and _beside(words[number], edit)}
        touched |= here
        added += 0 if here else len(cut(edit.new))
    return min(len(touched) + added, len(words)), len(words)


def rate(text: str, edits: Sequence[Edit]) -> float:
    """The share of words that were changed; 1 where a text without words was."""
    changed, words = words_changed(text, edits)
    return changed / words if words else float(bool(edits))


def _touched(words: Sequence[Word], at: int, edit: Edit) -> Iterator[int]:
    """The numbers of the words, from ``at`` on, that an edit overlaps; of what is only put in, the word it joins."""
    for number in range(at, len(words)):
        word = words[number]
        if word.start > edit.end or edit.start < edit.end <= word.start:
            return
        if edit.start < word.end and word.start < edit.end:
            yield number
        elif edit.start == edit.end and _joins(word, edit):
            yield number
            return


def _beside(word: Word, edit: Edit) -> bool:
    return edit.start == word.end or edit.end == word.start


def _joins(word: Word, edit: Edit) -> bool:
    if word.start < edit.start < word.end:
        return True
    after = edit.start == word.end and _JOINED.match(edit.new[:1]) is not None
    return after or edit.start == word.start and _JOINED.match(edit.new[-1:]) is not None


class Side(NamedTuple):
    """One text of a row before and after an attack, and the edits that lead from one to the other."""

    column: str
    original: str
    changed: str
    edits: list[Edit]


def sides(form: str, row: Mapping[str, Any], changed: Mapping[str, Any], edits: Sequence[Any] | None) -> list[Side]:
    """Each text of a row that an attack may change. ``edits`` are those of an attacker, with the column of each; they
    are looked for where it names none (None)."""
    before, after = texts(form, dict(row)), texts(form, dict(changed))
    found = []
    for name, text in before.items():
        if edits is None:
            own = differences(text, after[name])
        else:
            own = [Edit(one["start"], one["end"], one["new"], one["kind"]) for one in edits if one["column"] == name]
        found.append(Side(name, text, after[name], own))
    return found


def portion(
    row: Mapping[str, Any], found: Sequence[Side], edits: Sequence[Any] | None, of: str, protect: Sequence[str] = ()
) -> tuple[int, int]:
    """How many words (or, ``of`` entities, mentions) of a row were changed, and how many it has.

    ``found`` are the row's ``sides``; those in ``protect`` do not count. An attacker of entities makes one edit each.
    """
    open_sides = texts(shape(row), dict(row), protect)
    if of == "entities":
        return (len(edits or ()), len(mentions(row["tags"] or ()))) if open_sides else (0, 0)
    counts = [words_changed(side.original, side.edits) for side in found if side.column in open_sides]
    return sum(changed for changed, _ in counts), sum(whole for _, whole in counts)


def shape(row: Mapping[str, Any]) -> str:
    """The form that a row's columns are of."""
    for name, column in (("tag", "words"), ("choose", "options"), ("span", "answers"), ("retrieve", "side")):
        if column in row:
            return name
    return "classify"
