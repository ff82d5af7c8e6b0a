"""What a victim is asked and what it answers, whatever its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import softmax

from xfer.forms.base import Columns, EncodedUnits
from xfer.models.canonical import CanonicalPredictor, Keep
from xfer.models.network import Network

Pool = Sequence[Mapping[str, Any]]


class NetworkVictim:
    """A network that is asked about one task."""

    def __init__(self, network: Network, task: str, max_length: int) -> None:
        self.machine = CanonicalPredictor(network, task, max_length)
        self.form: Any = network.forms[task]

    @property
    def network(self) -> Network:
        """The network that is asked: some searches read its gradient."""
        return self.machine.network

    @property
    def task(self) -> str:
        """The task whose head is asked."""
        return self.machine.task

    @property
    def max_length(self) -> int:
        """The longest input in subwords."""
        return self.machine.max_length

    def __call__(self, items: list[Any]) -> list[Any]:
        return self.answers(items) if items else []

    def answers(self, items: list[Any]) -> list[Any]:
        raise NotImplementedError

    def kept(self, rows: Columns, keep: Keep | None = None, encoded: EncodedUnits | None = None) -> dict[str, Any]:
        """What ``keep`` (else the form) makes of each unit of the rows."""
        return self.machine(rows, keep, encoded)


def unlabelled_rows(count: int, **given_columns: list[Any]) -> Columns:
    """Rows of a form whose labels nobody needs."""
    rows: Columns = {"id": [str(i) for i in range(count)], "language": [""] * count, "label": [None] * count}
    return rows | {name: [None] * count for name in ("pair", "question")} | given_columns


def label_probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, taken in double precision, [..., labels] in float32."""
    probabilities: np.ndarray = softmax(logits.astype(np.float64), axis=-1).astype(np.float32)
    return probabilities
