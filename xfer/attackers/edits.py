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
