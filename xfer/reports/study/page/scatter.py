"""Clean against robust scores, and lines over the size of the encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any, NamedTuple

from xfer.reports.study.page.grids import StudyData, levels_label, levels_of, main_axis, measure_name, slug_name
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
from xfer.reports.table import Grid, GridCell, Value, format_interval, format_number, value_cell

_SIDE, _LEFT, _TOP = 360.0, 58.0, 16.0


class ScatterPoint(NamedTuple):
    """One cell: its clean and its robust score; the clean one has an interval if its evaluation is known."""

    level: str
    where: str
    clean: Value
    robust: Value


def clean_against_robust(study: StudyData) -> list[Figure]:
    """A figure for each data set and attacked evaluation, a point a cell."""
    drops = {_record_key(study, row): row for row in study["records"] if _is_mean(row, "drop")}
    scores = {_record_key(study, row): row for row in study["records"] if _is_mean(row, "score")}
    clean = {(key[0], row["data"], row["stage"]): row for key, row in scores.items() if not row["attacker"]}
    groups: dict[tuple[str, str], list[ScatterPoint]] = {}
    for key, row in scores.items():
        if key in drops:
            point = _scatter_point(study, row, drops[key], clean.get((key[0], row["data"], row["stage"])))
            groups.setdefault((row["data"], row["evaluation"]), []).append(point)
    figures: list[Figure] = []
    for names, points in groups.items():
        name = slug_name("-".join(("robust", *names)), [entry.name for entry in figures])
        order = [entry for entry in study["axes"][main_axis(study)] if any(entry == point.level for point in points)]
        figures.append(_scatter_figure(points, order, name, f"Clean against robust: {names[0]} under {names[1]}"))
    return figures


def _is_mean(row: Mapping[str, Any], measure: str) -> bool:
    return bool(row["measure"] == measure and row["language"] == "mean")


def _record_key(study: StudyData, row: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    return levels_of(study, row), row["evaluation"]


def _scatter_point(
    study: StudyData, row: Mapping[str, Any], drop: Mapping[str, Any], clean: Mapping[str, Any] | None
) -> ScatterPoint:
    """The clean score is on the rows that were attacked: the robust one and the drop."""
    clean_value = row["value"] + drop["value"]
    sure = clean is not None and abs(clean["value"] - clean_value) < 0.05
    before = (
        Value(clean_value, clean["low"], clean["high"])
        if sure and clean
        else Value(clean_value, clean_value, clean_value)
    )
    return ScatterPoint(row[main_axis(study)], levels_label(levels_of(study, row)), before, value_cell(row))


def _scatter_figure(points: Sequence[ScatterPoint], order: list[str], name: str, title: str) -> Figure:
    ends = [end for point in points for entry in (point.clean, point.robust) for end in (entry.low, entry.high)]
    marks = axis_ticks(min(ends), max(ends))
    x = Scale(marks[0], marks[-1], _LEFT, _LEFT + _SIDE)
    y = Scale(marks[0], marks[-1], _TOP + _SIDE, _TOP)
    body = [
        line_tag(x(entry), y.start, x(entry), y.end, "grid") + line_tag(x.start, y(entry), x.end, y(entry), "grid")
        for entry in marks
    ]
    body += [text_tag(x(entry), y.start + 18, tick_label(entry), "middle", "t muted") for entry in marks]
    body += [text_tag(x.start - 8, y(entry) + 4, tick_label(entry), "end", "t muted") for entry in marks]
    body += [
        line_tag(x.start, y.start, x.end, y.end, "same"),
        _diagonal_text(x.end - 44, y.end + 38, "no drop"),
    ]
    body += [
        text_tag((x.start + x.end) / 2, y.start + 38, "clean", "middle"),
        _upright_text(15, (y.start + y.end) / 2, "robust"),
    ]
    for point in points:
        tooltip = f"{point.where}: clean {format_number(point.clean.value)}, robust {format_number(point.robust.value)}"
        tooltip += f" {format_interval(point.robust.low, point.robust.high)}"
        cx, cy = x(point.clean.value), y(point.robust.value)
        cross = line_tag(cx, y(point.robust.low), cx, y(point.robust.high), "whisker thin")
        cross += line_tag(x(point.clean.low), cy, x(point.clean.high), cy, "whisker thin")
        body.append(hover_group(tooltip, cross, series_mark(order.index(point.level), cx, cy)))
    key, wide, high = _marks_key(order, y.start + 58)
    rows: list[list[GridCell]] = [[point.where, point.clean, point.robust] for point in points]
    grid = Grid(name, title, ["cell", "clean", "robust"], rows)
    desc = f"{len(points)} points: robust score over clean score on the same rows, in percent, with 95% intervals. "
    desc += "Points below the diagonal lose under attack; shapes are explained below the axes."
    return Figure(name, title, desc, grid, "".join([*body, *key]), max(x.end + 30, wide), high, "scatter")


def _upright_text(x: float, y: float, shown: str) -> str:
    return text_tag(x, y, shown, "middle", transform=f"rotate(-90 {x:.0f} {y:.0f})")


def _diagonal_text(x: float, y: float, shown: str) -> str:
    """Text along the diagonal."""
    return text_tag(x, y, shown, "middle", "t small muted", transform=f"rotate(-45 {x:.0f} {y:.0f})")


def _marks_key(order: Sequence[str], top: float, room: float = 440.0) -> tuple[list[str], float, float]:
    """Shapes and their names in lines, with the width and the lower end of it all."""
    elements, x, y, widest = list[str](), 14.0, top, 0.0
    for i, level in enumerate(order):
        shown = clip_text(level, 60)
        wide = CHAR_WIDTH * len(shown) + 40
        if x > 14 and x + wide > room:
            x, y = 14.0, y + 22
        elements += [series_mark(i, x + 4, y - 4), text_tag(x + 16, y, shown)]
        x += wide
        widest = max(widest, x)
    return elements, widest, y + 14


def scaling_lines(study: StudyData) -> list[Figure]:
    """A figure for each evaluation and measure: values over parameters, a line for each combination of other axes."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in study["fits"]:
        groups.setdefault((row["axis"], row["evaluation"], row["measure"]), []).append(row)
    figures: list[Figure] = []
    for names, rows in groups.items():
        name = slug_name("-".join(("size", *names)), [figure.name for figure in figures])
        figures.append(_lines_figure(rows, name, f"{measure_name(names[2])} over parameters: {names[1]}"))
    return figures


