"""Clean against robust scores, and lines over the size of the encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any, NamedTuple

from xfer.reports.study.page.grids import Found, label, levels_of, main_axis, measure_name, slug
from xfer.reports.study.page.svg import CHAR, Figure, Scale, clip, hover, line, mark, text, tick, ticks
from xfer.reports.table import Cell, Grid, Value, number, span, value

_SIDE, _LEFT, _TOP = 360.0, 58.0, 16.0


class Point(NamedTuple):
    """One cell: its clean and its robust score; the clean one has an interval if its evaluation is known."""

    level: str
    where: str
    clean: Value
    robust: Value


def clean_against_robust(found: Found) -> list[Figure]:
    """A figure for each data set and attacked evaluation, a point a cell."""
    drops = {_key(found, row): row for row in found["records"] if _is(row, "drop")}
    scores = {_key(found, row): row for row in found["records"] if _is(row, "score")}
    clean = {(key[0], row["data"], row["stage"]): row for key, row in scores.items() if not row["attacker"]}
    groups: dict[tuple[str, str], list[Point]] = {}
    for key, row in scores.items():
        if key in drops:
            point = _point(found, row, drops[key], clean.get((key[0], row["data"], row["stage"])))
            groups.setdefault((row["data"], row["evaluation"]), []).append(point)
    made: list[Figure] = []
    for names, points in groups.items():
        name = slug("-".join(("robust", *names)), [one.name for one in made])
        order = [one for one in found["axes"][main_axis(found)] if any(one == point.level for point in points)]
        made.append(_scatter(points, order, name, f"Clean against robust: {names[0]} under {names[1]}"))
    return made


def _is(row: Mapping[str, Any], measure: str) -> bool:
    return bool(row["measure"] == measure and row["language"] == "mean")


def _key(found: Found, row: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    return levels_of(found, row), row["evaluation"]


def _point(found: Found, row: Mapping[str, Any], drop: Mapping[str, Any], clean: Mapping[str, Any] | None) -> Point:
    """The clean score is on the rows that were attacked: the robust one and the drop."""
    at = row["value"] + drop["value"]
    sure = clean is not None and abs(clean["value"] - at) < 0.05
    before = Value(at, clean["low"], clean["high"]) if sure and clean else Value(at, at, at)
    return Point(row[main_axis(found)], label(levels_of(found, row)), before, value(row))


def _scatter(points: Sequence[Point], order: list[str], name: str, title: str) -> Figure:
    ends = [end for point in points for one in (point.clean, point.robust) for end in (one.low, one.high)]
    marks = ticks(min(ends), max(ends))
    x = Scale(marks[0], marks[-1], _LEFT, _LEFT + _SIDE)
    y = Scale(marks[0], marks[-1], _TOP + _SIDE, _TOP)
    body = [
        line(x(one), y.start, x(one), y.end, "grid") + line(x.start, y(one), x.end, y(one), "grid") for one in marks
    ]
    body += [text(x(one), y.start + 18, tick(one), "middle", "t muted") for one in marks]
    body += [text(x.start - 8, y(one) + 4, tick(one), "end", "t muted") for one in marks]
    body += [
        line(x.start, y.start, x.end, y.end, "same"),
        _along(x.end - 44, y.end + 38, "no drop"),
    ]
    body += [
        text((x.start + x.end) / 2, y.start + 38, "clean", "middle"),
        _upright(15, (y.start + y.end) / 2, "robust"),
    ]
    for point in points:
        told = f"{point.where}: clean {number(point.clean.value)}, robust {number(point.robust.value)}"
        told += f" {span(point.robust.low, point.robust.high)}"
        cx, cy = x(point.clean.value), y(point.robust.value)
        cross = line(cx, y(point.robust.low), cx, y(point.robust.high), "whisker thin")
        cross += line(x(point.clean.low), cy, x(point.clean.high), cy, "whisker thin")
        body.append(hover(told, cross, mark(order.index(point.level), cx, cy)))
    key, wide, high = _marks_key(order, y.start + 58)
    rows: list[list[Cell]] = [[point.where, point.clean, point.robust] for point in points]
    grid = Grid(name, title, ["cell", "clean", "robust"], rows)
    desc = f"{len(points)} points: robust score over clean score on the same rows, in percent, with 95% intervals. "
    desc += "Points below the diagonal lose under attack; shapes are explained below the axes."
    return Figure(name, title, desc, grid, "".join([*body, *key]), max(x.end + 30, wide), high, "scatter")


def _upright(x: float, y: float, shown: str) -> str:
    return text(x, y, shown, "middle", transform=f"rotate(-90 {x:.0f} {y:.0f})")


def _along(x: float, y: float, shown: str) -> str:
    """Text along the diagonal."""
    return text(x, y, shown, "middle", "t small muted", transform=f"rotate(-45 {x:.0f} {y:.0f})")


def _marks_key(order: Sequence[str], top: float, room: float = 440.0) -> tuple[list[str], float, float]:
    """Shapes and their names in lines, with the width and the lower end of it all."""
    made, x, y, widest = list[str](), 14.0, top, 0.0
    for i, level in enumerate(order):
        shown = clip(level, 60)
        wide = CHAR * len(shown) + 40
        if x > 14 and x + wide > room:
            x, y = 14.0, y + 22
        made += [mark(i, x + 4, y - 4), text(x + 16, y, shown)]
        x += wide
        widest = max(widest, x)
    return made, widest, y + 14


def scaling_lines(found: Found) -> list[Figure]:
    """A figure for each evaluation and measure: values over parameters, a line for each combination of other axes."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in found["fits"]:
        groups.setdefault((row["axis"], row["evaluation"], row["measure"]), []).append(row)
    made: list[Figure] = []
    for names, rows in groups.items():
        name = slug("-".join(("size", *names)), [one.name for one in made])
        made.append(_lines(rows, name, f"{measure_name(names[2])} over parameters: {names[1]}"))
    return made


