"""Heat maps over two axes: what each combination scored, and by how much it differs from the comparison's base.

The number stands in each cell; the colour only helps to find it. Scores are shaded within their column, because
columns may hold different data sets and metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xfer.reports.study.page.grids import (
    StudyData,
    axis_names,
    levels_label,
    main_axis,
    mean_records,
    measure_name,
    slug_name,
)
from xfer.reports.study.page.svg import CHAR_WIDTH, Figure, clip_text, hover_group, make_tag, text_tag
from xfer.reports.table import Grid, GridCell, Value, format_interval, format_number

HEAT_STEPS = 7  # of the sequential scale: h0 (least) .. h6; differences: n3 .. n1, z, p1 .. p3
_HIGH, _LEFT = 30.0, 14.0
HeatValues = dict[tuple[str, str], Value]  # (row, column) -> number


def heat_maps(study: StudyData) -> list[Figure]:
    """For each evaluation and combination of the other axes: scores (drops under attack), and differences."""
    figures: list[Figure] = []
    for measure, records in (("score", mean_records(study, "score")), ("drop", mean_records(study, "drop"))):
        rows = [
            (_row_levels(study, row), row["evaluation"], Value(row["value"], row["low"], row["high"]))
            for row in records
        ]
        figures += _group_maps(study, rows, measure, measure_name(measure), False, [figure.name for figure in figures])
    for measure in ("score", "drop"):
        compared = [r for r in study["comparisons"] if r["language"] == "mean" and r["measure"] == measure]
        rows = [(r["levels"], r["evaluation"], Value(r["difference"], r["low"], r["high"], True)) for r in compared]
        against = ", ".join((study["compare"] or {"against": {}})["against"].values())
        title = f"{measure_name(measure)}, difference from {against}"
        figures += _group_maps(study, rows, f"{measure}-difference", title, True, [figure.name for figure in figures])
    return figures


def _row_levels(study: StudyData, row: Mapping[str, Any]) -> dict[str, str]:
    return {axis: row[axis] for axis in axis_names(study)}


def _group_maps(
    study: StudyData,
    rows: Sequence[tuple[Mapping[str, str], str, Value]],
    prefix: str,
    title: str,
    signed: bool,
    taken: list[str],
) -> list[Figure]:
    down = main_axis(study)
    others = [axis for axis in axis_names(study) if axis != down]
    across = next((axis for axis in others if len(study["axes"][axis]) > 1), None)
    groups: dict[tuple[str, ...], HeatValues] = {}
    for levels, evaluation, value in rows:
        rest = [levels[axis] for axis in others if axis != across]
        key = (*([evaluation] if across else []), *rest)
        column = levels[across] if across else evaluation
        groups.setdefault(key, {})[levels[down], column] = value
    figures: list[Figure] = []
    for key, numbers in groups.items():
        full_title = f"{title}: {levels_label(key)}" if key else title
        name = slug_name("-".join(("heat", prefix, *key)), [*taken, *(figure.name for figure in figures)])
        figures.append(_heat_map(study, numbers, (down, across or "evaluation"), name, full_title, signed))
    return figures


def _heat_map(
    study: StudyData, numbers: HeatValues, axis_pair: tuple[str, str], name: str, title: str, signed: bool
) -> Figure:
    down, across = axis_pair
    rows = [level for level in study["axes"][down] if any(row == level for row, _ in numbers)]
    present = dict.fromkeys(column for _, column in numbers)
    columns = [level for level in study["axes"].get(across, present) if level in present]
    left = _LEFT + CHAR_WIDTH * max(len(clip_text(row, 26)) for row in [*rows, down]) + 12
    wide = max(66.0, min(130.0, CHAR_WIDTH * max(len(clip_text(column, 18)) for column in columns) + 16))
    body = [text_tag(left, 16, across, class_="t muted"), text_tag(_LEFT, 40, down, class_="t muted")]
    body += [
        text_tag(left + wide * (i + 0.5), 40, clip_text(heading, 18), "middle") for i, heading in enumerate(columns)
    ]
    for j, row in enumerate(rows):
        y = 48 + _HIGH * j
        body.append(text_tag(left - 10, y + 20, clip_text(row, 26), "end"))
        for i, column in enumerate(columns):
            class_ = _heat_class(numbers, (row, column), signed)
            body.append(_heat_cell(left + wide * i, y, wide, numbers.get((row, column)), class_, f"{row}, {column}"))
    height = 48 + _HIGH * len(rows) + 10
    grid = _heat_grid(numbers, rows, columns, (name, title, f"{down} / {across}"))
    shade = (
        "Orange: lower, blue: higher; *: the interval leaves out 0."
        if signed
        else "The further a colour is from the page's own, the higher in its column."
    )
    desc = f"A table of {len(rows)} levels of {down} by {len(columns)} of {across}, numbers in percent points. {shade}"
    group = "difference" if signed else "level"
    return Figure(name, title, desc, grid, "".join(body), left + wide * len(columns) + _LEFT, height, f"heat-{group}")


def _heat_cell(x: float, y: float, wide: float, value: Value | None, class_: str, where: str) -> str:
    box = make_tag("rect", x=x + 1, y=y + 1, width=wide - 2, height=_HIGH - 2, rx=3, class_=f"cell {class_}")
    if value is None:
        return box + text_tag(x + wide / 2, y + 20, "\u2013", "middle", "t muted")
    shown = format_number(value.value, signed=value.signed)
    tooltip = f"{where}: {shown} {format_interval(value.low, value.high)}"
    sure = value.signed and (value.low > 0 or value.high < 0)
    return hover_group(
        tooltip, box, text_tag(x + wide / 2, y + 20, shown + ("*" if sure else ""), "middle", f"v {class_}")
    )


def _heat_class(numbers: HeatValues, at: tuple[str, str], signed: bool) -> str:
    if at not in numbers:
        return "none"
    if signed:
        most = max(abs(entry.value) for entry in numbers.values()) or 1.0
        step = round(3 * numbers[at].value / most)
        return "z" if not step else f"{'p' if step > 0 else 'n'}{abs(step)}"
    column = [entry.value for (_, column), entry in numbers.items() if column == at[1]]
    low, high = min(column), max(column)
    share = (numbers[at].value - low) / (high - low) if high > low else 0.5
    return f"h{min(HEAT_STEPS - 1, int(share * HEAT_STEPS))}"


def _heat_grid(numbers: HeatValues, rows: list[str], columns: list[str], names: tuple[str, str, str]) -> Grid:
    def line(row: str) -> list[GridCell]:
        return [row, *(numbers.get((row, column)) for column in columns)]

    return Grid(names[0], names[1], [names[2], *columns], [line(row) for row in rows])
