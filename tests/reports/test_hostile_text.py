"""Words of strangers in what a terminal and a spreadsheet show."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, Fault, printable
from xfer.reports.table import Exact, Grid, Value, csv_field, csv_grid, csv_records

Xfer = Callable[..., Any]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\x9b31m", "a\\x9b31m"),
        ("abc\u202edef", "abc\\u202edef"),
        ("ไทย 中文 عربي é\u0301 👩\u200d👩", "ไทย 中文 عربي é\u0301 👩\u200d👩"),
    ],
)
def test_what_acts_on_a_terminal_is_shown_as_its_code(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert BadRow("f.tsv", 3, text).message_lines() == [f"f.tsv:3: {shown}"]
    assert str(Fault("f.yaml", 1, 2, "a", text)) == f"f.yaml:1:2: a: {shown}"


def test_a_fault_that_quotes_a_recipe_colours_nothing(folder: Path, xfer: Xfer) -> None:
    (folder / "r.yaml").write_text('name: t\nsource: miniature\nmodel: "\\e[31mscratch"\n')
    done = xfer("check", "r.yaml")
    assert done.code == 2 and "\x1b" not in done.err and "\\x1b[31mscratch" in done.err


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@sum", "\t=1", "\n=1"])
def test_text_that_begins_like_a_formula_is_text_in_a_spreadsheet(text: str) -> None:
    assert csv_field(text) == f"'{text}"
    grid = Grid("t", "T", [text, "n"], [[text, -1.5], [text, Value(-2.0, -3.0, -1.0)], [text, Exact(-4.0, 1)]])
    rows = list(csv.reader(io.StringIO(csv_grid(grid), newline="")))
    assert [row[0] for row in rows] == [f"'{text}"] * 4
    assert [row[1] for row in rows[1:]] == ["-1.5", "-2.0", "-4.0"]
    assert next(csv.DictReader(io.StringIO(csv_records([{"a": text, "b": -1.5}]), newline=""))) == {
        "a": f"'{text}",
        "b": "-1.5",
    }
