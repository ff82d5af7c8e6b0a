"""SVG to PNG by resvg, an extra: without it, or without a font, a study has its figures as SVG alone."""

from __future__ import annotations

from collections.abc import Callable

from xfer.reports.study.page.palette import FONT_FAMILY

PNG_ZOOM = 2  # pixels a unit: sharp on screens of today and in print
PngRender = Callable[[str], bytes]


def png_renderer() -> tuple[PngRender | None, str]:
    """What turns SVG into PNG, or None and one line that says what is missing."""
    try:
        import resvg_py  # late: an extra
    except ImportError:
        return None, "no PNG files: resvg_py is not installed; pip install 'xfer[png]'"

    def render(svg: str) -> bytes:
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=PNG_ZOOM))

    blank = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'
    word = f'<text x="2" y="15" font-family="{FONT_FAMILY}" font-size="14">M</text>'
    if render(blank.format(word)) == render(blank.format("")):
        return None, "no PNG files: this machine has no font; install one, such as the package fonts-dejavu-core"
    return render, ""
