"""Long contexts as windows that overlap, each of them after the question: what form ``span`` reads.

Windows and maximal context are as in ``run_squad.py`` of Devlin et al. 2019 (section 4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from xfer.core.errors import MissingPart
from xfer.forms.base import Columns, TextTokenizer
from xfer.text.surrogates import masked_surrogates

CHUNK_CONTEXTS = 2_000  # contexts a call of the tokenizer: bounds the memory that its lists take


class ContextWindow(NamedTuple):
    """One input of a row: its ``ids`` [subwords], and the ``offsets`` [context subwords, 2] of its piece of context."""

    row: int
    ids: np.ndarray
    offsets: np.ndarray
    places: tuple[int, int, int, int]
    target: tuple[int, int]


class PairFrame(NamedTuple):
    """The special subwords around and between two texts, as this tokenizer sets them."""

    before: np.ndarray
    between: np.ndarray
    after: np.ndarray
    segments: list[int] | None  # of: before, question, between, context, after

    @classmethod
    def from_tokenizer(cls, tokenizer: TextTokenizer) -> PairFrame:
        if not tokenizer.is_fast:
            raise MissingPart("form span needs a fast tokenizer, which tells where each subword stands in the text")
        pair = tokenizer("a", "b", return_token_type_ids=True)
        sides, ids = pair.sequence_ids(0), np.array(pair["input_ids"], dtype=np.int32)
        first = [i for i, side in enumerate(sides) if side == 0]
        second = [i for i, side in enumerate(sides) if side == 1]
        segments = None
        if "token_type_ids" in tokenizer.model_input_names:
            types = pair["token_type_ids"]
            ends = (0, first[0], first[-1] + 1, second[0], len(ids) - 1)
            segments = [types[min(position, len(types) - 1)] for position in ends]
        return cls(ids[: first[0]], ids[first[-1] + 1 : second[0]], ids[second[-1] + 1 :], segments)

    @property
    def special_count(self) -> int:
        return len(self.before) + len(self.between) + len(self.after)

    def segment_ids(self, first: int, past: int, length: int) -> np.ndarray:
        """The segments of a window of ``length`` subwords whose context is ``first`` to ``past``, shape [length]."""
        assert self.segments is not None
        question = first - len(self.before) - len(self.between)
        sizes = (len(self.before), question, len(self.between), past - first, length - past)
        return np.repeat(np.array(self.segments, dtype=np.int32), sizes)


def context_subwords(tokenizer: TextTokenizer, texts: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ids [subwords], character offsets [subwords, 2]) of each text without special subwords. Equal texts are read
    once."""
    different = list(dict.fromkeys(texts))
    encoded_texts: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    options = {"add_special_tokens": False, "return_offsets_mapping": True, "return_attention_mask": False}
    for start in range(0, len(different), CHUNK_CONTEXTS):
        chunk = different[start : start + CHUNK_CONTEXTS]
        try:
            tokens = tokenizer(chunk, **options, truncation=False, verbose=False)
        except (UnicodeEncodeError, TypeError):  # unpaired surrogates have no UTF-8; offsets must not move
            tokens = tokenizer([*map(masked_surrogates, chunk)], **options, truncation=False, verbose=False)
        for text, ids, offsets in zip(chunk, tokens["input_ids"], tokens["offset_mapping"], strict=True):
            encoded_texts[text] = (
                np.array(ids, dtype=np.int32),
                _absorb_marks(text, np.array(offsets, dtype=np.int32).reshape(-1, 2)),
            )
    return [encoded_texts[text] for text in texts]


def _absorb_marks(text: str, offsets: np.ndarray) -> np.ndarray:
    """The offsets [subwords, 2], where a mark that the tokenizer composed with its letter goes with it: else it is in
    no subword."""
    following = np.append(offsets[1:, 0], len(text))
    for i in np.flatnonzero(following > offsets[:, 1]) if len(offsets) else ():
        gap = text[offsets[i, 1] : following[i]].rstrip()
        if gap and not gap[0].isspace():
            offsets[i, 1] += len(gap)
    return offsets


def first_answer(rows: Columns, row: int, offsets: np.ndarray) -> tuple[int, int] | None:
    """First and last subword of the first gold answer, by offsets [subwords, 2]; None where none can be trained on."""
    if not rows["answers"][row]:
        return None
    start = rows["starts"][row][0]
    inside = np.flatnonzero((offsets[:, 1] > start) & (offsets[:, 0] < start + len(rows["answers"][row][0])))
    return (int(inside[0]), int(inside[-1])) if len(inside) else None


def cut_windows(
    row: int,
    frame: PairFrame,
    question: np.ndarray,
    context: np.ndarray,
    offsets: np.ndarray,
    answer: tuple[int, int] | None,
    room: int,
    stride: int,
) -> list[ContextWindow]:
    """The windows of a row: ``question`` [subwords] and ``room`` subwords of ``context`` [subwords] each."""
    step = max(1, min(stride, room // 2))  # a stride above the room would skip subwords
    cuts = [(0, min(room, len(context)))]
    while cuts[-1][1] < len(context):
        start = cuts[-1][0] + step
        cuts.append((start, min(start + room, len(context))))
    head = np.concatenate([frame.before, question, frame.between])
    first, windows = len(head), []
    for (start, end), (own_first, own_past) in zip(cuts, own_subwords(cuts), strict=True):
        ids = np.concatenate([head, context[start:end], frame.after]).astype(np.int32)
        target = (0, 0)
        if answer and start <= answer[0] and answer[1] < end:
            target = (answer[0] - start + first, answer[1] - start + first)
        places = (first, first + end - start, first + own_first - start, first + own_past - start)
        windows.append(ContextWindow(row, ids, offsets[start:end], places, target))
    return windows


def own_subwords(cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of each window the subwords for which it has the most context on the poorer side; the first one wins a tie.

    A window's length adds a hundredth of itself, so that a longer window wins where the rest is equal.
    """
    if len(cuts) == 1:
        return cuts
    positions = np.arange(cuts[-1][1])
    context = np.full((len(cuts), len(positions)), -1.0)
    for i, (start, end) in enumerate(cuts):
        inside = positions[start:end]
        context[i, start:end] = np.minimum(inside - start, end - 1 - inside) + 0.01 * (end - start)
    best = context.argmax(0)
    owned = [np.flatnonzero(best == i) for i in range(len(cuts))]
    return [(int(subwords[0]), int(subwords[-1]) + 1) if len(subwords) else (0, 0) for subwords in owned]
