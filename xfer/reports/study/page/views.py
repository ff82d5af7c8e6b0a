"""What the templates show, as plain values: cells of tables, attacked texts, where the numbers of a study come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from xfer.reports.beside import is_rtl
from xfer.reports.study.page.grids import StudyData, axis_names
from xfer.reports.table import Exact, Grid, GridCell, Value, cell_text, format_interval, format_number

FEW_SEEDS = 3  # seeds: with fewer, the t distribution makes the intervals very wide


class CellView(NamedTuple):
    """A cell of a table: its text, its interval if it has one, and the number that a page sorts it by."""

    text: str
    interval: str
    number: str


def cell_view(cell: GridCell) -> CellView:
    """A cell as a page shows it."""
    if isinstance(cell, Value):
        shown = format_number(cell.value, signed=cell.signed)
        return CellView(shown, format_interval(cell.low, cell.high), repr(cell.value))
    if isinstance(cell, Exact):
        return CellView(cell_text(cell), "", repr(cell.value))
    return CellView(cell_text(cell), "", repr(cell) if isinstance(cell, (int, float)) else "")


def verdict_numbers(row: Mapping[str, Any]) -> str:
    """The sentence of a hypothesis without its name and its claim, with true minus signs."""
    sentence = row["sentence"].split(": ", 1)[1].removesuffix(f" Claim: {row['claim']}")
    return str(sentence.replace("-", "\u2212"))


def fewest_seeds(study: StudyData) -> int:
    """Seeds of the number that has the fewest; ``FEW_SEEDS`` if there is no number."""
    return min((row["seeds"] for row in study["records"]), default=FEW_SEEDS)


# attacked text


def example_groups(study: StudyData) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """(title, attacked rows) of each data set and attack."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in study.get("examples", ()):
        groups.setdefault(f"{row['data']} under {row['evaluation']}", []).append(row)
    return list(groups.items())


def text_direction(pieces: Sequence[tuple[str, bool]]) -> str:
    """``rtl`` or ``ltr``, as HTML writes it."""
    return "rtl" if any(is_rtl(text) for text, _ in pieces) else "ltr"


# provenance


class CellSource(NamedTuple):
    """Where a cell of the study comes from; ``nodes`` are its keys in the store."""

    title: str
    why: str
    notes: Sequence[str]
    nodes: Grid
    recipe: str


def cell_sources(study: StudyData) -> list[CellSource]:
    """Keys and recipe of each cell."""
    return [_cell_source(study, cell) for cell in study["cells"]]


def _cell_source(study: StudyData, cell: Mapping[str, Any]) -> CellSource:
    title = ", ".join(f"{axis} = {cell['levels'][axis]}" for axis in axis_names(study))
    keys: list[list[GridCell]] = [["report", cell["report"]], *([name, key] for name, key in cell["trained"].items())]
    nodes = Grid("keys", "Keys in the store", ["node", "key"], keys)
    recipe = yaml.safe_dump(cell["recipe"], sort_keys=False, allow_unicode=True, width=100)
    return CellSource(title, cell["why"], cell["notes"], nodes, recipe)


def version_grid(study: StudyData) -> Grid:
    """The packages that the numbers were made with."""
    versions = study["provenance"]["versions"]
    rows: list[list[GridCell]] = [[name, ", ".join(numbers)] for name, numbers in versions.items()]
    return Grid("versions", "Versions", ["package", "version"], rows)


def data_grid(study: StudyData) -> Grid:
    """The data sets with their sources and revisions."""
    nodes = study["provenance"]["data"]
    rows: list[list[GridCell]] = [
        [name, flat_text(node["source"]), flat_text(node["at"]), node["key"]] for name, node in nodes.items()
    ]
    return Grid("data", "Data", ["rows", "source", "at", "key"], rows)


def flat_text(value: object) -> str:
    """A source or a revision in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {flat_text(item)}" for key, item in value.items() if item not in (None, "", {}, []))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(flat_text, value))
    return "\u2013" if value is None else str(value)
