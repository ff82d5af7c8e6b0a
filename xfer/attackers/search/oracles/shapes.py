"""Subwords of any items as tensors of canonical shape (``xfer.models.shapes``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from xfer.models import shapes


def token_batches(
    ids: Sequence[Sequence[int]], pad: int, device: torch.device, longest: int
) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
    """(numbers of the items, ``input_ids`` and ``attention_mask`` [rows, length]); spare rows repeat the first item.

    Items are lists of subwords, none longer than ``longest``.
    """
    for batch in shapes.canonical_batches([len(item) for item in ids], device.type, longest):
        table = np.full((len(batch.items), batch.length), pad, dtype=np.int64)
        mask = np.zeros_like(table)
        for row, number in enumerate(batch.items):
            table[row, : len(ids[number])], mask[row, : len(ids[number])] = ids[number], 1
        tensors = {"input_ids": torch.from_numpy(table), "attention_mask": torch.from_numpy(mask)}
        yield batch.items[: batch.own].tolist(), {name: tensor.to(device) for name, tensor in tensors.items()}
