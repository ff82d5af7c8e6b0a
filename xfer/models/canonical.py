"""Answers that do not depend on the company: the same row has the same bits, alone or among any others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from xfer.forms.base import Columns, EncodedUnits
from xfer.models.network import Network
from xfer.models.shapes import CanonicalBatch, canonical_batches

Keep = Callable[[torch.Tensor, dict[str, torch.Tensor]], Mapping[str, Any]]  # logits, batch -> one value a unit


class CanonicalPredictor:
    """A network that answers in batches of canonical shape. Not for form mask, whose masks are drawn.

    Each new shape is tried once with the rows of its batch in another order: ``unsteady`` holds the shapes
    (sequences, subwords) in which this device did not give each row the same bits.
    """

    def __init__(self, network: Network, task: str, max_length: int) -> None:
        self.network, self.task, self.max_length = network, task, max_length
        self.form, self.device = network.forms[task], next(network.parameters()).device
        self.tried: set[tuple[int, ...]] = set()
        self.unsteady: set[tuple[int, ...]] = set()

    def __call__(self, rows: Columns, keep: Keep | None = None, encoded: EncodedUnits | None = None) -> dict[str, Any]:
        """What ``keep`` (the task's form, if left out) makes of every unit, as ``predictor.predict`` gives it, to the
        last bit the same for a row in any call. ``encoded`` are the rows, where that is done already."""
        encoded = encoded or self.form.encode(rows, self.network.tokenizer, self.max_length)
        targets = self.form.loss_targets(rows)
        lengths, counts = _unit_sizes(encoded)
        collected: dict[str, list[Any]] = {}
        training = self.network.training
        self.network.eval()
        with torch.inference_mode():
            for batch in canonical_batches(lengths, self.device.type, self.max_length, counts):
                answers = self._computed(encoded, targets, batch, keep or self.form.unit_answers)
                for name, values in answers.items():
                    column = collected.setdefault(name, [None] * len(lengths))
                    for position, value in zip(batch.items[: batch.own], values, strict=False):
                        column[position] = value
        self.network.train(training)
        return {name: _stack_equal(values) for name, values in collected.items()} | dict(encoded.kept)

    def _computed(
        self, encoded: EncodedUnits, targets: np.ndarray, batch: CanonicalBatch, keep: Keep
    ) -> Mapping[str, Any]:
        """What ``keep`` makes of one batch: a value for each of its units. ``targets`` are [units] or [units, ...]."""
        logits, tensors = self._logits(encoded, targets, batch)
        shape = tuple(tensors["input_ids"].shape)
        if shape not in self.tried:
            self.tried.add(shape)
            if not self._steady(encoded, targets, batch):
                self.unsteady.add(shape)
        if "positions" in tensors:
            logits = logits.flatten(0, 1)[tensors["positions"]]
        return keep(logits, tensors)

    def _logits(
        self, encoded: EncodedUnits, targets: np.ndarray, batch: CanonicalBatch
    ) -> tuple[torch.Tensor, dict[str, Any]]:
        """Logits of a batch, at every place: a head over chosen places only would have the shape of the company.

        [units, labels], or [sequences, subwords, ...] of forms that answer at every subword; and the batch's tensors.
        """
        padded = encoded._replace(padded=batch.length)
        tensors = self.form.build_batch(padded, targets, batch.items, self.network.tokenizer, None)
        tensors = {name: tensor.to(self.device) for name, tensor in tensors.items()}
        inputs = {name: tensor for name, tensor in tensors.items() if name != "positions"}
        return self.network(self.task, inputs), tensors

    def _steady(self, encoded: EncodedUnits, targets: np.ndarray, batch: CanonicalBatch) -> bool:
        """If each row of a batch has the same bits when they stand in another order. ``targets`` are [units, ...]."""
        rolled = batch._replace(items=np.roll(batch.items, 1))
        logits, _ = self._logits(encoded, targets, batch)
        rolled_logits, _ = self._logits(encoded, targets, rolled)
        return bool(torch.equal(logits, torch.roll(rolled_logits, -1, 0)))


def _unit_sizes(encoded: EncodedUnits) -> tuple[np.ndarray, np.ndarray]:
    """For each unit the length of its longest sequence, and how many sequences it has: [units] twice."""
    lengths = np.diff(encoded.starts)
    if encoded.groups is None or not len(lengths):
        return lengths, np.ones(len(lengths), dtype=np.int64)
    return np.maximum.reduceat(lengths, encoded.groups[:-1]), np.diff(encoded.groups)


def _stack_equal(values: list[Any]) -> np.ndarray | list[Any]:
    """The values of all units as one array, [units, ...], where they have one shape."""
    same = len({np.shape(value) for value in values}) == 1
    return np.stack(values) if same else values
