"""Bars by language with their intervals, grouped by family and script: up to four series side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xfer.reports.study.page.grids import Found, axes, base_level, label, main_axis, slug
from xfer.reports.study.page.languages import Language, grouped
from xfer.reports.study.page.svg import CHAR, Figure, Scale, clip, hover, line, tag, text, tick, ticks
from xfer.reports.table import Cell, Grid, Value, number, span, value

SERIES = 4
_BAR, _GAP, _HEAD, _WIDE = 15.0, 7.0, 26.0, 290.0
Series = dict[str, dict[str, Value]]  # level of the main axis -> language -> score; "mean" is a language too


def language_bars(found: Found) -> list[Figure]:
    """A figure for each data set, evaluation and combination of the axes beside the main one."""
    main = main_axis(found)
    groups: dict[tuple[str, ...], Series] = {}
    for row in found["records"]:
        if row["measure"] == "score":
            rest = [row[axis] for axis in axes(found) if axis != main and len(found["axes"][axis]) > 1]
            key = (row["data"], row["evaluation"], *rest)
            groups.setdefault(key, {}).setdefault(row[main], {})[row["language"]] = value(row)
    made: list[Figure] = []
    for key, series in groups.items():
        name = slug("-".join(("languages", *key)), [one.name for one in made])
        title = f"{key[0]} by language: {label(dict.fromkeys(key[1:]))}"
        made.append(_figure(series, chosen(series, base_level(found)), name, title))
    return made


def chosen(series: Series, base: str | None) -> list[str]:
    """All series if they are few; else the base of the comparison (or the first), then the best and the lowest."""
    if len(series) <= SERIES:
        return list(series)
    first = base if base in series else next(iter(series))
    others = sorted((one for one in series if one != first), key=lambda one: (-_mean(series[one]), one))
    return [first, others[0], others[1], others[-1]]


def _mean(of: Mapping[str, Value]) -> float:
    return of["mean"].value if "mean" in of else 0.0


def _figure(series: Series, shown: list[str], name: str, title: str) -> Figure:
    codes = [code for code in dict.fromkeys(code for one in shown for code in series[one]) if code != "mean"]
    groups = grouped(codes)
    if any("mean" in series[one] for one in shown):
        groups.append(("all languages", [Language("mean", "mean", "", "")]))
    names = [_named(one) for _, group in groups for one in group]
    left = CHAR * max(max(map(len, names)) + 4, *(1.1 * len(group) for group, _ in groups)) + 12
    every = [series[one][code] for one in shown for code in series[one]]
    marks = ticks(min(0.0, *(one.low for one in every)), max(one.high for one in every))
    across = Scale(marks[0], marks[-1], left, left + _WIDE)
    body, y = _key(shown), 22.0 * len(shown) + 14
    top = y
    rows: list[str] = []
    for group, members in groups:
        rows.append(text(8, y + 18, group, class_="t strong"))
        y += _HEAD
        for one in members:
            high = _BAR * len(shown)
            rows.append(text(left - 26, y + high / 2 + 4, _named(one), "end"))
            rows += [
                _bar(across, y + _BAR * i, i, series[level].get(one.code), f"{one.name}, {level}")
                for i, level in enumerate(shown)
            ]
            y += high + _GAP
    body += [line(across(x), top, across(x), y, "grid") for x in marks]
    body += rows
    body += [line(across(0), top, across(0), y, "axis")]
    body += [text(across(x), y + 16, tick(x), "middle", "t muted") for x in marks]
    grid = _grid(series, groups, name, title)
    few = (
        ""
        if len(shown) == len(series)
        else f" {len(shown)} of {len(series)} series: the base, the best two, the lowest."
    )
    desc = f"Horizontal bars in percent with 95% intervals, {len(codes)} languages by family and script.{few}"
    return Figure(name, title, desc, grid, "".join(body), left + _WIDE + 24, y + 30, "bars")


def _named(one: Language) -> str:
    return clip(one.name if one.name == one.code else f"{one.name} ({one.code})", 30)


def _key(shown: Sequence[str]) -> list[str]:
    made = []
    for i, level in enumerate(shown):
        y = 8 + 22.0 * i
        made.append(tag("rect", x=8, y=y, width=26, height=13, class_=f"bar s{i}"))
        made.append(text(44, y + 11, f"{'ABCD'[i]}: {clip(level, 60)}"))
    return made


def _bar(across: Scale, y: float, number_: int, score: Value | None, where: str) -> str:
    letter = text(across.start - 8, y + 11, "ABCD"[number_], "end", "t small muted")
    if score is None:
        return letter + text(across.start + 6, y + 11, "no result", class_="t small muted")
    zero, end, middle = across(0), across(score.value), y + _BAR / 2
    told = f"{where}: {number(score.value)} {span(score.low, score.high)}"
    bar = tag(
        "rect", x=min(zero, end), y=y + 1, width=max(abs(end - zero), 0.5), height=_BAR - 2, class_=f"bar s{number_}"
    )
    low, high = across(score.low), across(score.high)
    ends = line(low, middle - 3, low, middle + 3, "whisker") + line(high, middle - 3, high, middle + 3, "whisker")
    return letter + hover(told, bar, line(low, middle, high, middle, "whisker"), ends)


def _grid(series: Series, groups: Sequence[tuple[str, list[Language]]], name: str, title: str) -> Grid:
    rows: list[list[Cell]] = []
    for group, members in groups:
        for one in members:
            rows.append([_named(one), group, *(series[level].get(one.code) for level in series)])
    return Grid(name, title, ["language", "family and script", *series], rows)
