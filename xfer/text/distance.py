"""How far two sequences lie apart: Levenshtein's distance (1966), each insertion, deletion and replacement one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rapidfuzz.distance import Levenshtein


def edit_distance(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """The least number of edits that make ``one`` ``two``; of strings or tuples of words or clusters."""
    return Levenshtein.distance(first, second)
