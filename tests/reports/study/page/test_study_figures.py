"""The figures of a study: scales, places of marks, colours in contrast, words for who cannot see, no foreign markup."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from made_up_study import made_up

from xfer.reports.study.page.bars import chosen_series
from xfer.reports.study.page.html import study_figures
from xfer.reports.study.page.languages import group_languages, language_info
from xfer.reports.study.page.palette import DARK_COLOURS, LIGHT_COLOURS, file_style
from xfer.reports.study.page.scatter import log_ticks, short_size
from xfer.reports.study.page.svg import Scale, axis_ticks, escape_markup, figure_svg, tick_label
from xfer.reports.table import Value, format_number

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (61.2, 78.9, [60, 65, 70, 75, 80]),
        (-0.31, 0.12, [-0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2]),
        (5, 5, [4, 4.5, 5, 5.5, 6]),
    ],
)
def test_ticks_are_round_and_hold_the_range(low: float, high: float, expected: list[float]) -> None:
    assert axis_ticks(low, high) == expected


def test_ticks_of_what_is_no_number_are_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        axis_ticks(float("nan"), 1)


def test_numbers_as_they_are_shown() -> None:
    assert [format_number(x) for x in (1.26, -1.26, -0.04, 0.0)] == ["1.3", "\u22121.3", "0.0", "0.0"]
    assert [format_number(x, signed=True) for x in (2, -2, 0.01)] == ["+2.0", "\u22122.0", "0.0"]
    assert [tick_label(x) for x in (-0.2, 1000.0)] == ["\u22120.2", "1,000"]
    assert log_ticks(5.9, 8.2) == [1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8]
    assert log_ticks(5.9, 9.1) == [1e6, 1e7, 1e8, 1e9]
    assert [short_size(x) for x in (270e6, 1e9, 5200, 12)] == ["270 M", "1 B", "5.2 k", "12"]


def _svg(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(
        figure_svg(next(one for one in study_figures(made_up()) if one.name == name), file_style())
    )


def test_a_bar_and_its_interval_end_where_the_numbers_say() -> None:
    svg = _svg("languages-XNLI-clean-xnli")
    row = next(r for r in made_up()["records"] if _is(r, "standard", "xnli", "clean", "th"))
    axis = [float(one.get("x", 0)) for one in svg.iter(f"{SVG}text") if one.get("text-anchor") == "middle"]
    shown = [float(one.text or 0) for one in svg.iter(f"{SVG}text") if one.get("text-anchor") == "middle"]
    scale = Scale(shown[0], shown[-1], axis[0], axis[-1])
    group = next(g for g in svg.iter(f"{SVG}g") if (g.findtext(f"{SVG}title") or "").startswith("Thai, standard"))
    bar, whisker = group.find(f"{SVG}rect"), group.find(f"{SVG}line")
    assert bar is not None and whisker is not None
    assert float(bar.get("x", 0)) + float(bar.get("width", 0)) == pytest.approx(scale(row["value"]), abs=0.15)
    ends = [float(whisker.get("x1", 0)), float(whisker.get("x2", 0))]
    assert ends == pytest.approx([scale(row["low"]), scale(row["high"])], abs=0.15)


def _is(row: dict[str, Any], *levels: str) -> bool:
    names = ("method", "target", "evaluation", "language")
    return row["measure"] == "score" and tuple(row[name] for name in names) == levels


def test_series_shown_are_the_base_the_best_and_the_lowest() -> None:
    series = {
        name: {"mean": Value(x, x, x)} for name, x in (("a", 5), ("b", 9), ("c", 7), ("d", 1), ("e", 8), ("f", 3))
    }
    assert chosen_series(series, "c") == ["c", "b", "e", "d"]
    assert chosen_series(dict(list(series.items())[:4]), "c") == ["a", "b", "c", "d"]
    assert chosen_series(series, None)[0] == "a"


def test_points_of_the_scatter_lie_at_clean_and_robust_scores() -> None:
    figure = next(one for one in study_figures(made_up()) if one.name == "robust-XNLI-typos")
    values = {r["evaluation"]: r for r in made_up()["records"] if _is(r, "pgd", "xnli", r["evaluation"], "mean")}
    cells = next(row for row in figure.grid.rows if row[0] == "pgd, xnli")
    assert cells[2] == Value(*(values["typos"][name] for name in ("value", "low", "high")))
    assert isinstance(cells[1], Value) and cells[1].value == pytest.approx(values["clean"]["value"])
    assert cells[1].low == values["clean"]["low"]


def test_every_figure_has_words_and_a_table() -> None:
    found = study_figures(made_up())
    assert {one.group for one in found} == {"verdicts", "heat-level", "heat-difference", "bars", "scatter", "scaling"}
    assert len({one.name for one in found}) == len(found)
    for one in found:
        svg = ElementTree.fromstring(figure_svg(one, file_style()))
        ids = {part.get("id") for part in svg if part.text}
        assert set((svg.get("aria-labelledby") or "").split()) <= ids, one.name
        assert svg.get("role") == "img" and one.grid.rows and one.desc.endswith(".")
        assert "var(" not in figure_svg(one, file_style())
        right = max(float(part.get("x", 0)) for part in svg.iter(f"{SVG}text"))
        assert right <= one.width and max(float(p.get("y", 0)) for p in svg.iter(f"{SVG}text")) <= one.height


def test_a_hole_in_a_heat_map_is_a_hole() -> None:
    grid = next(one for one in study_figures(made_up()) if one.name == "heat-score-clean").grid
    holes = [(row[0], grid.header[i]) for row in grid.rows for i, cell in enumerate(row) if cell is None]
    assert holes == [("r3f", "pawsx")]


HOSTILE = "</title></text><script>alert(1)</script>\" onload='x' &amp; \u202e\x00\ud800"


def test_names_cannot_become_markup() -> None:
    found = made_up()
    rename = {"xnli": HOSTILE}
    found["axes"] = found["axes"] | {"target": [HOSTILE, "pawsx"]}
    found["records"] = [
        row | {"target": rename.get(row["target"], row["target"]), "data": HOSTILE} for row in found["records"]
    ]
    found["fits"] = [row | {"levels": {"target": HOSTILE}} for row in found["fits"]]
    for figure in study_figures(found):
        svg = figure_svg(figure)
        ElementTree.fromstring(svg)  # well-formed, controls and all
        assert "<script" not in svg and "onload='" not in svg and "\u202e" not in svg
        assert re.fullmatch(r"[\w-]+", figure.name, re.ASCII)


def test_escape() -> None:
    assert escape_markup("<a b=\"c\" d='e'>&\x07") == "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\ufffd"


def test_languages_stand_with_their_relatives() -> None:
    groups = group_languages(["zz", "de-sw", "zh", "de", "en", "ru", "my"])
    assert [(name, [one.code for one in found]) for name, found in groups] == [
        ("Indo-European, Cyrillic", ["ru"]),
        ("Indo-European, Latin", ["en", "de"]),
        ("Sino-Tibetan, Burmese", ["my"]),
        ("Sino-Tibetan, Chinese", ["zh"]),
        ("language pairs", ["de-sw"]),
        ("other", ["zz"]),
    ]
    assert language_info("de-sw").name == "German and Swahili"


def _light(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT_COLOURS, DARK_COLOURS], ids=["light", "dark"])
def test_colours_stand_out(colours: dict[str, str]) -> None:
    texts = [("ink", "bg"), ("ink", "raised"), ("muted", "bg"), ("muted", "raised"), ("link", "bg"), ("ink", "old")]
    texts += [("ink", "new"), *((badge, "raised") for badge in ("yes", "no"))]
    texts += [(f"{name}i", name) for name in colours if f"{name}i" in colours]
    assert len(texts) == 23
    low = {pair: round(_contrast(*(colours[name] for name in pair)), 2) for pair in texts}
    assert not {pair: ratio for pair, ratio in low.items() if ratio < 4.5}
    shapes = {f"s{i}": round(_contrast(colours[f"s{i}"], colours["bg"]), 2) for i in range(8)}
    assert not {name: ratio for name, ratio in shapes.items() if ratio < 3}


@pytest.mark.parametrize("colours", [LIGHT_COLOURS, DARK_COLOURS], ids=["light", "dark"])
def test_bars_stand_out_and_whiskers_upon_them(colours: dict[str, str]) -> None:
    bars = {f"s{i}": _laid_over(colours[f"s{i}"], colours["bg"], float(colours["bar"])) for i in range(8)}
    low = {name: [round(_contrast(bar, colours[other]), 2) for other in ("bg", "ink")] for name, bar in bars.items()}
    assert not {name: ratios for name, ratios in low.items() if min(ratios) < 3}


def _laid_over(top: str, below: str, share: float) -> str:
    both = zip(*([int(one[i : i + 2], 16) for i in (1, 3, 5)] for one in (top, below)), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in both)
