"""How two pieces of plain data differ, leaf by leaf."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

VALUE_WIDTH = 80


class Difference(NamedTuple):
    """One place: its dotted path, what stands there, and in which of the two: ``both``, ``old`` or ``new``."""

    path: str
    old: Any
    new: Any
    sides: str = "both"


def find_differences(old: object, new: object, path: str = "") -> Iterator[Difference]:
    """Every place in which two blocks differ, in order of their keys."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield Difference(path, old, new)
        return
    for key in sorted({*old, *new}):
        inner_path = f"{path}.{key}" if path else key
        if key not in old:
            yield Difference(inner_path, None, new[key], "new")
        elif key not in new:
            yield Difference(inner_path, old[key], None, "old")
        else:
            yield from find_differences(old[key], new[key], inner_path)


def short_value(value: object) -> str:
    """A value in one line: JSON, keys by their first letters, long ones cut."""
    if isinstance(value, str) and len(value) == 32 and not set(value) - set("0123456789abcdef"):
        return value[:6]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 3] + "..."
