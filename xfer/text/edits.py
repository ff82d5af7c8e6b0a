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


def splice(text: str, edits: Sequence[Edit]) -> str:
    """``text`` with ``edits`` applied; they must be sorted, inside the text and free of overlap."""
    check(text, edits)
    pieces, done = [], 0
    for edit in edits:
        pieces += [text[done : edit.start], edit.new]
        done = edit.end
    return "".join([*pieces, text[done:]])


def check(text: str, edits: Sequence[Edit]) -> None:
    """Raise ValueError unless ``edits`` can be applied to ``text``."""
    done = 0
    for number, edit in enumerate(edits):
        if not 0 <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {number} {edit!r} lies outside the text of {len(text)} code points")
        if edit.start < done:
            raise ValueError(f"edit {number} {edit!r} overlaps or precedes the edit that ends at {done}")
        done = edit.end


def growth(edits: Sequence[Edit], before: int) -> int:
    """By how many code points the text grows in the edits that end at or before ``before``."""
    return sum(len(edit.new) - (edit.end - edit.start) for edit in edits if edit.end <= before)


def replaced(text: str, start: int, end: int, new: str, kind: str) -> list[Edit]:
    """The smallest edit that makes ``text[start:end]`` ``new``; none where it is that already."""
    old, left = text[start:end], 0
    while left < min(len(old), len(new)) and old[left] == new[left]:
        left += 1
    right = 0
    while right < min(len(old), len(new)) - left and old[-1 - right] == new[-1 - right]:
        right += 1
    return [Edit(start + left, end - right, new[left : len(new) - right], kind)] if old != new else []
