"""Batches of canonical shape: rows and padded length follow from each item's own length and from nothing else.

The last bits of a result depend on the shape of the batch (the kernels that a shape chooses add up in another order)
and not on the neighbours in it. With one shape a length an item has one answer, whoever shares its batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

LENGTH_STEP = {"cpu": 8, "cuda": 16}  # subwords: lengths are rounded up to these
CANONICAL_TOKENS = {
    "cpu": 512,
    "cuda": 8192,
}  # subwords a batch: few on a CPU, where filling rows cost as much as others
MOST_ROWS = {"cpu": 16, "cuda": 128}


class CanonicalBatch(NamedTuple):
    """``items`` are numbers of items, ``own`` of them asked for and the rest filling; ``length`` is what to pad to."""

    items: np.ndarray
    own: int
    length: int


def canonical_batches(
    lengths: Sequence[int] | np.ndarray, device: str, longest: int, counts: Sequence[int] | np.ndarray | None = None
) -> Iterator[CanonicalBatch]:
    """Items of ``lengths`` [items] in batches, longest first; filling rows repeat the first item of their batch.

    ``counts`` [items] says how many sequences of that length an item is, where it is several: only items of as many
    share a batch. Lengths are rounded up, but not beyond ``longest``, which a model may have no positions for.
    """
    by_shape: dict[tuple[int, int], list[int]] = {}
    step = LENGTH_STEP.get(device, LENGTH_STEP["cuda"])
    several = [1] * len(lengths) if counts is None else counts
    for number, (size, count) in enumerate(zip(lengths, several, strict=True)):
        length = max(min(-(-max(int(size), 1) // step) * step, longest), int(size))
        by_shape.setdefault((length, int(count)), []).append(number)
    for length, count in sorted(by_shape, reverse=True):
        rows, numbers = row_count(length * count, device), by_shape[length, count]
        for start in range(0, len(numbers), rows):
            wanted = numbers[start : start + rows]
            yield CanonicalBatch(
                np.array(wanted + wanted[:1] * (rows - len(wanted)), dtype=np.int64), len(wanted), length
            )


def row_count(length: int, device: str) -> int:
    """How many items of ``length`` subwords are in every batch of such items: a power of 2, and 4 at least.

    Kernels compute rows in blocks and what is left over in another way, so that other numbers would let a row's
    place in the batch show in its last bits.
    """
    kind = device if device in CANONICAL_TOKENS else "cuda"
    most = min(CANONICAL_TOKENS[kind] // length, MOST_ROWS[kind])
    return max(4, 1 << max(most, 1).bit_length() - 1)
