"""Batches as a pure function of (seed, number), sorted by length so that little padding is computed.

An epoch is a permutation of the rows, cut into chunks of POOL batches; within a chunk rows are sorted by
length and cut into batches, and the batches of the epoch are shuffled again. Imports numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xfer.core.seeds import derive_seed
from xfer.forms.base import EncodedUnits

CHUNK_BATCHES = 64  # batches a chunk: more sorts better, fewer mixes better


class Sampler:
    """The batches of one task. Exactly one of ``size`` (rows) and ``tokens`` (subwords with padding) is given.

    ``languages`` of the rows and an ``exponent`` other than 1 draw a language of n rows by n ** exponent (Conneau et
    al. 2020, section 3.1): an epoch has as many rows as there are, shared out exactly, and a language takes its share
    from permutations of its own rows, one after another over the epochs, so that none is seen twice as long as
    another is not seen.
    """

    def __init__(
        self,
        name: str,
        lengths: np.ndarray,
        seed: int,
        size: int | None,
        tokens: int | None,
        languages: Sequence[str] | None = None,
        exponent: float = 1.0,
    ) -> None:
        """``lengths`` [rows] are in subwords."""
        self.name, self.lengths, self.seed, self.size, self.tokens = name, lengths, seed, size, tokens
        self.shares = _language_shares(languages, exponent) if languages is not None and exponent != 1 else None
        self._epochs: list[list[np.ndarray]] = []
        self._ends: list[int] = []

    def epoch_batches(self, number: int) -> list[np.ndarray]:
        """All batches of an epoch, row numbers [rows of a batch]; each row is in exactly one, without an exponent."""
        while len(self._ends) <= number:
            batches = self._cut_epoch(len(self._ends))
            self._ends.append((self._ends[-1] if self._ends else 0) + len(batches))
            self._epochs = [*self._epochs[-1:], batches]  # the last two suffice: numbers only grow
        behind = len(self._ends) - 1 - number
        return self._epochs[-1 - behind] if behind < len(self._epochs) else self._cut_epoch(number)

    def batch_rows(self, number: int) -> np.ndarray:
        """The row numbers of batch ``number`` of the whole run, [rows of the batch]."""
        epoch = 0
        while True:
            batches = self.epoch_batches(epoch) if epoch >= len(self._ends) else None
            if number < self._ends[epoch]:
                start = self._ends[epoch - 1] if epoch else 0
                return (batches or self.epoch_batches(epoch))[number - start]
            epoch += 1

    def _cut_epoch(self, epoch: int) -> list[np.ndarray]:
        """The batches of an epoch, computed anew: row numbers, [rows of a batch] each."""
        draw = np.random.Generator(np.random.PCG64(derive_seed("batches", self.name, self.seed, epoch)))
        order = draw.permutation(self._epoch_rows(epoch))
        batches: list[np.ndarray] = []
        pool = CHUNK_BATCHES * self._typical_rows()
        for start in range(0, len(order), pool):
            chunk = order[start : start + pool]
            chunk = chunk[np.argsort(self.lengths[chunk], kind="stable")]
            batches += self._cut_chunk(chunk)
        return [batches[i] for i in draw.permutation(len(batches))]

    def _epoch_rows(self, epoch: int) -> int | np.ndarray:
        """The row numbers of an epoch, [rows], before they are mixed; how many there are where each stands once."""
        if self.shares is None:
            return len(self.lengths)
        taken = []
        for language, (rows, share) in self.shares.items():
            first, last = epoch * share, (epoch + 1) * share  # places in the endless row of permutations
            for turn in range(first // len(rows), -(-last // len(rows)) if share else 0):
                generator = np.random.Generator(
                    np.random.PCG64(derive_seed("language", self.name, self.seed, language, turn))
                )
                start = turn * len(rows)
                taken.append(generator.permutation(rows)[max(first - start, 0) : last - start])
        return np.concatenate(taken)

    def _typical_rows(self) -> int:
        """About how many rows a batch has."""
        if self.size:
            return self.size
        return max(1, int(self.tokens or 1) // max(1, int(self.lengths.mean())))

    def _cut_chunk(self, chunk: np.ndarray) -> list[np.ndarray]:
        """Batches, [rows of a batch] each, of row numbers ``chunk`` [rows] in order of length."""
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


def _language_shares(languages: Sequence[str], exponent: float) -> dict[str, tuple[np.ndarray, int]]:
    """Of each language its rows, [rows of it], and how many of them an epoch takes. The shares add up to all rows."""
    row_languages = np.array(languages)
    rows = {language: np.flatnonzero(row_languages == language) for language in sorted(set(languages))}
    raised = np.array([float(len(language_rows)) ** exponent for language_rows in rows.values()])
    wanted = raised / raised.sum() * len(row_languages)
    counts = np.floor(wanted).astype(int)
    remainders = np.argsort(counts - wanted, kind="stable")[
        : len(row_languages) - counts.sum()
    ]  # the largest remainders
    counts[remainders] += 1
    return {
        language: (language_rows, int(count))
        for (language, language_rows), count in zip(rows.items(), counts, strict=True)
    }


def sampling_languages(
    encoded: EncodedUnits, rows: dict[str, list[Any]], exponent: float
) -> tuple[list[str] | None, float]:
    """What a sampler must know of languages: that of each encoded unit (a unit may be a window of a row)."""
    if exponent == 1:
        return None, 1.0
    places = encoded.kept.get("row", range(len(encoded.lengths)))
    return [rows["language"][index] for index in places], exponent
