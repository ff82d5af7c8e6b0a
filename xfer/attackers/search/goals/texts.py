"""The Text of a row: its columns split into words, and the words that no edit touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xfer.attackers.constraints import Locks
from xfer.attackers.search.outcome import SearchRefused


def split_row(kind: type[Any], row: dict[str, Any], names: Sequence[str], locks: Locks, **more: Any) -> Any:
    """A Text of the columns ``names``, each split into words. Raises Refused where one holds no text."""
    fields = [row[name] for name in names]
    if not fields or not all(isinstance(field, str) for field in fields):
        raise SearchRefused("a text column does not hold text")
    text = kind.split(fields, **more)
    named = list(zip(text.word_columns, text.words, strict=True))
    text.freeze(locks.frozen_words(names, named, None))
    return text
