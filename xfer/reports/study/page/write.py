"""A study's folder: its data, its page, its figures as SVG and PNG, its tables as Markdown, CSV and LaTeX."""

from __future__ import annotations

import json
from pathlib import Path

from xfer.reports.study.page.grids import Found, grids
from xfer.reports.study.page.html import figures, page
from xfer.reports.study.page.index import write_index
from xfer.reports.study.page.palette import file_style
from xfer.reports.study.page.plain import (
    csv_comparisons,
    csv_grid,
    csv_study,
    latex_grid,
    latex_study,
    markdown_grid,
    markdown_study,
)
from xfer.reports.study.page.png import renderer
from xfer.reports.study.page.svg import drawn


def write_study(folder: Path, found: Found) -> list[str]:
    """Writes all files of one study into ``folder`` and the index beside it; returns what could not be written.

    The same data gives the same bytes. Figures and tables of an earlier run that are no more are taken away.
    """
    pictures = figures(found)
    for part in ("figures", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for old in sorted((folder / part).iterdir()):
            if old.suffix in (".svg", ".png", ".md", ".csv", ".tex"):
                old.unlink()
    _text(folder / "study.json", json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    _text(folder / "records.csv", csv_study(found))
    _text(folder / "comparisons.csv", csv_comparisons(found))
    _text(folder / "index.html", page(found))
    _text(folder / "report.md", markdown_study(found))
    _text(folder / "report.tex", latex_study(found))
    for grid in [*grids(found), *(figure.grid for figure in pictures)]:
        path = folder / "tables" / grid.name
        for end, write in ((".md", markdown_grid), (".csv", csv_grid), (".tex", latex_grid)):
            _text(path.with_name(path.name + end), write(grid))
    render, problem = renderer()
    style = file_style()
    for figure in pictures:
        svg = drawn(figure, style)
        _text(folder / "figures" / f"{figure.name}.svg", svg + "\n")
        if render:
            (folder / "figures" / f"{figure.name}.png").write_bytes(render(svg))
    write_index(folder.parent)
    return [problem] if problem and pictures else []


def _text(path: Path, text: str) -> None:
    """Unpaired surrogates, which UTF-8 cannot hold, become U+FFFD."""
    path.write_bytes(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8"))
