"""Batches of canonical shape: the number of rows and the padded length follow from each item's own length.

The last bits of a result depend on the shape of the batch and not on the neighbours in it; with one shape a
length, an item has one answer, whoever shares its batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

STEP = 16  # subwords: lengths are rounded up to these
TOKENS = {"cpu": 512, "cuda": 16_384}  # subwords a batch; small on a CPU, where filling rows cost as much as others
ROWS = {"cpu": 16, "cuda": 256}


def batches(
    ids: Sequence[Sequence[int]], pad: int, device: torch.device, longest: int
) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
    """(numbers of the items, ``input_ids`` and ``attention_mask`` [rows, length]); spare rows repeat the first item.

    Items are lists of subwords, none longer than ``longest``.
    """
    by_length: dict[int, list[int]] = {}
    for number, item in enumerate(ids):
        by_length.setdefault(min(-(-max(len(item), 1) // STEP) * STEP, max(longest, len(item))), []).append(number)
    for length in sorted(by_length, reverse=True):
        rows = max(1, min(TOKENS[device.type] // length, ROWS[device.type]))
        numbers = by_length[length]
        for start in range(0, len(numbers), rows):
            part = numbers[start : start + rows]
            yield part, _tensors([ids[i] for i in part], rows, length, pad, device)


def _tensors(
    items: Sequence[Sequence[int]], rows: int, length: int, pad: int, device: torch.device
) -> dict[str, torch.Tensor]:
    table = np.full((rows, length), pad, dtype=np.int64)
    mask = np.zeros((rows, length), dtype=np.int64)
    for row in range(rows):
        item = items[row] if row < len(items) else items[0]
        table[row, : len(item)], mask[row, : len(item)] = item, 1
    return {"input_ids": torch.from_numpy(table).to(device), "attention_mask": torch.from_numpy(mask).to(device)}
