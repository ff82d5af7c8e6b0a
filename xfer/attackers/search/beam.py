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

from xfer.attackers.base import AttackRow
from xfer.attackers.lexicons.dictionaries import single_spaced
from xfer.attackers.search.base import Search, Setting
from xfer.attackers.search.checks import ConstraintChecks
from xfer.attackers.search.goals.base import Aim
from xfer.attackers.search.outcome import SearchOutcome, SearchRefused
from xfer.attackers.search.runner import Slot
from xfer.attackers.search.scheduler import ask_oracle
from xfer.forms.texts import apply_edits, editable_texts
from xfer.text.edits import Edit
from xfer.text.words import counted_words

UNKNOWN_WORD = "[UNK]"  # no word of any language
MAX_ROW_LENGTH = 20_000  # code points of a row that is searched: every word is tried in a text of its own
Tried = TypeVar("Tried", bound=tuple[Any, ...])
TextPlace = tuple[str, int, int]  # the name of a text (``forms.texts.texts``), start, end


class Site(NamedTuple):
    """Places that change together, in order, for each option what goes into each of them, and how many words go."""

    places: tuple[TextPlace, ...]
    options: tuple[tuple[str, ...], ...]
    words: int


class State(NamedTuple):
    """A changed row: the options chosen so far as (site, option), how near it is to the aim, and if it is there."""

    chosen: tuple[tuple[int, int], ...]
    row: AttackRow
    score: float
    done: bool

    @property
    def sort_key(self) -> tuple[Any, ...]:
        """The best first; of equal ones the one whose texts sort first."""
        return -self.score, _sort_texts(self.row)


class BudgetSpent(Exception):
    """The budget leaves no question."""


class RowSearch:
    """One row under search: builds changed rows and asks the victim for them."""

    def __init__(self, aim: Aim, form: str, row: AttackRow, kind: str, budget: int | None) -> None:
        self.aim, self.form, self.row, self.kind = aim, form, row, kind
        self.budget, self.queries = budget, 0
        gold = aim.gold_answer(row)
        text = aim.editable_text(row)
        self.queries = 1
        self.start = State((), row, *aim.judge_answer(ask_oracle("victim", [aim.victim_item(text)])[0], gold))
        self.best = self.start
        self.frozen = list(_frozen_places(aim.text_columns(row), text))

    def piece(self, row: AttackRow, location: TextPlace) -> str:
        """What stands at a place of a row."""
        name, start, end = location
        return editable_texts(self.form, row)[name][start:end]

    def free(self, location: TextPlace) -> bool:
        """Whether a place holds no word that the aim protects."""
        name, start, end = location
        return not any(name == other and start < last and first < end for other, first, last in self.frozen)

    def asked(
        self, rows: Sequence[tuple[tuple[tuple[int, int], ...], AttackRow]], probing: bool = False
    ) -> list[State]:
        """The states of changed rows, as far as the budget goes. Raises Spent where it does not go at all.

        A row that is only ``probing`` is no result, however much it hurts.
        """
        if self.budget is not None:
            rows = rows[: self.budget - self.queries]
            if not rows:
                raise BudgetSpent
        items = [self.aim.victim_item(self.aim.editable_text(row)) for _, row in rows]
        self.queries += len(items)
        answers = ask_oracle("victim", items)
        states = [
            State(chosen, row, *self.aim.judge_answer(answer, self.aim.gold_answer(row)))
            for (chosen, row), answer in zip(rows, answers, strict=True)
        ]
        for state in () if probing else states:
            if (not state.done, state.sort_key) < (not self.best.done, self.best.sort_key):
                self.best = state
        return states

    def kept(self, rows: list[Tried]) -> list[Tried]:
        """Those whose row, the second of each, holds what the aim's constraints say."""
        if not self.aim.task.constraints.needs_checks or not rows:
            return rows
        original, *texts = map(self.aim.editable_text, (self.row, *(tried[1] for tried in rows)))
        allowed = ConstraintChecks(self.aim.task.constraints, ask_oracle).allowed(original, texts)
        return [tried for tried, kept in zip(rows, allowed, strict=True) if kept]

    def changed(self, sites: Sequence[Site], chosen: Sequence[tuple[int, int]]) -> AttackRow | None:
        """The row with these options in it; None where its label cannot follow, or nothing changes."""
        return self.edited(
            {
                location: new
                for number, option in chosen
                for location, new in zip(sites[number].places, sites[number].options[option], strict=True)
            }
        )

    def edited(self, replacements: Mapping[TextPlace, str]) -> AttackRow | None:
        """The row with these places replaced; None where its label cannot follow one of them, or they overlap."""
        edits: dict[str, list[Edit]] = {}
        for (name, start, end), new in replacements.items():
            edits.setdefault(name, []).append(Edit(start, end, new, self.kind))
        if any(left.end > right.start for side_edits in edits.values() for left, right in pairwise(sorted(side_edits))):
            return None
        row, applied = apply_edits(
            self.form, self.row, {name: single_spaced(sorted(side_edits)) for name, side_edits in edits.items()}
        )
        complete = row is not None and sum(map(len, applied.values())) == sum(map(len, edits.values()))
        return row if complete else None

    def outcome(self, spent: bool = False) -> SearchOutcome:
        """What came of it: the first success that hurts most, or the changed row that does."""
        if self.start.done:
            return SearchOutcome("skipped", self.row, self.queries, self.start.score, "wrong before any change")
        message = f"the budget of {self.budget} queries is spent" if spent and not self.best.done else ""
        status = "succeeded" if self.best.done else "failed"
        return SearchOutcome(status, self.best.row, self.queries, self.best.score, message)


