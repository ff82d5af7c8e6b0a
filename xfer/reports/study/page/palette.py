"""The colours of a page in both themes, and the style of a drawing that is a file of its own.

Series after Okabe and Ito 2008, darkened or lightened until they stand out from the page; a test computes contrasts.
``bar`` is how opaque a bar is: as much as it can be with its whisker still seen upon it.
"""

from __future__ import annotations

import re
from importlib.resources import files

_BLUES = ("#eaf2fb", "#cfe1f4", "#a9cbea", "#7bafdc", "#4b8ec8", "#2569a8", "#12477c")
_DARK_BLUES = ("#16232f", "#1b3348", "#204766", "#295f8a", "#5b9fd3", "#8bc0e8", "#c2e0f7")

# fmt: off
LIGHT_COLOURS = {
    "bg": "#ffffff", "raised": "#f4f6f8", "ink": "#17202a", "muted": "#52606d", "rule": "#c9d1d9", "grid": "#e1e6eb",
    "link": "#0b5394", "focus": "#b35900", "old": "#fde3dc", "new": "#d9f0e3", "yes": "#0f6b43", "no": "#a02a12",
    "s0": "#0b62a4", "s1": "#b34700", "s2": "#00735c", "s3": "#93347a", "s4": "#7a5c00", "s5": "#2b7bba",
    "s6": "#5b5b5b", "s7": "#7a3db8", "bar": ".85",
    **{f"h{i}": colour for i, colour in enumerate(_BLUES)},
    **{f"h{i}i": "#ffffff" if i > 4 else "#10202f" for i in range(7)},
    "n3": "#b4480b", "n2": "#eba166", "n1": "#f9dcc2", "z": "#eef0f2", "p1": "#cfe1f4", "p2": "#7bafdc",
    "p3": "#1d5f9e",
    "n3i": "#ffffff", "n2i": "#221100", "n1i": "#221100", "zi": "#10202f", "p1i": "#10202f", "p2i": "#10202f",
    "p3i": "#ffffff",
}
DARK_COLOURS = {
    "bg": "#11161c", "raised": "#1a2129", "ink": "#e8edf2", "muted": "#a5b1bd", "rule": "#3c4854", "grid": "#2a333d",
    "link": "#8cc4ff", "focus": "#ffb454", "old": "#5a2418", "new": "#174a31", "yes": "#6fd6a4", "no": "#ff9c85",
    "s0": "#64b0ec", "s1": "#f09a52", "s2": "#4ccaa8", "s3": "#e59ccf", "s4": "#e3c65b", "s5": "#9cd1f5",
    "s6": "#b9b9b9", "s7": "#c3a2f0", "bar": ".6",
    **{f"h{i}": colour for i, colour in enumerate(_DARK_BLUES)},
    **{f"h{i}i": "#0b1218" if i > 3 else "#f1f6fa" for i in range(7)},
    "n3": "#f3a066", "n2": "#a4551c", "n1": "#4c301c", "z": "#252d36", "p1": "#1b3348", "p2": "#2a6395",
    "p3": "#8bc0e8",
    "n3i": "#140a02", "n2i": "#ffffff", "n1i": "#f1f6fa", "zi": "#f1f6fa", "p1i": "#f1f6fa", "p2i": "#ffffff",
    "p3i": "#0b1218",
}
# fmt: on
FONT_FAMILY = "'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', 'Liberation Sans', Helvetica, Arial, sans-serif"


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


def page_style() -> str:
    """The variables of a page: light on paper, else as the reader's system or the page's button says."""
    light, dark = _variables(LIGHT_COLOURS), _variables(DARK_COLOURS)
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}"
    )


def file_style() -> str:
    """The style of a drawing alone: light, without variables, which renderers of SVG do not all know."""
    css = files(__package__).joinpath("assets/chart.css").read_text(encoding="utf-8")
    return (
        re.sub(r"var\(--(\w+)\)", lambda match: LIGHT_COLOURS[match[1]], css)
        + f".chart{{font-family:{FONT_FAMILY}}}.paper{{fill:#fff}}"
    )
