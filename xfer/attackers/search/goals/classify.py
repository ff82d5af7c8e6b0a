"""``classify``: any wrong label."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.search.goals.base import AttackedTask, GoalRow
from xfer.attackers.search.goals.texts import split_row
from xfer.attackers.search.outcome import SearchRefused

CLASSIFY_COLUMNS = ("text", "pair")


class ClassifyAim:
    """Another class than the gold one. An item is the tuple of columns, an answer the classes' probabilities."""

    form: ClassVar[str] = "classify"

    def __init__(self, task: AttackedTask) -> None:
        self.task, self.labels = task, list(task.labels)

    def text_columns(self, row: GoalRow) -> tuple[str, ...]:
        return tuple(name for name in CLASSIFY_COLUMNS if row.get(name) is not None)

    def editable_text(self, row: GoalRow, kind: type[Any] = EditableText) -> Any:
        return split_row(kind, row, self.text_columns(row), self.task.locks)

    def victim_item(self, text: Any) -> Hashable:
        fields: tuple[str, ...] = text.fields
        return fields

    def gold_answer(self, row: GoalRow) -> int:
        if row.get("label") not in self.labels:
            raise SearchRefused(f"label {row.get('label')!r} is not one of {', '.join(self.labels)}")
        return self.labels.index(row["label"])

    def judge_answer(self, answer: Any, gold: int) -> tuple[float, bool]:
        chance = float(answer[gold])
        if not 0 <= chance <= 1:
            raise ValueError(f"the victim's answer {chance} is no probability")
        return 1.0 - chance, int(answer.argmax()) != gold

    def changed_row(self, row: GoalRow, text: Any) -> GoalRow:
        return row | dict(zip(self.text_columns(row), text.fields, strict=True))
