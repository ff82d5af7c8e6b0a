"""SVG by small functions: escaped elements, scales with round ticks, and a figure with its words.

Colours are classes of ``assets/chart.css``, so that the same drawing suits a light page, a dark one and a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from xfer.reports.table import Grid

FIT_WIDTH = (
    540  # a drawing no wider than this shrinks with a narrow screen; a wider one is scrolled, else its text is lost
)
SHEET_HEIGHT = (
    1400  # a drawing no higher than this is printed on one sheet; a higher one would be too small to read there
)
CHAR_WIDTH = 6.6  # width of a character at 12 px, roughly: the widest of common sans-serif fonts
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")


def escape_markup(text: object) -> str:
    """``text`` as HTML and XML show it: no markup, and nothing that is forbidden there or turns the line around."""
    return escape(_CONTROLS.sub("\ufffd", str(text)), {'"': "&quot;", "'": "&#39;"})


def make_tag(name: str, *inside: str, **attributes: object) -> str:
    """An element. ``inside`` is markup already; ``about`` is not: ``class_`` is class, ``_`` is a hyphen."""
    attribute_text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape_markup(_short_number(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{attribute_text}>{''.join(inside)}</{name}>" if inside else f"<{name}{attribute_text}/>"


def _short_number(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def text_tag(x: float, y: float, shown: object, anchor: str = "start", class_: str = "t", **more: object) -> str:
    """Text with its base line at ``y``."""
    attributes = {"x": float(x), "y": float(y), "class": class_} | (
        {} if anchor == "start" else {"text_anchor": anchor}
    )
    return make_tag("text", escape_markup(shown), **attributes, **more)


def line_tag(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    return make_tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def hover_group(shown: object, *inside: str) -> str:
    """A group that tells its numbers when pointed at."""
    return make_tag("g", make_tag("title", escape_markup(shown)), *inside)


MARK_COUNT = 8


def series_mark(number: int, x: float, y: float, size: float = 5.0) -> str:
    """The shape and colour of a series: eight of them, then again."""
    s, kind = size, number % MARK_COUNT
    class_ = f"m s{kind}"
    if kind == 0:
        return make_tag("circle", cx=x, cy=y, r=s, class_=class_)
    if kind == 1:
        return make_tag("rect", x=x - s, y=y - s, width=2 * s, height=2 * s, class_=class_)
    return make_tag("path", d=_path([(x + s * dx, y + s * dy) for dx, dy in _SHAPES[kind]]), class_=class_)


_PLUS = [(1, -3), (1, -1), (3, -1), (3, 1), (1, 1), (1, 3), (-1, 3), (-1, 1), (-3, 1), (-3, -1), (-1, -1), (-1, -3)]
_SHAPES: dict[int, list[tuple[float, float]]] = {
    2: [(0, -1.2), (1.1, 0.9), (-1.1, 0.9)],
    3: [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
    4: [(0, 1.2), (1.1, -0.9), (-1.1, -0.9)],
    5: [(0.4 * x, 0.4 * y) for x, y in _PLUS],
    6: [(-1.2, 0), (1, -1.1), (1, 1.1)],
    7: [(1.2, 0), (-1, -1.1), (-1, 1.1)],
}


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_short_number(float(x))},{_short_number(float(y))}" for x, y in points) + "Z"


class Scale(NamedTuple):
    """Maps ``low..high`` onto pixels ``start..end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def axis_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that hold ``low..high``, some ``about`` of them; steps of 1, 2 or 5 times a power of ten."""
    if not (isfinite(low) and isfinite(high)):
        raise ValueError(f"no ticks for {low} to {high}")
    if high <= low:
        low, high = low - 1, high + 1
    rough = (high - low) / count
    power = 10.0 ** floor(log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * 0.999999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(i * step, 10) + 0.0 for i in range(first, last + 1)]


def tick_label(value: float) -> str:
    """The label of a tick."""
    return f"{value:,.10g}".replace("-", "\u2212")


class Figure(NamedTuple):
    """A drawing in ``width`` x ``height`` units with its words; ``grid`` is the same as a table."""

    name: str
    title: str
    desc: str
    grid: Grid
    body: str
    width: float
    height: float
    group: str


def figure_svg(figure: Figure, style: str = "") -> str:
    """The figure as one SVG element that screen readers name and describe; ``style`` makes it a file of its own."""
    names = f"{figure.name}-t", f"{figure.name}-d"
    head = make_tag("title", escape_markup(figure.title), id=names[0]) + make_tag(
        "desc", escape_markup(figure.desc), id=names[1]
    )
    if style:
        head += f"<style>{style}</style>" + make_tag("rect", width="100%", height="100%", class_="paper")
    size = {"width": round(figure.width), "height": round(figure.height)}
    attributes = {"xmlns": "http://www.w3.org/2000/svg"} | size | {"viewBox": f"0 0 {size['width']} {size['height']}"}
    attributes |= {
        "role": "img",
        "aria-labelledby": " ".join(names),
        "class": "chart" + " fit" * (figure.width <= FIT_WIDTH) + " sheet" * (figure.height <= SHEET_HEIGHT),
    }
    return make_tag("svg", head, figure.body, **attributes)


def clip_text(shown: str, chars: int) -> str:
    """At most so many characters, the rest an ellipsis."""
    return shown if len(shown) <= chars else shown[: max(1, chars - 1)] + "\u2026"
