"""``span``: a lost answer."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar, NamedTuple

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.search.goal import DEFAULT_BOUND
from xfer.attackers.search.goals.base import AttackedTask, GoalRow
from xfer.attackers.search.goals.texts import split_row
from xfer.attackers.search.outcome import SearchRefused
from xfer.metrics import qa


class SpanGold(NamedTuple):
    """The right answers (none: there is no answer) and the language whose rules compare them."""

    answers: tuple[str, ...]
    language: str


class SpanAim:
    """An answer whose F1 falls below ``goal.bound``, or whose exact match is lost.

    The gold answers' characters are never edited; their places move along. An item is (context, question, places of
    the gold answers), an answer (predicted text, p(gold span)): see ``models.victims``. A row that the clean text
    already loses is skipped, so that a success is a loss relative to the clean answer. The bound of half is our choice.
    """

    form: ClassVar[str] = "span"

    def __init__(self, task: AttackedTask) -> None:
        self.task = task
        self.rules = task.options.get("rules", "squad")
        self.exact = task.goal.measure == "exact"
        self.by_f1 = task.goal.score == "f1"
        self.bound = task.goal.bound or DEFAULT_BOUND

    def text_columns(self, row: GoalRow) -> tuple[str, ...]:
        return ("text", "pair")

    def editable_text(self, row: GoalRow, kind: type[Any] = EditableText) -> Any:
        answers = [(0, start, start + len(answer)) for answer, start in self._places(row)]
        return split_row(kind, row, self.text_columns(row), self.task.locks, answers=answers)

    def victim_item(self, text: Any) -> Hashable:
        return (*text.fields, tuple((span.start, span.end) for span in text.answers))

    def gold_answer(self, row: GoalRow) -> SpanGold:
        answers = tuple(answer for answer, _ in self._places(row))
        if not answers and self.rules != "squad_v2":
            raise SearchRefused("the context holds no answer", "skipped")
        return SpanGold(answers, row["language"])

    def judge_answer(self, answer: Any, gold: SpanGold) -> tuple[float, bool]:
        predicted, chance = answer
        marks = self._marks(predicted, *gold)
        lost = marks.exact < 1 if self.exact else marks.f1 < self.bound
        return 1.0 - (marks.f1 if self.by_f1 else float(chance)), lost

    def changed_row(self, row: GoalRow, text: Any) -> GoalRow:
        answers = [text.fields[0][span.start : span.end] for span in text.answers]
        if answers != list(row["answers"]):
            raise SearchRefused("an answer was lost on the way")
        starts = [span.start for span in text.answers]
        return row | {"text": text.fields[0], "pair": text.fields[1], "starts": starts}

    def _places(self, row: GoalRow) -> list[tuple[str, int]]:
        answers, starts = row.get("answers"), row.get("starts")
        if answers is None or starts is None:
            raise SearchRefused("the answer is withheld")
        places = list(zip(answers, starts, strict=True))
        if not all(row["text"].startswith(answer, start) for answer, start in places):
            raise SearchRefused("an answer does not stand where the row says")
        return places

    def _marks(self, predicted: str, answers: tuple[str, ...], language: str) -> qa.QuestionMarks:
        if self.rules == "mlqa":
            return qa.mlqa_marks([answers], [predicted], language)[0]
        marks = qa.squad_v2_marks if self.rules == "squad_v2" else qa.squad_marks
        return marks([answers], [predicted])[0]
