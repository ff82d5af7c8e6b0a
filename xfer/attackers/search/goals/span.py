"""``span``: a lost answer."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar, NamedTuple

from xfer.attackers.search.candidate import Text
from xfer.attackers.search.goal import BOUND
from xfer.attackers.search.goals.base import About, Row
from xfer.attackers.search.goals.texts import split
from xfer.attackers.search.outcome import Refused
from xfer.metrics import qa


class Gold(NamedTuple):
    """The right answers (none: there is no answer) and the language whose rules compare them."""

    answers: tuple[str, ...]
    language: str


class Span:
    """An answer whose F1 falls below ``goal.bound``, or whose exact match is lost.

    The gold answers' characters are never edited; their places move along. An item is (context, question, places of
    the gold answers), an answer (predicted text, p(gold span)): see ``models.victims``. A row that the clean text
    already loses is skipped, so that a success is a loss relative to the clean answer. The bound of half is our choice.
    """

    form: ClassVar[str] = "span"

    def __init__(self, about: About) -> None:
        self.about = about
        self.rules = about.options.get("rules", "squad")
        self.exact = about.goal.measure == "exact"
        self.by_f1 = about.goal.score == "f1"
        self.bound = about.goal.bound or BOUND

    def columns(self, row: Row) -> tuple[str, ...]:
        return ("text", "pair")

    def text(self, row: Row, kind: type[Any] = Text) -> Any:
        answers = [(0, start, start + len(answer)) for answer, start in self._places(row)]
        return split(kind, row, self.columns(row), self.about.locks, answers=answers)

    def item(self, text: Any) -> Hashable:
        return (*text.fields, tuple((place.start, place.end) for place in text.answers))

    def gold(self, row: Row) -> Gold:
        answers = tuple(answer for answer, _ in self._places(row))
        if not answers and self.rules != "squad_v2":
            raise Refused("the context holds no answer", "skipped")
        return Gold(answers, row["language"])

    def judge(self, answer: Any, gold: Gold) -> tuple[float, bool]:
        predicted, chance = answer
        marks = self._marks(predicted, *gold)
        lost = marks.exact < 1 if self.exact else marks.f1 < self.bound
        return 1.0 - (marks.f1 if self.by_f1 else float(chance)), lost

    def row(self, row: Row, text: Any) -> Row:
        found = [text.fields[0][place.start : place.end] for place in text.answers]
        if found != list(row["answers"]):
            raise Refused("an answer was lost on the way")
        starts = [place.start for place in text.answers]
        return row | {"text": text.fields[0], "pair": text.fields[1], "starts": starts}

    def _places(self, row: Row) -> list[tuple[str, int]]:
        answers, starts = row.get("answers"), row.get("starts")
        if answers is None or starts is None:
            raise Refused("the answer is withheld")
        found = list(zip(answers, starts, strict=True))
        if not all(row["text"].startswith(answer, start) for answer, start in found):
            raise Refused("an answer does not stand where the row says")
        return found

    def _marks(self, predicted: str, answers: tuple[str, ...], language: str) -> qa.Marks:
        if self.rules == "mlqa":
            return qa.mlqa_marks([answers], [predicted], language)[0]
        marks = qa.squad_v2_marks if self.rules == "squad_v2" else qa.squad_marks
        return marks([answers], [predicted])[0]
