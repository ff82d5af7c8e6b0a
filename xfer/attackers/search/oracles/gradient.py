"""What the victim's own gradient says of words: how much each matters, and what would hurt most in its place.

White-box searches ask it (Ebrahimi et al. 2018, HotFlip; Yoo and Qi 2021, A2T). The victim is in ``eval`` mode, so
that no dropout falls on the gradient, and subwords belong to the word whose letters they cover, so that any
tokenizer will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from xfer.attackers.search.oracles.shapes import token_batches
from xfer.attackers.search.oracles.vocabulary import Vocabulary
from xfer.core.errors import MissingPart
from xfer.text.scripts import word_script

if TYPE_CHECKING:
    from transformers import BatchEncoding

WordPlace = tuple[int, int, int]  # column, start, end of a word


class GradientQuery(NamedTuple):
    """The columns of an example, its words, its class, and how many flips of each word are wanted."""

    fields: tuple[str, ...]
    words: tuple[WordPlace, ...]
    gold: int
    flips: int


class WordGradients(NamedTuple):
    """For each word the L1 norm of its mean gradient, and the likeliest flips: (word, gain of the loss)."""

    norms: np.ndarray
    flips: list[list[tuple[str, float]]]


class GradientOracle:
    """Queue ``gradient``: Wanted -> Slopes, from the victim's loss of the gold class."""

    def __init__(self, victim: Any) -> None:
        network = getattr(victim, "network", None)
        if network is None or not network.forms[victim.task].facts.classifies_rows:
            raise MissingPart("this search reads the victim's gradient: it needs a network of its own on form classify")
        self.network, self.task, self.longest = network, victim.task, victim.max_length
        self.table = network.encoder.get_input_embeddings()
        self._vocabulary: Vocabulary | None = None

    def __call__(self, items: list[GradientQuery]) -> list[WordGradients]:
        encoded_slopes = self.subwords([(item.fields, item.gold) for item in items])
        return [
            self._words(item, encoded, slopes) for item, (encoded, slopes) in zip(items, encoded_slopes, strict=True)
        ]

    def raw(self, items: list[tuple[tuple[str, ...], int]]) -> list[np.ndarray]:
        """Queue ``slopes``: (columns, class) -> the gradient of each subword, special ones too, [n, width]."""
        return [slopes[: len(encoded["input_ids"])].numpy() for encoded, slopes in self.subwords(items)]

    def subwords(self, items: list[tuple[tuple[str, ...], int]]) -> list[tuple[Any, torch.Tensor]]:
        """The subwords of each example as the tokenizer gives them, and their gradients [length, width]."""
        tokenizer, where = self.network.tokenizer, self.table.weight.device
        options = {"truncation": True, "max_length": self.longest, "return_offsets_mapping": True}
        encoded = [tokenizer(*fields, **options) for fields, _ in items]
        results: list[Any] = [None] * len(items)
        training = self.network.training
        self.network.eval()
        pad = tokenizer.pad_token_id or 0
        for numbers, batch in token_batches([encoding["input_ids"] for encoding in encoded], pad, where, self.longest):
            if "token_type_ids" in encoded[0]:
                batch["token_type_ids"] = _segment_ids(
                    [encoded[i]["token_type_ids"] for i in numbers], batch["input_ids"]
                )
            slopes = self._slopes(batch, [items[i][1] for i in numbers])
            for row, number in enumerate(numbers):
                results[number] = encoded[number], slopes[row]
        self.network.train(training)
        return results

    def _slopes(self, batch: dict[str, torch.Tensor], gold: list[int]) -> torch.Tensor:
        """The gradient of each row's loss by its subwords' embeddings [rows, length, width], on the CPU."""
        kept: list[torch.Tensor] = []

        def keep(_module: torch.nn.Module, _inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
            kept.append(output.detach().requires_grad_())
            return kept[-1]

        handle = self.table.register_forward_hook(keep)
        try:
            with torch.inference_mode(False), torch.enable_grad():
                logits = self.network(self.task, batch).float()
                targets = torch.tensor(gold, device=logits.device)
                loss = torch.nn.functional.cross_entropy(logits[: len(gold)], targets, reduction="sum")
                (slopes,) = torch.autograd.grad(loss, kept[-1])
        finally:
            handle.remove()
        return slopes.float().cpu()

    def _words(self, item: GradientQuery, encoded: BatchEncoding, slopes: torch.Tensor) -> WordGradients:
        """The sizes and flips of words, from the gradients of subwords [subwords, width]."""
        word_positions = _covering_subwords(item.words, encoded)
        norms = np.zeros(len(item.words))
        flips: list[list[tuple[str, float]]] = []
        for number, positions in enumerate(word_positions):
            if positions:
                norms[number] = float(slopes[positions].mean(0).abs().sum())
            column, start, end = item.words[number]
            ids = [encoded["input_ids"][position] for position in positions]
            flips.append(self._flips(item.fields[column][start:end], ids, slopes[positions], item.flips))
        return WordGradients(norms, flips)

    def _flips(self, word: str, ids: list[int], slopes: torch.Tensor, count: int) -> list[tuple[str, float]]:
        """The ``count`` words of one subword that raise the loss most to first order (Ebrahimi et al. 2018, eq. 1).

        ``slopes`` are the gradients of its subwords, [subwords, width]. The new subword takes the place of the word's
        first; the others of a longer word go to nothing.
        """
        if not count or not ids:
            return []
        self._vocabulary = self._vocabulary or Vocabulary(self.network.tokenizer, self.table.weight.shape[0])
        wanted = self._vocabulary.word_ids(word_script(word), False)
        if not len(wanted):
            return []
        weight = self.table.weight.detach().float().cpu()
        gains = weight[torch.from_numpy(wanted)] @ slopes[0] - (weight[ids] * slopes).sum()
        best = gains.topk(min(2 * count, len(wanted)))
        ranked = sorted(zip((-best.values).tolist(), wanted[best.indices.numpy()].tolist(), strict=True))
        flips: dict[str, float] = {}
        for less, number in ranked:
            if self._vocabulary.words[number] != word:
                flips.setdefault(self._vocabulary.words[number], -less)
        return list(flips.items())[:count]


def _segment_ids(rows: list[list[int]], ids: torch.Tensor) -> torch.Tensor:
    """Segment numbers in the shape of ``ids`` [rows, subwords]; its spare rows and padding are of segment 0."""
    table = torch.zeros_like(ids)
    for row, types in enumerate(rows):
        table[row, : len(types)] = torch.tensor(types)
    return table


def _covering_subwords(words: tuple[WordPlace, ...], encoded: BatchEncoding) -> list[list[int]]:
    """The places of the subwords that cover a letter of each word, in order."""
    columns: dict[int, list[tuple[int, int, int]]] = {}
    for position, column in enumerate(encoded.sequence_ids()):
        if column is not None:
            start, end = encoded["offset_mapping"][position]
            columns.setdefault(column, []).append((start, end, position))
    return [
        [position for start, end, position in columns.get(column, []) if start < last and end > first and start < end]
        for column, first, last in words
    ]
