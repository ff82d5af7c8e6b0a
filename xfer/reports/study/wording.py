"""What a study found in plain English: the sentence of a hypothesis, and the lines below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xfer.metrics.power import MOST_ROWS, MOST_SEEDS

Row = Mapping[str, Any]


def verdict_sentence(row: Row) -> str:
    """The verdict in words, with its numbers."""
    if row["p"] is None:
        return f"Not tested: no two finished cells can be compared. Claim: {row['claim']}"
    numbers = f"{_points_text(row)}, adjusted p {p_text(row['adjusted'])}, {_count_text(row['comparisons'])}"
    if row.get("collapsed"):
        numbers += f", {row['collapsed']} of them with a model that gives one answer everywhere"
    return f"{row['verdict'].capitalize()}: {numbers}. Claim: {row['claim']}"


def _points_text(row: Row) -> str:
    return f"{_signed(row['difference'])} points {_interval_text(row)}"


def _interval_text(row: Row) -> str:
    return f"[{_signed(row['low'])}, {_signed(row['high'])}]"


def _signed(value: float) -> str:
    """With one digit and a sign; never -0.0."""
    return f"{round(value, 1) + 0.0:+.1f}"


def _count_text(comparisons: int) -> str:
    return f"{comparisons} comparison{'s' if comparisons != 1 else ''}"


def p_text(value: float) -> str:
    """A p value with three digits."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def hypothesis_details(row: Row) -> list[str]:
    """Whole sentences: the verdict at each level, whether levels differ, what could be found, what would decide."""
    if row["p"] is None:
        return []
    lines = [*_level_lines(row), *map(_interaction_line, row["interactions"]), *_power_lines(row)]
    return [*lines, *_dose_lines(row.get("doses", {}))]


def _level_lines(row: Row) -> Iterator[str]:
    for axis in dict.fromkeys(entry["axis"] for entry in row["breakdown"]):
        entries = [entry for entry in row["breakdown"] if entry["axis"] == axis]
        yield f"By {axis}: {'; '.join(map(_level_text, entries))}."


def _level_text(entry: Row) -> str:
    return f"{entry['level']} {_signed(entry['difference'])} {_interval_text(entry)} {entry['verdict']}"


def _interaction_line(row: Row) -> str:
    low, high = _signed(row["lowest_value"]), _signed(row["highest_value"])
    span = f"from {low} ({row['lowest']}) to {high} ({row['highest']})"
    test = f"{span}, test of interaction p {p_text(row['adjusted'])}."
    what = "between single comparisons" if row["axis"] == "comparison" else f"by {row['axis']}"
    return f"The effect differs {what}: {test}" if row["differ"] else f"No proof that the effect differs {what}: {test}"


def _power_lines(row: Row) -> Iterator[str]:
    size = f"{row['seeds']} seed{'s' if row['seeds'] != 1 else ''}, {row['rows']:,} different rows"
    yield f"Smallest difference that it could have found (80% power; {size}): {row['smallest']:.1f} points."
    if row["bound"] is not None and row["mean_verdict"] == "equivalent":
        yield f"The whole interval of the mean is within {row['bound']:g} points of 0, which the study counts as none."
    if row["mean_verdict"] == "undecided":
        yield f"What would decide the mean, if it is as measured: {need_text(row)}."


def need_text(row: Row) -> str:
    """What would decide an undecided difference, in few words."""
    if row["seeds"] == 1:
        return "several seeds, since one does not tell how far trainings differ"
    if row["more_seeds"]:
        return f"about {row['more_seeds']} seeds"
    if row["more_rows"]:
        return f"about {row['more_rows']:.2g} times the rows; more seeds alone would not"
    return f"neither {MOST_SEEDS} seeds nor {MOST_ROWS:g} times the rows: if there is a difference, it is far smaller"


def _dose_lines(doses: Row) -> Iterator[str]:
    if doses.get("unequal"):
        intended = f" ({doses['intended']} on purpose)" if doses["intended"] else ""
        yield f"Doses differ in {doses['unequal']} of {doses['of']} comparisons{intended}. {doses['example']}."
