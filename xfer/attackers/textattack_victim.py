"""The victim of a search: batched, asked once for each text, and held to its contract."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

Fields = tuple[str, ...]
KEPT = 1 << 17  # texts: some 100 MB of sentence pairs
TOLERANCE = 1e-2  # of a row's sum: half precision passes, logits do not


class CachedVictim:
    """Asks a victim for the texts it has not seen lately, all those of one call at once.

    The key is the tuple of columns: joined texts collide, as ("a\\nb", "c") and ("a", "b\\nc") do.
    """

    def __init__(self, victim: Callable[[list[Fields]], np.ndarray], kept: int = KEPT) -> None:
        self.victim = victim
        self.kept = kept
        self.rows = 0
        self._cache: OrderedDict[Fields, np.ndarray] = OrderedDict()

    def ask(self, texts: Sequence[Fields]) -> np.ndarray:
        """n texts -> float32 probabilities [n, classes], each distinct unknown text computed once."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._cache]
        fresh = dict(zip(unknown, self._compute(unknown), strict=True)) if unknown else {}
        rows = []
        for text in texts:
            row = fresh[text] if text in fresh else self._cache[text]
            self._cache[text] = row
            self._cache.move_to_end(text)
            rows.append(row)
        while len(self._cache) > self.kept:
            self._cache.popitem(last=False)
        return np.stack(rows)

    def _compute(self, texts: list[Fields]) -> np.ndarray:
        """The victim's own rows, checked. A victim that draws random numbers does not disturb the search."""
        python, numpy = random.getstate(), np.random.get_state()
        try:
            found = np.asarray(self.victim(texts), dtype=np.float32)
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
        self.rows += len(texts)
        if found.ndim != 2 or len(found) != len(texts) or not found.shape[1]:
            raise ValueError(f"the victim returned shape {found.shape} for {len(texts)} texts")
        if not np.isfinite(found).all() or np.abs(found.sum(axis=1) - 1).max() > TOLERANCE:
            raise ValueError("the victim's rows are no probabilities: each must be finite and sum to 1")
        return found
