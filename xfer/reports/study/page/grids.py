"""The tables of a study as plain grids, which every format writes in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xfer.reports.discriminators import DISCRIMINATOR_NOTE
from xfer.reports.table import Exact, Grid, GridCell, value_cell

StudyData = Mapping[str, Any]  # study.json


MEASURE_NAMES = {
    "relative": "drop %",
    "gap_growth": "gap growth",
    "above_chance": "above chance",
    "cost_above_chance": "cost above chance",
}
RESULTS_NOTE = (
    "In percent points, means over languages, [95% interval over rows and seeds]. drop: clean minus attacked on the "
    "same rows; drop %: as a share of clean; gap: training languages minus the mean of the others; gap growth: what "
    "the attack adds to it. chance: what the best single answer to every row, or a blind guess among its choices, "
    "scores; collapsed: the share of seeds and languages in which a model gives one answer everywhere."
)
SINGLE = "Intervals and p values of a single seed are over rows alone: they speak of this one training only."


def measure_name(name: str) -> str:
    """A measure as tables show it."""
    return MEASURE_NAMES.get(name, name)


def axis_names(study: StudyData) -> list[str]:
    """The axes by name, in the order of the file."""
    return list(study["axes"])


def main_axis(study: StudyData) -> str:
    """The axis along which cells are laid side by side: that of the comparison, else the first."""
    compare = study.get("compare")
    return str(next(iter(compare["against"])) if compare else axis_names(study)[0])


def base_level(study: StudyData) -> str | None:
    """The level that others are compared with on the main axis."""
    compare = study.get("compare")
    return str(compare["against"][main_axis(study)]) if compare else None


def levels_of(study: StudyData, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The levels of the cell that a record belongs to."""
    return tuple(str(row[axis]) for axis in axis_names(study))


def levels_label(levels: Iterable[str]) -> str:
    """A cell in few words."""
    return ", ".join(levels)


def mean_records(study: StudyData, measure: str) -> list[Mapping[str, Any]]:
    """The records of a measure that are means over languages."""
    return [row for row in study["records"] if row["measure"] == measure and row["language"] == "mean"]


def verdict_grid(study: StudyData) -> Grid:
    """Each hypothesis with its numbers."""
    rows: list[list[GridCell]] = []
    for row in study["hypotheses"]:
        tested = row["p"] is not None
        difference = value_cell(row, "difference") if tested else None
        numbers: list[GridCell] = (
            [difference, Exact(row["adjusted"], 3), Exact(row["effect"], 2)] if tested else [None] * 3
        )
        expects = f"{measure_name(row['measure'])} {row['expect']}"
        rows.append([row["name"], row["claim"], expects, *numbers, row["comparisons"], row["verdict"]])
    header = ["hypothesis", "claim", "expected", "difference", "adjusted p", "effect", "comparisons", "verdict"]
    note = "effect: the difference in standard errors; p corrected over all hypotheses (step-down, after Dunnett where "
    note += "they share a baseline)."
    return Grid("hypotheses", "Hypotheses", header, rows, note=note)


FEW_CELLS = 4  # that are named
MEASURES = ("score", "above_chance", "oracle", "drop", "relative", "cost_above_chance", "gap", "gap_growth")


