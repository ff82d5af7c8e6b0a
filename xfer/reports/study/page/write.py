"""A study's folder: its data, its page, its figures as SVG and PNG, its tables as Markdown, CSV and LaTeX."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from xfer.reports.study.page.grids import Found, grids
from xfer.reports.study.page.html import figures, page
from xfer.reports.study.page.index import write_index
from xfer.reports.study.page.palette import file_style
from xfer.reports.study.page.plain import csv_comparisons, csv_study, latex_study, markdown_study
from xfer.reports.study.page.png import renderer
from xfer.reports.study.page.svg import Figure, drawn
from xfer.reports.table import Grid, csv_grid, latex_grid, markdown_grid
from xfer.text.surrogates import without_surrogates


def write_study(folder: Path, found: Found) -> list[str]:
    """Writes all files of one study into ``folder`` and the index beside it; returns what could not be written.

    The same data gives the same bytes. Figures and tables of an earlier run that are no more are taken away.
    """
    pictures = figures(found)
    for part in ("figures", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    _text(folder / "study.json", json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    _text(folder / "records.csv", csv_study(found))
    _text(folder / "comparisons.csv", csv_comparisons(found))
    _text(folder / "index.html", page(found))
    _text(folder / "report.md", markdown_study(found))
    _text(folder / "report.tex", latex_study(found))
    _tables(folder / "tables", [*grids(found), *(figure.grid for figure in pictures)])
    problem = _figures(folder / "figures", pictures)
    write_index(folder.parent)
    return [problem] if problem else []


def _tables(folder: Path, every: Sequence[Grid]) -> None:
    formats = {".md": markdown_grid, ".csv": csv_grid, ".tex": latex_grid}
    for grid in every:
        for end, write in formats.items():
            _text(folder / f"{grid.name}{end}", write(grid))
    _only(folder, {f"{grid.name}{end}" for grid in every for end in formats}, formats)


def _figures(folder: Path, pictures: Sequence[Figure]) -> str:
    """Writes drawings and pictures; returns why there are no pictures, or nothing.

    To draw a picture takes long: one stays if its drawing does. It goes first, so that a torn one has no drawing.
    """
    render, problem = renderer() if pictures else (None, "")
    style, names = file_style(), set[str]()
    for figure in pictures:
        svg, drawing, picture = (
            drawn(figure, style) + "\n",
            folder / f"{figure.name}.svg",
            folder / f"{figure.name}.png",
        )
        if render and not (picture.exists() and drawing.exists() and drawing.read_bytes() == _bytes(svg)):
            drawing.unlink(missing_ok=True)
            picture.write_bytes(render(svg))
        _text(drawing, svg)
        names |= {drawing.name, picture.name} if render else {drawing.name}
    _only(folder, names, (".svg", ".png"))
    return problem


def _only(folder: Path, names: Set[str], ends: Iterable[str]) -> None:
    """Takes away files with such an ending and another name."""
    for path in sorted(folder.iterdir()):
        if path.suffix in ends and path.name not in names:
            path.unlink()


def _text(path: Path, text: str) -> None:
    path.write_bytes(_bytes(text))


def _bytes(text: str) -> bytes:
    """UTF-8. Unpaired surrogates, which it cannot hold, become U+FFFD."""
    return without_surrogates(text).encode("utf-8")
