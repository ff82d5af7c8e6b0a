"""What an attack node does: every row with its text changed, by rule or by a search against a victim."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xfer.core.errors import XferError
from xfer.core.jsonl import whole_lines
from xfer.core.store import write_json
from xfer.forms.texts import texts
from xfer.graph.compile import Node
from xfer.readers.identity import check_names, row_key
from xfer.steps import search_processes
from xfer.steps.portions import counted, summed
from xfer.steps.portions import told as portion_of
from xfer.steps.rows import Parents, Progress, Rows, each, read_rows, write_rows
from xfer.steps.searches import known_to
from xfer.trainers.attacked import drawn

UNTOUCHED = {"status": "unchanged", "queries": 0, "forwards": 0, "message": ""}


def attack(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """The rows with changed text as ``rows.parquet`` and what was done to each as ``edits.parquet``."""
    rows = read_rows(parents["rows"])
    attacker = node.spec["attacker"]
    asked = _chosen(node, each(rows))
    check_names((row_key(row) for row in asked if row.get("side") != "candidate"), f"rows of attack {node.label}")
    told: dict[str, int] = {}
    if attacker.searches:
        made = _search(node, parents, folder, progress, asked, told)
    else:
        made = _changes(node, parents, progress, asked)
    columns: Rows = {name: [] for name in rows}
    notes: Rows = {name: [] for name in ("id", "language", "status", "queries", "forwards", "message", "edits")}
    for changed, note in made:
        for name in columns if changed else ():
            columns[name].append(changed[name])
        for name in notes:
            notes[name].append(note.get(name))
    left = len(columns["id"])
    if not left:
        raise XferError(f"attack {node.label}: {attacker.type_name} leaves no label of {len(asked)} rows true")
    write_rows(folder / "out" / "rows.parquet", columns)
    write_rows(folder / "out" / "edits.parquet", notes)
    counts = counted(attacker, _before_and_after(node, asked, made))
    write_json(folder / "out" / "size.json", {"rows": left, "portion": portion_of(node.label, attacker, counts)})
    moved = sum(note["status"] in ("changed", "succeeded") for _, note in made)
    words = {"words": node.job["words"]} if "words" in node.job else {}
    dropped = {"dropped": len(asked) - left} if left < len(asked) else {}
    return {"rows": left, "changed": moved} | words | told | dropped | summed(attacker, counts)


def _before_and_after(
    node: Node, rows: list[dict[str, Any]], made: list[tuple[Any, Any]]
) -> Iterator[tuple[dict[str, Any], Any, Any]]:
    """Each row, what became of it, and the edits that its attacker names; not those that have no text to change."""
    for row, (changed, note) in zip(rows, made, strict=True):
        if texts(node.spec["form"], row):
            yield row, changed, None if note["edits"] is None else json.loads(note["edits"])


def _chosen(node: Node, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows to attack: all of a test; of training rows a share of those that have a text to change."""
    share = node.job.get("share")
    if share is None:
        return rows
    form, sides = node.spec["form"], node.spec["attacker"].protect
    return [rows[place] for place in drawn(rows, share, of=lambda row: bool(texts(form, row, sides)))]


def _searched_key(row: dict[str, Any]) -> tuple[str, str]:
    """What names a row among those that are searched: of retrieval the queries under test alone."""
    return row.get("pool", row["language"]), row["id"]


def _changes(node: Node, parents: Parents, progress: Progress, rows: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Each row changed without a model, or None in its place where its label cannot follow."""
    attacker, made = node.spec["attacker"], []
    spoken = [row | {"language": node.spec["language"] or row["language"]} for row in rows]
    found = attacker.changes(spoken, node.spec["form"], known_to(attacker, parents))
    for number, (row, (changed, edits)) in enumerate(zip(rows, found, strict=True), 1):
        changed = changed and changed | {"language": row["language"]}
        status = "dropped" if changed is None else "changed" if edits else "unchanged"
        note = {
            "id": row["id"],
            "language": row["language"],
            "status": status,
            "edits": json.dumps(edits, ensure_ascii=True),
        }
        made.append((changed, note | {"queries": 0, "forwards": 0, "message": ""}))
        if number % 500 == 0 or number == len(rows):
            progress(number, len(rows))
    return made


def _search(
    node: Node, parents: Parents, folder: Path, progress: Progress, rows: list[dict[str, Any]], told: dict[str, int]
) -> list[tuple[Any, Any]]:
    """Runs a search, appending each outcome to ``results.jsonl``, so that a killed attack goes on where it was."""
    path = folder / "results.jsonl"
    spoken = node.spec["language"]
    # a query may be spoken in another language than that of the pool which it searches
    pools = ("pool",) if node.spec["form"] == "retrieve" else ()
    asked = [row | dict.fromkeys(pools, row["language"]) | {"language": spoken or row["language"]} for row in rows]
    outcomes = {_searched_key(found): found for found in whole_lines(path)}
    searched = [bool(texts(node.spec["form"], row)) for row in asked]
    left = [row for row, search in zip(asked, searched, strict=True) if search and _searched_key(row) not in outcomes]
    with path.open("a", encoding="utf-8") as file:
        for found in search_processes.search(node, parents, left, told) if left else ():
            file.write(json.dumps(found, ensure_ascii=True) + "\n")
            file.flush()
            outcomes[_searched_key(found)] = found
            progress(len(outcomes), len(rows), queries=found["queries"])
    made = []
    for row, spoken_row, search in zip(rows, asked, searched, strict=True):
        # candidates, and what only sets a threshold, stay as they are: their ids may be those of queries
        found = outcomes[_searched_key(spoken_row)] if search else spoken_row | UNTOUCHED
        changed = {name: found[name] for name in row} | {"language": row["language"]}
        made.append((changed, found | {"language": row["language"], "edits": None}))
    if made and all(note["status"] == "error" for _, note in made):
        raise XferError(f"attack {node.label}: every row failed, the first with: {made[0][1]['message']}")
    return made
