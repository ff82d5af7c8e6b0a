"""How much attackers really changed, of the rows of an attack node and of rows that are changed as they are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xfer.attackers.base import Attacker, AttackRow, ModelFree
from xfer.attackers.changes import portion, row_form, side_changes
from xfer.reports.shortfalls import is_short

SAMPLE = 200  # rows of a task on which what is changed at each draw is measured
PORTIONS_FILE = "portions.json"  # beside a stage, and all that is made of it: what changed the rows that it learnt
Counts = dict[str, list[int]]  # language -> how many were changed, how many there are


def count_changes(
    attacker: Attacker, rows: Iterable[tuple[AttackRow, AttackRow | None, Sequence[Any] | None]]
) -> Counts:
    """What an attacker changed in (row, what became of it or None, its edits or None where it names none)."""
    asked = attacker.asked()
    counts: Counts = {}
    for row, changed, edits in rows:
        if changed is None:
            continue
        changes = side_changes(row_form(row), row, changed, edits)
        hits, whole = portion(row, changes, edits, asked.of if asked else "words", attacker.protect)
        total = counts.setdefault(row["language"], [0, 0])
        total[0] += hits
        total[1] += whole
    return counts


def portion_record(what: str, attacker: Attacker, counts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The portion of these counts, as ``reports.shortfalls`` has it; ``asked`` is None where no share is asked for."""
    asked = attacker.asked()
    shares = {language: hits / whole for language, (hits, whole) in sorted(counts.items()) if whole}
    return {
        "what": what,
        "of": asked.of if asked else "words",
        "asked": asked.share if asked else None,
        "shares": shares,
    }


def portion_summary(attacker: Attacker, counts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """What a run prints of it: the share over all languages, and that it is less than half of what was asked."""
    asked, whole = attacker.asked(), sum(each for _, each in counts.values())
    if not whole:
        return {}
    share = sum(hits for hits, _ in counts.values()) / whole
    summary: dict[str, Any] = {f"changed_{asked.of if asked else 'words'}": round(share, 4)}
    if asked and is_short(asked.share, share):
        summary["short"] = f"less than half of the {100 * asked.share:.4g}% asked for"
    return summary


def sample_changes(
    attacker: ModelFree, rows: Sequence[AttackRow], form: str, state: Any, language: str | None
) -> Counts:
    """What an attacker changes in rows that it is to change, on a sample of them that is evenly spread."""
    step = max(1, len(rows) // SAMPLE)
    chosen = [row | {"language": language or row["language"]} for row in rows[::step][:SAMPLE]]
    outcomes = zip(chosen, attacker.change_rows(chosen, form, state), strict=True)
    return count_changes(attacker, ((row, changed, edits) for row, (changed, edits) in outcomes))
