"""One self-contained HTML page a study: its data goes in, its bytes come out; nothing is fetched, nothing is timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import NamedTuple

from xfer.reports.study.page.bars import language_bars
from xfer.reports.study.page.evidence_html import evidence_html
from xfer.reports.study.page.forest import verdict_forest
from xfer.reports.study.page.grids import (
    SINGLE,
    StudyData,
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
from xfer.reports.study.page.palette import page_style
from xfer.reports.study.page.rows import details_html, examples_html, provenance_html, table_html
from xfer.reports.study.page.scatter import clean_against_robust, scaling_lines
from xfer.reports.study.page.svg import FIT_WIDTH, Figure, escape_markup, figure_svg, make_tag
from xfer.reports.table import Grid

_BADGE = {"supported": ("yes", "\u2713"), "not supported": ("no", "\u2717"), "collapsed": ("open", "!")}
FEW_SEEDS = 3  # seeds: with fewer, the t distribution makes the intervals very wide
_OPEN = 2  # figures of a group that are unfolded from the start


class Section(NamedTuple):
    """A heading with what stands below it."""

    name: str
    title: str
    body: str


def study_figures(study: StudyData) -> list[Figure]:
    """Every figure of a study, in the order of its page."""
    makers: Sequence[Callable[[StudyData], list[Figure]]] = (
        verdict_forest,
        heat_maps,
        language_bars,
        clean_against_robust,
        scaling_lines,
    )
    return [figure for make in makers for figure in make(study)]


def read_asset(name: str) -> str:
    """A file of the page's own."""
    return files(__package__).joinpath(f"assets/{name}").read_text(encoding="utf-8")


def study_page(study: StudyData) -> str:
    """The whole page."""
    sections = [section for section in _sections(study) if section.body]
    links = "".join(
        make_tag("li", make_tag("a", escape_markup(entry.title), href=f"#{entry.name}")) for entry in sections
    )
    nav = make_tag("nav", make_tag("ul", links), aria_label="On this page")
    body = "".join(
        make_tag(
            "section",
            make_tag("h2", escape_markup(entry.title), id=f"{entry.name}-h"),
            entry.body,
            id=entry.name,
            aria_labelledby=f"{entry.name}-h",
        )
        for entry in sections
    )
    return html_document(study["title"], _page_head(study) + nav + make_tag("main", body, id="main"), script=True)


