"""Where the parts of a unit stand in its view: words of tagged sentences, subwords of contexts.

Known from the edits that made the view, one step after another. What no edit tells of aligns with nothing (-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from xfer.forms.base import Encoded, Tensors
from xfer.text.edits import Edit, splice

Edits = list[dict[str, Any]]  # as attackers tell them, with the column of each
Borders = tuple[np.ndarray, np.ndarray]  # of each code point and the end: where a part that starts, or ends, there goes


class Read(NamedTuple):
    """One encoded unit; of a tagged one also the numbers of its words in its sentence."""

    unit: Encoded
    words: np.ndarray | None = None


def borders(text: str, changed: str, steps: Sequence[Edits]) -> Borders | None:
    """Where borders of parts of ``text`` stand in ``changed``; None where the edits do not tell."""
    start, end = np.arange(len(text) + 1), np.arange(len(text) + 1)
    here = text
    for step in steps:
        edits = [Edit(e["start"], e["end"], e["new"], e["kind"]) for e in step if e["column"] == "text"]
        if any((edit.start, edit.end) == (0, len(here)) for edit in edits):
            return None  # all of it is new
        try:
            following = splice(here, edits)
        except ValueError:
            return None
        starts, ends = _moved(len(here), edits)
        start, end = np.where(start < 0, -1, starts[start]), np.where(end < 0, -1, ends[end])
        here = following
    return (start, end) if here == changed else None


def _moved(length: int, edits: Sequence[Edit]) -> Borders:
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


def words(row: dict[str, Any], changed: dict[str, Any], steps: Sequence[Edits], own: Read, view: Read) -> np.ndarray:
    """Of each word of a unit its place among the words of the view's; it keeps its tag, and is no word of elsewhere."""
    assert own.words is not None and view.words is not None
    before, after = " ".join(row["words"]), " ".join(changed["words"])
    moved = borders(before, after, steps)
    if moved is None:
        return np.full(len(own.words), -1)
    number = {start: i for i, start in enumerate(_starts(changed["words"]))}
    place = {int(word): i for i, word in enumerate(view.words)}
    known, starts = set(row["words"]), _starts(row["words"])
    found = []
    for word in own.words.tolist():
        other = number.get(int(moved[0][starts[word]]), -1)
        new = changed["words"][other] if other >= 0 else ""
        elsewhere = new != row["words"][word] and new in known  # words were put in another order
        same = other >= 0 and not elsewhere and changed["tags"][other] == row["tags"][word]
        found.append(place.get(other, -1) if same else -1)
    return np.array(found)


def _starts(sentence: Sequence[str]) -> list[int]:
    return [0, *np.cumsum([len(word) + 1 for word in sentence[:-1]]).tolist()]


def subwords(row: dict[str, Any], changed: dict[str, Any], steps: Sequence[Edits], own: Read, view: Read) -> np.ndarray:
    """Of each subword of a window its place in the view's, [2, subwords]: of one that starts an answer, and ends one.

    The first subword, which says that there is no answer, is itself in both.
    """
    found = np.full((2, len(own.unit.ids)), -1)
    found[:, 0] = 0
    moved = borders(row["text"], changed["text"], steps)
    if moved is None:
        return found
    first, past = own.unit.kept["places"][0][:2]
    begin = int(view.unit.kept["places"][0][0])
    for side in (0, 1):
        places = view.unit.kept["offsets"][0][:, side].tolist()
        number = {border: i for i, border in reversed([*enumerate(places)])} if side == 0 else {}
        number |= {border: i for i, border in enumerate(places)} if side == 1 else {}
        targets = moved[side][own.unit.kept["offsets"][0][:, side]].tolist()
        found[side, first:past] = [number[border] + begin if border in number else -1 for border in targets]
    return found


ALIGNED = {"tag": words, "span": subwords}  # units of other forms are rows, and align whole


def places_of(places: Sequence[np.ndarray], view: Tensors, rows: Tensors) -> torch.Tensor:
    """The places of the units of a batch as one tensor: [words of the batch], or [units, 2, subwords] padded by -1.

    The words of the ``view``'s units stand one after another; subwords are as many as the padded ``rows`` have.
    """
    if places[0].ndim == 1:
        counts = view["counts"].numpy()
        found = [np.where(own < 0, -1, own + end) for own, end in zip(places, np.cumsum(counts) - counts, strict=True)]
        return torch.from_numpy(np.concatenate(found))
    padded = np.full((len(places), 2, rows["input_ids"].shape[1]), -1)
    for i, own in enumerate(places):
        padded[i, :, : own.shape[1]] = own
    return torch.from_numpy(padded)
