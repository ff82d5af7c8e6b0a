"""The hypotheses as one drawing: each difference with its interval, beside the line of no difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xfer.reports.study.page.evidence import breakdown_grid
from xfer.reports.study.page.grids import StudyData, slug_name, verdict_grid
from xfer.reports.study.page.svg import (
    CHAR_WIDTH,
    Figure,
    Scale,
    axis_ticks,
    clip_text,
    hover_group,
    line_tag,
    series_mark,
    text_tag,
    tick_label,
)
from xfer.reports.table import Grid, format_interval, format_number

_ROW, _WIDE = 34.0, 240.0
_SIGN = {"supported": 0, "not supported": 1, "undecided": 3}


def verdict_forest(study: StudyData) -> list[Figure]:
    """One figure over all hypotheses that were tested, and one of the levels of each; none if none was tested."""
    tested = [row for row in study["hypotheses"] if row["p"] is not None]
    if not tested:
        return []
    names = [f"{clip_text(row['name'], 24)} ({row['measure']} {row['expect']})".replace("_", " ") for row in tested]
    desc = f"{len(tested)} differences in percent points with 95% intervals; the vertical line is no difference."
    grid = verdict_grid(study)._replace(name="verdicts", title="Hypotheses")
    whole = _forest_figure(list(zip(names, tested, strict=True)), grid, "The hypotheses and their intervals", desc)
    used: list[str] = []
    return [whole, *(_level_figure(study, row, used) for row in tested if row.get("breakdown"))]


def _level_figure(study: StudyData, row: Mapping[str, Any], used: list[str]) -> Figure:
    """The levels of one hypothesis, its mean first. Adds the figure's name to those that are ``used``."""
    lines = [("mean of all", {**row, "verdict": row["mean_verdict"]})]
    lines += [(clip_text(f"{entry['axis']} {entry['level']}", 32), entry) for entry in row["breakdown"]]
    grid = breakdown_grid(study)
    name = slug_name(f"levels-{row['name']}", used)
    used.append(name)
    own = grid._replace(name=name, title=row["name"], rows=[line for line in grid.rows if line[0] == row["name"]])
    desc = f"{row['claim']} {len(lines) - 1} levels and their mean in percent points with 95% intervals."
    return _forest_figure(lines, own, f"Levels of {row['name']}", desc)


def _forest_figure(lines: Sequence[tuple[str, Mapping[str, Any]]], grid: Grid, title: str, desc: str) -> Figure:
    """A line of each name with its interval and its verdict; the figure has the name of its table."""
    rows = [row for _, row in lines]
    left = CHAR_WIDTH * max(len(name) for name, _ in lines) + 24
    marks = axis_ticks(min(0.0, *(row["low"] for row in rows)), max(0.0, *(row["high"] for row in rows)))
    across = Scale(marks[0], marks[-1], left, left + _WIDE)
    end = 10 + _ROW * len(rows)
    body = [line_tag(across(x), 8, across(x), end, "axis" if x == 0 else "grid") for x in marks]
    body += [text_tag(across(x), end + 18, tick_label(x), "middle", "t muted") for x in marks]
    body += [text_tag(across.start + _WIDE / 2, end + 38, "difference in points", "middle")]
    for i, (name, row) in enumerate(lines):
        y = 8 + _ROW * (i + 0.5)
        body += [text_tag(left - 12, y + 4, name, "end"), _interval_mark(name, row, across, y)]
        body.append(text_tag(left + _WIDE + 14, y + 4, row["verdict"]))
    wide = max(14, *(len(row["verdict"]) for row in rows))
    size = left + _WIDE + 14 + CHAR_WIDTH * wide, end + 50
    return Figure(grid.name, title, desc, grid, "".join(body), *size, "verdicts")


def _interval_mark(name: str, row: Mapping[str, Any], across: Scale, y: float) -> str:
    low, high = across(row["low"]), across(row["high"])
    estimate = f"{format_number(row['difference'], signed=True)} {format_interval(row['low'], row['high'])}"
    tooltip = f"{name}: {estimate}, {row['verdict']}"
    ends = line_tag(low, y - 4, low, y + 4, "whisker") + line_tag(high, y - 4, high, y + 4, "whisker")
    dot = series_mark(_SIGN.get(row["verdict"], 3), across(row["difference"]), y, 6)
    return hover_group(tooltip, line_tag(low, y, high, y, "whisker"), ends, dot)
