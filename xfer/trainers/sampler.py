"""Batches as a pure function of (seed, number), sorted by length so that little padding is computed.

An epoch is a permutation of the rows, cut into chunks of POOL batches; within a chunk rows are sorted by
length and cut into batches, and the batches of the epoch are shuffled again. Imports numpy only.
"""

from __future__ import annotations

import numpy as np

from xfer.core.seeds import derive

POOL = 64  # batches a chunk: more sorts better, fewer mixes better


class Sampler:
    """The batches of one task. Exactly one of ``size`` (rows) and ``tokens`` (subwords with padding) is given."""

    def __init__(self, name: str, lengths: np.ndarray, seed: int, size: int | None, tokens: int | None) -> None:
        self.name, self.lengths, self.seed, self.size, self.tokens = name, lengths, seed, size, tokens
        self._epochs: list[list[np.ndarray]] = []
        self._ends: list[int] = []

    def epoch(self, number: int) -> list[np.ndarray]:
        """All batches (arrays of row numbers) of an epoch; every row stands in exactly one."""
        while len(self._ends) <= number:
            made = self._cut(len(self._ends))
            self._ends.append((self._ends[-1] if self._ends else 0) + len(made))
            self._epochs = [*self._epochs[-1:], made]  # the last two suffice: numbers only grow
        behind = len(self._ends) - 1 - number
        return self._epochs[-1 - behind] if behind < len(self._epochs) else self._cut(number)

    def batch(self, number: int) -> np.ndarray:
        """The row numbers of batch ``number`` of the whole run."""
        epoch = 0
        while True:
            made = self.epoch(epoch) if epoch >= len(self._ends) else None
            if number < self._ends[epoch]:
                start = self._ends[epoch - 1] if epoch else 0
                return (made or self.epoch(epoch))[number - start]
            epoch += 1

    def _cut(self, epoch: int) -> list[np.ndarray]:
        draw = np.random.Generator(np.random.PCG64(derive("batches", self.name, self.seed, epoch)))
        order = draw.permutation(len(self.lengths))
        batches: list[np.ndarray] = []
        pool = POOL * self._rows()
        for start in range(0, len(order), pool):
            chunk = order[start : start + pool]
            chunk = chunk[np.argsort(self.lengths[chunk], kind="stable")]
            batches += self._slices(chunk)
        return [batches[i] for i in draw.permutation(len(batches))]

    def _rows(self) -> int:
        """About how many rows a batch has."""
        if self.size:
            return self.size
        return max(1, int(self.tokens or 1) // max(1, int(self.lengths.mean())))

    def _slices(self, chunk: np.ndarray) -> list[np.ndarray]:
        if self.size:
            return [chunk[i : i + self.size] for i in range(0, len(chunk), self.size)]
        cuts, start, budget = [], 0, int(self.tokens or 1)
        while start < len(chunk):
            longest = self.lengths[chunk[start:]]  # ascending: row i would pad all before it to its own length
            fits = longest * np.arange(1, len(longest) + 1) <= budget
            rows = max(1, int(fits.argmin()) if not fits.all() else len(longest))
            cuts.append(chunk[start : start + rows])
            start += rows
        return cuts
