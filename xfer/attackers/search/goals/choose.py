"""``choose``: any wrong choice."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.search.goals.base import AttackedTask, GoalRow
from xfer.attackers.search.goals.texts import split_row
from xfer.attackers.search.outcome import SearchRefused

CHOOSE_COLUMNS = ("text", "question")


class ChooseAim:
    """Another choice than the gold one. The options are never edited: a label is only true of these options.

    An item is (text, question or None, options), an answer the options' probabilities.
    """

    form: ClassVar[str] = "choose"

    def __init__(self, task: AttackedTask) -> None:
        self.task = task

    def text_columns(self, row: GoalRow) -> tuple[str, ...]:
        return tuple(name for name in CHOOSE_COLUMNS if row.get(name) is not None)

    def editable_text(self, row: GoalRow, kind: type[Any] = EditableText) -> Any:
        options = row.get("options")
        if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
            raise SearchRefused("the options do not hold text")
        return split_row(kind, row, self.text_columns(row), self.task.locks, carried=tuple(options))

    def victim_item(self, text: Any) -> Hashable:
        return text.fields[0], text.fields[1] if len(text.fields) > 1 else None, text.carried

    def gold_answer(self, row: GoalRow) -> int:
        label, options = row.get("label"), row["options"]
        if type(label) is not int or not 0 <= label < len(options):
            raise SearchRefused(f"label {label!r} is not one of 0 to {len(options) - 1}")
        return label

    def judge_answer(self, answer: Any, gold: int) -> tuple[float, bool]:
        return 1.0 - float(answer[gold]), int(answer.argmax()) != gold

    def changed_row(self, row: GoalRow, text: Any) -> GoalRow:
        return row | dict(zip(self.text_columns(row), text.fields, strict=True))
