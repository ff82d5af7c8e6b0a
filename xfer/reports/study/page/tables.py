"""Every table of a study, in the order in which the formats show them."""

from __future__ import annotations

from xfer.reports.study.page.evidence import evidence_grids
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
from xfer.reports.table import Grid


def study_grids(study: StudyData) -> list[Grid]:
    """Every table of a study that has lines."""
    tables = [verdict_grid(study), *evidence_grids(study), warning_grid(study), overview_grid(study)]
    tables += [comparison_grid(study), *language_grids(study), discriminator_grid(study), published_grid(study)]
    return [grid for grid in [*tables, fit_grid(study), failed_grid(study)] if grid.rows]
