"""The attacker: how a text is changed, and what the change leaves true.

Every random choice comes from ``stream(seed, attacker, language, example id)``, so that order, resume
and the number of workers never change a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, ClassVar

from pydantic import Field

from xfer.attackers.edits import Edit, splice
from xfer.core.component import Component
from xfer.core.seeds import stream

Row = dict[str, Any]
FIELDS = ("text", "pair")  # the columns that hold text, in every form that can be attacked


class Attacker(Component, kind="attacker"):
    """A perturbation of the rows of an evaluation."""

    forms: ClassVar[tuple[str, ...]]
    searches: ClassVar[bool] = False

    seed: int = Field(0, description="another seed draws other changes")
    protect: tuple[str, ...] = Field((), description="columns that no change may touch: text, pair")

    def columns(self, row: Row) -> list[str]:
        """The text columns of ``row`` that may be changed."""
        return [name for name in FIELDS if row.get(name) is not None and name not in self.protect]


class ModelFree(Attacker):
    """An attacker that needs no model: the edits of a text depend on the text and its language only."""

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        """Non-overlapping edits of ``text``, in order."""
        raise NotImplementedError

    def change(self, row: Row) -> tuple[Row, list[dict[str, Any]]]:
        """The row with its text changed, and the edits with the column of each."""
        changed, edits = dict(row), []
        for column in self.columns(row):
            random = stream(self.seed, self.identity(), row["language"], row["id"], column)
            found = self.edit(row[column], row["language"], random)
            changed[column] = splice(row[column], found)
            edits += [{"column": column, **edit._asdict()} for edit in found]
        return changed, edits


class Search(Attacker):
    """An attacker that asks a victim which change hurts."""

    searches: ClassVar[bool] = True

    def search(
        self, rows: Sequence[Row], victim: Callable[[list[tuple[str, ...]]], Any], labels: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """For each row, in order: id, language, status, queries, forwards, message and the text columns."""
        raise NotImplementedError
