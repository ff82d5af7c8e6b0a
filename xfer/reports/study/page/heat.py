"""Heat maps over two axes: what each combination scored, and by how much it differs from the comparison's base.

The number stands in each cell; the colour only helps to find it. Scores are shaded within their column, because
columns may hold different data sets and metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xfer.reports.study.page.grids import Found, axes, label, main_axis, means, measure_name, slug
from xfer.reports.study.page.svg import CHAR, Figure, clip, hover, tag, text
from xfer.reports.table import Cell, Grid, Value, number, span

STEPS = 7  # of the sequential scale: h0 (least) .. h6; differences: n3 .. n1, z, p1 .. p3
_HIGH, _LEFT = 30.0, 14.0
Numbers = dict[tuple[str, str], Value]  # (row, column) -> number


def heat_maps(found: Found) -> list[Figure]:
    """For each evaluation and combination of the other axes: scores (drops under attack), and differences."""
    made: list[Figure] = []
    for measure, records in (("score", means(found, "score")), ("drop", means(found, "drop"))):
        rows = [
            (_where(found, row), row["evaluation"], Value(row["value"], row["low"], row["high"])) for row in records
        ]
        made += _maps(found, rows, measure, measure_name(measure), False, [one.name for one in made])
    for measure in ("score", "drop"):
        compared = [r for r in found["comparisons"] if r["language"] == "mean" and r["measure"] == measure]
        rows = [(r["levels"], r["evaluation"], Value(r["difference"], r["low"], r["high"], True)) for r in compared]
        against = ", ".join((found["compare"] or {"against": {}})["against"].values())
        title = f"{measure_name(measure)}, difference from {against}"
        made += _maps(found, rows, f"{measure}-difference", title, True, [one.name for one in made])
    return made


def _where(found: Found, row: Mapping[str, Any]) -> dict[str, str]:
    return {axis: row[axis] for axis in axes(found)}


def _maps(
    found: Found,
    rows: Sequence[tuple[Mapping[str, str], str, Value]],
    what: str,
    title: str,
    signed: bool,
    taken: list[str],
) -> list[Figure]:
    down = main_axis(found)
    others = [axis for axis in axes(found) if axis != down]
    across = next((axis for axis in others if len(found["axes"][axis]) > 1), None)
    groups: dict[tuple[str, ...], Numbers] = {}
    for levels, evaluation, value in rows:
        rest = [levels[axis] for axis in others if axis != across]
        key = (*([evaluation] if across else []), *rest)
        column = levels[across] if across else evaluation
        groups.setdefault(key, {})[levels[down], column] = value
    made: list[Figure] = []
    for key, numbers in groups.items():
        whole = f"{title}: {label(key)}" if key else title
        name = slug("-".join(("heat", what, *key)), [*taken, *(one.name for one in made)])
        made.append(_map(found, numbers, (down, across or "evaluation"), name, whole, signed))
    return made


def _map(found: Found, numbers: Numbers, both: tuple[str, str], name: str, title: str, signed: bool) -> Figure:
    down, across = both
    rows = [level for level in found["axes"][down] if any(row == level for row, _ in numbers)]
    known = dict.fromkeys(column for _, column in numbers)
    columns = [level for level in found["axes"].get(across, known) if level in known]
    left = _LEFT + CHAR * max(len(clip(row, 26)) for row in [*rows, down]) + 12
    wide = max(66.0, min(130.0, CHAR * max(len(clip(column, 18)) for column in columns) + 16))
    body = [text(left, 16, across, class_="t muted"), text(_LEFT, 40, down, class_="t muted")]
    body += [text(left + wide * (i + 0.5), 40, clip(one, 18), "middle") for i, one in enumerate(columns)]
    for j, row in enumerate(rows):
        y = 48 + _HIGH * j
        body.append(text(left - 10, y + 20, clip(row, 26), "end"))
        for i, column in enumerate(columns):
            class_ = _class(numbers, (row, column), signed)
            body.append(_cell(left + wide * i, y, wide, numbers.get((row, column)), class_, f"{row}, {column}"))
    height = 48 + _HIGH * len(rows) + 10
    grid = _grid(numbers, rows, columns, (name, title, f"{down} / {across}"))
    shade = (
        "Orange: lower, blue: higher; *: the interval leaves out 0."
        if signed
        else "The further a colour is from the page's own, the higher in its column."
    )
    desc = f"A table of {len(rows)} levels of {down} by {len(columns)} of {across}, numbers in percent points. {shade}"
    group = "difference" if signed else "level"
    return Figure(name, title, desc, grid, "".join(body), left + wide * len(columns) + _LEFT, height, f"heat-{group}")


def _cell(x: float, y: float, wide: float, value: Value | None, class_: str, where: str) -> str:
    box = tag("rect", x=x + 1, y=y + 1, width=wide - 2, height=_HIGH - 2, rx=3, class_=f"cell {class_}")
    if value is None:
        return box + text(x + wide / 2, y + 20, "\u2013", "middle", "t muted")
    shown = number(value.value, signed=value.signed)
    told = f"{where}: {shown} {span(value.low, value.high)}"
    sure = value.signed and (value.low > 0 or value.high < 0)
    return hover(told, box, text(x + wide / 2, y + 20, shown + ("*" if sure else ""), "middle", f"v {class_}"))


def _class(numbers: Numbers, at: tuple[str, str], signed: bool) -> str:
    if at not in numbers:
        return "none"
    if signed:
        most = max(abs(one.value) for one in numbers.values()) or 1.0
        step = round(3 * numbers[at].value / most)
        return "z" if not step else f"{'p' if step > 0 else 'n'}{abs(step)}"
    column = [one.value for (_, column), one in numbers.items() if column == at[1]]
    low, high = min(column), max(column)
    share = (numbers[at].value - low) / (high - low) if high > low else 0.5
    return f"h{min(STEPS - 1, int(share * STEPS))}"


def _grid(numbers: Numbers, rows: list[str], columns: list[str], names: tuple[str, str, str]) -> Grid:
    def line(row: str) -> list[Cell]:
        return [row, *(numbers.get((row, column)) for column in columns)]

    return Grid(names[0], names[1], [names[2], *columns], [line(row) for row in rows])
