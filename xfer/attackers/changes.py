"""What an attack did to a text: the edits of a change that only its result tells, and the share of words they touch.

May import: units, forms.edits, forms.texts, the standard library and ``regex``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, NamedTuple

import regex

from xfer.forms.sheet import CLASSIFY, SHEET
from xfer.forms.texts import editable_texts, mentions
from xfer.text.edits import Edit, minimal_edits
from xfer.text.words import TextWord, counted_words

SEARCH_KIND = "search"  # of an edit that a search made and did not name
_MAX_ALIGNED_TOKENS = 1_000  # words on both sides that are aligned one by one; longer ones differ as a whole
_JOINED = regex.compile(r"[\p{L}\p{M}\p{N}\p{Cf}]")


def difference_edits(original: str, changed: str) -> list[Edit]:
    """Edits that make ``original`` ``changed``, word by word, each as small as it can be."""
    ours, theirs = _tokens(original), _tokens(changed)
    if len(ours) == len(theirs):
        blocks = [
            (i, i + 1, i, i + 1)
            for i, (our_token, their_token) in enumerate(zip(ours, theirs, strict=True))
            if our_token != their_token
        ]
    else:
        blocks = list(_changed_blocks(ours, theirs))
    starts = [0]
    for token in ours:
        starts.append(starts[-1] + len(token))
    edits: list[Edit] = []
    for first, past, begin, end in blocks:
        edits += minimal_edits(original, starts[first], starts[past], "".join(theirs[begin:end]), SEARCH_KIND)
    return edits


def _tokens(text: str) -> list[str]:
    """The words of a text and what stands between them, which together are the text."""
    borders = [0, *(border for word in counted_words(text) for border in (word.start, word.end)), len(text)]
    return [text[start:end] for start, end in pairwise(borders) if start < end]


def _changed_blocks(ours: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int, int]]:
    prefix, suffix, least = 0, 0, min(len(ours), len(theirs))
    while prefix < least and ours[prefix] == theirs[prefix]:
        prefix += 1
    while suffix < least - prefix and ours[-1 - suffix] == theirs[-1 - suffix]:
        suffix += 1
    our_middle, their_middle = ours[prefix : len(ours) - suffix], theirs[prefix : len(theirs) - suffix]
    if max(len(our_middle), len(their_middle)) > _MAX_ALIGNED_TOKENS:  # aligning costs the product of both
        yield prefix, prefix + len(our_middle), prefix, prefix + len(their_middle)
        return
    for operation, *offsets in SequenceMatcher(None, our_middle, their_middle, autojunk=False).get_opcodes():
        if operation != "equal":
            first, past, begin, end = (offset + prefix for offset in offsets)
            yield first, past, begin, end


def words_changed(text: str, edits: Sequence[Edit]) -> tuple[int, int]:
    """How many words of ``text`` were changed, or put beside them but no more than there are, and how many there are.

    Words are those of ``text.words.counted_words``. ``edits`` are sorted and do not overlap. What is put in within a
    word or joined to one changes it; else its own words count. What joins two words changes both.
    """
    words = counted_words(text)
    touched, added, index = set[int](), 0, 0
    for edit in edits:
        while index < len(words) and words[index].end < edit.start:
            index += 1
        hits = set(_touched_words(words, index, edit))
        if not hits and edit.start < edit.end and not edit.new:  # what stood between two words
            hits = {
                number for number in (index, index + 1) if number < len(words) and _is_adjacent(words[number], edit)
            }
        touched |= hits
        added += 0 if hits else len(counted_words(edit.new))
    return min(len(touched) + added, len(words)), len(words)


def changed_share(text: str, edits: Sequence[Edit]) -> float:
    """The share of words that were changed; 1 where a text without words was."""
    changed, words = words_changed(text, edits)
    return changed / words if words else float(bool(edits))


def _touched_words(words: Sequence[TextWord], start_index: int, edit: Edit) -> Iterator[int]:
    """The numbers of the words, from ``at`` on, that an edit overlaps; of what is only put in, the word it joins."""
    for number in range(start_index, len(words)):
        word = words[number]
        if word.start > edit.end or edit.start < edit.end <= word.start:
            return
        if edit.start < word.end and word.start < edit.end:
            yield number
        elif edit.start == edit.end and _joins_word(word, edit):
            yield number
            return


def _is_adjacent(word: TextWord, edit: Edit) -> bool:
    return edit.start == word.end or edit.end == word.start


def _joins_word(word: TextWord, edit: Edit) -> bool:
    if word.start < edit.start < word.end:
        return True
    after = edit.start == word.end and _JOINED.match(edit.new[:1]) is not None
    return after or edit.start == word.start and _JOINED.match(edit.new[-1:]) is not None


class SideChange(NamedTuple):
    """One text of a row before and after an attack, and the edits that lead from one to the other."""

    column: str
    original: str
    changed: str
    edits: list[Edit]


def side_changes(
    form: str, row: Mapping[str, Any], changed: Mapping[str, Any], edits: Sequence[Any] | None
) -> list[SideChange]:
    """Each text of a row that an attack may change. ``edits`` are those of an attacker, with the column of each; they
    are looked for where it names none (None)."""
    before, after = editable_texts(form, dict(row)), editable_texts(form, dict(changed))
    changes = []
    for name, text in before.items():
        if edits is None:
            side_edits = difference_edits(text, after[name])
        else:
            side_edits = [
                Edit(edit["start"], edit["end"], edit["new"], edit["kind"]) for edit in edits if edit["column"] == name
            ]
        changes.append(SideChange(name, text, after[name], side_edits))
    return changes


def portion(
    row: Mapping[str, Any],
    found: Sequence[SideChange],
    edits: Sequence[Any] | None,
    of: str,
    protect: Sequence[str] = (),
) -> tuple[int, int]:
    """How many words (or, ``of`` entities, mentions) of a row were changed, and how many it has.

    ``found`` are the row's ``sides``; those in ``protect`` do not count. An attacker of entities makes one edit each.
    """
    open_sides = editable_texts(row_form(row), dict(row), protect)
    if of == "entities":
        return (len(edits or ()), len(mentions(row["tags"] or ()))) if open_sides else (0, 0)
    counts = [words_changed(side.original, side.edits) for side in found if side.column in open_sides]
    return sum(changed for changed, _ in counts), sum(whole for _, whole in counts)


def row_form(row: Mapping[str, Any]) -> str:
    """The form that a row's columns are of."""
    return next((name for name, facts in SHEET.items() if facts.marker and facts.marker in row), CLASSIFY.name)
