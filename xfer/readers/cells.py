"""What stands in a cell: names, labels and texts that JSON and YAML may hold as numbers or booleans."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any


def spelled(value: Any) -> Any:
    """A number or boolean as JSON writes it: ``1``, ``0.5``, ``true``; anything else as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or isinstance(value, float) and isfinite(value):
        return str(value)
    return value


def known_label(label: str, labels: Collection[str]) -> str | None:
    """The one of ``labels`` that a cell means; None where it means none.

    Booleans are the same however programs write them: true, True and TRUE.
    """
    if label in labels:
        return label
    small = label.lower()
    same = [known for known in labels if known.lower() == small] if small in ("true", "false") else []
    return same[0] if len(same) == 1 else None


def named(cells: Mapping[str, Any], column: str, number: int) -> str:
    """The name of a row: what stands in this column, or its number where that is empty or not there."""
    found = spelled(cells.get(column))
    return str(number if found in (None, "") else found)