def beam_search(row_search: RowSearch, sites: Sequence[Site], width: int, max_words: int) -> SearchOutcome:
    """Site by site, in order, every option on each of the ``width`` states that hurt most; ends with a success.

    ``most`` is how many words may change in all (Tan and Joty 2021, section 3, for one word after the other).
    """
    states = [row_search.start]
    try:
        for number, site in enumerate(sites if not row_search.start.done else ()):
            candidates = [
                (chosen, row)
                for state in states
                if sum(sites[i].words for i, _ in state.chosen) + site.words <= max_words
                for option in range(len(site.options))
                for chosen in [(*state.chosen, (number, option))]
                if (row := row_search.changed(sites, chosen)) is not None
            ]
            candidates = row_search.kept(candidates)
            if not candidates:
                continue
            states = sorted([*states, *row_search.asked(candidates)], key=lambda state: state.sort_key)[:width]
            if row_search.best.done:
                break
    except BudgetSpent:
        return row_search.outcome(spent=True)
    return row_search.outcome()


def greedy_search(
    row_search: RowSearch,
    places: Sequence[TextPlace],
    propose: Callable[[AttackRow, TextPlace], list[str]],
    max_places: int,
) -> SearchOutcome:
    """The places that matter most, each with the option that hurts most, if any does; ends with a success.

    ``propose`` gives the options for a place of the row as it has become; ``most`` places change at most. A place
    matters by the score with an unknown word in it (Jin et al. 2020; Li et al. 2020, algorithm 1).
    """
    edits: dict[TextPlace, str] = {}
    try:
        for location in _by_importance(row_search, places) if max_places and not row_search.start.done else ():
            current_row = row_search.edited(edits)
            assert current_row is not None  # it was asked of the victim before
            current_location = _shifted_place(location, edits)
            if row_search.piece(current_row, current_location) != row_search.piece(row_search.row, location):
                continue  # two words put in side by side share a space
            candidates = [{**edits, location: new} for new in dict.fromkeys(propose(current_row, current_location))]
            rows = row_search.kept(
                [((), row, tried) for tried in candidates if (row := row_search.edited(tried)) is not None]
            )
            if not rows:
                continue
            before = row_search.best
            states = row_search.asked([(chosen, row) for chosen, row, _ in rows])
            if row_search.best is not before:
                edits = next(
                    tried for state, (*_, tried) in zip(states, rows, strict=False) if state is row_search.best
                )
            if row_search.best.done or len(edits) >= max_places:
                break
    except BudgetSpent:
        return row_search.outcome(spent=True)
    return row_search.outcome()


def _by_importance(row_search: RowSearch, places: Sequence[TextPlace]) -> list[TextPlace]:
    """Places by the score with an unknown word in them, the highest first; those that cannot be tried are left out."""
    tried = [(location, row) for location in places if (row := row_search.edited({location: UNKNOWN_WORD})) is not None]
    scores = [state.score for state in row_search.asked([((), row) for _, row in tried], probing=True)] if tried else []
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    return [tried[i][0] for i in order]


def _shifted_place(location: TextPlace, edits: Mapping[TextPlace, str]) -> TextPlace:
    """Where a place stands after edits of other places."""
    name, start, end = location
    growth = sum(len(new) - (b - a) for (other, a, b), new in edits.items() if other == name and b <= start)
    return name, start + growth, end + growth


def word_budget(side_texts: dict[str, str], rate: float) -> int:
    """How many of the words of some texts may change: none at rate 0, else one at least."""
    return max(rate > 0, int(rate * sum(len(counted_words(text)) for text in side_texts.values())))


def searchable_texts(form: str, row: AttackRow, protect: Sequence[str]) -> dict[str, str]:
    """The texts of a row that may be changed. Raises Refused where there is none, or too much of it."""
    side_texts = editable_texts(form, row, protect)
    length = sum(map(len, side_texts.values()))
    if length > MAX_ROW_LENGTH:
        raise SearchRefused(f"{length} characters are more than the {MAX_ROW_LENGTH} that a search takes", "skipped")
    if not any(text.strip() for text in side_texts.values()):
        raise SearchRefused("there is no text to change", "skipped")
    return side_texts


def _frozen_places(names: Sequence[str], text: Any) -> Iterator[TextPlace]:
    placed = text.placed() if getattr(text, "frozen", None) else []
    for index in sorted(getattr(text, "frozen", ())):
        yield names[placed[index].column], placed[index].start, placed[index].end


def _sort_texts(row: AttackRow) -> tuple[str, ...]:
    """The texts of a row, to sort by."""
    return tuple(str(row[name]) for name in ("text", "pair", "question", "options") if row.get(name) is not None)


class BeamSearch(Search):
    """A beam search from the first site to the last, which ends when the aim is reached."""

    rate: float = Field(1.0, ge=0, le=1, description="share of the words of a row that may change")
    beam: int = Field(2, ge=1, description="changed texts that are kept at each place")
    budget: int | None = Field(None, ge=1, description="queries a row; no limit if left out")

    @abstractmethod
    def edit_sites(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> list[Site]:
        """What may change in the texts of a row, in the order in which it is tried."""

    def make_slot(self, setting: Setting) -> Slot:

        def search(row: AttackRow) -> SearchOutcome:
            side_texts = searchable_texts(setting.form, row, self.protect)
            row_search = RowSearch(setting.aim, setting.form, row, self.type_name, self.budget)
            sites = [
                site
                for site in self.edit_sites(side_texts, row, setting.prepared)
                if all(map(row_search.free, site.places))
            ]
            return beam_search(row_search, sites, self.beam, word_budget(side_texts, self.rate))

        return search