def html_document(title: str, body: str, script: bool) -> str:
    """An HTML document that loads nothing and, by its own policy, can load nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        make_tag("title", escape_markup(title)),
        f"<style>\n{page_style()}\n{read_asset('page.css')}\n{read_asset('chart.css')}</style>",
    ]
    skip = '<a class="skip" href="#main">Skip to the results</a>'
    end = f"<script>\n{read_asset('page.js')}</script>\n" if script else ""
    return '<!DOCTYPE html>\n<html lang="en">\n<head>\n{}\n</head>\n<body>\n{}\n{}\n{}</body>\n</html>\n'.format(
        "\n".join(head), skip, body, end
    )


def _page_head(study: StudyData) -> str:
    scale = f"scale: {study['scale'] or 'as in the file'}"
    cells = study["cells"]
    failed = sum(cell["state"] == "failed" for cell in cells)
    cell_note = f"{len(cells)} cells" + (f", {failed} without a result" if failed else "")
    seeds = min((row["seeds"] for row in study["records"]), default=FEW_SEEDS)
    few = "They are few to judge the chance between trainings from, so intervals are wide; more seeds narrow them."
    made_up = "The data is made up on the spot: the numbers show how the study works, not what is true of real data."
    parts = [
        make_tag("p", escape_markup(f"Study {study['name']} \u00b7 {scale} \u00b7 {cell_note}"), class_="meta"),
        make_tag("h1", escape_markup(study["title"])),
        make_tag("p", escape_markup(study["question"]), class_="question"),
        make_tag("p", escape_markup(study["description"])) if study["description"] else "",
        make_tag("p", make_tag("strong", "Miniature."), " " + made_up, class_="note")
        if study["scale"] == "miniature"
        else "",
        make_tag("p", make_tag("strong", f"{seeds} seeds."), " " + few, class_="note") if 1 < seeds < FEW_SEEDS else "",
        make_tag("p", make_tag("strong", "1 seed."), " " + SINGLE, class_="note") if seeds == 1 else "",
        _warned(study),
    ]
    return make_tag("header", *parts)


def _warned(found: StudyData) -> str:
    """That some models learnt nothing, with the way to where they are named."""
    count = len(found.get("warnings", ()))
    if not count:
        return ""
    link = make_tag("a", f"{count} warning{'s' if count > 1 else ''}", href="#warnings")
    return make_tag("p", make_tag("strong", link), ": some models collapsed or stayed at chance.", class_="note")


def _sections(study: StudyData) -> list[Section]:
    drawings: dict[str, list[Figure]] = {}
    for figure in study_figures(study):
        drawings.setdefault(figure.group, []).append(figure)

    def shown(group: str, few: int = _OPEN) -> str:
        group_drawings = drawings.get(group, [])
        seen = make_tag("div", *map(_figure_html, group_drawings[:few]), class_="figures") if group_drawings else ""
        return seen + "".join(details_html(drawing.title, _figure_html(drawing)) for drawing in group_drawings[few:])

    languages = "".join(_folded_table(grid) for grid in language_grids(study))
    return [
        Section("answer", "Answer", _answer_section(study) + shown("verdicts")),
        *(Section(*entry) for entry in evidence_html(study)),
        Section("warnings", "Collapsed, or at chance", _table_html(warning_grid(study))),
        Section("failed", "Cells without a result", _table_html(failed_grid(study))),
        Section("results", "Results", _table_html(overview_grid(study))),
        Section("differences", "Differences", _table_html(comparison_grid(study)) + shown("heat-difference", 4)),
        Section("map", "Heat maps", shown("heat-level", 4)),
        Section("languages", "Languages", shown("bars", 1) + languages),
        Section("robust", "Clean against robust", shown("scatter")),
        Section("discriminators", "Discriminators", _table_html(discriminator_grid(study))),
        Section("published", "Beside published scores", _table_html(published_grid(study))),
        Section("size", "Size", _table_html(fit_grid(study)) + shown("scaling")),
        Section("examples", "Attacked text", examples_html(study)),
        Section("provenance", "Provenance", provenance_html(study)),
    ]


def _answer_section(study: StudyData) -> str:
    if not study["hypotheses"]:
        return make_tag("p", "The study states no hypothesis; its numbers stand below.")
    grid = verdict_grid(study)
    return answer_list(study) + details_html("All numbers of the hypotheses", table_html(grid))


def answer_list(study: StudyData) -> str:
    """Each hypothesis with its verdict and its numbers."""
    lines = []
    for row in study["hypotheses"]:
        numbers = row["sentence"].split(": ", 1)[1].removesuffix(f" Claim: {row['claim']}")
        parts = verdict_badge(row["verdict"]), " ", make_tag("strong", escape_markup(row["claim"])), " "
        lines.append(
            make_tag("li", *parts, make_tag("span", escape_markup(numbers.replace("-", "\u2212")), class_="numbers"))
        )
    # without bullets, a list has to say that it is one: Safari takes it for none
    return make_tag("ul", *lines, class_="answers", role="list") if lines else ""


def verdict_badge(verdict: str) -> str:
    """A verdict as a word with a sign."""
    kind, sign = _BADGE.get(verdict, ("open", "?"))
    return make_tag(
        "span",
        make_tag("span", sign, aria_hidden="true"),
        f" {escape_markup(verdict.capitalize())}",
        class_=f"badge {kind}",
    )


def _table_html(grid: Grid) -> str:
    return table_html(grid) if grid.rows else ""


def _folded_table(grid: Grid) -> str:
    return details_html(grid.title, table_html(grid))


def _figure_html(figure: Figure) -> str:
    """A drawing that scrolls sideways where the screen is narrow, with its table below."""
    scroll = make_tag("div", figure_svg(figure), class_="scroll", tabindex=0, role="group", aria_label=figure.title)
    words = make_tag("figcaption", make_tag("strong", escape_markup(figure.title)), ". ", escape_markup(figure.desc))
    wide = {} if figure.width <= FIT_WIDTH else {"class_": "wide"}
    numbers = details_html("The numbers of this figure", table_html(figure.grid, plain=True))
    return make_tag("figure", scroll, words, numbers, **wide)
