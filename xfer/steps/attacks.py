"""What an attack node does: every row with its text changed, by rule or by a search against a victim."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xfer.core.errors import XferError
from xfer.core.jsonl import read_whole_lines
from xfer.core.store import write_json
from xfer.forms.sheet import form_facts
from xfer.forms.texts import editable_texts
from xfer.graph.compile import Node
from xfer.readers.identity import check_names, row_key
from xfer.steps import search_processes
from xfer.steps.portions import counted, summed
from xfer.steps.portions import told as portion_of
from xfer.steps.rows import Parents, ProgressFunction, RowColumns, read_rows, row_dicts, write_rows
from xfer.steps.searches import prepared_rows
from xfer.trainers.attacked import draw_row_share

UNTOUCHED = {"status": "unchanged", "queries": 0, "forwards": 0, "message": ""}


def attack_step(node: Node, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The rows with changed text as ``rows.parquet`` and what was done to each as ``edits.parquet``."""
    rows = read_rows(parents["rows"])
    attacker = node.spec["attacker"]
    chosen = _chosen_rows(node, row_dicts(rows))
    check_names((row_key(row) for row in chosen if row.get("side") != "candidate"), f"rows of attack {node.label}")
    run_facts: dict[str, int] = {}
    if attacker.searches:
        changed_rows = _search_rows(node, parents, folder, progress, chosen, run_facts)
    else:
        changed_rows = _change_rows(node, parents, progress, chosen)
    columns: RowColumns = {name: [] for name in rows}
    notes: RowColumns = {name: [] for name in ("id", "language", "status", "queries", "forwards", "message", "edits")}
    for changed, note in changed_rows:
        for name in columns if changed else ():
            columns[name].append(changed[name])
        for name in notes:
            notes[name].append(note.get(name))
    kept = len(columns["id"])
    if not kept:
        raise XferError(f"attack {node.label}: {attacker.type_name} leaves no label of {len(chosen)} rows true")
    write_rows(folder / "out" / "rows.parquet", columns)
    write_rows(folder / "out" / "edits.parquet", notes)
    counts = counted(attacker, _before_and_after(node, chosen, changed_rows))
    write_json(folder / "out" / "size.json", {"rows": kept, "portion": portion_of(node.label, attacker, counts)})
    changed_count = sum(note["status"] in ("changed", "succeeded") for _, note in changed_rows)
    words = {"words": node.job["words"]} if "words" in node.job else {}
    dropped = {"dropped": len(chosen) - kept} if kept < len(chosen) else {}
    return {"rows": kept, "changed": changed_count} | words | run_facts | dropped | summed(attacker, counts)


def _before_and_after(
    node: Node, rows: list[dict[str, Any]], made: list[tuple[Any, Any]]
) -> Iterator[tuple[dict[str, Any], Any, Any]]:
    """Each row, what became of it, and the edits that its attacker names; not those that have no text to change."""
    for row, (changed, note) in zip(rows, made, strict=True):
        if editable_texts(node.spec["form"], row):
            yield row, changed, None if note["edits"] is None else json.loads(note["edits"])


def _chosen_rows(node: Node, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows to attack: all of a test; of training rows a share of those that have a text to change."""
    share = node.job.get("share")
    if share is None:
        return rows
    form, sides = node.spec["form"], node.spec["attacker"].protect
    return [
        rows[index]
        for index in draw_row_share(rows, share, eligible=lambda row: bool(editable_texts(form, row, sides)))
    ]


def _searched_key(row: dict[str, Any]) -> tuple[str, str]:
    """What names a row among those that are searched: of retrieval the queries under test alone."""
    return row.get("pool", row["language"]), row["id"]


def _change_rows(
    node: Node, parents: Parents, progress: ProgressFunction, rows: list[dict[str, Any]]
) -> list[tuple[Any, Any]]:
    """Each row changed without a model, or None in its place where its label cannot follow."""
    attacker, changed_rows = node.spec["attacker"], []
    spoken_rows = [row | {"language": node.spec["language"] or row["language"]} for row in rows]
    changes = attacker.change_rows(spoken_rows, node.spec["form"], prepared_rows(attacker, parents))
    for number, (row, (changed, edits)) in enumerate(zip(rows, changes, strict=True), 1):
        changed = changed and changed | {"language": row["language"]}
        status = "dropped" if changed is None else "changed" if edits else "unchanged"
        note = {
            "id": row["id"],
            "language": row["language"],
            "status": status,
            "edits": json.dumps(edits, ensure_ascii=True),
        }
        changed_rows.append((changed, note | {"queries": 0, "forwards": 0, "message": ""}))
        if number % 500 == 0 or number == len(rows):
            progress(number, len(rows))
    return changed_rows


def _search_rows(
    node: Node,
    parents: Parents,
    folder: Path,
    progress: ProgressFunction,
    rows: list[dict[str, Any]],
    run_facts: dict[str, int],
) -> list[tuple[Any, Any]]:
    """Runs a search, appending each outcome to ``results.jsonl``, so that a killed attack goes on where it was."""
    path = folder / "results.jsonl"
    spoken = node.spec["language"]
    # a query may be spoken in another language than that of the pool which it searches
    pools = ("pool",) if form_facts(node.spec["form"]).searches_pool else ()
    spoken_rows = [
        row | dict.fromkeys(pools, row["language"]) | {"language": spoken or row["language"]} for row in rows
    ]
    outcomes = {_searched_key(outcome): outcome for outcome in read_whole_lines(path)}
    searched = [bool(editable_texts(node.spec["form"], row)) for row in spoken_rows]
    pending = [
        row for row, search in zip(spoken_rows, searched, strict=True) if search and _searched_key(row) not in outcomes
    ]
    with path.open("a", encoding="utf-8") as file:
        for outcome in search_processes.run_search_processes(node, parents, pending, run_facts) if pending else ():
            file.write(json.dumps(outcome, ensure_ascii=True) + "\n")
            file.flush()
            outcomes[_searched_key(outcome)] = outcome
            progress(len(outcomes), len(rows), queries=outcome["queries"])
    changed_rows = []
    for row, spoken_row, search in zip(rows, spoken_rows, searched, strict=True):
        # candidates, and what only sets a threshold, stay as they are: their ids may be those of queries
        outcome = outcomes[_searched_key(spoken_row)] if search else spoken_row | UNTOUCHED
        changed = {name: outcome[name] for name in row} | {"language": row["language"]}
        changed_rows.append((changed, outcome | {"language": row["language"], "edits": None}))
    if changed_rows and all(note["status"] == "error" for _, note in changed_rows):
        raise XferError(f"attack {node.label}: every row failed, the first with: {changed_rows[0][1]['message']}")
    return changed_rows
