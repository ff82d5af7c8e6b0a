"""Units of encoded rows taken out and put together again, whatever form they have.

What a form keeps with its units is one array entry a unit, but for the words of a tagged unit (``begin``, ``word``,
``place``) and what all units of a retrieval task share (``pairs``, ``texts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from xfer.forms.base import Encoded, sequences

SHARED = ("pairs", "texts")
FLAT = ("word", "place")


class Piece(NamedTuple):
    """Some encoded units and the targets of these alone, as ``Form.batch`` takes them."""

    encoded: Encoded
    targets: np.ndarray


def select(encoded: Encoded, targets: np.ndarray, index: np.ndarray) -> Piece:
    """The units ``index`` in this order."""
    kept: dict[str, Any] = {name: value for name, value in encoded.kept.items() if name in SHARED}
    for name, value in encoded.kept.items():
        if name not in (*SHARED, *FLAT, "begin"):
            kept[name] = [value[i] for i in index] if isinstance(value, list) else value[index]
    if "begin" in encoded.kept:
        own = _words(encoded, targets, index, kept)
    else:
        rows = encoded.kept["row"][index] if "row" in encoded.kept else index
        own = targets[rows]
    if encoded.groups is None:
        return Piece(sequences(encoded, index)._replace(kept=kept), own)
    counts = np.diff(encoded.groups)[index]
    chosen = np.concatenate([np.arange(encoded.groups[i], encoded.groups[i + 1]) for i in index])
    groups = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Piece(sequences(encoded, chosen)._replace(kept=kept, groups=groups), own)


def _words(encoded: Encoded, targets: np.ndarray, index: np.ndarray, kept: dict[str, Any]) -> np.ndarray:
    """The targets of the words of the units ``index``; puts their ``begin``, ``word`` and ``place`` into ``kept``."""
    begin = encoded.kept["begin"]
    words = np.concatenate([np.arange(begin[i], begin[i + 1]) for i in index])
    kept["begin"] = np.concatenate([[0], np.cumsum(begin[index + 1] - begin[index])]).astype(np.int64)
    kept |= {"word": np.arange(len(words)), "place": encoded.kept["place"][words]}
    found: np.ndarray = targets[encoded.kept["word"][words]]
    return found


def join(pieces: Sequence[Piece]) -> Piece:
    """All units one after another."""
    first, parts = pieces[0].encoded, [piece.encoded for piece in pieces]
    kept: dict[str, Any] = {}
    for name, value in first.kept.items():
        if name in SHARED:
            kept[name] = value
        elif name == "begin":
            kept[name] = _ends([part.kept[name] for part in parts])
        elif name == "word":
            kept[name] = np.arange(sum(len(part.kept[name]) for part in parts))
        elif isinstance(value, list):
            kept[name] = [one for part in parts for one in part.kept[name]]
        else:
            kept[name] = np.concatenate([part.kept[name] for part in parts])
    types = None if first.types is None else np.concatenate([part.types for part in parts])
    groups = None if first.groups is None else _ends([part.groups for part in parts])
    ids, starts = np.concatenate([part.ids for part in parts]), _ends([part.starts for part in parts])
    return Piece(Encoded(ids, starts, types, kept, groups), np.concatenate([piece.targets for piece in pieces]))


def _ends(parts: Sequence[Any]) -> np.ndarray:
    """Offsets [n + 1] of each part as offsets of all of them."""
    return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part) for part in parts]))]).astype(np.int64)
