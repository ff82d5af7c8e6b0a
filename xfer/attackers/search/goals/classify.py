"""``classify``: any wrong label."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from xfer.attackers.search.candidate import Text
from xfer.attackers.search.goals.base import About, Row
from xfer.attackers.search.goals.texts import split
from xfer.attackers.search.outcome import Refused

FIELDS = ("text", "pair")


class Classify:
    """Another class than the gold one. An item is the tuple of columns, an answer the classes' probabilities."""

    form: ClassVar[str] = "classify"

    def __init__(self, about: About) -> None:
        self.about, self.labels = about, list(about.labels)

    def columns(self, row: Row) -> tuple[str, ...]:
        return tuple(name for name in FIELDS if row.get(name) is not None)

    def text(self, row: Row, kind: type[Any] = Text) -> Any:
        return split(kind, row, self.columns(row), self.about.locks)

    def item(self, text: Any) -> Hashable:
        fields: tuple[str, ...] = text.fields
        return fields

    def gold(self, row: Row) -> int:
        if row.get("label") not in self.labels:
            raise Refused(f"label {row.get('label')!r} is not one of {', '.join(self.labels)}")
        return self.labels.index(row["label"])

    def judge(self, answer: Any, gold: int) -> tuple[float, bool]:
        chance = float(answer[gold])
        if not 0 <= chance <= 1:
            raise ValueError(f"the victim's answer {chance} is no probability")
        return 1.0 - chance, int(answer.argmax()) != gold

    def row(self, row: Row, text: Any) -> Row:
        return row | dict(zip(self.columns(row), text.fields, strict=True))
