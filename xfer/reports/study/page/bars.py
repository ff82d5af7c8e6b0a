"""Bars by language with their intervals, grouped by family and script: up to four series side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xfer.reports.study.page.grids import StudyData, axis_names, base_level, levels_label, main_axis, slug_name
from xfer.reports.study.page.languages import LanguageInfo, group_languages
from xfer.reports.study.page.svg import (
    CHAR_WIDTH,
    Figure,
    Scale,
    axis_ticks,
    clip_text,
    hover_group,
    line_tag,
    make_tag,
    text_tag,
    tick_label,
)
from xfer.reports.table import Grid, GridCell, Value, format_interval, format_number, value_cell

MAX_SERIES = 4
_BAR, _GAP, _HEAD, _WIDE = 15.0, 7.0, 26.0, 290.0
BarSeries = dict[str, dict[str, Value]]  # level of the main axis -> language -> score; "mean" is a language too


def language_bars(study: StudyData) -> list[Figure]:
    """A figure for each data set, evaluation and combination of the axes beside the main one."""
    main = main_axis(study)
    groups: dict[tuple[str, ...], BarSeries] = {}
    for row in study["records"]:
        if row["measure"] == "score":
            rest = [row[axis] for axis in axis_names(study) if axis != main and len(study["axes"][axis]) > 1]
            key = (row["data"], row["evaluation"], *rest)
            groups.setdefault(key, {}).setdefault(row[main], {})[row["language"]] = value_cell(row)
    figures: list[Figure] = []
    for key, series in groups.items():
        name = slug_name("-".join(("languages", *key)), [figure.name for figure in figures])
        title = f"{key[0]} by language: {levels_label(dict.fromkeys(key[1:]))}"
        figures.append(_bar_figure(series, chosen_series(series, base_level(study)), name, title))
    return figures


def chosen_series(series: BarSeries, base: str | None) -> list[str]:
    """All series if they are few; else the base of the comparison (or the first), then the best and the lowest."""
    if len(series) <= MAX_SERIES:
        return list(series)
    first = base if base in series else next(iter(series))
    others = sorted(
        (level for level in series if level != first), key=lambda level: (-_mean_score(series[level]), level)
    )
    return [first, others[0], others[1], others[-1]]


def _mean_score(scores: Mapping[str, Value]) -> float:
    return scores["mean"].value if "mean" in scores else 0.0


def _bar_figure(series: BarSeries, shown: list[str], name: str, title: str) -> Figure:
    codes = [code for code in dict.fromkeys(code for entry in shown for code in series[entry]) if code != "mean"]
    groups = group_languages(codes)
    if any("mean" in series[entry] for entry in shown):
        groups.append(("all languages", [LanguageInfo("mean", "mean", "", "")]))
    names = [_language_label(entry) for _, group in groups for entry in group]
    left = CHAR_WIDTH * max(max(map(len, names)) + 4, *(1.1 * len(group) for group, _ in groups)) + 12
    values = [series[entry][code] for entry in shown for code in series[entry]]
    marks = axis_ticks(min(0.0, *(entry.low for entry in values)), max(entry.high for entry in values))
    across = Scale(marks[0], marks[-1], left, left + _WIDE)
    body, y = _series_key(shown), 22.0 * len(shown) + 14
    top = y
    rows: list[str] = []
    for group, members in groups:
        rows.append(text_tag(8, y + 18, group, class_="t strong"))
        y += _HEAD
        for entry in members:
            high = _BAR * len(shown)
            rows.append(text_tag(left - 26, y + high / 2 + 4, _language_label(entry), "end"))
            rows += [
                _bar_row(across, y + _BAR * i, i, series[level].get(entry.code), f"{entry.name}, {level}")
                for i, level in enumerate(shown)
            ]
            y += high + _GAP
    body += [line_tag(across(x), top, across(x), y, "grid") for x in marks]
    body += rows
    body += [line_tag(across(0), top, across(0), y, "axis")]
    body += [text_tag(across(x), y + 16, tick_label(x), "middle", "t muted") for x in marks]
    grid = _bar_grid(series, groups, name, title)
    few = (
        ""
        if len(shown) == len(series)
        else f" {len(shown)} of {len(series)} series: the base, the best two, the lowest."
    )
    desc = f"Horizontal bars in percent with 95% intervals, {len(codes)} languages by family and script.{few}"
    return Figure(name, title, desc, grid, "".join(body), left + _WIDE + 24, y + 30, "bars")


def _language_label(language: LanguageInfo) -> str:
    return clip_text(language.name if language.name == language.code else f"{language.name} ({language.code})", 30)


def _series_key(shown: Sequence[str]) -> list[str]:
    elements = []
    for i, level in enumerate(shown):
        y = 8 + 22.0 * i
        elements.append(make_tag("rect", x=8, y=y, width=26, height=13, class_=f"bar s{i}"))
        elements.append(text_tag(44, y + 11, f"{'ABCD'[i]}: {clip_text(level, 60)}"))
    return elements


def _bar_row(across: Scale, y: float, number_: int, score: Value | None, where: str) -> str:
    letter = text_tag(across.start - 8, y + 11, "ABCD"[number_], "end", "t small muted")
    if score is None:
        return letter + text_tag(across.start + 6, y + 11, "no result", class_="t small muted")
    zero, end, middle = across(0), across(score.value), y + _BAR / 2
    tooltip = f"{where}: {format_number(score.value)} {format_interval(score.low, score.high)}"
    bar = make_tag(
        "rect", x=min(zero, end), y=y + 1, width=max(abs(end - zero), 0.5), height=_BAR - 2, class_=f"bar s{number_}"
    )
    low, high = across(score.low), across(score.high)
    ends = line_tag(low, middle - 3, low, middle + 3, "whisker") + line_tag(
        high, middle - 3, high, middle + 3, "whisker"
    )
    return letter + hover_group(tooltip, bar, line_tag(low, middle, high, middle, "whisker"), ends)


def _bar_grid(series: BarSeries, groups: Sequence[tuple[str, list[LanguageInfo]]], name: str, title: str) -> Grid:
    rows: list[list[GridCell]] = []
    for group, members in groups:
        for language in members:
            rows.append([_language_label(language), group, *(series[level].get(language.code) for level in series)])
    return Grid(name, title, ["language", "family and script", *series], rows)
