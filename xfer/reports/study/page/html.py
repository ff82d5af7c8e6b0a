"""One self-contained HTML page a study: its data goes in, its bytes come out; nothing is fetched, nothing is timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xfer.reports.study.page.bars import language_bars
from xfer.reports.study.page.evidence import evidence_sections
from xfer.reports.study.page.forest import verdict_forest
from xfer.reports.study.page.grids import (
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
from xfer.reports.study.page.render import render_page
from xfer.reports.study.page.scatter import clean_against_robust, scaling_lines
from xfer.reports.study.page.svg import Figure
from xfer.reports.study.page.views import cell_sources, data_grid, example_groups, fewest_seeds, version_grid
from xfer.reports.table import Grid


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


def study_page(study: StudyData) -> str:
    """The whole page."""
    return render_page(
        "study.html",
        title=study["title"],
        study=study,
        seeds=fewest_seeds(study),
        grids=_page_grids(study),
        evidence=evidence_sections(study),
        language_grids=language_grids(study),
        drawings=_grouped_drawings(study),
        example_groups=example_groups(study),
        cells=cell_sources(study),
        imported=list(study["provenance"].get("imported", {}).items()),
    )


def _page_grids(study: StudyData) -> dict[str, Grid]:
    """The tables by the names that the template gives them."""
    return {
        "verdicts": verdict_grid(study),
        "warnings": warning_grid(study),
        "failed": failed_grid(study),
        "results": overview_grid(study),
        "differences": comparison_grid(study),
        "discriminators": discriminator_grid(study),
        "published": published_grid(study),
        "size": fit_grid(study),
        "versions": version_grid(study),
        "data": data_grid(study),
    }


def _grouped_drawings(study: StudyData) -> dict[str, list[Figure]]:
    groups: dict[str, list[Figure]] = {}
    for figure in study_figures(study):
        groups.setdefault(figure.group, []).append(figure)
    return groups
