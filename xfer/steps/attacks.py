"""What an attack node does: every row with its text changed, by rule or by a search against a victim."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xfer.attackers.base import AttackRow, ModelFree
from xfer.core.errors import XferError
from xfer.core.jsonl import add_line, read_whole_lines
from xfer.core.store import write_json
from xfer.forms.sheet import form_facts
from xfer.forms.texts import editable_texts
from xfer.graph.jobs import AttackJob
from xfer.readers.identity import check_names, row_key
from xfer.steps import search_processes
from xfer.steps.portions import count_changes, portion_record, portion_summary
from xfer.steps.rows import Parents, ProgressFunction, RowColumns, read_rows, row_dicts, write_rows
from xfer.steps.searches import prepared_rows
from xfer.trainers.attacked import draw_row_share

UNTOUCHED = {"status": "unchanged", "queries": 0, "forwards": 0, "message": ""}


class EditedRow(NamedTuple):
    """One row and what became of it: None where its label cannot follow. The note is its line in ``edits.parquet``."""

    row: AttackRow | None
    note: dict[str, Any]


def attack_step(job: AttackJob, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The rows with changed text as ``rows.parquet`` and what was done to each as ``edits.parquet``."""
    rows, attacker = read_rows(parents["rows"]), job.attacker
    chosen = _chosen_rows(job, row_dicts(rows))
    check_names((row_key(row) for row in chosen if row.get("side") != "candidate"), f"rows of attack {job.label}")
    unsteady_shapes = 0
    if attacker.searches:
        changed_rows, unsteady_shapes = _run_search(job, parents, folder, progress, chosen)
    else:
        changed_rows = _change_rows(job, parents, progress, chosen)
    columns: RowColumns = {name: [] for name in rows}
    notes: RowColumns = {name: [] for name in ("id", "language", "status", "queries", "forwards", "message", "edits")}
    for changed, note in changed_rows:
        if changed is not None:
            for name in columns:
                columns[name].append(changed[name])
        for name in notes:
            notes[name].append(note.get(name))
    kept = len(columns["id"])
    if not kept:
        raise XferError(f"attack {job.label}: {attacker.type_name} leaves no label of {len(chosen)} rows true")
    write_rows(folder / "out" / "rows.parquet", columns)
    write_rows(folder / "out" / "edits.parquet", notes)
    counts = count_changes(attacker, _before_and_after(job, chosen, changed_rows))
    write_json(folder / "out" / "size.json", {"rows": kept, "portion": portion_record(job.label, attacker, counts)})
    changed_count = sum(note["status"] in ("changed", "succeeded") for _, note in changed_rows)
    summary: dict[str, Any] = {"rows": kept, "changed": changed_count}
    summary |= {"words": job.inputs.segmenter} if job.inputs.segmenter else {}
    summary |= {"unsteady": unsteady_shapes} if unsteady_shapes else {}
    summary |= {"dropped": len(chosen) - kept} if kept < len(chosen) else {}
    return summary | portion_summary(attacker, counts)


def _before_and_after(
    job: AttackJob, rows: Sequence[AttackRow], changed_rows: Sequence[EditedRow]
) -> Iterator[tuple[AttackRow, AttackRow | None, list[dict[str, Any]] | None]]:
    """Each row, what became of it, and the edits that its attacker names; not those that have no text to change."""
    for row, (changed, note) in zip(rows, changed_rows, strict=True):
        if editable_texts(job.form.name, row):
            yield row, changed, None if note["edits"] is None else json.loads(note["edits"])


def _chosen_rows(job: AttackJob, rows: list[AttackRow]) -> list[AttackRow]:
    """The rows to attack: all of a test; of training rows a share of those that have a text to change."""
    if job.share is None:
        return rows

    def eligible(row: AttackRow) -> bool:
        return bool(editable_texts(job.form.name, row, job.attacker.protect))

    return [rows[index] for index in draw_row_share(rows, job.share, eligible=eligible)]


def _searched_key(row: AttackRow) -> tuple[str, str]:
    """What names a row among those that are searched: of retrieval the queries under test alone."""
    return row["pool"] if "pool" in row else row["language"], row["id"]


def _change_rows(
    job: AttackJob, parents: Parents, progress: ProgressFunction, rows: Sequence[AttackRow]
) -> list[EditedRow]:
    """Each row changed without a model."""
    attacker, changed_rows = job.attacker, list[EditedRow]()
    assert isinstance(attacker, ModelFree)
    spoken_rows = [row | {"language": job.language or row["language"]} for row in rows]
    changes = attacker.change_rows(spoken_rows, job.form.name, prepared_rows(attacker, parents))
    for number, (row, (changed, edits)) in enumerate(zip(rows, changes, strict=True), 1):
        changed = changed and changed | {"language": row["language"]}
        status = "dropped" if changed is None else "changed" if edits else "unchanged"
        note = {
            "id": row["id"],
            "language": row["language"],
            "status": status,
            "edits": json.dumps(edits, ensure_ascii=True),
        }
        changed_rows.append(EditedRow(changed, note | {"queries": 0, "forwards": 0, "message": ""}))
        if number % 500 == 0 or number == len(rows):
            progress(number, len(rows))
    return changed_rows


def _run_search(
    job: AttackJob, parents: Parents, folder: Path, progress: ProgressFunction, rows: Sequence[AttackRow]
) -> tuple[list[EditedRow], int]:
    """Each row as a search leaves it, and the unsteady shapes that were met (see ``SearchedRow``).

    Appends each outcome to ``results.jsonl``, so that a killed attack goes on where it was.
    """
    path, form = folder / "results.jsonl", job.form.name
    # a query may be spoken in another language than that of the pool which it searches
    pools = ("pool",) if form_facts(form).searches_pool else ()
    spoken_rows = [
        row | dict.fromkeys(pools, row["language"]) | {"language": job.language or row["language"]} for row in rows
    ]
    finished = {_searched_key(outcome): outcome for outcome in read_whole_lines(path)}
    searched = [bool(editable_texts(form, row)) for row in spoken_rows]
    pending = [
        row for row, search in zip(spoken_rows, searched, strict=True) if search and _searched_key(row) not in finished
    ]
    unsteady_shapes = 0
    for outcome in search_processes.run_search_processes(job, parents, pending) if pending else ():
        add_line(path, outcome.row)
        finished[_searched_key(outcome.row)] = outcome.row
        unsteady_shapes = max(unsteady_shapes, outcome.unsteady_shapes)
        progress(len(finished), len(rows), queries=outcome.row["queries"])
    changed_rows = []
    for row, spoken_row, search in zip(rows, spoken_rows, searched, strict=True):
        # candidates, and what only sets a threshold, stay as they are: their ids may be those of queries
        line = finished[_searched_key(spoken_row)] if search else spoken_row | UNTOUCHED
        changed = {name: line[name] for name in row} | {"language": row["language"]}
        changed_rows.append(EditedRow(changed, line | {"language": row["language"], "edits": None}))
    if changed_rows and all(note["status"] == "error" for _, note in changed_rows):
        raise XferError(f"attack {job.label}: every row failed, the first with: {changed_rows[0].note['message']}")
    return changed_rows, unsteady_shapes
