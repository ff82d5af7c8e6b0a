"""One self-contained HTML page a study: its data goes in, its bytes come out; nothing is fetched, nothing is timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import NamedTuple

from xfer.reports.study.page.bars import language_bars
from xfer.reports.study.page.forest import forest
from xfer.reports.study.page.grids import (
    SINGLE,
    Found,
    comparison_grid,
    discriminator_grid,
    failed_grid,
    fit_grid,
    language_grids,
    overview_grid,
    published_grid,
    verdict_grid,
    warning_grid,
)
from xfer.reports.study.page.heat import heat_maps
from xfer.reports.study.page.palette import style
from xfer.reports.study.page.rows import details, examples_html, provenance_html, table
from xfer.reports.study.page.scatter import clean_against_robust, scaling_lines
from xfer.reports.study.page.svg import FIT, Figure, drawn, escape, tag
from xfer.reports.table import Grid

_BADGE = {"supported": ("yes", "\u2713"), "not supported": ("no", "\u2717"), "collapsed": ("open", "!")}
FEW = 3  # seeds: with fewer, the t distribution makes the intervals very wide
_OPEN = 2  # figures of a group that are unfolded from the start


class Section(NamedTuple):
    """A heading with what stands below it."""

    name: str
    title: str
    body: str


def figures(found: Found) -> list[Figure]:
    """Every figure of a study, in the order of its page."""
    makers: Sequence[Callable[[Found], list[Figure]]] = (
        forest,
        heat_maps,
        language_bars,
        clean_against_robust,
        scaling_lines,
    )
    return [figure for make in makers for figure in make(found)]


def asset(name: str) -> str:
    """A file of the page's own."""
    return files(__package__).joinpath(f"assets/{name}").read_text(encoding="utf-8")


def page(found: Found) -> str:
    """The whole page."""
    sections = [section for section in _sections(found) if section.body]
    links = "".join(tag("li", tag("a", escape(one.title), href=f"#{one.name}")) for one in sections)
    nav = tag("nav", tag("ul", links), aria_label="On this page")
    body = "".join(
        tag(
            "section",
            tag("h2", escape(one.title), id=f"{one.name}-h"),
            one.body,
            id=one.name,
            aria_labelledby=f"{one.name}-h",
        )
        for one in sections
    )
    return document(found["title"], _head(found) + nav + tag("main", body, id="main"), script=True)


