"""What every search shares: its settings, and the abstract attacker that asks a victim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from xfer.attackers.base import Attacker, AttackRow
from xfer.attackers.constraints import Constraints
from xfer.attackers.search.goal import Goal
from xfer.attackers.search.goals.base import Aim, form_aim
from xfer.attackers.search.job import Oracle
from xfer.attackers.search.runner import Slot, run_search
from xfer.attackers.search.scheduler import SEARCH_WIDTH, QueueCounts
from xfer.readers.base import Reader


@dataclass(frozen=True)
class Setting:
    """What a search is given besides its rows: the task, the aim, and who answers.

    ``oracles`` (queue -> oracle, "victim" at least) answer what the search asks through ``engine.hub.ask``; ``width``
    is how many rows are searched at once, which changes no result; ``counts`` tells afterwards what was asked.
    ``known`` is what the attacker's ``prepare`` made, ``cache`` a folder of tables that are computed once.
    """

    form: str
    labels: tuple[str, ...]
    aim: Aim
    oracles: Mapping[str, Oracle]
    width: int = SEARCH_WIDTH
    counts: dict[str, QueueCounts] = field(default_factory=dict)
    prepared: Any = None
    cache: Path | None = None


class Search(Attacker):
    """An attacker that asks a victim which change hurts."""

    searches: ClassVar[bool] = True

    goal: Goal = Field(
        Goal(), description="when an answer counts as wrong, in forms where that is a question of degree"
    )
    constraints: Constraints = Field(Constraints(), description="what must hold between a text and what becomes of it")

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        yield from super().compatibility_faults(reader, languages)
        if self.fits_form(reader.form):
            labels, form = reader.label_names(), reader.form
            for field, what, hint in self.goal.compatibility_faults(form, labels, reader.form_options()):
                yield f"goal.{field}", what, hint
            for field, what, hint in self.constraints.compatibility_faults(form, labels):
                yield f"constraints.{field}", what, hint

    def task_aim(self, form: str, labels: Sequence[str], options: Mapping[str, Any]) -> Aim:
        """What this search wants of a task of this form."""
        return form_aim(form, labels, options, self.goal, self.constraints, self.protect)

    def extra_oracles(self, setting: Setting) -> Mapping[str, Oracle]:
        """The further queues that this search asks (masked LM, sentence encoder, tagger), made once a process."""
        return {}

    def make_slot(self, setting: Setting) -> Slot:
        """What searches one row after the other, each from scratch; it asks ``hub.ask("victim", items)``.

        Its random choices come from the global generators or from ``stream``; both depend on the row's name only.
        """
        raise NotImplementedError

    def search_rows(self, rows: Sequence[AttackRow], setting: Setting) -> Iterator[dict[str, Any]]:
        """For each row, in the order in which they end: id, language, status, queries, forwards (different texts
        asked of the victim), score, message and the row's columns as they became."""
        return run_search(self, rows, setting)
