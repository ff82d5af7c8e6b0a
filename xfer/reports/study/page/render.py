"""The page's templates (Jinja): what they may call, and how any value becomes markup."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from xfer.reports.beside import escape_invisible
from xfer.reports.study.page.grids import SINGLE
from xfer.reports.study.page.languages import language_info
from xfer.reports.study.page.palette import page_style
from xfer.reports.study.page.svg import FIT_WIDTH, Figure, escape_markup, figure_svg
from xfer.reports.study.page.views import FEW_SEEDS, cell_view, text_direction, verdict_numbers
from xfer.reports.table import numeric_columns


class ContinuedLines(Extension):
    """An indented line of a template continues the one above, so that a template's layout is not in the page."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template without line ends before indented lines."""
        return re.sub(r"\n[ \t]+", "", source)


@cache
def page_environment() -> Environment:
    """The templates. Each value is escaped as in a drawing; a name that does not exist is an error."""
    environment = Environment(
        loader=PackageLoader("xfer.reports.study.page"),
        autoescape=True,
        finalize=_escaped_value,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        extensions=[ContinuedLines],
    )
    environment.globals |= {
        "FEW_SEEDS": FEW_SEEDS,
        "FIT_WIDTH": FIT_WIDTH,
        "SINGLE": SINGLE,
        "cell_view": cell_view,
        "escape_invisible": escape_invisible,
        "figure_svg": _figure_markup,
        "language_info": language_info,
        "numeric_columns": numeric_columns,
        "page_style": _style_markup,
        "quote": quote,
        "read_asset": read_asset,
        "text_direction": text_direction,
        "true_minus": true_minus,
        "verdict_numbers": verdict_numbers,
    }
    return environment


def render_page(template: str, **values: object) -> str:
    """A whole page."""
    return page_environment().get_template(template).render(values)


def true_minus(text: str) -> str:
    """Numbers below 0 with a true minus sign; hyphens of words stay."""
    return text.replace(" -", " \u2212").replace("[-", "[\u2212")


def read_asset(name: str) -> Markup:
    """A file of the page's own: styles and a script."""
    return Markup(files(__package__).joinpath(f"assets/{name}").read_text(encoding="utf-8"))


def _figure_markup(figure: Figure) -> Markup:
    return Markup(figure_svg(figure))


def _style_markup() -> Markup:
    return Markup(page_style())


def _escaped_value(value: object) -> Markup:
    """What ``{{ value }}`` writes. Jinja's own escape would let control characters through."""
    return value if isinstance(value, Markup) else Markup(escape_markup(value))
