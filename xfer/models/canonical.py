"""Answers that do not depend on the company: the same row has the same bits, alone or among any others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from xfer.forms.base import Encoded, Rows
from xfer.models.network import Network
from xfer.models.shapes import Batch, batches

Keep = Callable[[torch.Tensor, dict[str, torch.Tensor]], Mapping[str, Any]]  # logits, batch -> one value a unit


class Canonical:
    """A network that answers in batches of canonical shape. Not for form mask, whose masks are drawn.

    Each new shape is tried once with the rows of its batch in another order: ``unsteady`` holds the shapes
    (sequences, subwords) in which this device did not give each row the same bits.
    """

    def __init__(self, network: Network, task: str, max_length: int) -> None:
        self.network, self.task, self.max_length = network, task, max_length
        self.form, self.device = network.forms[task], next(network.parameters()).device
        self.tried: set[tuple[int, ...]] = set()
        self.unsteady: set[tuple[int, ...]] = set()

    def __call__(self, rows: Rows, keep: Keep | None = None, encoded: Encoded | None = None) -> dict[str, Any]:
        """What ``keep`` (the task's form, if left out) makes of every unit, as ``predictor.predict`` gives it, to the
        last bit the same for a row in any call. ``encoded`` are the rows, where that is done already."""
        encoded = encoded or self.form.encode(rows, self.network.tokenizer, self.max_length)
        targets = self.form.targets(rows)
        lengths, counts = _sizes(encoded)
        found: dict[str, list[Any]] = {}
        training = self.network.training
        self.network.eval()
        with torch.inference_mode():
            for batch in batches(lengths, self.device.type, self.max_length, counts):
                answers = self._computed(encoded, targets, batch, keep or self.form.answers)
                for name, values in answers.items():
                    places = found.setdefault(name, [None] * len(lengths))
                    for place, value in zip(batch.items[: batch.own], values, strict=False):
                        places[place] = value
        self.network.train(training)
        return {name: _stacked(values) for name, values in found.items()} | dict(encoded.kept)

    def _computed(self, encoded: Encoded, targets: np.ndarray, batch: Batch, keep: Keep) -> Mapping[str, Any]:
        logits, tensors = self._logits(encoded, targets, batch)
        shape = tuple(tensors["input_ids"].shape)
        if shape not in self.tried:
            self.tried.add(shape)
            if not self._steady(encoded, targets, batch):
                self.unsteady.add(shape)
        if "positions" in tensors:
            logits = logits.flatten(0, 1)[tensors["positions"]]
        return keep(logits, tensors)

    def _logits(self, encoded: Encoded, targets: np.ndarray, batch: Batch) -> tuple[torch.Tensor, dict[str, Any]]:
        """Logits of a batch, at every place: a head over chosen places only would have the shape of the company."""
        padded = encoded._replace(padded=batch.length)
        tensors = self.form.batch(padded, targets, batch.items, self.network.tokenizer, None)
        tensors = {name: tensor.to(self.device) for name, tensor in tensors.items()}
        asked = {name: tensor for name, tensor in tensors.items() if name != "positions"}
        return self.network(self.task, asked), tensors

    def _steady(self, encoded: Encoded, targets: np.ndarray, batch: Batch) -> bool:
        """If each row of a batch has the same bits when the rows stand in another order."""
        turned = batch._replace(items=np.roll(batch.items, 1))
        one, _ = self._logits(encoded, targets, batch)
        two, _ = self._logits(encoded, targets, turned)
        return bool(torch.equal(one, torch.roll(two, -1, 0)))


def _sizes(encoded: Encoded) -> tuple[np.ndarray, np.ndarray]:
    """For each unit the length of its longest sequence, and how many it has."""
    lengths = np.diff(encoded.starts)
    if encoded.groups is None or not len(lengths):
        return lengths, np.ones(len(lengths), dtype=np.int64)
    return np.maximum.reduceat(lengths, encoded.groups[:-1]), np.diff(encoded.groups)


def _stacked(values: list[Any]) -> Any:
    same = len({np.shape(value) for value in values}) == 1
    return np.stack(values) if same else values
