"""The aim: what a search wants, for one form of task."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from xfer.attackers.constraints import Constraints, Locks
from xfer.attackers.search.goal import Goal
from xfer.forms.sheet import form_facts, load_target
from xfer.forms.texts import column_of_side

GoalRow = dict[str, Any]


class AttackedTask(NamedTuple):
    """A task under attack: its ``labels`` in the order of the head, the ``options`` of its form, what the search is
    after, the words that no edit touches, and what must hold of its results."""

    labels: Sequence[str]
    options: Mapping[str, Any]
    goal: Goal
    locks: Locks
    constraints: Constraints


class Aim(Protocol):
    """Joins the rows of a form to a search that edits words and reads scores.

    The items that ``victim_item`` makes are asked of the queue ``victim``; what its oracle answers goes to
    ``judge_answer``.
    """

    task: AttackedTask

    def __init__(self, task: AttackedTask) -> None:
        """An aim is about one task, for all rows of it."""

    def editable_text(self, row: GoalRow, kind: type[Any] = ...) -> Any:
        """The row as a ``kind`` of ``EditableText`` that a search edits. Raises Refused if that cannot be."""

    def text_columns(self, row: GoalRow) -> tuple[str, ...]:
        """The names of the row's columns that the text has as fields, in order."""

    def victim_item(self, text: Any) -> Hashable:
        """What the victim is asked for a text."""

    def gold_answer(self, row: GoalRow) -> Any:
        """What the victim should say. Raises Refused where the row does not tell."""

    def judge_answer(self, answer: Any, gold: Any) -> tuple[float, bool]:
        """How near the victim's answer is to the aim, from 0 to 1, and whether it is reached."""

    def changed_row(self, row: GoalRow, text: Any) -> GoalRow:
        """The row with its text changed and its labels moved along."""


def form_aim(
    form: str,
    labels: Sequence[str],
    options: Mapping[str, Any] | None = None,
    goal: Goal | None = None,
    constraints: Constraints | None = None,
    protect: Sequence[str] = (),
) -> Aim:
    """The aim of a search against a task of this form. ``protect`` are sides by role (premise, question, ...)."""
    applied = constraints or Constraints()
    task = AttackedTask(
        labels,
        options or {},
        goal or Goal(),
        applied.edit_locks([column_of_side(side, form) for side in protect]),
        applied,
    )
    instance: Aim = load_target(form_facts(form).aim_class)(task)
    return instance
