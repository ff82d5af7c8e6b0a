"""Changed rows that stand beside, or in place of, the rows of a task that they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from xfer.forms.base import Columns, EncodedUnits, Form
from xfer.forms.texts import editable_texts
from xfer.trainers.attacked import SUCCEEDED, AttackedTraining


class AttackedData(NamedTuple):
    """What a task trains on besides its rows: changed ``rows`` and the places of those that they came from.

    With ``refresh`` there are none at first: the trainer makes them, with the network in training as the victim.
    ``options`` are those of the task's form, ``known`` what the attacker made of further rows.
    """

    weight: float
    beside: bool
    rows: Columns
    origins: Sequence[int]
    refresh: AttackedTraining | None = None
    options: Mapping[str, Any] = MappingProxyType({})
    known: Any = None


class AttackedUnits:
    """Changed rows of one task, encoded. They are trained in the step of the row that they came from."""

    def __init__(self, form: Form, tokenizer: Any, max_length: int, clean: EncodedUnits, data: AttackedData) -> None:
        self.about, self.encoded = data, form.encode_training(data.rows, tokenizer, max_length)
        self.targets = form.loss_targets(data.rows)
        origins, row_of_unit = np.asarray(data.origins, dtype=np.int64), row_of(clean)
        units = origins[row_of(self.encoded)]  # of each changed unit: the row that it came from
        order = np.argsort(units, kind="stable")
        names, cuts = np.unique(units[order], return_index=True)
        self._units = dict(zip(names.tolist(), np.split(order, cuts[1:]), strict=True)) if len(names) else {}
        rows, firsts = np.unique(row_of_unit, return_index=True)  # windows of one row may stand in several batches
        attacked_rows = np.isin(rows, names)
        self._first = dict(zip(firsts[attacked_rows].tolist(), rows[attacked_rows].tolist(), strict=True))
        self._replaced = np.isin(row_of_unit, origins)

    def clean(self, index: np.ndarray) -> np.ndarray:
        """What is left of a batch of the task's units ``index`` [units], [units that are left]."""
        return index if self.about.beside else index[~self._replaced[index]]

    def changed(self, index: np.ndarray) -> np.ndarray:
        """The changed units, [changed units], that go with a batch of the task's units ``index`` [units]."""
        rows = [self._units[self._first[int(unit)]] for unit in index if int(unit) in self._first]
        return np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)


def join_attacked(rows: Columns, changes: AttackedData) -> Columns:
    """One table of all rows, for a form whose rows are learnt of each other; changed ones get ids of their own."""
    replaced = set() if changes.beside else set(changes.origins)
    kept = {
        name: [value for index, value in enumerate(column) if index not in replaced] for name, column in rows.items()
    }
    changed = changes.rows | {"id": [f"{name} changed" for name in changes.rows["id"]]}
    return {name: kept[name] + changed[name] for name in kept}


def row_of(encoded: EncodedUnits) -> np.ndarray:
    """The row of each unit, shape [n]."""
    rows: np.ndarray = np.asarray(encoded.kept.get("row", np.arange(len(encoded.lengths))))
    return rows


def usable_attacks(
    form: str,
    rows: Columns,
    places: Sequence[int],
    outcomes: Sequence[tuple[dict[str, Any] | None, str]],
    settings: AttackedTraining,
) -> AttackedData:
    """The changed rows that a task trains on: (row or None, status) of those at ``places``.

    Of a search those that ``settings`` keep. A row without any change is none.
    """
    keep = settings.keep if settings.attacker.searches else "all"
    kept: Columns = {name: [] for name in rows}
    origins = []
    for index, (row, status) in zip(places, outcomes, strict=True):
        clean_row = {name: rows[name][index] for name in rows}
        if (
            row is None
            or editable_texts(form, row) == editable_texts(form, clean_row)
            or (keep == SUCCEEDED and status != SUCCEEDED)
        ):
            continue
        origins.append(index)
        for name in rows:
            kept[name].append(row[name])
    return AttackedData(settings.weight, settings.beside, kept, origins)
