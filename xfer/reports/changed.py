"""What an attack did to the rows of an evaluation, read from its node and from the rows that it was given."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from pydantic_core import PydanticCustomError

from xfer.attackers.base import Attacker
from xfer.attackers.changes import SideChange, portion, row_form, side_changes, words_changed
from xfer.core.store import Entry
from xfer.forms.texts import editable_texts

CHANGED, UNCHANGED, DROPPED, ERROR = STATES = ("changed", "unchanged", "dropped", "error")
SEARCH_STATUSES = ("succeeded", "failed")  # what a search says of rows that it worked on


class Measured(NamedTuple):
    """What is counted of a row (words, entities), and the sides that are not."""

    of: str
    protect: tuple[str, ...]


WORDS = Measured("words", ())


class AttackedRow(NamedTuple):
    """One row under an attack. ``state`` says what became of its text, ``status`` what the attacker says of it."""

    id: str
    language: str
    status: str
    state: str
    queries: int
    forwards: int
    words_changed: int
    words: int
    sides: list[SideChange]
    portion: tuple[int, int]  # how much was changed of what the attacker is to change, and how much of that there is

    @property
    def share(self) -> float:
        """The share of its words that were changed; 1 where there were none."""
        return self.words_changed / self.words if self.words else float(self.state == CHANGED)


class AttackedRows(NamedTuple):
    """All rows under an attack that it could change, in their order."""

    rows: list[AttackedRow]

    def statuses(self) -> dict[str, int]:
        """How many rows came to each status."""
        return dict(sorted(Counter(row.status for row in self.rows).items()))

    def share(self) -> float:
        """The mean share of words that were changed, over the rows that were."""
        shares = [row.share for row in self.rows if row.state == CHANGED]
        return sum(shares) / len(shares) if shares else 0.0

    def portion(self) -> float:
        """The share of what the attacker is to change that was changed, over all rows."""
        whole = sum(row.portion[1] for row in self.rows)
        return sum(row.portion[0] for row in self.rows) / whole if whole else 0.0

    def sample(self, count: int, language: str | None = None) -> list[AttackedRow]:
        """``count`` changed rows, always the same: those whose names have the lowest hashes."""
        rows = [row for row in self.rows if row.state == CHANGED and language in (None, row.language)]
        return sorted(rows, key=lambda row: (ids_fingerprint([row.id]), row.language))[:count]


def ids_fingerprint(ids: list[str]) -> str:
    """BLAKE2b (8 bytes) of ids, sorted and with a line end after each: equal for equal sets of rows only."""
    text = "".join(f"{name}\n" for name in sorted(ids))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def attacks_by_evaluation(parents: Mapping[str, Entry]) -> dict[str, list[AttackedRows]]:
    """evaluation -> what its attack did, from the parents of a report: once, or once a seed where these differ."""
    runs_by_name: dict[str, dict[str, AttackedRows]] = {}
    for role, entry in parents.items():
        if role.startswith(ATTACKED_ROLE):
            name = role.removeprefix(ATTACKED_ROLE)
            runs_by_key = runs_by_name.setdefault(name.split("/")[0], {})
            if entry.key not in runs_by_key:
                runs_by_key[entry.key] = attacked_rows_of(entry, parents[GIVEN_ROLE + name], measured(entry))
    return {name: list(runs.values()) for name, runs in runs_by_name.items()}


def attacked_rows_of(attack: Entry, original: Entry, share: Measured = WORDS) -> AttackedRows:
    """What a finished attack node did to the rows of its parent; ``share`` says what its ``portion`` is of."""
    before, notes, after = (
        _stored_rows(entry, name) for entry, name in ((original, "rows"), (attack, "edits"), (attack, "rows"))
    )
    attacked = []
    for note in notes:
        row = next(row for row in before if (row["language"], row["id"]) == (note["language"], note["id"]))
        changed = None if note["status"] == DROPPED else next(after)
        if editable_texts(row_form(row), row):  # of retrieval, what is searched for and not what is found
            attacked.append(_attacked_row(row, changed, note, share))
    return AttackedRows(attacked)


def measured(attack: Entry) -> Measured:
    """What the attacker of a node changes a share of, and the sides that it leaves alone."""
    identity = attack.node_record()["job"]["attacker"]
    try:
        of = getattr(Attacker.find_class(identity["type"]), "rate_of", None) or "words"
    except PydanticCustomError:  # a plug-in that is no longer installed
        of = "words"
    return Measured(of, tuple(identity.get("protect", ())))


def _attacked_row(
    row: dict[str, Any], changed: dict[str, Any] | None, note: dict[str, Any], share: Measured
) -> AttackedRow:
    edits = json.loads(note["edits"]) if note["edits"] is not None else None
    row_sides = side_changes(row_form(row), row, changed, edits) if changed else []
    counts = [words_changed(side.original, side.edits) for side in row_sides]
    if changed is None:
        state = DROPPED
    elif note["status"] == ERROR:
        state = ERROR
    else:
        state = CHANGED if any(side.edits for side in row_sides) else UNCHANGED
    changed_words, words = sum(hit for hit, _ in counts), sum(side_words for _, side_words in counts)
    spent = note["queries"] or 0, note["forwards"] or 0
    part = portion(row, row_sides, edits, *share) if changed else (0, 0)
    return AttackedRow(
        str(row["id"]), row["language"], note["status"], state, *spent, changed_words, words, row_sides, part
    )


def _stored_rows(entry: Entry, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a stored table, one by one: of long contexts all at once would be large."""
    with pq.ParquetFile(entry.out / f"{name}.parquet") as file:
        for batch in file.iter_batches(batch_size=1_000):
            yield from batch.to_pylist()


ATTACKED_ROLE, GIVEN_ROLE = "attacked/", "given/"  # roles of a report's parents: what an attack made, and of which rows
