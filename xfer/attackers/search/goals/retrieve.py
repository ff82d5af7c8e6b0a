"""``retrieve``: the right candidate is not found any more."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.search.goals.base import AttackedTask, GoalRow
from xfer.attackers.search.goals.texts import split_row
from xfer.attackers.search.outcome import SearchRefused

RETRIEVE_COLUMNS = ("text", "pair")


class RetrieveAim:
    """No right candidate among the first ``goal.k`` of a query. Candidates stay as they are, encoded once a language.

    An item is (language of the pool, text, pair or None, right ids), an answer (what the k-th wrong candidate has more
    than the best right one, whether a right one is found): see ``models.ranks``. That is the score, a difference of
    cosines from -2 to 2 mapped to 0 to 1; in mining a difference of margins, cut to -1 to 1 and mapped likewise.
    """

    form: ClassVar[str] = "retrieve"

    def __init__(self, task: AttackedTask) -> None:
        self.task = task
        self.reach = 1.0 if task.options.get("task") == "mining" else 2.0

    def text_columns(self, row: GoalRow) -> tuple[str, ...]:
        return tuple(name for name in RETRIEVE_COLUMNS if row.get(name) is not None)

    def editable_text(self, row: GoalRow, kind: type[Any] = EditableText) -> Any:
        # a query may be spoken in another language than that of the candidates it searches: ``pool``
        carried = row.get("pool", row["language"]), tuple(row["gold"] or ())
        return split_row(kind, row, self.text_columns(row), self.task.locks, carried=carried)

    def victim_item(self, text: Any) -> Hashable:
        language, gold = text.carried
        return language, text.fields[0], text.fields[1] if len(text.fields) > 1 else None, gold

    def gold_answer(self, row: GoalRow) -> None:
        if row.get("gold") is None:
            raise SearchRefused("the right candidates are withheld")
        if not row["gold"]:
            raise SearchRefused("the query has no right candidate", "skipped")

    def judge_answer(self, answer: Any, gold: None) -> tuple[float, bool]:
        ahead, retrieved = answer
        return (min(max(float(ahead) / self.reach, -1.0), 1.0) + 1) / 2, not retrieved

    def changed_row(self, row: GoalRow, text: Any) -> GoalRow:
        return row | dict(zip(self.text_columns(row), text.fields, strict=True))
