"""The rows of a stage's tasks, encoded, and the batches that are drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from xfer.core.seeds import derive
from xfer.forms.base import Rows, Tensors
from xfer.models.network import Network
from xfer.trainers.finetune import Finetune
from xfer.trainers.ranks import Ranks
from xfer.trainers.sampler import Sampler, spoken


class TaskData(NamedTuple):
    """One task of a stage: its rows, and the languages of them that select the checkpoint."""

    name: str
    weight: float
    train: Rows
    dev: Rows | None
    languages: tuple[str, ...]
    exponent: float = 1.0  # how often its languages are drawn (see Sampler)


class Feed:
    """Encoded rows, samplers and sizes by task. A batch is a function of (seed, task, number)."""

    def __init__(
        self, settings: Finetune, network: Network, tasks: Sequence[TaskData], seed: int, max_length: int
    ) -> None:
        self.forms, self.tokenizer, self.seed, self.mixup = network.forms, network.tokenizer, seed, settings.mixup
        self.encoded = {t.name: self.forms[t.name].training(t.train, self.tokenizer, max_length) for t in tasks}
        self.targets = {t.name: self.forms[t.name].targets(t.train) for t in tasks}
        size, tokens = settings.batch_size, settings.batch_tokens
        drawn = {t.name: spoken(self.encoded[t.name], t.train, t.exponent) for t in tasks}
        lengths = {name: encoded.lengths for name, encoded in self.encoded.items()}
        self.samplers = {n: Sampler(n, lengths[n], seed, size, tokens, *drawn[n]) for n in lengths}
        self.sizes = {name: len(each) for name, each in lengths.items()}

    def batch(self, task: str, number: int, ranks: Ranks) -> tuple[Tensors, Tensors]:
        """This process's rows of batch ``number`` of a task, and what it must know of the whole (see ``ranks``)."""
        index, form = self.samplers[task].batch(number), self.forms[task]
        whole = form.whole or bool(self.mixup and form.name == "classify")

        def make(own: np.ndarray) -> Tensors:
            seeds = [derive("mask", self.seed, number, int(i)) for i in own] if form.name == "mask" else None
            return form.batch(self.encoded[task], self.targets[task], own, self.tokenizer, seeds)

        return ranks.share(make, self.encoded[task], index, number if whole else None)
