"""Which words of a sentence stand for which of its translation, learnt from parallel text alone, and the phrases
that follow.

The model is IBM 1 (Brown et al. 1993) with a preference for the diagonal and for few translations a word, as in
fast_align (Dyer, Chahuneau and Smith 2013): lambda fixed at 4, p0 at 0.08, variational Bayes with alpha 0.01. Both
directions are joined by grow-diag (Koehn, Och and Marcu 2003, section 3). Everything is a sum in a fixed order, so
that the same pairs give the same alignment. May import: numpy, the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

Links = set[tuple[int, int]]  # (word of the sentence, word of the translation)
SentencePair = tuple[Sequence[str], Sequence[str]]
_STRAIGHT, _NULL, _ALPHA, _ROUNDS = 4.0, 0.08, 0.01, 5
MAX_ALIGNED_WORDS = 300  # words of a text that is aligned: cells grow with the square
MAX_ALIGNMENT_CELLS = (
    6_000_000  # of the pairs that are learnt from, the shortest first, which teach most; more would teach little
)
_NEAR = [(-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]


class _Cells(NamedTuple):
    """Every word of every translation beside every word of its sentence, and beside none (row 0)."""

    key: np.ndarray  # of the two words
    prior: np.ndarray
    group: np.ndarray  # the word of a translation that a cell is about


class _Direction:
    """What the words of one language are in another: log-probabilities by pair of words."""

    def __init__(self, pairs: Sequence[SentencePair]) -> None:
        self.ours = {word: i for i, word in enumerate(dict.fromkeys(w for source, _ in pairs for w in source), 1)}
        self.theirs = {word: i for i, word in enumerate(dict.fromkeys(w for _, two in pairs for w in two), 1)}
        kept, cells = [], 0
        for pair in sorted(pairs, key=lambda pair: len(pair[0]) * len(pair[1])):
            cells += (len(pair[0]) + 1) * len(pair[1])
            if cells > MAX_ALIGNMENT_CELLS:
                break
            kept.append(pair)
        self._learn(self._cells(kept))

    def _cells(self, pairs: Sequence[SentencePair]) -> _Cells:
        keys, priors, groups, before = [], [], [], 0
        for source, target in pairs:
            ours = np.array([0, *(self.ours.get(word, -1) for word in source)], dtype=np.int64)
            theirs = np.array([self.theirs.get(word, -1) for word in target], dtype=np.int64)
            key = ours[None, :] * (len(self.theirs) + 1) + theirs[:, None]
            key[:, ours < 0] = -1
            key[theirs < 0] = -1
            keys.append(key.ravel())
            priors.append(_diagonal_prior(len(source), len(target)).ravel())
            groups.append(np.repeat(np.arange(len(target)), len(source) + 1) + before)
            before += len(target)
        join = np.concatenate if keys else lambda _: np.zeros(0)
        return _Cells(join(keys), join(priors), join(groups).astype(np.int64))

    def _learn(self, cells: _Cells) -> None:
        self.known, which = np.unique(cells.key, return_inverse=True)
        self.chance = np.ones(len(self.known))
        if not len(self.known):
            return  # no pair has words on both sides
        owner = (self.known // (len(self.theirs) + 1)).astype(np.int64)
        sizes = np.bincount(owner, minlength=len(self.ours) + 1)
        for _ in range(_ROUNDS):
            weight = cells.prior * self.chance[which]
            weight /= np.bincount(cells.group, weight)[cells.group]
            counts = np.bincount(which, weight, minlength=len(self.known)) + _ALPHA
            totals = np.bincount(owner, counts, minlength=len(sizes))
            self.chance = _exp_digamma(counts) / _exp_digamma(totals)[owner]

    def best_links(self, pair: SentencePair) -> Links:
        """For each word of the translation its word of the sentence, where it has one."""
        cells = self._cells([pair])
        if not len(cells.key) or not len(self.known):
            return set()
        rows = np.minimum(np.searchsorted(self.known, cells.key), len(self.known) - 1)
        scores = np.where(self.known[rows] == cells.key, self.chance[rows], 1e-9)
        best = (scores * cells.prior).reshape(len(pair[1]), len(pair[0]) + 1).argmax(1)
        return {(int(i) - 1, j) for j, i in enumerate(best) if i}


class Aligner:
    """Learns from pairs of sentences as words; ``links`` aligns any pair, best one that it has learnt from."""

    def __init__(self, pairs: Sequence[SentencePair]) -> None:
        fit = [pair for pair in pairs if _is_alignable(pair)]
        self.there, self.back = _Direction(fit), _Direction([(target, source) for source, target in fit])

    def align_words(self, source: Sequence[str], target: Sequence[str]) -> tuple[Links, Links]:
        """The links between the words of two sentences, and those of them that both directions have; none for texts
        that are empty or too long."""
        if not _is_alignable((source, target)):
            return set(), set()
        forward_links, backward_links = (
            self.there.best_links((source, target)),
            {(i, j) for j, i in self.back.best_links((target, source))},
        )
        return grow_diagonal(forward_links, backward_links), forward_links & backward_links


def grow_diagonal(forward: Links, backward: Links) -> Links:
    """Links that both directions have, and those of one direction that touch these and give a word its first."""
    links, union = forward & backward, forward | backward
    ours, theirs = {i for i, _ in links}, {j for _, j in links}
    frontier = sorted(links)
    while frontier:
        added = []
        for i, j in frontier:
            for down, right in _NEAR:
                new = (i + down, j + right)
                if new in union and new not in links and (new[0] not in ours or new[1] not in theirs):
                    links.add(new)
                    ours.add(new[0])
                    theirs.add(new[1])
                    added.append(new)
        frontier = sorted(added)
    return links


def extract_phrases(links: Links, sure: Links, max_words: int) -> Iterator[tuple[int, int, int, int]]:
    """Phrase pairs that the links are consistent with: (first, past, first, past) words of both.

    No word of either is linked to a word outside of the other (Och and Ney 2004), and one ``sure`` link is inside.
    A sentence's phrase has up to ``most`` words, its translation as many as its links say, up to twice that.
    """
    if not links:
        return
    for first in range(max(i for i, _ in links) + 1):
        for past in range(first + 1, first + max_words + 1):
            theirs = [j for i, j in links if first <= i < past]
            if not theirs or not any(i == first for i, _ in links) or not any(i == past - 1 for i, _ in links):
                continue  # a word without a link stands at the border: the phrase without it says the same
            low, high = min(theirs), max(theirs) + 1
            inside = any(first <= i < past and low <= j < high for i, j in sure)
            if inside and high - low <= 2 * max_words and all(first <= i < past for i, j in links if low <= j < high):
                yield first, past, low, high


def _diagonal_prior(ours: int, theirs: int) -> np.ndarray:
    """[theirs, ours + 1]: how likely each word is to stand for each, before any is known."""
    source_positions = (np.arange(ours) + 0.5) / max(ours, 1)
    target_positions = (np.arange(theirs) + 0.5) / max(theirs, 1)
    straight = np.exp(-_STRAIGHT * np.abs(source_positions[None, :] - target_positions[:, None]))
    straight *= (1 - _NULL) / straight.sum(1, keepdims=True)
    return np.concatenate([np.full((theirs, 1), _NULL), straight], 1)


def _exp_digamma(x: np.ndarray) -> np.ndarray:
    """exp of the digamma function, in the shape of ``x`` [n], by its recurrence and the asymptotic series.

    Within 1e-7 from 0.01 up.
    """
    shift = np.zeros_like(x)
    for step in range(6):
        shift += 1 / (x + step)
    y = x + 6
    values: np.ndarray = np.exp(np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - shift)
    return values


def _is_alignable(pair: SentencePair) -> bool:
    return 0 < len(pair[0]) <= MAX_ALIGNED_WORDS and 0 < len(pair[1]) <= MAX_ALIGNED_WORDS
