"""A study's folder: its data, its page, its figures as SVG and PNG, its tables as Markdown, CSV and LaTeX."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from xfer.reports.study.page.grids import StudyData
from xfer.reports.study.page.html import study_figures, study_page
from xfer.reports.study.page.index import write_index
from xfer.reports.study.page.palette import file_style
from xfer.reports.study.page.plain import csv_comparisons, csv_study, latex_study, markdown_study
from xfer.reports.study.page.png import png_renderer
from xfer.reports.study.page.svg import Figure, figure_svg
from xfer.reports.study.page.tables import study_grids
from xfer.reports.table import Grid, csv_grid, latex_grid, markdown_grid
from xfer.text.surrogates import without_surrogates


def write_study(folder: Path, study: StudyData) -> list[str]:
    """Writes all files of one study into ``folder`` and the index beside it; returns what could not be written.

    The same data gives the same bytes. Figures and tables of an earlier run that are no more are taken away.
    """
    pictures = study_figures(study)
    for subfolder in ("figures", "tables"):
        (folder / subfolder).mkdir(parents=True, exist_ok=True)
    _write_text(folder / "study.json", json.dumps(study, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    _write_text(folder / "records.csv", csv_study(study))
    _write_text(folder / "comparisons.csv", csv_comparisons(study))
    _write_text(folder / "index.html", study_page(study))
    _write_text(folder / "report.md", markdown_study(study))
    _write_text(folder / "report.tex", latex_study(study))
    _write_tables(folder / "tables", [*study_grids(study), *(figure.grid for figure in pictures)])
    problem = _write_figures(folder / "figures", pictures)
    write_index(folder.parent)
    return [problem] if problem else []


def _write_tables(folder: Path, tables: Sequence[Grid]) -> None:
    formats = {".md": markdown_grid, ".csv": csv_grid, ".tex": latex_grid}
    for grid in tables:
        for end, write in formats.items():
            _write_text(folder / f"{grid.name}{end}", write(grid))
    _remove_others(folder, {f"{grid.name}{end}" for grid in tables for end in formats}, formats)


def _write_figures(folder: Path, pictures: Sequence[Figure]) -> str:
    """Writes drawings and pictures; returns why there are no pictures, or nothing.

    To draw a picture takes long: one stays if its drawing does. It goes first, so that a torn one has no drawing.
    """
    render, problem = png_renderer() if pictures else (None, "")
    style, names = file_style(), set[str]()
    for figure in pictures:
        svg, drawing, picture = (
            figure_svg(figure, style) + "\n",
            folder / f"{figure.name}.svg",
            folder / f"{figure.name}.png",
        )
        if render and not (picture.exists() and drawing.exists() and drawing.read_bytes() == _utf8_bytes(svg)):
            drawing.unlink(missing_ok=True)
            picture.write_bytes(render(svg))
        _write_text(drawing, svg)
        names |= {drawing.name, picture.name} if render else {drawing.name}
    _remove_others(folder, names, (".svg", ".png"))
    return problem


def _remove_others(folder: Path, names: Set[str], ends: Iterable[str]) -> None:
    """Takes away files with such an ending and another name."""
    for path in sorted(folder.iterdir()):
        if path.suffix in ends and path.name not in names:
            path.unlink()


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(_utf8_bytes(text))


def _utf8_bytes(text: str) -> bytes:
    """UTF-8. Unpaired surrogates, which it cannot hold, become U+FFFD."""
    return without_surrogates(text).encode("utf-8")
