"""What a row is named by within its split: its file's id, with a count where that id is not its own.

Rows are paired, attacked, drawn and reported by their name. Real files give an id twice (``sent_id`` of CoNLL-U, ids
of a document, people's own tables), so the names are made here, once, where the rows of a reader become a split.
May import: core.errors, the standard library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from xfer.core.errors import StoreDamaged

Row = dict[str, Any]
Columns = dict[str, list[Any]]
RowKey = tuple[Hashable, ...]
FILE_ID = "file_id"  # the column of the file's own ids, which only splits have whose rows share some


class Identified(NamedTuple):
    """Rows under names of their own, how many of them share an id of their file, and how many such ids there are."""

    rows: list[Row]
    sharing: int = 0
    shared_ids: int = 0


def row_key(row: Row) -> RowKey:
    """What must be a row's own in its split. Queries and candidates, and rows to tune on, are apart from each other."""
    return row["language"], row.get("side"), row.get("part"), row["id"]


def occurrences(keys: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Of each key: which of its occurrences this is (from 1), and how many there are."""
    totals, seen = Counter(keys), Counter[Hashable]()
    found = []
    for key in keys:
        seen[key] += 1
        found.append((seen[key], totals[key]))
    return found


def identified(rows: Sequence[Row]) -> Identified:
    """The rows, those that share an id named ``<id> (2 of 3)`` and with the id itself in column ``FILE_ID``.

    Rows of other languages that are their translations share it as often, so that each finds its own. An id that is
    one row's stays as it is. So do those of candidates (form retrieve), which right answers are given by: where two
    candidates share one the search refuses them.
    """
    if len({row["id"] for row in rows}) == len(rows):  # mostly so, and there may be millions
        return Identified(list(rows))
    keys = [row_key(row) for row in rows]
    named, taken, shared = list[Row](), set(keys), Counter[RowKey]()
    for row, key, (number, total) in zip(rows, keys, occurrences(keys), strict=True):
        if total > 1 and row.get("side") != "candidate":
            shared[key] += 1
            row = row | {"id": _counted(key, number, total, taken), FILE_ID: row["id"]}
            taken.add(row_key(row))
        named.append(row)
    return Identified(named, shared.total(), len(shared))


def _counted(key: RowKey, number: int, total: int, taken: set[RowKey]) -> str:
    """The id of ``key`` with a count, and with more spaces before it where another row is called so."""
    gap = " "
    while (*key[:-1], f"{key[-1]}{gap}({number} of {total})") in taken:
        gap += " "
    return f"{key[-1]}{gap}({number} of {total})"


def sharing_note(sharing: int, shared_ids: int) -> str:
    """What a log says of rows that share ids."""
    what = "an id" if shared_ids == 1 else f"{shared_ids:,} ids"
    return f"{sharing:,} rows share {what} and are told apart by a count"


def file_ids(columns: Columns) -> list[Any]:
    """The ids of rows or predictions as their files have them: what official formats want."""
    return columns.get(FILE_ID, columns["id"])


def file_ids_of(predictions: Columns, rows: Columns) -> list[Any]:
    """The file's own id of each prediction, from the rows that were predicted."""
    sides = rows.get("side") or [None] * len(rows["id"])
    each = zip(rows["language"], rows["id"], rows[FILE_ID], sides, strict=True)
    known = {(language, name): own for language, name, own, side in each if side != "candidate"}
    return [known[key] for key in zip(predictions["language"], predictions["id"], strict=True)]


def check_names(keys: Iterable[RowKey], what: str) -> None:
    """Raises StoreDamaged where two stored rows have one key, whose last part is their id, as versions of xfer without
    a count wrote them."""
    key, count = next(iter(Counter(keys).most_common(1)), (("",), 0))
    if count > 1:
        raise StoreDamaged(
            f"{what}: {count:,} have the id '{key[-1]}', as an earlier version of xfer stored them; "
            "run with another --store, where each has a name of its own"
        )
