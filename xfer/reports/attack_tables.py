"""The attacks of a report as grids and cells: a line an attack, a line an attack and language, and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xfer.reports.beside import Piece, markdown_cell
from xfer.reports.changed import STATES

Grid = list[list[str]]
Show = Callable[[Mapping[str, float] | None], str]
SCORES = {
    "success": "success",
    "words": "words %",
    "portion": "changed %",
    "asked": "asked %",
    "queries": "queries",
    "forwards": "forwards",
}
GAPS = {"gap": "robust gap", "growth": "gap growth"}
LEGEND = (
    "success: of the rows that were right, the share that is wrong under attack; words %: words changed, over changed "
    "rows; changed %: over all rows (of entities where these are swapped); asked %: what was to change; robust gap: "
    "training language minus the mean of the others under attack; gap growth: by how much it exceeds the clean gap on "
    "the same rows; queries and forwards: means over searched rows; then rows by what became of them."
)
COMPARED = (
    "Share of rows that are still right, of those that every network compared here, with every seed, had right before."
)


def attack_grid(found: Mapping[str, Any], show: Show) -> Grid:
    """A line an attack: means over languages, and rows by their state."""
    attacks = found["attacks"]
    columns = {**SCORES, **GAPS}
    used = [column for column in columns if any(column in one["mean"] for one in attacks.values())]
    states = _states(one["mean"] for one in attacks.values())
    lines = [["attack", *[columns[column] for column in used], *states]]
    for name, one in attacks.items():
        lines.append([name, *_line(one["mean"], used, states, show)])
    return lines


def language_grid(one: Mapping[str, Any], show: Show) -> Grid:
    """A line a language of one attack."""
    rows = one["languages"]
    used = [column for column in SCORES if any(column in row for row in rows.values())]
    states = _states(rows.values())
    lines = [["language", *[SCORES[column] for column in used], *states]]
    return lines + [[language, *_line(row, used, states, show)] for language, row in rows.items()]


def _states(rows: Any) -> list[str]:
    every = list(rows)
    return [state for state in STATES if any(row[state] for row in every)]


def _line(row: Mapping[str, Any], used: list[str], states: list[str], show: Show) -> list[str]:
    counts = (row[state] for state in states)
    return [*[show(row.get(column)) for column in used], *[f"{count:,.0f}" for count in counts]]


def compared_grid(part: Mapping[str, Any], show: Show) -> Grid:
    """A line a language: how many rows all had right, and each network's share that still is."""
    names = part["evaluations"]
    lines = [["language", "right", *names]]
    for language, row in [*part["languages"].items(), ("mean", part["mean"])]:
        lines.append([language, f"{row['right']:,}/{row['of']:,}", *[show(row.get(name)) for name in names]])
    return lines


def example_grid(one: Mapping[str, Any]) -> Grid:
    """Examples of one attack as cells of Markdown: original and changed text, the changes in bold."""
    lines = [["language", "row", "original", "changed"]]
    for language, examples in one["examples"].items():
        for example in examples:
            cells = [[_cell(side["original"]), _cell(side["changed"])] for side in example["texts"].values()]
            both = ["<br>".join(sides) for sides in zip(*cells, strict=True)]
            lines.append([language, _cell([[example["id"], False]]), *both])
    return lines


def _cell(parts: list[Any]) -> str:
    return markdown_cell([Piece(text, changed) for text, changed in parts])


def sample_note(found: Mapping[str, Any]) -> str:
    """Which rows were attacked, as a hash: equal for equal rows, whatever was done to them."""
    shown: dict[str, list[str]] = {}
    for name, one in found["attacks"].items():
        shown.setdefault(f"{one['sample']['rows']:,} rows, {one['sample']['hash']}", []).append(name)
    return (
        "Rows (BLAKE2b of their ids): "
        + "; ".join(f"{', '.join(names)}: {what}" for what, names in shown.items())
        + "."
    )


def attack_cells(found: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(language, column, cell) of attacks: ``typos.success``, ``typos.changed`` ..., ``typos.still`` if compared."""
    for name, one in found["attacks"].items():
        for language, row in [*one["languages"].items(), ("mean", one["mean"])]:
            for column, value in row.items():
                yield language, f"{name}.{column}", value if isinstance(value, dict) else {"value": value}
    for part in found["compared"]:
        for language, row in [*part["languages"].items(), ("mean", part["mean"])]:
            for name in part["evaluations"]:
                if name in row:
                    yield language, f"{name}.still", row[name]


def attack_portions(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of each attack that is asked for a share of its rows, what it changed by language (``reports.shortfalls``)."""
    for table in report.get("tables", [report]):
        for name, one in table.get("robustness", {"attacks": {}})["attacks"].items():
            asked, rows = table["evaluations"][name].get("asked"), one["languages"]
            shares = {code: row["portion"]["value"] / 100 for code, row in rows.items() if "portion" in row}
            if asked:
                yield {"what": f"evaluation {name}", "of": asked["of"], "asked": asked["share"], "shares": shares}
