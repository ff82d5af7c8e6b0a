"""One table for every format: terminal, Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from xfer.reports.beside import escape_invisible

_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\n")


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


GridCell = str | int | float | Value | Exact | None


class Grid(NamedTuple):
    """A table. ``picks`` are the columns that a page offers as filters."""

    name: str
    title: str
    header: list[str]
    rows: list[list[GridCell]]
    picks: tuple[int, ...] = ()
    note: str = ""


def value_cell(row: Mapping[str, Any], name: str = "value") -> Value:
    """The number of a record or a comparison."""
    return Value(row[name], row["low"], row["high"], signed=name != "value")


def format_number(value: float, digits: int = 1, signed: bool = False) -> str:
    """A number with a true minus sign; never -0."""
    shown = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    if not float(shown):
        shown = shown.lstrip("-+")
    return shown.replace("-", "\u2212")


def format_interval(low: float, high: float) -> str:
    """An interval."""
    return f"[{format_number(low)}, {format_number(high)}]"


def cell_text(cell: GridCell) -> str:
    """A cell as people read it."""
    if cell is None:
        return "\u2013"
    if isinstance(cell, Value):
        return f"{format_number(cell.value, signed=cell.signed)} {format_interval(cell.low, cell.high)}"
    if isinstance(cell, Exact):
        least = 10.0**-cell.digits
        return f"< {least:g}" if 0 < cell.value < least else format_number(cell.value, cell.digits)
    if isinstance(cell, float):
        return format_number(cell)
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def is_number(cell: GridCell) -> bool:
    """Whether a cell stands to the right."""
    return not isinstance(cell, str)


def csv_field(value: object) -> object:
    """A field that no spreadsheet takes for a formula: text that begins like one gets an apostrophe."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r", "\n")  # which the csv module does not quote
    return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


def csv_grid(grid: Grid) -> str:
    """Unrounded numbers; one with an interval takes three columns."""
    has_interval = [any(isinstance(row[i], Value) for row in grid.rows) for i in range(len(grid.header))]
    header = [name + end for name, ends in zip(grid.header, has_interval, strict=True) for end in _csv_suffixes(ends)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(csv_field, header))
    for row in grid.rows:
        writer.writerow(
            [field for cell, ends in zip(row, has_interval, strict=True) for field in _csv_parts(cell, ends)]
        )
    return out.getvalue()


def _csv_suffixes(wide: bool) -> tuple[str, ...]:
    return ("", " low", " high") if wide else ("",)


def _csv_parts(cell: GridCell, wide: bool) -> list[object]:
    if isinstance(cell, Value):
        return [cell.value, cell.low, cell.high]
    plain = "" if cell is None else cell.value if isinstance(cell, Exact) else csv_field(cell)
    return [plain, "", ""] if wide else [plain]


def csv_records(rows: Sequence[Mapping[str, Any]]) -> str:
    """Records with the names of the first as header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["study"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: csv_field(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def markdown_grid(grid: Grid) -> str:
    """A table of GitHub's Markdown."""
    numbers = numeric_columns(grid)
    lines = [grid.header, ["---:" if right else "---" for right in numbers]]
    rows = [[markdown_text(cell_text(cell)) for cell in row] for row in grid.rows]
    lines = [[markdown_text(name) for name in grid.header], lines[1], *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table}\n\n{markdown_text(grid.note)}\n" if grid.note else f"{table}\n"


def numeric_columns(grid: Grid) -> list[bool]:
    """Of each column, whether it stands to the right."""
    return [all(is_number(row[i]) for row in grid.rows) for i in range(len(grid.header))]


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, within one line."""
    flat = escape_invisible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~])", r"\\\1", flat)


PAGE_LINES = 45  # lines of a page


SIDEWAYS_SIZE = r"\scriptsize\setlength{\tabcolsep}{2pt}"  # on a page on its side


PROSE_CHARS, PROSE_SHARE = (
    40,
    0.3,
)  # characters from which a cell is prose, set in lines of this share of the text's width


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
    **{char: f"\\{char}" for char in "&%$#_{}"},
}


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it is, within one line. Square brackets are held together after a line break."""
    return "".join(_TEX.get(char, char) for char in escape_invisible(text)).replace("[", "{[}").replace("]", "{]}")


def latex_grid(grid: Grid) -> str:
    """A table for \\usepackage{booktabs}; a long one also needs longtable, a wide one pdflscape."""
    columns, size = _column_spec(grid)
    body = (_long_table if len(grid.rows) > PAGE_LINES else _float_table)(grid, columns, size)
    return "\n".join([r"\begin{landscape}", *body, r"\end{landscape}"] if size == SIDEWAYS_SIZE else body) + "\n"


def _long_table(grid: Grid, columns: str, size: str) -> list[str]:
    head, rows = _latex_lines(grid)
    begin = [f"\\begin{{longtable}}{{@{{}}{columns}@{{}}}}", f"\\caption{{{_caption(grid)}}}", _label(grid) + r" \\"]
    body = [*begin, r"\toprule", *head, r"\endhead", *rows, r"\bottomrule", r"\end{longtable}"]
    return ["{" + size, *body, "}"] if size else body


def _float_table(grid: Grid, columns: str, size: str) -> list[str]:
    head, rows = _latex_lines(grid)
    tabular = [
        f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        *head,
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    begin = [r"\begin{table}", r"\centering", f"\\caption{{{_caption(grid)}}}", _label(grid)]
    return [*begin, *filter(None, [size]), *tabular, r"\end{table}"]  # a float begins with letters of its own size


def _latex_lines(grid: Grid) -> tuple[list[str], list[str]]:
    rows = [" & ".join(latex_text(cell_text(cell)) for cell in row) + r" \\" for row in grid.rows]
    return [" & ".join(map(latex_text, grid.header)) + r" \\", r"\midrule"], rows


def _column_spec(grid: Grid) -> tuple[str, str]:
    """The columns of a table, and the size of its letters with which it fits the text."""
    columns, width = "", 0
    for i, right in enumerate(numeric_columns(grid)):
        longest = max(map(len, [grid.header[i], *(cell_text(row[i]) for row in grid.rows)]))
        columns += "r" if right else f"p{{{PROSE_SHARE}\\linewidth}}" if longest > PROSE_CHARS else "l"
        width += min(longest, PROSE_CHARS // 2) + 2
    return columns, next((size for most, size in _SIZES if width <= most), SIDEWAYS_SIZE)


def _label(grid: Grid) -> str:
    return f"\\label{{tab:{grid.name}}}"


def _caption(grid: Grid) -> str:
    return latex_text(f"{grid.title}. {grid.note}".strip() if grid.note else f"{grid.title}.")
