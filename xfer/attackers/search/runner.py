"""A search over the rows of one attack: each row a job of the hub, each outcome a plain dict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from xfer.attackers.search import scheduler
from xfer.attackers.search.outcome import SearchOutcome, SearchRefused, error_line
from xfer.core.errors import XferError
from xfer.core.seeds import derive_seed

_Row = dict[str, Any]
Slot = Callable[[_Row], SearchOutcome]


def run_search(attacker: Any, rows: Sequence[_Row], setting: Any) -> Iterator[dict[str, Any]]:
    """For each row as it ends: id, language, status, queries, forwards, score, message and the row's other columns.

    ``attacker.make_slot(setting)`` builds what searches one row after the other; as many rows live at once as slots.
    ``forwards`` counts the different texts that the row asked of the victim.
    """
    name, idle_slots = attacker.identity(), list[Slot]()

    def job(row: _Row) -> scheduler.SearchJob:
        def work() -> tuple[SearchOutcome, int]:
            slot = idle_slots.pop() if idle_slots else attacker.make_slot(setting)
            try:
                return _row_outcome(slot, row), scheduler.count_distinct("victim")
            finally:
                idle_slots.append(slot)

        return row, derive_seed(attacker.seed, name, row["language"], row["id"]), work

    oracles = {**setting.oracles, **attacker.extra_oracles(setting)}
    for row, result in scheduler.run_jobs(map(job, rows), oracles, setting.width, counts=setting.counts):
        if isinstance(result, Exception):
            raise result
        yield _result_row(row, *result)


def _row_outcome(slot: Slot, row: _Row) -> SearchOutcome:
    """The outcome of one row; one that fails is a row that says so, never the end of the run."""
    try:
        return slot(row)
    except XferError:  # what is missing for one row is missing for all
        raise
    except Exception as error:
        status = error.status if isinstance(error, SearchRefused) else "error"
        return SearchOutcome(status, row, scheduler.count_distinct("victim"), 0.0, error_line(error))


def _result_row(row: _Row, outcome: SearchOutcome, forwards: int) -> dict[str, Any]:
    result_fields = {"status": outcome.status, "queries": outcome.queries, "forwards": forwards, "score": outcome.score}
    names = {"id": row["id"], "language": row["language"]}
    return outcome.row | names | result_fields | {"message": outcome.message}
