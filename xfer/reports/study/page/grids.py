"""The tables of a study as plain grids, which every format writes in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xfer.reports.discriminators import DISCRIMINATORS
from xfer.reports.table import Cell, Exact, Grid, value

Found = Mapping[str, Any]  # study.json


SHOWN = {"relative": "drop %", "gap_growth": "gap growth"}
NOTE = (
    "In percent points, means over languages, [95% interval over rows and seeds]. drop: clean minus attacked on the "
    "same rows; drop %: as a share of clean; gap: training languages minus the mean of the others; gap growth: what "
    "the attack adds to it. chance: what the best single answer to every row, or a blind guess among its choices, "
    "scores; collapsed: the share of seeds and languages in which a model gives one answer everywhere."
)
SINGLE = "Intervals and p values of a single seed are over rows alone: they speak of this one training only."


def measure_name(name: str) -> str:
    """A measure as tables show it."""
    return SHOWN.get(name, name)


def axes(found: Found) -> list[str]:
    """The axes by name, in the order of the file."""
    return list(found["axes"])


def main_axis(found: Found) -> str:
    """The axis along which cells are laid side by side: that of the comparison, else the first."""
    compare = found.get("compare")
    return str(next(iter(compare["against"])) if compare else axes(found)[0])


def base_level(found: Found) -> str | None:
    """The level that others are compared with on the main axis."""
    compare = found.get("compare")
    return str(compare["against"][main_axis(found)]) if compare else None


def levels_of(found: Found, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The levels of the cell that a record belongs to."""
    return tuple(str(row[axis]) for axis in axes(found))


def label(levels: Iterable[str]) -> str:
    """A cell in few words."""
    return ", ".join(levels)


def means(found: Found, measure: str) -> list[Mapping[str, Any]]:
    """The records of a measure that are means over languages."""
    return [row for row in found["records"] if row["measure"] == measure and row["language"] == "mean"]


def verdict_grid(found: Found) -> Grid:
    """Each hypothesis with its numbers."""
    rows: list[list[Cell]] = []
    for row in found["hypotheses"]:
        tested = row["p"] is not None
        difference = value(row, "difference") if tested else None
        numbers: list[Cell] = [difference, Exact(row["adjusted"], 3), Exact(row["effect"], 2)] if tested else [None] * 3
        expects = f"{measure_name(row['measure'])} {row['expect']}"
        rows.append([row["name"], row["claim"], expects, *numbers, row["comparisons"], row["verdict"]])
    header = ["hypothesis", "claim", "expected", "difference", "adjusted p", "effect", "comparisons", "verdict"]
    note = "effect: the difference in standard errors; p corrected over all hypotheses (step-down, after Dunnett where "
    note += "they share a baseline)."
    return Grid("hypotheses", "Hypotheses", header, rows, note=note)


FEW_CELLS = 4  # that are named
MEASURES = ("score", "oracle", "drop", "relative", "gap", "gap_growth")


