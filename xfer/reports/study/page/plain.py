"""The tables of a study as Markdown, CSV and LaTeX (booktabs), and its whole text as Markdown or LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xfer.reports.beside import visible
from xfer.reports.study.page.grids import Cell, Exact, Found, Grid, Value, grids
from xfer.reports.study.page.svg import number, span


def shown(cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return "\u2013"
    if isinstance(cell, Value):
        return f"{number(cell.value, signed=cell.signed)} {span(cell.low, cell.high)}"
    if isinstance(cell, Exact):
        least = 10.0**-cell.digits
        return f"< {least:g}" if 0 < cell.value < least else number(cell.value, cell.digits)
    if isinstance(cell, float):
        return number(cell)
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def is_number(cell: Cell) -> bool:
    """Whether a cell stands to the right."""
    return not isinstance(cell, str)


# CSV


def csv_grid(grid: Grid) -> str:
    """Unrounded numbers; one with an interval takes three columns."""
    wide = [any(isinstance(row[i], Value) for row in grid.rows) for i in range(len(grid.header))]
    header = [name + end for name, ends in zip(grid.header, wide, strict=True) for end in _ends(ends)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in grid.rows:
        writer.writerow([part for cell, ends in zip(row, wide, strict=True) for part in _parts(cell, ends)])
    return out.getvalue()


def _ends(wide: bool) -> tuple[str, ...]:
    return ("", " low", " high") if wide else ("",)


def _parts(cell: Cell, wide: bool) -> list[object]:
    if isinstance(cell, Value):
        return [cell.value, cell.low, cell.high]
    plain = "" if cell is None else cell.value if isinstance(cell, Exact) else cell
    return [plain, "", ""] if wide else [plain]


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


def _dicts(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["study"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# Markdown


def markdown_grid(grid: Grid) -> str:
    """A table of GitHub's Markdown."""
    numbers = _numbers(grid)
    lines = [grid.header, ["---:" if right else "---" for right in numbers]]
    rows = [[_markdown(shown(cell)) for cell in row] for row in grid.rows]
    lines = [[_markdown(name) for name in grid.header], lines[1], *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table}\n\n{_markdown(grid.note)}\n" if grid.note else f"{table}\n"


def _numbers(grid: Grid) -> list[bool]:
    return [all(is_number(row[i]) for row in grid.rows) for i in range(len(grid.header))]


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is, within one line."""
    flat = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~])", r"\\\1", flat)


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

PAGE = 45  # lines of a page

_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "\u2013": "--",
    "\u2026": r"\ldots{}",
    "\u2212": "$-$",
}
_TEX |= {char: f"\\{char}" for char in "&%$#_{}"}


def latex(text: str) -> str:
    """Text that LaTeX prints as it is, within one line. Square brackets are held together after a line break."""
    return "".join(_TEX.get(char, char) for char in visible(text)).replace("[", "{[}").replace("]", "{]}")


def latex_grid(grid: Grid) -> str:
    """A table for \\usepackage{booktabs}; one that is longer than a page also needs longtable."""
    columns = "".join("r" if right else "l" for right in _numbers(grid))
    lines = [" & ".join(map(latex, grid.header)) + r" \\", r"\midrule"]
    lines += [" & ".join(latex(shown(cell)) for cell in row) + r" \\" for row in grid.rows]
    about = [f"\\caption{{{_caption(grid)}}}", f"\\label{{tab:{grid.name}}}"]
    if len(grid.rows) > PAGE:
        head = [f"\\begin{{longtable}}{{@{{}}{columns}@{{}}}}", about[0], about[1] + r" \\", r"\toprule", *lines[:2]]
        return "\n".join([*head, r"\endhead", *lines[2:], r"\bottomrule", r"\end{longtable}"]) + "\n"
    body = [f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"\toprule", *lines, r"\bottomrule", r"\end{tabular}"]
    return "\n".join([r"\begin{table}", r"\centering", *about, *body, r"\end{table}"]) + "\n"


def _caption(grid: Grid) -> str:
    return latex(f"{grid.title}. {grid.note}".strip() if grid.note else f"{grid.title}.")


def latex_study(found: Found) -> str:
    """Every table, to be read in by \\input."""
    head = f"% {visible(found['title'])}. Needs \\usepackage{{booktabs,longtable}}.\n\n"
    return head + "\n".join(map(latex_grid, grids(found)))


FORMATS: dict[str, Callable[[Found], str]] = {"markdown": markdown_study, "csv": csv_study, "latex": latex_study}