def _lines(rows: Sequence[Mapping[str, Any]], name: str, title: str) -> Figure:
    points = [point for row in rows for point in row["points"]]
    sizes = [log10(point["parameters"]) for point in points]
    margin = 0.08 * (max(sizes) - min(sizes))
    marks = ticks(min(point["low"] for point in points), max(point["high"] for point in points))
    x = Scale(min(sizes) - margin, max(sizes) + margin, _LEFT, _LEFT + 1.15 * _SIDE)
    y = Scale(marks[0], marks[-1], _TOP + 0.8 * _SIDE, _TOP)
    body = [line(x.start, y(one), x.end, y(one), "grid") for one in marks]
    body += [text(x.start - 8, y(one) + 4, tick(one), "end", "t muted") for one in marks]
    round_ = log_ticks(x.low, x.high)
    for size in round_ if len(round_) > 1 else sorted({point["parameters"] for point in points}):
        body += [line(x(log10(size)), y.start, x(log10(size)), y.end, "grid")]
        body += [text(x(log10(size)), y.start + 18, short(size), "middle", "t muted")]
    body.append(text((x.start + x.end) / 2, y.start + 38, "parameters of the encoder", "middle"))
    for i, row in enumerate(rows):
        body += _line(row, i, x, y)
    order = [label(row["levels"].values()) or row["evaluation"] for row in rows]
    slopes = [f"{one}: {_slope(row)}" for one, row in zip(order, rows, strict=True)]
    key, wide, high = _marks_key(slopes, y.start + 62, x.end)
    desc = (
        f"Values in percent points with 95% intervals over the parameters, on a logarithmic axis. {'; '.join(slopes)}."
    )
    grid = Grid(
        name,
        title,
        ["line", "level", "parameters", "value"],
        [
            [one, point["level"], point["parameters"], value(point)]
            for one, row in zip(order, rows, strict=True)
            for point in row["points"]
        ],
    )
    return Figure(name, title, desc, grid, "".join([*body, *key]), max(x.end + 30, wide), high, "scaling")


def _line(row: Mapping[str, Any], series: int, x: Scale, y: Scale) -> list[str]:
    slope, at_one = row["slope"]["difference"], row["at_one"]
    ends = [log10(one["parameters"]) for one in row["points"]]
    first, last = min(ends), max(ends)
    made = [line(x(first), y(at_one + slope * first), x(last), y(at_one + slope * last), f"fit s{series % 8}")]
    for point in row["points"]:
        at = x(log10(point["parameters"]))
        told = f"{point['level']}, {point['parameters']:,} parameters: {number(point['value'])} "
        told += span(point["low"], point["high"])
        whisker = line(at, y(point["low"]), at, y(point["high"]), "whisker thin")
        made.append(hover(told, whisker, mark(series, at, y(point["value"]))))
    return made


def _slope(row: Mapping[str, Any]) -> str:
    one = row["slope"]
    return f"{number(one['difference'], signed=True)} {span(one['low'], one['high'])} a tenfold size"


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two logarithms; powers alone where these would be too many."""
    powers = range(floor(low), floor(high) + 1)
    every = [k * 10.0**power for power in powers for k in (1, 2, 5)]
    inside = [one for one in every if low <= log10(one) <= high]
    return inside if len(inside) <= 7 else [one for one in inside if log10(one).is_integer()]


def short(size: float) -> str:
    """A number of parameters in few characters."""
    for unit, power in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if size >= power:
            return f"{size / power:.3g} {unit}"
    return f"{size:.3g}"