def _lines_figure(rows: Sequence[Mapping[str, Any]], name: str, title: str) -> Figure:
    points = [point for row in rows for point in row["points"]]
    sizes = [log10(point["parameters"]) for point in points]
    margin = 0.08 * (max(sizes) - min(sizes))
    marks = axis_ticks(min(point["low"] for point in points), max(point["high"] for point in points))
    x = Scale(min(sizes) - margin, max(sizes) + margin, _LEFT, _LEFT + 1.15 * _SIDE)
    y = Scale(marks[0], marks[-1], _TOP + 0.8 * _SIDE, _TOP)
    body = [line_tag(x.start, y(entry), x.end, y(entry), "grid") for entry in marks]
    body += [text_tag(x.start - 8, y(entry) + 4, tick_label(entry), "end", "t muted") for entry in marks]
    round_ = log_ticks(x.low, x.high)
    for size in round_ if len(round_) > 1 else sorted({point["parameters"] for point in points}):
        body += [line_tag(x(log10(size)), y.start, x(log10(size)), y.end, "grid")]
        body += [text_tag(x(log10(size)), y.start + 18, short_size(size), "middle", "t muted")]
    body.append(text_tag((x.start + x.end) / 2, y.start + 38, "parameters of the encoder", "middle"))
    for i, row in enumerate(rows):
        body += _fit_elements(row, i, x, y)
    order = [levels_label(row["levels"].values()) or row["evaluation"] for row in rows]
    slopes = [f"{entry}: {_slope_text(row)}" for entry, row in zip(order, rows, strict=True)]
    key, wide, high = _marks_key(slopes, y.start + 62, x.end)
    desc = (
        f"Values in percent points with 95% intervals over the parameters, on a logarithmic axis. {'; '.join(slopes)}."
    )
    grid = Grid(
        name,
        title,
        ["line", "level", "parameters", "value"],
        [
            [entry, point["level"], point["parameters"], value_cell(point)]
            for entry, row in zip(order, rows, strict=True)
            for point in row["points"]
        ],
    )
    return Figure(name, title, desc, grid, "".join([*body, *key]), max(x.end + 30, wide), high, "scaling")


def _fit_elements(row: Mapping[str, Any], series: int, x: Scale, y: Scale) -> list[str]:
    slope, at_one = row["slope"]["difference"], row["at_one"]
    ends = [log10(entry["parameters"]) for entry in row["points"]]
    first, last = min(ends), max(ends)
    elements = [line_tag(x(first), y(at_one + slope * first), x(last), y(at_one + slope * last), f"fit s{series % 8}")]
    for point in row["points"]:
        at = x(log10(point["parameters"]))
        tooltip = f"{point['level']}, {point['parameters']:,} parameters: {format_number(point['value'])} "
        tooltip += format_interval(point["low"], point["high"])
        whisker = line_tag(at, y(point["low"]), at, y(point["high"]), "whisker thin")
        elements.append(hover_group(tooltip, whisker, series_mark(series, at, y(point["value"]))))
    return elements


def _slope_text(row: Mapping[str, Any]) -> str:
    slope = row["slope"]
    estimate = f"{format_number(slope['difference'], signed=True)} {format_interval(slope['low'], slope['high'])}"
    return f"{estimate} a tenfold size"


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two logarithms; powers alone where these would be too many."""
    powers = range(floor(low), floor(high) + 1)
    candidates = [k * 10.0**power for power in powers for k in (1, 2, 5)]
    inside = [candidate for candidate in candidates if low <= log10(candidate) <= high]
    return inside if len(inside) <= 7 else [candidate for candidate in inside if log10(candidate).is_integer()]


def short_size(size: float) -> str:
    """A number of parameters in few characters."""
    for unit, power in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if size >= power:
            return f"{size / power:.3g} {unit}"
    return f"{size:.3g}"
