"""The tables of a study as Markdown, CSV and LaTeX (booktabs), and its whole text as Markdown or LaTeX."""

from __future__ import annotations

from collections.abc import Callable

from xfer.reports.beside import visible
from xfer.reports.study.page.grids import Found, grids
from xfer.reports.table import (
    _TEX,
    _dicts,
    _markdown,
    latex_grid,
    markdown_grid,
)

# CSV


def csv_study(found: Found) -> str:
    """All records of a study, one row each, unrounded."""
    return _dicts(found["records"])


def csv_comparisons(found: Found) -> str:
    """All comparisons of a study, languages too; ``against.AXIS`` is the level that a cell is compared with."""
    rows = []
    for row in found["comparisons"]:
        beside = {f"against.{axis}": level for axis, level in row["against"].items()}
        rest = {name: one for name, one in row.items() if name not in ("levels", "against")}
        rows.append({**row["levels"], **beside, **rest})
    return _dicts(rows)


# Markdown


def markdown_study(found: Found) -> str:
    """Question, answers and every table; the figures lie beside it."""
    made = [f"# {_markdown(found['title'])}", _markdown(found["question"])]
    if found["description"]:
        made.append(_markdown(found["description"]))
    answers = [f"- **{_markdown(row['name'])}** {_markdown(row['sentence'])}" for row in found["hypotheses"]]
    made += ["\n".join(answers)] if answers else []
    for grid in grids(found):
        made += [f"## {_markdown(grid.title)}", markdown_grid(grid).rstrip("\n")]
    if found["papers"]:
        made += ["## Stands on", "\n".join(f"- {_markdown(paper)}" for paper in found["papers"])]
    return "\n\n".join(made) + "\n"


# LaTeX


_TEX |= {char: f"\\{char}" for char in "&%$#_{}"}


def latex_study(found: Found) -> str:
    """Every table, to be read in by \\input."""
    head = f"% {visible(found['title'])}. Needs \\usepackage{{booktabs,longtable,pdflscape}}.\n\n"
    return head + "\n".join(map(latex_grid, grids(found)))


FORMATS: dict[str, Callable[[Found], str]] = {"markdown": markdown_study, "csv": csv_study, "latex": latex_study}
