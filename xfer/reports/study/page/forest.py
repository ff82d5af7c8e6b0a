"""The hypotheses as one drawing: each difference with its interval, beside the line of no difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xfer.reports.study.page.grids import StudyData, verdict_grid
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
from xfer.reports.table import format_interval, format_number

_ROW, _WIDE = 34.0, 240.0
_SIGN = {"supported": 0, "not supported": 1, "undecided": 3}


def verdict_forest(study: StudyData) -> list[Figure]:
    """One figure over all hypotheses that were tested; none if there is none."""
    tested = [row for row in study["hypotheses"] if row["p"] is not None]
    if not tested:
        return []
    names = [f"{clip_text(row['name'], 24)} ({row['measure']} {row['expect']})".replace("_", " ") for row in tested]
    left = CHAR_WIDTH * max(map(len, names)) + 24
    marks = axis_ticks(min(0.0, *(row["low"] for row in tested)), max(0.0, *(row["high"] for row in tested)))
    across = Scale(marks[0], marks[-1], left, left + _WIDE)
    end = 10 + _ROW * len(tested)
    body = [line_tag(across(x), 8, across(x), end, "axis" if x == 0 else "grid") for x in marks]
    body += [text_tag(across(x), end + 18, tick_label(x), "middle", "t muted") for x in marks]
    body += [text_tag(across.start + _WIDE / 2, end + 38, "difference in points", "middle")]
    for i, (row, name) in enumerate(zip(tested, names, strict=True)):
        body += [
            text_tag(left - 12, 8 + _ROW * (i + 0.5) + 4, name, "end"),
            _interval_mark(row, across, 8 + _ROW * (i + 0.5)),
        ]
        body.append(text_tag(left + _WIDE + 14, 8 + _ROW * (i + 0.5) + 4, row["verdict"]))
    desc = f"{len(tested)} differences in percent points with 95% intervals; the vertical line is no difference."
    size = left + _WIDE + 14 + CHAR_WIDTH * 14, end + 50
    grid = verdict_grid(study)._replace(name="verdicts", title="Hypotheses")
    return [Figure("verdicts", "The hypotheses and their intervals", desc, grid, "".join(body), *size, "verdicts")]


def _interval_mark(row: Mapping[str, Any], across: Scale, y: float) -> str:
    low, high = across(row["low"]), across(row["high"])
    estimate = f"{format_number(row['difference'], signed=True)} {format_interval(row['low'], row['high'])}"
    tooltip = f"{row['name']}: {estimate}, {row['verdict']}"
    ends = line_tag(low, y - 4, low, y + 4, "whisker") + line_tag(high, y - 4, high, y + 4, "whisker")
    dot = series_mark(_SIGN.get(row["verdict"], 3), across(row["difference"]), y, 6)
    return hover_group(tooltip, line_tag(low, y, high, y, "whisker"), ends, dot)
