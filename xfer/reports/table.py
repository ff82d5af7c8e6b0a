"""One table for every format: terminal, Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from xfer.reports.beside import visible


class Value(NamedTuple):
    """A number with its 95% interval; ``signed`` for differences."""

    value: float
    low: float
    high: float
    signed: bool = False


class Exact(NamedTuple):
    """A number that is shown with so many digits."""

    value: float
    digits: int


Cell = str | int | float | Value | Exact | None


class Grid(NamedTuple):
    """A table. ``picks`` are the columns that a page offers as filters."""

    name: str
    title: str
    header: list[str]
    rows: list[list[Cell]]
    picks: tuple[int, ...] = ()
    note: str = ""


def value(row: Mapping[str, Any], name: str = "value") -> Value:
    """The number of a record or a comparison."""
    return Value(row[name], row["low"], row["high"], signed=name != "value")


def number(value: float, digits: int = 1, signed: bool = False) -> str:
    """A number with a true minus sign; never -0."""
    shown = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    if not float(shown):
        shown = shown.lstrip("-+")
    return shown.replace("-", "\u2212")


def span(low: float, high: float) -> str:
    """An interval."""
    return f"[{number(low)}, {number(high)}]"


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


def _dicts(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["study"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


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


PAGE = 45  # lines of a page


WIDE = r"\scriptsize\setlength{\tabcolsep}{2pt}"  # on a page on its side


PROSE, SHARE = 40, 0.3  # characters from which a cell is prose, set in lines of this share of the text's width


# How many characters a line of article holds in each size.
_SIZES = ((56, ""), (62, r"\small"), (70, r"\footnotesize"), (84, r"\scriptsize"))


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


def latex(text: str) -> str:
    """Text that LaTeX prints as it is, within one line. Square brackets are held together after a line break."""
    return "".join(_TEX.get(char, char) for char in visible(text)).replace("[", "{[}").replace("]", "{]}")


def latex_grid(grid: Grid) -> str:
    """A table for \\usepackage{booktabs}; a long one also needs longtable, a wide one pdflscape."""
    columns, size = _columns(grid)
    made = (_over_pages if len(grid.rows) > PAGE else _float)(grid, columns, size)
    return "\n".join([r"\begin{landscape}", *made, r"\end{landscape}"] if size == WIDE else made) + "\n"


def _over_pages(grid: Grid, columns: str, size: str) -> list[str]:
    head, rows = _lines(grid)
    begin = [f"\\begin{{longtable}}{{@{{}}{columns}@{{}}}}", f"\\caption{{{_caption(grid)}}}", _label(grid) + r" \\"]
    made = [*begin, r"\toprule", *head, r"\endhead", *rows, r"\bottomrule", r"\end{longtable}"]
    return ["{" + size, *made, "}"] if size else made


def _float(grid: Grid, columns: str, size: str) -> list[str]:
    head, rows = _lines(grid)
    made = [f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"\toprule", *head, *rows, r"\bottomrule", r"\end{tabular}"]
    begin = [r"\begin{table}", r"\centering", f"\\caption{{{_caption(grid)}}}", _label(grid)]
    return [*begin, *filter(None, [size]), *made, r"\end{table}"]  # a float begins with letters of its own size


def _lines(grid: Grid) -> tuple[list[str], list[str]]:
    rows = [" & ".join(latex(shown(cell)) for cell in row) + r" \\" for row in grid.rows]
    return [" & ".join(map(latex, grid.header)) + r" \\", r"\midrule"], rows


def _columns(grid: Grid) -> tuple[str, str]:
    """The columns of a table, and the size of its letters with which it fits the text."""
    columns, width = "", 0
    for i, right in enumerate(_numbers(grid)):
        longest = max(map(len, [grid.header[i], *(shown(row[i]) for row in grid.rows)]))
        columns += "r" if right else f"p{{{SHARE}\\linewidth}}" if longest > PROSE else "l"
        width += min(longest, PROSE // 2) + 2
    return columns, next((size for most, size in _SIZES if width <= most), WIDE)


def _label(grid: Grid) -> str:
    return f"\\label{{tab:{grid.name}}}"


def _caption(grid: Grid) -> str:
    return latex(f"{grid.title}. {grid.note}".strip() if grid.note else f"{grid.title}.")
