"""The Text of a row: its columns split into words, and the words that no edit touches."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xfer.attackers.engine.outcome import Refused


@dataclass(frozen=True)
class Locks:
    """Words that no edit touches: those of the protected columns (by role, as ``forms.texts.COLUMNS`` names them),
    those equal to one of ``words`` (whatever their case), and of tagged sentences the entities, or all but them."""

    columns: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()  # as ``plain`` makes them
    entities: str = "free"  # free, kept or only

    def frozen(self, names: Sequence[str], placed: Sequence[tuple[int, str]], tags: Sequence[Any] | None) -> set[int]:
        """The indices of the words that stay. ``placed`` is the column number and the word, ``names`` the columns."""
        kept = {i for i, (column, _) in enumerate(placed) if names[column] in self.columns}
        if self.words:
            kept |= {i for i, (_, word) in enumerate(placed) if plain(word) in self.words}
        if self.entities != "free" and tags is not None:
            inside = {i for i, tag in enumerate(tags) if tag != "O"}
            kept |= inside if self.entities == "kept" else set(range(len(tags))) - inside
        return kept


def plain(word: str) -> str:
    """A word without case, composed (NFC): what protected words are compared by."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", word).casefold())


def split(kind: type[Any], row: dict[str, Any], names: Sequence[str], locks: Locks, **more: Any) -> Any:
    """A Text of the columns ``names``, each split into words. Raises Refused where one holds no text."""
    fields = [row[name] for name in names]
    if not fields or not all(isinstance(field, str) for field in fields):
        raise Refused("a text column does not hold text")
    text = kind.split(fields, **more)
    named = list(zip(text.word_columns, text.words, strict=True))
    text.freeze(locks.frozen(names, named, None))
    return text
