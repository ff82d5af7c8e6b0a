"""The chance level of a score as a column of its own, after that of the score. Plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHANCE = ".chance"  # ends the name of such a column
CHANCE_LEGEND = "chance: what the best single answer to every row, or a blind guess among its choices, scores there."
Columns = list[tuple[str, str]]  # column of the data, heading


def with_chance(shown: Columns, table: Mapping[str, Any]) -> Columns:
    """The columns, and after a score its chance level, unless the chance level before it shows the same."""
    made, last = Columns(), dict[str, float]()
    for column, heading in shown:
        made.append((column, heading))
        each = {code: cell_of(row, column + CHANCE) for code, row in table["languages"].items()}
        levels = {code: round(level["value"], 1) for code, level in each.items() if level}
        if any(last.get(code) != level for code, level in levels.items()):
            made.append((column + CHANCE, "chance"))
            last = levels
    return made


def cell_of(row: Mapping[str, Any], column: str) -> Mapping[str, float] | None:
    """The cell of a column, or of a column's chance level; None where there is none."""
    if not column.endswith(CHANCE):
        return row.get(column)
    score = row.get(column.removesuffix(CHANCE), {})
    return {"value": score["chance"]} if "chance" in score else None


def chance_levels(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """evaluation -> language -> the chance level of its score, a share, as far as a report knows it."""
    levels: dict[str, dict[str, float]] = {}
    for table in report.get("tables", [report]):
        for language, row in table["languages"].items():
            for name in table["order"]:
                if "chance" in row.get(name, {}):
                    levels.setdefault(name, {})[language] = row[name]["chance"] / 100
    return levels
