"""Where the parts of a unit stand in its view: words of tagged sentences, subwords of contexts.

Known from the edits that made the view, one step after another. What no edit tells of aligns with nothing (-1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from xfer.forms.base import EncodedUnits, Tensors
from xfer.forms.sheet import FormFacts
from xfer.text.edits import Edit, splice_edits

EditRecords = list[dict[str, Any]]  # as attackers tell them, with the column of each
Borders = tuple[np.ndarray, np.ndarray]  # of each code point and the end: where a part that starts, or ends, there goes


class AlignmentUnit(NamedTuple):
    """One encoded unit; of a tagged one also the numbers of its words in its sentence."""

    unit: EncodedUnits
    words: np.ndarray | None = None


UnitAligner = Callable[
    [dict[str, Any], dict[str, Any], Sequence[EditRecords], AlignmentUnit, AlignmentUnit], np.ndarray
]


def track_borders(text: str, changed: str, steps: Sequence[EditRecords]) -> Borders | None:
    """Where borders of parts of ``text`` stand in ``changed``; None where the edits do not tell."""
    start, end = np.arange(len(text) + 1), np.arange(len(text) + 1)
    current_text = text
    for step in steps:
        edits = [Edit(e["start"], e["end"], e["new"], e["kind"]) for e in step if e["column"] == "text"]
        if any((edit.start, edit.end) == (0, len(current_text)) for edit in edits):
            return None  # all of it is new
        try:
            next_text = splice_edits(current_text, edits)
        except ValueError:
            return None
        starts, ends = _step_borders(len(current_text), edits)
        start, end = np.where(start < 0, -1, starts[start]), np.where(end < 0, -1, ends[end])
        current_text = next_text
    return (start, end) if current_text == changed else None


def _step_borders(length: int, edits: Sequence[Edit]) -> Borders:
    """One step: what begins where something is put in goes behind it, what ends there stays before it."""
    start, end = np.arange(length + 1), np.arange(length + 1)
    for edit in edits:
        growth = len(edit.new) - (edit.end - edit.start)
        start[edit.end :] += growth
        end[edit.end + (edit.start == edit.end) :] += growth
    for edit in edits:
        start[edit.start + 1 : edit.end] = -1
        end[edit.start + 1 : edit.end] = -1
    return start, end


def align_words(
    row: dict[str, Any],
    changed: dict[str, Any],
    steps: Sequence[EditRecords],
    clean_unit: AlignmentUnit,
    view_unit: AlignmentUnit,
) -> np.ndarray:
    """Of each word of a unit its place among the words of the view's, [words], -1 for none.

    It keeps its tag, and is no word of elsewhere.
    """
    assert clean_unit.words is not None and view_unit.words is not None
    before, after = " ".join(row["words"]), " ".join(changed["words"])
    moved_borders = track_borders(before, after, steps)
    if moved_borders is None:
        return np.full(len(clean_unit.words), -1)
    word_at_start = {start: i for i, start in enumerate(_starts(changed["words"]))}
    view_positions = {int(word): i for i, word in enumerate(view_unit.words)}
    clean_words, starts = set(row["words"]), _starts(row["words"])
    positions = []
    for word in clean_unit.words.tolist():
        other = word_at_start.get(int(moved_borders[0][starts[word]]), -1)
        new = changed["words"][other] if other >= 0 else ""
        reordered = new != row["words"][word] and new in clean_words  # words were put in another order
        same = other >= 0 and not reordered and changed["tags"][other] == row["tags"][word]
        positions.append(view_positions.get(other, -1) if same else -1)
    return np.array(positions)


def _starts(sentence: Sequence[str]) -> list[int]:
    return [0, *np.cumsum([len(word) + 1 for word in sentence[:-1]]).tolist()]


def align_subwords(
    row: dict[str, Any],
    changed: dict[str, Any],
    steps: Sequence[EditRecords],
    clean_unit: AlignmentUnit,
    view_unit: AlignmentUnit,
) -> np.ndarray:
    """Of each subword of a window its place in the view's, [2, subwords]: of one that starts an answer, and ends one.

    The first subword, which says that there is no answer, is itself in both.
    """
    positions = np.full((2, len(clean_unit.unit.ids)), -1)
    positions[:, 0] = 0
    moved_borders = track_borders(row["text"], changed["text"], steps)
    if moved_borders is None:
        return positions
    first, past = clean_unit.unit.kept["places"][0][:2]
    begin = int(view_unit.unit.kept["places"][0][0])
    for side in (0, 1):
        places = view_unit.unit.kept["offsets"][0][:, side].tolist()
        position_at_border = {border: i for i, border in reversed([*enumerate(places)])} if side == 0 else {}
        position_at_border |= {border: i for i, border in enumerate(places)} if side == 1 else {}
        targets = moved_borders[side][clean_unit.unit.kept["offsets"][0][:, side]].tolist()
        positions[side, first:past] = [
            position_at_border[border] + begin if border in position_at_border else -1 for border in targets
        ]
    return positions


def unit_aligner(facts: FormFacts) -> UnitAligner | None:
    """What tells where the parts of a form's units stand in their views; None where a unit aligns as a whole."""
    return align_words if facts.tags_words else align_subwords if facts.locates_answers else None


def compose_places(first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    """Of each of ``count`` parts of one changed unit its place in another that was changed from the same unit.

    ``first`` and ``second`` give the places of the unit's own parts in the two: [words], or [2, subwords].
    """
    composed: np.ndarray = np.full((*first.shape[:-1], count), -1)
    *sides, parts = np.nonzero((first >= 0) & (second >= 0))
    composed[(*sides, first[(*sides, parts)])] = second[(*sides, parts)]
    return composed


def stack_places(places: Sequence[np.ndarray], view: Tensors, rows: Tensors) -> torch.Tensor:
    """The places of the units of a batch as one tensor: [words of the batch], or [units, 2, subwords] padded by -1.

    The words of the ``view``'s units stand one after another; subwords are as many as the padded ``rows`` have.
    """
    if places[0].ndim == 1:
        counts = view["counts"].numpy()
        shifted = [
            np.where(unit_places < 0, -1, unit_places + end)
            for unit_places, end in zip(places, np.cumsum(counts) - counts, strict=True)
        ]
        return torch.from_numpy(np.concatenate(shifted))
    padded = np.full((len(places), 2, rows["input_ids"].shape[1]), -1)
    for i, unit_places in enumerate(places):
        padded[i, :, : unit_places.shape[1]] = unit_places
    return torch.from_numpy(padded)
