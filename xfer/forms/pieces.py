"""Units of encoded rows taken out and put together again, whatever form they have.

What a form keeps with its units is one array entry a unit, but for the words of a tagged unit (``begin``, ``word``,
``place``) and what all units of a retrieval task share (``pairs``, ``texts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from xfer.forms.base import EncodedUnits, take_sequences

SHARED_ENTRIES = ("pairs", "texts")
WORD_ENTRIES = ("word", "place")


class UnitSelection(NamedTuple):
    """Some encoded units and the targets of these alone, as ``Form.batch`` takes them."""

    encoded: EncodedUnits
    targets: np.ndarray


def select_units(encoded: EncodedUnits, targets: np.ndarray, index: np.ndarray) -> UnitSelection:
    """The units ``index`` [n] in this order, with their targets [n], or [words of these units]."""
    kept: dict[str, Any] = {name: value for name, value in encoded.kept.items() if name in SHARED_ENTRIES}
    for name, value in encoded.kept.items():
        if name not in (*SHARED_ENTRIES, *WORD_ENTRIES, "begin"):
            kept[name] = [value[i] for i in index] if isinstance(value, list) else value[index]
    if "begin" in encoded.kept:
        kept |= _word_entries(encoded, index)
        unit_targets = targets[_unit_words(encoded, encoded.kept["word"], index)]
    else:
        rows = encoded.kept["row"][index] if "row" in encoded.kept else index
        unit_targets = targets[rows]
    if encoded.groups is None:
        return UnitSelection(take_sequences(encoded, index)._replace(kept=kept), unit_targets)
    counts = np.diff(encoded.groups)[index]
    chosen = np.concatenate([np.arange(encoded.groups[i], encoded.groups[i + 1]) for i in index])
    groups = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return UnitSelection(take_sequences(encoded, chosen)._replace(kept=kept, groups=groups), unit_targets)


def _unit_words(encoded: EncodedUnits, values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The ``values`` [words] that belong to the units ``index`` [n], shape [words of these units]."""
    begin = encoded.kept["begin"]
    return np.concatenate([values[begin[i] : begin[i + 1]] for i in index])


def _word_entries(encoded: EncodedUnits, index: np.ndarray) -> dict[str, np.ndarray]:
    """The words of the units ``index`` [n]: ``begin`` [n + 1], ``word`` and ``place`` [words of these units]."""
    counts, place = np.diff(encoded.kept["begin"])[index], _unit_words(encoded, encoded.kept["place"], index)
    begin = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return {"begin": begin, "word": np.arange(len(place)), "place": place}


def join_units(pieces: Sequence[UnitSelection]) -> UnitSelection:
    """All units one after another."""
    first, parts = pieces[0].encoded, [piece.encoded for piece in pieces]
    kept: dict[str, Any] = {}
    for name, value in first.kept.items():
        if name in SHARED_ENTRIES:
            kept[name] = value
        elif name == "begin":
            kept[name] = _join_offsets([encoded.kept[name] for encoded in parts])
        elif name == "word":
            kept[name] = np.arange(sum(len(encoded.kept[name]) for encoded in parts))
        elif isinstance(value, list):
            kept[name] = [item for encoded in parts for item in encoded.kept[name]]
        else:
            kept[name] = np.concatenate([encoded.kept[name] for encoded in parts])
    types = None if first.types is None else np.concatenate([encoded.types for encoded in parts])
    groups = None if first.groups is None else _join_offsets([encoded.groups for encoded in parts])
    ids, starts = (
        np.concatenate([encoded.ids for encoded in parts]),
        _join_offsets([encoded.starts for encoded in parts]),
    )
    return UnitSelection(
        EncodedUnits(ids, starts, types, kept, groups), np.concatenate([piece.targets for piece in pieces])
    )


def _join_offsets(parts: Sequence[Any]) -> np.ndarray:
    """Offsets [n + 1] of each part as offsets of all of them."""
    return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(offsets) for offsets in parts]))]).astype(np.int64)
