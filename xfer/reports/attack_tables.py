"""The attacks of a report as grids and cells: a line an attack, a line an attack and language, and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xfer.reports.beside import EditPiece, markdown_cell
from xfer.reports.changed import STATES

AttackGrid = list[list[str]]
CellFormat = Callable[[Mapping[str, float] | None], str]
SCORE_COLUMNS = {
    "success": "success",
    "words": "words %",
    "portion": "changed %",
    "asked": "asked %",
    "queries": "queries",
    "forwards": "forwards",
}
GAP_COLUMNS = {"gap": "robust gap", "growth": "gap growth"}
ATTACK_LEGEND = (
    "success: of the rows that were right, the share that is wrong under attack; words %: words changed, over changed "
    "rows; changed %: over all rows (of entities where these are swapped); asked %: what was to change; robust gap: "
    "training language minus the mean of the others under attack; gap growth: by how much it exceeds the clean gap on "
    "the same rows; queries and forwards: means over searched rows; then rows by what became of them."
)
COMPARED_NOTE = (
    "Share of rows that are still right, of those that every network compared here, with every seed, had right before."
)


def attack_grid(robustness: Mapping[str, Any], show: CellFormat) -> AttackGrid:
    """A line an attack: means over languages, and rows by their state."""
    attacks = robustness["attacks"]
    columns = {**SCORE_COLUMNS, **GAP_COLUMNS}
    used = [column for column in columns if any(column in attack["mean"] for attack in attacks.values())]
    states = _states(attack["mean"] for attack in attacks.values())
    lines = [["attack", *[columns[column] for column in used], *states]]
    for name, attack in attacks.items():
        lines.append([name, *_grid_line(attack["mean"], used, states, show)])
    return lines


def language_grid(attack: Mapping[str, Any], show: CellFormat) -> AttackGrid:
    """A line a language of one attack."""
    rows = attack["languages"]
    used = [column for column in SCORE_COLUMNS if any(column in row for row in rows.values())]
    states = _states(rows.values())
    lines = [["language", *[SCORE_COLUMNS[column] for column in used], *states]]
    return lines + [[language, *_grid_line(row, used, states, show)] for language, row in rows.items()]


def _states(rows: Any) -> list[str]:
    row_list = list(rows)
    return [state for state in STATES if any(row[state] for row in row_list)]


def _grid_line(row: Mapping[str, Any], used: list[str], states: list[str], show: CellFormat) -> list[str]:
    counts = (row[state] for state in states)
    return [*[show(row.get(column)) for column in used], *[f"{count:,.0f}" for count in counts]]


def compared_grid(comparison: Mapping[str, Any], show: CellFormat) -> AttackGrid:
    """A line a language: how many rows all had right, and each network's share that still is."""
    names = comparison["evaluations"]
    lines = [["language", "right", *names]]
    for language, row in [*comparison["languages"].items(), ("mean", comparison["mean"])]:
        lines.append([language, f"{row['right']:,}/{row['of']:,}", *[show(row.get(name)) for name in names]])
    return lines


def example_grid(attack: Mapping[str, Any]) -> AttackGrid:
    """Examples of one attack as cells of Markdown: original and changed text, the changes in bold."""
    lines = [["language", "row", "original", "changed"]]
    for language, examples in attack["examples"].items():
        for example in examples:
            cells = [
                [_marked_cell(side["original"]), _marked_cell(side["changed"])] for side in example["texts"].values()
            ]
            marked_sides = ["<br>".join(sides) for sides in zip(*cells, strict=True)]
            lines.append([language, _marked_cell([[example["id"], False]]), *marked_sides])
    return lines


def _marked_cell(parts: list[Any]) -> str:
    return markdown_cell([EditPiece(text, changed) for text, changed in parts])


def sample_note(robustness: Mapping[str, Any]) -> str:
    """Which rows were attacked, as a hash: equal for equal rows, whatever was done to them."""
    names_by_sample: dict[str, list[str]] = {}
    for name, attack in robustness["attacks"].items():
        names_by_sample.setdefault(f"{attack['sample']['rows']:,} rows, {attack['sample']['hash']}", []).append(name)
    return (
        "Rows (BLAKE2b of their ids): "
        + "; ".join(f"{', '.join(names)}: {rows_and_hash}" for rows_and_hash, names in names_by_sample.items())
        + "."
    )


def attack_cells(robustness: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(language, column, cell) of attacks: ``typos.success``, ``typos.changed`` ..., ``typos.still`` if compared."""
    for name, attack in robustness["attacks"].items():
        for language, row in [*attack["languages"].items(), ("mean", attack["mean"])]:
            for column, value in row.items():
                yield language, f"{name}.{column}", value if isinstance(value, dict) else {"value": value}
    for comparison in robustness["compared"]:
        for language, row in [*comparison["languages"].items(), ("mean", comparison["mean"])]:
            for name in comparison["evaluations"]:
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
