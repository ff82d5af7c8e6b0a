"""Searches of our own: which of many replacements in a row hurt a victim most.

A place is a piece of one text of a row, a site all the places that change together, and an option what goes into
each of them. Labels follow as they do for every attacker (``forms.texts``). What the victim thinks comes through the
hub, one question a step for all candidates; ties go to the text that sorts first, so that nothing depends on order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from xfer.attackers.aims.base import Aim
from xfer.attackers.dictionaries import one_space
from xfer.attackers.engine.hub import ask
from xfer.attackers.engine.outcome import Outcome, Refused
from xfer.forms.edits import Edit
from xfer.forms.texts import edited, texts

Row = dict[str, Any]
Place = tuple[str, int, int]  # the name of a text (``forms.texts.texts``), start, end


class Site(NamedTuple):
    """Places that change together, in order, and for each option what goes into each of them."""

    places: tuple[Place, ...]
    options: tuple[tuple[str, ...], ...]


class State(NamedTuple):
    """A changed row: the options chosen so far as (site, option), how near it is to the aim, and if it is there."""

    chosen: tuple[tuple[int, int], ...]
    row: Row
    score: float
    done: bool

    @property
    def rank(self) -> tuple[Any, ...]:
        """The best first; of equal ones the one whose texts sort first."""
        return -self.score, _said(self.row)


class Spent(Exception):
    """The budget leaves no question."""


class Hunt:
    """One row under search: builds changed rows and asks the victim for them."""

    def __init__(self, aim: Aim, form: str, row: Row, kind: str, budget: int | None) -> None:
        self.aim, self.form, self.row, self.kind = aim, form, row, kind
        self.budget, self.queries = budget, 0
        gold = aim.gold(row)
        text = aim.text(row)
        self.queries = 1
        self.start = State((), row, *aim.judge(ask("victim", [aim.item(text)])[0], gold))
        self.best = self.start
        self.frozen = list(_frozen(aim.columns(row), text))

    def free(self, place: Place) -> bool:
        """Whether a place holds no word that the aim protects."""
        name, start, end = place
        return not any(name == other and start < last and first < end for other, first, last in self.frozen)

    def asked(self, rows: Sequence[tuple[tuple[tuple[int, int], ...], Row]]) -> list[State]:
        """The states of changed rows, as far as the budget goes. Raises Spent where it does not go at all."""
        if self.budget is not None:
            rows = rows[: self.budget - self.queries]
            if not rows:
                raise Spent
        items = [self.aim.item(self.aim.text(row)) for _, row in rows]
        self.queries += len(items)
        answers = ask("victim", items)
        states = [
            State(chosen, row, *self.aim.judge(answer, self.aim.gold(row)))
            for (chosen, row), answer in zip(rows, answers, strict=True)
        ]
        for state in states:
            if (not state.done, state.rank) < (not self.best.done, self.best.rank):
                self.best = state
        return states

    def changed(self, sites: Sequence[Site], chosen: Sequence[tuple[int, int]]) -> Row | None:
        """The row with these options in it; None where its label cannot follow, or nothing changes."""
        edits: dict[str, list[Edit]] = {}
        for number, option in chosen:
            for (name, start, end), new in zip(sites[number].places, sites[number].options[option], strict=True):
                edits.setdefault(name, []).append(Edit(start, end, new, self.kind))
        row, done = edited(self.form, self.row, {name: one_space(sorted(found)) for name, found in edits.items()})
        whole = row is not None and sum(map(len, done.values())) == sum(map(len, edits.values()))
        return row if whole else None

    def outcome(self, spent: bool = False) -> Outcome:
        """What came of it: the first success that hurts most, or the changed row that does."""
        if self.start.done:
            return Outcome("skipped", self.row, self.queries, self.start.score, "wrong before any change")
        message = f"the budget of {self.budget} queries is spent" if spent and not self.best.done else ""
        status = "succeeded" if self.best.done else "failed"
        return Outcome(status, self.best.row, self.queries, self.best.score, message)


def beam(hunt: Hunt, sites: Sequence[Site], width: int, most: int) -> Outcome:
    """Site by site, in order, every option on each of the ``width`` states that hurt most; ends with a success.

    ``most`` is how many places may change in all (Tan and Joty 2021, section 3, for one word after the other).
    """
    states = [hunt.start]
    try:
        for number, site in enumerate(sites if not hunt.start.done else ()):
            fresh = [
                (chosen, row)
                for state in states
                if sum(len(sites[i].places) for i, _ in state.chosen) + len(site.places) <= most
                for option in range(len(site.options))
                for chosen in [(*state.chosen, (number, option))]
                if (row := hunt.changed(sites, chosen)) is not None
            ]
            if not fresh:
                continue
            states = sorted([*states, *hunt.asked(fresh)], key=lambda state: state.rank)[:width]
            if hunt.best.done:
                break
    except Spent:
        return hunt.outcome(spent=True)
    return hunt.outcome()


def searchable(form: str, row: Row, protect: Sequence[str]) -> dict[str, str]:
    """The texts of a row that may be changed. Raises Refused where there is none."""
    found = texts(form, row, protect)
    if not any(text.strip() for text in found.values()):
        raise Refused("there is no text to change", "skipped")
    return found


def _frozen(names: Sequence[str], text: Any) -> Iterator[Place]:
    placed = text.placed() if getattr(text, "frozen", None) else []
    for index in sorted(getattr(text, "frozen", ())):
        yield names[placed[index].column], placed[index].start, placed[index].end


def _said(row: Row) -> tuple[str, ...]:
    """The texts of a row, to sort by."""
    return tuple(str(row[name]) for name in ("text", "pair", "question", "options") if row.get(name) is not None)