def document(title: str, body: str, script: bool) -> str:
    """An HTML document that loads nothing and, by its own policy, can load nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        tag("title", escape(title)),
        f"<style>\n{style()}\n{asset('page.css')}\n{asset('chart.css')}</style>",
    ]
    skip = '<a class="skip" href="#main">Skip to the results</a>'
    end = f"<script>\n{asset('page.js')}</script>\n" if script else ""
    return '<!DOCTYPE html>\n<html lang="en">\n<head>\n{}\n</head>\n<body>\n{}\n{}\n{}</body>\n</html>\n'.format(
        "\n".join(head), skip, body, end
    )


def _head(found: Found) -> str:
    scale = f"scale: {found['scale'] or 'as in the file'}"
    cells = found["cells"]
    failed = sum(cell["state"] == "failed" for cell in cells)
    told = f"{len(cells)} cells" + (f", {failed} without a result" if failed else "")
    seeds = min((row["seeds"] for row in found["records"]), default=FEW)
    few = "They are few to judge the chance between trainings from, so intervals are wide; more seeds narrow them."
    made_up = "The data is made up on the spot: the numbers show how the study works, not what is true of real data."
    parts = [
        tag("p", escape(f"Study {found['name']} \u00b7 {scale} \u00b7 {told}"), class_="meta"),
        tag("h1", escape(found["title"])),
        tag("p", escape(found["question"]), class_="question"),
        tag("p", escape(found["description"])) if found["description"] else "",
        tag("p", tag("strong", "Miniature."), " " + made_up, class_="note") if found["scale"] == "miniature" else "",
        tag("p", tag("strong", f"{seeds} seeds."), " " + few, class_="note") if 1 < seeds < FEW else "",
        tag("p", tag("strong", "1 seed."), " " + SINGLE, class_="note") if seeds == 1 else "",
        _warned(found),
    ]
    return tag("header", *parts)


def _warned(found: Found) -> str:
    """That some models learnt nothing, with the way to where they are named."""
    count = len(found.get("warnings", ()))
    if not count:
        return ""
    link = tag("a", f"{count} warning{'s' if count > 1 else ''}", href="#warnings")
    return tag("p", tag("strong", link), ": some models collapsed or stayed at chance.", class_="note")


def _sections(found: Found) -> list[Section]:
    drawings: dict[str, list[Figure]] = {}
    for figure in figures(found):
        drawings.setdefault(figure.group, []).append(figure)

    def shown(group: str, few: int = _OPEN) -> str:
        mine = drawings.get(group, [])
        seen = tag("div", *map(_figure, mine[:few]), class_="figures") if mine else ""
        return seen + "".join(details(one.title, _figure(one)) for one in mine[few:])

    languages = "".join(_folded(grid) for grid in language_grids(found))
    return [
        Section("answer", "Answer", _answer(found) + shown("verdicts")),
        Section("warnings", "Collapsed, or at chance", _table(warning_grid(found))),
        Section("failed", "Cells without a result", _table(failed_grid(found))),
        Section("results", "Results", _table(overview_grid(found))),
        Section("differences", "Differences", _table(comparison_grid(found)) + shown("heat-difference", 4)),
        Section("map", "Heat maps", shown("heat-level", 4)),
        Section("languages", "Languages", shown("bars", 1) + languages),
        Section("robust", "Clean against robust", shown("scatter")),
        Section("discriminators", "Discriminators", _table(discriminator_grid(found))),
        Section("published", "Beside published scores", _table(published_grid(found))),
        Section("size", "Size", _table(fit_grid(found)) + shown("scaling")),
        Section("examples", "Attacked text", examples_html(found)),
        Section("provenance", "Provenance", provenance_html(found)),
    ]


def _answer(found: Found) -> str:
    if not found["hypotheses"]:
        return tag("p", "The study states no hypothesis; its numbers stand below.")
    grid = verdict_grid(found)
    return answers(found) + details("All numbers of the hypotheses", table(grid))


def answers(found: Found) -> str:
    """Each hypothesis with its verdict and its numbers."""
    lines = []
    for row in found["hypotheses"]:
        numbers = row["sentence"].split(": ", 1)[1].removesuffix(f" Claim: {row['claim']}")
        parts = badge(row["verdict"]), " ", tag("strong", escape(row["claim"])), " "
        lines.append(tag("li", *parts, tag("span", escape(numbers.replace("-", "\u2212")), class_="numbers")))
    # without bullets, a list has to say that it is one: Safari takes it for none
    return tag("ul", *lines, class_="answers", role="list") if lines else ""


def badge(verdict: str) -> str:
    """A verdict as a word with a sign."""
    kind, sign = _BADGE.get(verdict, ("open", "?"))
    return tag(
        "span", tag("span", sign, aria_hidden="true"), f" {escape(verdict.capitalize())}", class_=f"badge {kind}"
    )


def _table(grid: Grid) -> str:
    return table(grid) if grid.rows else ""


def _folded(grid: Grid) -> str:
    return details(grid.title, table(grid))


def _figure(figure: Figure) -> str:
    """A drawing that scrolls sideways where the screen is narrow, with its table below."""
    scroll = tag("div", drawn(figure), class_="scroll", tabindex=0, role="group", aria_label=figure.title)
    words = tag("figcaption", tag("strong", escape(figure.title)), ". ", escape(figure.desc))
    wide = {} if figure.width <= FIT else {"class_": "wide"}
    numbers = details("The numbers of this figure", table(figure.grid, plain=True))
    return tag("figure", scroll, words, numbers, **wide)