def overview_grid(study: StudyData) -> Grid:
    """A line a cell and evaluation: every measure, averaged over languages."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in study["records"]:
        if row["language"] == "mean":
            rows.setdefault((*levels_of(study, row), row["evaluation"]), {})[row["measure"]] = row
    asked = {row["measure"] for row in study["hypotheses"]} | {fit["measure"] for fit in study["fits"]}
    there = [name for name in MEASURES if any(name in by_measure for by_measure in rows.values())]
    used = [name for name in there if name in asked or not name.endswith("above_chance")]
    facts = ["chance"] if any(row.get("chance") is not None for row in mean_records(study, "score")) else []
    facts += ["collapsed"] if any(row.get("collapsed") for row in mean_records(study, "score")) else []
    header = [*axis_names(study), "evaluation", "data", "metric", *facts, *map(measure_name, used), "seeds"]
    lines: list[list[GridCell]] = []
    for key, by_measure in rows.items():
        first = next(iter(by_measure.values()))
        numbers: list[GridCell] = [value_cell(by_measure[name]) if name in by_measure else None for name in used]
        said = [by_measure.get("score", {}).get(fact) for fact in facts]
        lines.append([*key, first["data"], first["metric"], *said, *numbers, first["seeds"]])
    note = f"{RESULTS_NOTE} {SINGLE}" if any(row["seeds"] == 1 for row in study["records"]) else RESULTS_NOTE
    return Grid("results", "Results", header, lines, tuple(range(len(axis_names(study)) + 2)), note)


def comparison_grid(study: StudyData) -> Grid:
    """A line a compared cell, evaluation and measure: the means."""
    marked = any(row.get("collapsed") for row in study["comparisons"])
    dosed = any(row.get("dose") for row in study["comparisons"])
    rows: list[list[GridCell]] = []
    for row in study["comparisons"]:
        if row["language"] == "mean":
            levels: list[GridCell] = [row["levels"][axis] for axis in axis_names(study)]
            cells = [row["evaluation"], measure_name(row["measure"]), value_cell(row, "difference")]
            said: list[GridCell] = ["yes" if row.get("collapsed") else ""] if marked else []
            dose: list[GridCell] = [dose_mark(row)] if dosed else []
            rows.append([*levels, *cells, Exact(row["adjusted"], 3), Exact(row["effect"], 2), *said, *dose])
    header = [*axis_names(study), "evaluation", "measure", "difference", "adjusted p", "effect"]
    header += [*(["collapsed"] if marked else []), *(["dose"] if dosed else [])]
    count = len(axis_names(study))
    against = study.get("compare") or {"against": {}, "test": "", "adjust": ""}
    base_levels = ", ".join(f"{axis} = {level}" for axis, level in against["against"].items())
    correction = {
        "dunnett": "corrected over this table (step-down Dunnett, for the shared baseline)",
        "holm": "corrected over this table (Holm)",
        "none": "not corrected",
    }.get(against["adjust"], "")
    note = (
        f"Against {base_levels}, paired over rows and seeds; p {correction}; effect: the difference in standard errors."
    )
    return Grid("comparisons", f"Against {base_levels}", header, rows, (*range(count + 2),), note)


def dose_mark(row: Mapping[str, Any]) -> str:
    """Whether the two sides of a comparison were trained on equal doses."""
    if not row.get("dose"):
        return "equal"
    return "differs on purpose" if row["dose_intended"] else "differs"


def language_grids(study: StudyData) -> list[Grid]:
    """For each data set the scores by language, a line a cell and evaluation."""
    grids = []
    for data in dict.fromkeys(row["data"] for row in study["records"]):
        score_rows = [row for row in study["records"] if row["data"] == data and row["measure"] == "score"]
        codes = [code for code in dict.fromkeys(row["language"] for row in score_rows) if code != "mean"]
        lines: dict[tuple[str, ...], dict[str, float]] = {}
        for row in score_rows:
            lines.setdefault((*levels_of(study, row), row["evaluation"]), {})[row["language"]] = row["value"]
        rows: list[list[GridCell]] = [[*key, *map(line.get, codes), line.get("mean")] for key, line in lines.items()]
        rows += _chance_lines(study, score_rows, codes)
        header = [*axis_names(study), "evaluation", *codes, "mean"]
        title, picks = f"{data}: scores by language", tuple(range(len(axis_names(study)) + 1))
        note = f"{score_rows[0]['metric']} in percent; the intervals stand in records.csv." if score_rows else ""
        grids.append(Grid(f"languages-{slug_name(data)}", title, header, rows, picks, note))
    return grids


def _chance_lines(found: StudyData, records: Sequence[Mapping[str, Any]], codes: Sequence[str]) -> list[list[GridCell]]:
    """The chance level of each evaluation by language, once for all cells where it is the same."""
    levels: dict[tuple[tuple[str, ...], str], dict[str, float]] = {}
    for row in records:
        if row.get("chance") is not None:
            levels.setdefault((levels_of(found, row), row["evaluation"]), {})[row["language"]] = row["chance"]
    lines: dict[tuple[GridCell, ...], None] = {}
    for (_, evaluation), level in levels.items():
        shown = [level.get(code) for code in (*codes, "mean")]
        lines[(*[""] * len(axis_names(found)), f"chance: {evaluation}", *shown)] = None
    return [list(line) for line in lines]


def warning_grid(found: StudyData) -> Grid:
    """Stages that learnt nothing and evaluations whose model collapsed, each once, with the cells it is of."""
    rows: list[list[GridCell]] = []
    for one in found.get("warnings", ()):
        where = [levels_label(levels.values()) for levels in one["cells"]]
        shown = "; ".join(where) if len(where) <= FEW_CELLS else f"{len(where)} cells"
        rows.append([one["what"], one["warning"], shown])
    note = "Where one model of a comparison gives one answer everywhere, drops, gaps and differences say nothing else."
    return Grid("warnings", "Collapsed, or at chance", ["what", "warning", "cells"], rows, note=note)


def fit_grid(study: StudyData) -> Grid:
    """A line a fitted line."""
    rest = list(dict.fromkeys(axis for row in study["fits"] for axis in row["levels"]))
    rows: list[list[GridCell]] = []
    for row in study["fits"]:
        levels: list[GridCell] = [row["levels"].get(axis) for axis in rest]
        cells: list[GridCell] = [
            row["evaluation"],
            measure_name(row["measure"]),
            value_cell(row["slope"], "difference"),
        ]
        rows.append([*levels, *cells, Exact(row["slope"]["p"], 3), len(row["points"])])
    header = [*rest, "evaluation", "measure", "slope", "p", "points"]
    note = "slope: points that a tenfold number of parameters buys, least squares over log10(parameters)."
    return Grid("fits", "Lines over size", header, rows, tuple(range(len(rest) + 2)), note)


def discriminator_grid(study: StudyData) -> Grid:
    """A line a discriminator of each cell: what it still told apart, over seeds, and chance."""
    rows: list[list[GridCell]] = []
    for cell in study["cells"]:
        for discriminator in cell.get("discriminators", ()):
            ends: list[GridCell] = (
                [min(discriminator["accuracy"]), max(discriminator["accuracy"])]
                if discriminator["accuracy"]
                else [None, None]
            )
            levels: list[GridCell] = [cell["levels"][axis] for axis in axis_names(study)]
            rows.append(
                [
                    *levels,
                    discriminator["stage"],
                    discriminator["task"],
                    discriminator["of"],
                    discriminator["mean"],
                    *ends,
                    discriminator["chance"],
                ]
            )
    header = [*axis_names(study), "stage", "task", "tells apart", "accuracy", "lowest", "highest", "chance"]
    return Grid(
        "discriminators", "Discriminators", header, rows, tuple(range(len(axis_names(study)))), DISCRIMINATOR_NOTE
    )


def published_grid(study: StudyData) -> Grid:
    """Our means over languages beside published ones, a line a cell, task and metric."""
    parts = [(cell, cell["against"]) for cell in study["cells"] if cell.get("against")]
    models = list(dict.fromkeys(model for _, against in parts for model in against["models"]))
    rows: list[list[GridCell]] = []
    for cell, against in parts:
        for row in against["rows"]:
            if row["language"] == "mean" and row["ours"] is not None:
                levels: list[GridCell] = [cell["levels"][axis] for axis in axis_names(study)]
                coverage = f"{row['languages']}/{row['of']}"
                rows.append(
                    [*levels, row["task"], row["metric"], row["ours"], coverage, *map(row["published"].get, models)]
                )
    header = [*axis_names(study), "task", "metric", "ours", "languages", *models]
    titles = ", ".join(dict.fromkeys(against["title"] for _, against in parts))
    note = f"{titles}: means over all languages of the task; languages: over how many of them ours is."
    if any(against["made_up"] for _, against in parts):
        note += " Ours are scores on made-up data (source: miniature): the published ones are not comparable."
    return Grid("published", "Beside published scores", header, rows, tuple(range(len(axis_names(study)) + 1)), note)


def failed_grid(study: StudyData) -> Grid:
    """The cells that have no result, with their reasons."""
    failed = [cell for cell in study["cells"] if cell["state"] == "failed"]
    rows: list[list[GridCell]] = [
        [*(cell["levels"][axis] for axis in axis_names(study)), cell["why"]] for cell in failed
    ]
    return Grid("failed", "Cells without a result", [*axis_names(study), "why"], rows)


def slug_name(shown: str, taken: Sequence[str] = ()) -> str:
    """A name for files and ids: letters of ASCII, digits, ``_`` and ``-``; a number is added where it is taken."""
    stem = "".join(char if char.isascii() and (char.isalnum() or char in "_-") else "-" for char in shown)
    stem = stem.strip("-")[:80] or "x"
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name
