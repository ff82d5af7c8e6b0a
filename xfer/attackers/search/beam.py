"""Searches of our own: which of many replacements in a row hurt a victim most.

A place is a piece of one text of a row, a site all the places that change together, and an option what goes into
each of them. Labels follow as they do for every attacker (``forms.texts``). What the victim thinks comes through the
hub, one question a step for all candidates; ties go to the text that sorts first, so that nothing depends on order.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

from xfer.attackers.base import Row
from xfer.attackers.lexicons.dictionaries import one_space
from xfer.attackers.search.base import Search, Setting
from xfer.attackers.search.checks import Checks
from xfer.attackers.search.goals.base import Aim
from xfer.attackers.search.outcome import Outcome, Refused
from xfer.attackers.search.runner import Slot
from xfer.attackers.search.scheduler import ask
from xfer.forms.texts import edited, texts
from xfer.text.edits import Edit
from xfer.text.words import cut

UNKNOWN = "[UNK]"  # no word of any language
LONGEST = 20_000  # code points of a row that is searched: every word is tried in a text of its own
Tried = TypeVar("Tried", bound=tuple[Any, ...])
Place = tuple[str, int, int]  # the name of a text (``forms.texts.texts``), start, end


class Site(NamedTuple):
    """Places that change together, in order, for each option what goes into each of them, and how many words go."""

    places: tuple[Place, ...]
    options: tuple[tuple[str, ...], ...]
    words: int


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

    def piece(self, row: Row, place: Place) -> str:
        """What stands at a place of a row."""
        name, start, end = place
        return texts(self.form, row)[name][start:end]

    def free(self, place: Place) -> bool:
        """Whether a place holds no word that the aim protects."""
        name, start, end = place
        return not any(name == other and start < last and first < end for other, first, last in self.frozen)

    def asked(self, rows: Sequence[tuple[tuple[tuple[int, int], ...], Row]], probing: bool = False) -> list[State]:
        """The states of changed rows, as far as the budget goes. Raises Spent where it does not go at all.

        A row that is only ``probing`` is no result, however much it hurts.
        """
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
        for state in () if probing else states:
            if (not state.done, state.rank) < (not self.best.done, self.best.rank):
                self.best = state
        return states

    def kept(self, rows: list[Tried]) -> list[Tried]:
        """Those whose row, the second of each, holds what the aim's constraints say."""
        if not self.aim.about.constraints.checked or not rows:
            return rows
        original, *texts = map(self.aim.text, (self.row, *(tried[1] for tried in rows)))
        allowed = Checks(self.aim.about.constraints, ask).allowed(original, texts)
        return [tried for tried, kept in zip(rows, allowed, strict=True) if kept]

    def changed(self, sites: Sequence[Site], chosen: Sequence[tuple[int, int]]) -> Row | None:
        """The row with these options in it; None where its label cannot follow, or nothing changes."""
        return self.edited(
            {
                place: new
                for number, option in chosen
                for place, new in zip(sites[number].places, sites[number].options[option], strict=True)
            }
        )

    def edited(self, wanted: Mapping[Place, str]) -> Row | None:
        """The row with these places replaced; None where its label cannot follow one of them, or they overlap."""
        edits: dict[str, list[Edit]] = {}
        for (name, start, end), new in wanted.items():
            edits.setdefault(name, []).append(Edit(start, end, new, self.kind))
        if any(one.end > two.start for found in edits.values() for one, two in pairwise(sorted(found))):
            return None
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

    ``most`` is how many words may change in all (Tan and Joty 2021, section 3, for one word after the other).
    """
    states = [hunt.start]
    try:
        for number, site in enumerate(sites if not hunt.start.done else ()):
            fresh = [
                (chosen, row)
                for state in states
                if sum(sites[i].words for i, _ in state.chosen) + site.words <= most
                for option in range(len(site.options))
                for chosen in [(*state.chosen, (number, option))]
                if (row := hunt.changed(sites, chosen)) is not None
            ]
            fresh = hunt.kept(fresh)
            if not fresh:
                continue
            states = sorted([*states, *hunt.asked(fresh)], key=lambda state: state.rank)[:width]
            if hunt.best.done:
                break
    except Spent:
        return hunt.outcome(spent=True)
    return hunt.outcome()


def greedy(hunt: Hunt, places: Sequence[Place], propose: Callable[[Row, Place], list[str]], most: int) -> Outcome:
    """The places that matter most, each with the option that hurts most, if any does; ends with a success.

    ``propose`` gives the options for a place of the row as it has become; ``most`` places change at most. A place
    matters by the score with an unknown word in it (Jin et al. 2020; Li et al. 2020, algorithm 1).
    """
    edits: dict[Place, str] = {}
    try:
        for place in _by_importance(hunt, places) if most and not hunt.start.done else ():
            now = hunt.edited(edits)
            assert now is not None  # it was asked of the victim before
            moved = _moved(place, edits)
            if hunt.piece(now, moved) != hunt.piece(hunt.row, place):
                continue  # two words put in side by side share a space
            fresh = [{**edits, place: new} for new in dict.fromkeys(propose(now, moved))]
            rows = hunt.kept([((), row, tried) for tried in fresh if (row := hunt.edited(tried)) is not None])
            if not rows:
                continue
            before = hunt.best
            states = hunt.asked([(chosen, row) for chosen, row, _ in rows])
            if hunt.best is not before:
                edits = next(tried for state, (*_, tried) in zip(states, rows, strict=False) if state is hunt.best)
            if hunt.best.done or len(edits) >= most:
                break
    except Spent:
        return hunt.outcome(spent=True)
    return hunt.outcome()


def _by_importance(hunt: Hunt, places: Sequence[Place]) -> list[Place]:
    """Places by the score with an unknown word in them, the highest first; those that cannot be tried are left out."""
    tried = [(place, row) for place in places if (row := hunt.edited({place: UNKNOWN})) is not None]
    scores = [state.score for state in hunt.asked([((), row) for _, row in tried], probing=True)] if tried else []
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    return [tried[i][0] for i in order]


def _moved(place: Place, edits: Mapping[Place, str]) -> Place:
    """Where a place stands after edits of other places."""
    name, start, end = place
    growth = sum(len(new) - (b - a) for (other, a, b), new in edits.items() if other == name and b <= start)
    return name, start + growth, end + growth


def allowed(found: dict[str, str], rate: float) -> int:
    """How many of the words of some texts may change: none at rate 0, else one at least."""
    return max(rate > 0, int(rate * sum(len(cut(text)) for text in found.values())))


def searchable(form: str, row: Row, protect: Sequence[str]) -> dict[str, str]:
    """The texts of a row that may be changed. Raises Refused where there is none, or too much of it."""
    found = texts(form, row, protect)
    length = sum(map(len, found.values()))
    if length > LONGEST:
        raise Refused(f"{length} characters are more than the {LONGEST} that a search takes", "skipped")
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


class BeamSearch(Search):
    """A beam search from the first site to the last, which ends when the aim is reached."""

    rate: float = Field(1.0, ge=0, le=1, description="share of the words of a row that may change")
    beam: int = Field(2, ge=1, description="changed texts that are kept at each place")
    budget: int | None = Field(None, ge=1, description="queries a row; no limit if left out")

    @abstractmethod
    def sites(self, found: dict[str, str], row: Row, known: Any) -> list[Site]:
        """What may change in the texts of a row, in the order in which it is tried."""

    def slot(self, setting: Setting) -> Slot:

        def search(row: Row) -> Outcome:
            found = searchable(setting.form, row, self.protect)
            hunt = Hunt(setting.aim, setting.form, row, self.type_name, self.budget)
            sites = [site for site in self.sites(found, row, setting.known) if all(map(hunt.free, site.places))]
            return beam(hunt, sites, self.beam, allowed(found, self.rate))

        return search