def overview_grid(found: Found) -> Grid:
    """A line a cell and evaluation: every measure, averaged over languages."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in found["records"]:
        if row["language"] == "mean":
            rows.setdefault((*levels_of(found, row), row["evaluation"]), {})[row["measure"]] = row
    used = [name for name in MEASURES if any(name in one for one in rows.values())]
    facts = ["chance"] if any(row.get("chance") is not None for row in means(found, "score")) else []
    facts += ["collapsed"] if any(row.get("collapsed") for row in means(found, "score")) else []
    header = [*axes(found), "evaluation", "data", "metric", *facts, *map(measure_name, used), "seeds"]
    made: list[list[Cell]] = []
    for key, one in rows.items():
        first = next(iter(one.values()))
        numbers: list[Cell] = [value(one[name]) if name in one else None for name in used]
        said = [one.get("score", {}).get(fact) for fact in facts]
        made.append([*key, first["data"], first["metric"], *said, *numbers, first["seeds"]])
    note = f"{NOTE} {SINGLE}" if any(row["seeds"] == 1 for row in found["records"]) else NOTE
    return Grid("results", "Results", header, made, tuple(range(len(axes(found)) + 2)), note)


def comparison_grid(found: Found) -> Grid:
    """A line a compared cell, evaluation and measure: the means."""
    marked = any(row.get("collapsed") for row in found["comparisons"])
    rows: list[list[Cell]] = []
    for row in found["comparisons"]:
        if row["language"] == "mean":
            levels: list[Cell] = [row["levels"][axis] for axis in axes(found)]
            what = [row["evaluation"], measure_name(row["measure"]), value(row, "difference")]
            said: list[Cell] = ["yes" if row.get("collapsed") else ""] if marked else []
            rows.append([*levels, *what, Exact(row["adjusted"], 3), Exact(row["effect"], 2), *said])
    header = [*axes(found), "evaluation", "measure", "difference", "adjusted p", "effect"]
    header += ["collapsed"] if marked else []
    count = len(axes(found))
    against = found.get("compare") or {"against": {}, "test": "", "adjust": ""}
    beside = ", ".join(f"{axis} = {level}" for axis, level in against["against"].items())
    how = {
        "dunnett": "corrected over this table (step-down Dunnett, for the shared baseline)",
        "holm": "corrected over this table (Holm)",
        "none": "not corrected",
    }.get(against["adjust"], "")
    note = f"Against {beside}, paired over rows and seeds; p {how}; effect: the difference in standard errors."
    return Grid("comparisons", f"Against {beside}", header, rows, (*range(count + 2),), note)


def language_grids(found: Found) -> list[Grid]:
    """For each data set the scores by language, a line a cell and evaluation."""
    grids = []
    for data in dict.fromkeys(row["data"] for row in found["records"]):
        mine = [row for row in found["records"] if row["data"] == data and row["measure"] == "score"]
        codes = [one for one in dict.fromkeys(row["language"] for row in mine) if one != "mean"]
        lines: dict[tuple[str, ...], dict[str, float]] = {}
        for row in mine:
            lines.setdefault((*levels_of(found, row), row["evaluation"]), {})[row["language"]] = row["value"]
        rows: list[list[Cell]] = [[*key, *map(line.get, codes), line.get("mean")] for key, line in lines.items()]
        rows += _chance_lines(found, mine, codes)
        header = [*axes(found), "evaluation", *codes, "mean"]
        title, picks = f"{data}: scores by language", tuple(range(len(axes(found)) + 1))
        note = f"{mine[0]['metric']} in percent; the intervals stand in records.csv." if mine else ""
        grids.append(Grid(f"languages-{slug(data)}", title, header, rows, picks, note))
    return grids


def _chance_lines(found: Found, records: Sequence[Mapping[str, Any]], codes: Sequence[str]) -> list[list[Cell]]:
    """The chance level of each evaluation by language, once for all cells where it is the same."""
    levels: dict[tuple[tuple[str, ...], str], dict[str, float]] = {}
    for row in records:
        if row.get("chance") is not None:
            levels.setdefault((levels_of(found, row), row["evaluation"]), {})[row["language"]] = row["chance"]
    lines: dict[tuple[Cell, ...], None] = {}
    for (_, evaluation), level in levels.items():
        shown = [level.get(code) for code in (*codes, "mean")]
        lines[(*[""] * len(axes(found)), f"chance: {evaluation}", *shown)] = None
    return [list(line) for line in lines]


def warning_grid(found: Found) -> Grid:
    """Stages that learnt nothing and evaluations whose model collapsed, each once, with the cells it is of."""
    rows: list[list[Cell]] = []
    for one in found.get("warnings", ()):
        where = [label(levels.values()) for levels in one["cells"]]
        shown = "; ".join(where) if len(where) <= FEW_CELLS else f"{len(where)} cells"
        rows.append([one["what"], one["warning"], shown])
    note = "Where one model of a comparison gives one answer everywhere, drops, gaps and differences say nothing else."
    return Grid("warnings", "Collapsed, or at chance", ["what", "warning", "cells"], rows, note=note)


def fit_grid(found: Found) -> Grid:
    """A line a fitted line."""
    rest = list(dict.fromkeys(axis for row in found["fits"] for axis in row["levels"]))
    rows: list[list[Cell]] = []
    for row in found["fits"]:
        levels: list[Cell] = [row["levels"].get(axis) for axis in rest]
        what: list[Cell] = [row["evaluation"], measure_name(row["measure"]), value(row["slope"], "difference")]
        rows.append([*levels, *what, Exact(row["slope"]["p"], 3), len(row["points"])])
    header = [*rest, "evaluation", "measure", "slope", "p", "points"]
    note = "slope: points that a tenfold number of parameters buys, least squares over log10(parameters)."
    return Grid("fits", "Lines over size", header, rows, tuple(range(len(rest) + 2)), note)


def discriminator_grid(found: Found) -> Grid:
    """A line a discriminator of each cell: what it still told apart, over seeds, and chance."""
    rows: list[list[Cell]] = []
    for cell in found["cells"]:
        for one in cell.get("discriminators", ()):
            ends: list[Cell] = [min(one["accuracy"]), max(one["accuracy"])] if one["accuracy"] else [None, None]
            levels: list[Cell] = [cell["levels"][axis] for axis in axes(found)]
            rows.append([*levels, one["stage"], one["task"], one["of"], one["mean"], *ends, one["chance"]])
    header = [*axes(found), "stage", "task", "tells apart", "accuracy", "lowest", "highest", "chance"]
    return Grid("discriminators", "Discriminators", header, rows, tuple(range(len(axes(found)))), DISCRIMINATORS)


def published_grid(found: Found) -> Grid:
    """Our means over languages beside published ones, a line a cell, task and metric."""
    parts = [(cell, cell["against"]) for cell in found["cells"] if cell.get("against")]
    models = list(dict.fromkeys(model for _, part in parts for model in part["models"]))
    rows: list[list[Cell]] = []
    for cell, part in parts:
        for row in part["rows"]:
            if row["language"] == "mean" and row["ours"] is not None:
                levels: list[Cell] = [cell["levels"][axis] for axis in axes(found)]
                over = f"{row['languages']}/{row['of']}"
                rows.append(
                    [*levels, row["task"], row["metric"], row["ours"], over, *map(row["published"].get, models)]
                )
    header = [*axes(found), "task", "metric", "ours", "languages", *models]
    titles = ", ".join(dict.fromkeys(part["title"] for _, part in parts))
    note = f"{titles}: means over all languages of the task; languages: over how many of them ours is."
    if any(part["made_up"] for _, part in parts):
        note += " Ours are scores on made-up data (source: miniature): the published ones are not comparable."
    return Grid("published", "Beside published scores", header, rows, tuple(range(len(axes(found)) + 1)), note)


def failed_grid(found: Found) -> Grid:
    """The cells that have no result, with their reasons."""
    failed = [cell for cell in found["cells"] if cell["state"] == "failed"]
    rows: list[list[Cell]] = [[*(cell["levels"][axis] for axis in axes(found)), cell["why"]] for cell in failed]
    return Grid("failed", "Cells without a result", [*axes(found), "why"], rows)


def grids(found: Found) -> list[Grid]:
    """Every table of a study that has lines."""
    every = [
        verdict_grid(found),
        warning_grid(found),
        overview_grid(found),
        comparison_grid(found),
        *language_grids(found),
    ]
    every += [discriminator_grid(found), published_grid(found)]
    return [grid for grid in [*every, fit_grid(found), failed_grid(found)] if grid.rows]


def slug(shown: str, taken: Sequence[str] = ()) -> str:
    """A name for files and ids: letters of ASCII, digits, ``_`` and ``-``; a number is added where it is taken."""
    made = "".join(char if char.isascii() and (char.isalnum() or char in "_-") else "-" for char in shown)
    made = made.strip("-")[:80] or "x"
    number, name = 1, made
    while name in taken:
        number += 1
        name = f"{made}-{number}"
    return name
