"""A search over the rows of one attack: each row a job of the hub, each outcome a plain dict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from xfer.attackers.search import scheduler
from xfer.attackers.search.outcome import Outcome, Refused, line
from xfer.core.errors import XferError
from xfer.core.seeds import derive

Row = dict[str, Any]
Slot = Callable[[Row], Outcome]


def search(attacker: Any, rows: Sequence[Row], setting: Any) -> Iterator[dict[str, Any]]:
    """For each row as it ends: id, language, status, queries, forwards, score, message and the row's other columns.

    ``attacker.slot(setting)`` builds what searches one row after the other; there are as many as rows live at once.
    ``forwards`` counts the different texts that the row asked of the victim.
    """
    name, free = attacker.identity(), list[Slot]()

    def job(row: Row) -> scheduler.Job:
        def work() -> tuple[Outcome, int]:
            slot = free.pop() if free else attacker.slot(setting)
            try:
                return _typed(slot, row), scheduler.distinct("victim")
            finally:
                free.append(slot)

        return row, derive(attacker.seed, name, row["language"], row["id"]), work

    oracles = {**setting.oracles, **attacker.oracles(setting)}
    for row, found in scheduler.run(map(job, rows), oracles, setting.width, counts=setting.counts):
        if isinstance(found, Exception):
            raise found
        yield _plain(row, *found)


def _typed(slot: Slot, row: Row) -> Outcome:
    """The outcome of one row; one that fails is a row that says so, never the end of the run."""
    try:
        return slot(row)
    except XferError:  # what is missing for one row is missing for all
        raise
    except Exception as error:
        status = error.status if isinstance(error, Refused) else "error"
        return Outcome(status, row, scheduler.distinct("victim"), 0.0, line(error))


def _plain(row: Row, outcome: Outcome, forwards: int) -> dict[str, Any]:
    about = {"status": outcome.status, "queries": outcome.queries, "forwards": forwards, "score": outcome.score}
    names = {"id": row["id"], "language": row["language"]}
    return outcome.row | names | about | {"message": outcome.message}
