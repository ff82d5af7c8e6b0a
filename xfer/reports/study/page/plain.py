"""The tables of a study as Markdown, CSV and LaTeX (booktabs), and its whole text as Markdown or LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xfer.reports.beside import escape_invisible
from xfer.reports.study.page.grids import StudyData
from xfer.reports.study.page.tables import study_grids
from xfer.reports.table import csv_records, latex_grid, markdown_grid, markdown_text

# CSV


def csv_study(study: StudyData) -> str:
    """All records of a study, one row each, unrounded."""
    return csv_records(study["records"])


def csv_comparisons(study: StudyData) -> str:
    """All comparisons of a study, languages too; ``against.AXIS`` is the level that a cell is compared with."""
    rows = []
    for row in study["comparisons"]:
        against_levels = {f"against.{axis}": level for axis, level in row["against"].items()}
        rest = {name: value for name, value in row.items() if name not in ("levels", "against")}
        rows.append({**row["levels"], **against_levels, **rest})
    return csv_records(rows)


# Markdown


def markdown_study(study: StudyData) -> str:
    """Question, answers and every table; the figures lie beside it."""
    blocks = [f"# {markdown_text(study['title'])}", markdown_text(study["question"])]
    if study["description"]:
        blocks.append(markdown_text(study["description"]))
    answers = [line for row in study["hypotheses"] for line in _answer_lines(row)]
    blocks += ["\n".join(answers)] if answers else []
    for grid in study_grids(study):
        blocks += [f"## {markdown_text(grid.title)}", markdown_grid(grid).rstrip("\n")]
    if study["papers"]:
        blocks += ["## Stands on", "\n".join(f"- {markdown_text(paper)}" for paper in study["papers"])]
    return "\n\n".join(blocks) + "\n"


def _answer_lines(row: Mapping[str, Any]) -> list[str]:
    """The sentence of a hypothesis, and below it what it rests on."""
    details = [f"  - {markdown_text(line)}" for line in row.get("details", ())]
    return [f"- **{markdown_text(row['name'])}** {markdown_text(row['sentence'])}", *details]


# LaTeX


def latex_study(study: StudyData) -> str:
    """Every table, to be read in by \\input."""
    head = f"% {escape_invisible(study['title'])}. Needs \\usepackage{{booktabs,longtable,pdflscape}}.\n\n"
    return head + "\n".join(map(latex_grid, study_grids(study)))


FORMATS: dict[str, Callable[[StudyData], str]] = {"markdown": markdown_study, "csv": csv_study, "latex": latex_study}
