"""What an attack does to a text: a list of edits, and the one way to apply it.

Every attack on text speaks in these terms, so that tags, answer spans and links can be mapped.
May import: the standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace ``text[start:end]`` of the original text (code points, half open) by ``new``."""

    start: int
    end: int
    new: str
    kind: str


def splice_edits(text: str, edits: Sequence[Edit]) -> str:
    """``text`` with ``edits`` applied; they must be sorted, inside the text and free of overlap."""
    check_edits(text, edits)
    pieces, position = [], 0
    for edit in edits:
        pieces += [text[position : edit.start], edit.new]
        position = edit.end
    return "".join([*pieces, text[position:]])


def check_edits(text: str, edits: Sequence[Edit]) -> None:
    """Raise ValueError unless ``edits`` can be applied to ``text``."""
    position = 0
    for number, edit in enumerate(edits):
        if not 0 <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {number} {edit!r} lies outside the text of {len(text)} code points")
        if edit.start < position:
            raise ValueError(f"edit {number} {edit!r} overlaps or precedes the edit that ends at {position}")
        position = edit.end


def length_growth(edits: Sequence[Edit], position: int) -> int:
    """By how many code points the text grows in the edits that end at or before ``before``."""
    return sum(len(edit.new) - (edit.end - edit.start) for edit in edits if edit.end <= position)


def minimal_edits(text: str, start: int, end: int, new: str, kind: str) -> list[Edit]:
    """The smallest edit that makes ``text[start:end]`` ``new``; none where it is that already."""
    old, prefix = text[start:end], 0
    while prefix < min(len(old), len(new)) and old[prefix] == new[prefix]:
        prefix += 1
    suffix = 0
    while suffix < min(len(old), len(new)) - prefix and old[-1 - suffix] == new[-1 - suffix]:
        suffix += 1
    return [Edit(start + prefix, end - suffix, new[prefix : len(new) - suffix], kind)] if old != new else []
