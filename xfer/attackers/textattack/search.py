"""One example after the other through a ``textattack.Attack``: a typed outcome, whatever the example holds.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.search.goals.base import Aim
from xfer.attackers.search.outcome import SearchOutcome, SearchRefused
from xfer.attackers.textattack.text import SpanText, attacked_columns

if TYPE_CHECKING:
    from textattack import Attack
    from textattack.shared import AttackedText

_Row = dict[str, Any]


class RecipeSearch:
    """The ``textattack.Attack`` objects of one slot, one for each language and set of protected columns.

    ``build`` makes one, given the language and the indices of the protected columns.
    """

    # Code points of an example that a search takes: greedy ranking writes every text once a word, so cost grows with
    # the square of the length.
    longest = 20_000

    def __init__(self, aim: Aim, build: Callable[[str, tuple[int, ...]], Any], protect: Collection[str]) -> None:
        self.aim, self.build, self.protect = aim, build, frozenset(protect)
        self._built: dict[tuple[str, tuple[int, ...]], Any] = {}

    def __call__(self, row: _Row) -> SearchOutcome:
        """The outcome of one row. Raises Refused for what no search can take."""
        names = self.aim.text_columns(row)
        protected = tuple(i for i, name in enumerate(names) if name in self.protect)
        attack = self._attack(row["language"], protected)
        try:
            return self._searched(attack, row, protected)
        finally:
            attack.clear_cache()  # TextAttack does so after finished searches only

    def _attack(self, language: str, protected: tuple[int, ...]) -> Attack:
        key = language, protected
        if key not in self._built:
            with catch_warnings():
                simplefilter("ignore")  # a deprecated logging call
                self._built[key] = self.build(language, protected)
        return self._built[key]

    def _searched(self, attack: Attack, row: _Row, protected: tuple[int, ...]) -> SearchOutcome:
        gold, before = self.aim.gold_answer(row), self.aim.editable_text(row, SpanText)
        self._refuse(before.fields)
        goal = attack.goal_function
        goal.gold = gold
        label = gold if isinstance(gold, int) else 0  # TextAttack takes numbers and strings; an aim knows its own
        result = attack.attack(self._entered(before), label)
        final = result.perturbed_result
        fields = attacked_columns(final.attacked_text)
        if len(fields) != len(before.fields):
            raise SearchRefused("upstream TextAttack made one text of all columns")
        # a goal that is never complete (fewer words) is reached by any change
        changed_status = "failed" if fields == before.fields else "succeeded"
        status = ("succeeded", "failed", changed_status, "skipped")[int(final.goal_status)]
        if any(fields[column] != before.fields[column] for column in protected):
            raise SearchRefused("TextAttack edited a protected column")
        spent = status == "failed" and goal.num_queries >= goal.query_budget
        message = f"the budget of {goal.query_budget} queries is spent" if spent else ""
        changed = self.aim.changed_row(row, self._left(final.attacked_text, fields))
        return SearchOutcome(status, changed, int(final.num_queries), float(final.score), message)

    def _refuse(self, fields: tuple[str, ...]) -> None:
        """Raises SearchRefused for texts that no search takes."""
        length = sum(map(len, fields))
        if length > self.longest:
            raise SearchRefused(f"{length} characters are more than the {self.longest} that a search takes", "skipped")

    def _entered(self, before: SpanText) -> AttackedText:
        """A text as the search reads it."""
        return before

    def _left(self, final: AttackedText, fields: tuple[str, ...]) -> EditableText:
        """What the search made of a text, as words at places."""
        text: EditableText = final
        return text
