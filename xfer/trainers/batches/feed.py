"""The rows of a stage's tasks, encoded, and the batches that are drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from xfer.core.seeds import derive_seed
from xfer.forms.base import Columns, EncodedUnits, Tensors
from xfer.forms.pieces import UnitSelection
from xfer.models.network import Network
from xfer.trainers.batches.attacked import AttackedData, AttackedUnits
from xfer.trainers.batches.augmented import Augmentation, Augmenter
from xfer.trainers.batches.sampler import Sampler, sampling_languages
from xfer.trainers.distributed import Processes
from xfer.trainers.settings import FinetuneSettings


class TaskData(NamedTuple):
    """One task of a stage: its rows, and the languages of them that select the checkpoint."""

    name: str
    weight: float
    train: Columns
    dev: Columns | None
    languages: tuple[str, ...]
    exponent: float = 1.0  # how often its languages are drawn (see Sampler)
    attacked: AttackedData | None = None  # rows whose text an attacker changed
    augmentation: Augmentation | None = None  # what changes rows as they are drawn


class Feed:
    """Encoded rows, samplers and sizes by task. A batch is a function of (seed, task, number)."""

    def __init__(
        self, settings: FinetuneSettings, network: Network, tasks: Sequence[TaskData], seed: int, max_length: int
    ) -> None:
        self.forms, self.tokenizer, self.seed = network.forms, network.tokenizer, seed
        self.encoded = {t.name: self.forms[t.name].encode_training(t.train, self.tokenizer, max_length) for t in tasks}
        self.targets = {t.name: self.forms[t.name].loss_targets(t.train) for t in tasks}
        size, tokens = settings.batch_size, settings.batch_tokens
        drawn = {t.name: sampling_languages(self.encoded[t.name], t.train, t.exponent) for t in tasks}
        lengths = {name: encoded.lengths for name, encoded in self.encoded.items()}
        self.samplers = {n: Sampler(n, lengths[n], seed, size, tokens, *drawn[n]) for n in lengths}
        self.sizes = {name: len(each) for name, each in lengths.items()}
        self.views = {t.name: self._build_augmenter(t, t.augmentation, max_length) for t in tasks if t.augmentation}
        self.terms = settings.loss_terms()
        self.max_length, self.changed = max_length, dict[str, AttackedUnits]()
        for task in tasks:
            if task.attacked:
                self.set_attacked(task.name, task.attacked)

    def _build_augmenter(self, task: TaskData, augmentation: Augmentation, max_length: int) -> Augmenter:
        units = UnitSelection(self.encoded[task.name], self.targets[task.name])
        return Augmenter(
            task.name, self.forms[task.name], task.train, units, self.tokenizer, max_length, augmentation, self.seed
        )

    def set_attacked(self, task: str, changes: AttackedData) -> None:
        """From now on batches of a task come with these changed rows."""
        encoding_inputs = self.forms[task], self.tokenizer, self.max_length, self.encoded[task], changes
        self.changed.pop(task, None)
        if changes.origins:
            self.changed[task] = AttackedUnits(*encoding_inputs)

    def task_batch(self, task: str, number: int, processes: Processes) -> tuple[Tensors, Tensors]:
        """This process's rows of batch ``number`` of a task, and what it must know of the whole (``batch_context``).

        Shapes are those of the form's ``build_batch``: ``input_ids`` [sequences, length].
        """
        index = self._clean_units(task, number)
        if task in self.views and len(index):
            tensors, context = self.views[task].batch(number, index, processes, self._is_batchwise(task))
            return tensors, context | ({"copy": torch.tensor(False)} if self.has_copies(task) else {})
        return self._share_units(task, number, index, self.encoded[task], self.targets[task], processes)

    def copied_batch(self, task: str, number: int, processes: Processes) -> tuple[Tensors, Tensors]:
        """The same, ``input_ids`` [sequences, length], of augmented copies of its rows; nothing without any."""
        if not self.has_copies(task):
            return {}, {}
        index = self._clean_units(task, number)
        if not len(index):
            return {}, {}
        tensors, context = self.views[task].copy_batch(number, index, processes, self._is_batchwise(task))
        return tensors, context | {"copy": torch.tensor(True)}

    def has_copies(self, task: str) -> bool:
        """Whether augmented copies are trained beside the rows of a task."""
        consistency = self.views[task].about.consistency if task in self.views else None
        return consistency is not None and consistency.copies

    def _clean_units(self, task: str, number: int) -> np.ndarray:
        """The unit numbers of a batch, [units], without those that changed rows stand in for."""
        index = self.samplers[task].batch_rows(number)
        return self.changed[task].clean(index) if task in self.changed else index

    def _is_batchwise(self, task: str) -> bool:
        form = self.forms[task]
        return form.batchwise_loss or any(term.is_batchwise(form) for term in self.terms)

    def attacked_batch(self, task: str, number: int, processes: Processes) -> tuple[Tensors, Tensors]:
        """The same, ``input_ids`` [sequences, length], of the batch's changed rows; nothing without any."""
        changed = self.changed.get(task)
        if changed is None:
            return {}, {}
        index = changed.changed(self.samplers[task].batch_rows(number))
        return self._share_units(task, -1 - number, index, changed.encoded, changed.targets, processes)

    def _share_units(
        self,
        task: str,
        number: int,
        index: np.ndarray,
        encoded: EncodedUnits,
        targets: np.ndarray,
        processes: Processes,
    ) -> tuple[Tensors, Tensors]:
        """This process's part of the units ``index`` [units], ``input_ids`` [sequences, length], and its context."""
        form, batchwise = self.forms[task], self._is_batchwise(task)

        def make(positions: np.ndarray) -> Tensors:
            seeds = (
                [derive_seed("mask", self.seed, number, int(i)) for i in positions] if form.facts.masks_text else None
            )
            return form.build_batch(encoded, targets, positions, self.tokenizer, seeds)

        return processes.share(make, encoded, index, number if batchwise else None) if len(index) else ({}, {})
