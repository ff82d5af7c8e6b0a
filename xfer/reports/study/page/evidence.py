"""What the answers of a study rest on, as plain data for every format: levels, interactions, power, ranks and doses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from xfer.reports.shortfalls import is_short
from xfer.reports.study.page.grids import StudyData, axis_names, levels_label, measure_name
from xfer.reports.study.wording import need_text
from xfer.reports.table import Exact, Grid, GridCell, value_cell


class EvidenceSection(NamedTuple):
    """A section of the page: headings with sentences, then tables."""

    name: str
    title: str
    lines: Sequence[tuple[str, Sequence[str]]]
    grids: Sequence[Grid]


def evidence_sections(study: StudyData) -> list[EvidenceSection]:
    """The sections that have something to show."""
    lines = [(row["claim"], row["details"]) for row in _tested(study) if row.get("details")]
    sections = [
        EvidenceSection("levels", "Each method, target and evaluation", lines, _filled(verdict_grids(study))),
        EvidenceSection("ranks", "Ranks", [], _filled([rank_grid(study)])),
        EvidenceSection("doses", "Doses", [], _filled([dose_grid(study), unequal_grid(study)])),
        EvidenceSection("strengths", "Strength of the attacks", [], _filled([strength_grid(study)])),
    ]
    return [section for section in sections if section.lines or section.grids]


def evidence_grids(study: StudyData) -> list[Grid]:
    """All tables of these sections that have lines."""
    return _filled(
        [*verdict_grids(study), rank_grid(study), dose_grid(study), unequal_grid(study), strength_grid(study)]
    )


def verdict_grids(study: StudyData) -> list[Grid]:
    """The tables of the hypotheses."""
    return [breakdown_grid(study), interaction_grid(study), power_grid(study)]


def _filled(grids: Sequence[Grid]) -> list[Grid]:
    return [grid for grid in grids if grid.rows]


def _tested(study: StudyData) -> list[Mapping[str, Any]]:
    return [row for row in study["hypotheses"] if row["p"] is not None and "breakdown" in row]


def breakdown_grid(study: StudyData) -> Grid:
    """A line for each hypothesis and each level of each axis that it speaks of."""
    rows: list[list[GridCell]] = []
    for row in _tested(study):
        for entry in row["breakdown"]:
            numbers: list[GridCell] = [value_cell(entry, "difference"), Exact(entry["adjusted"], 3), entry["smallest"]]
            needed: list[GridCell] = [need_text(entry) if entry["verdict"] == "undecided" else "", entry["comparisons"]]
            rows.append([row["name"], entry["axis"], entry["level"], *numbers, *needed, entry["verdict"]])
    header = ["hypothesis", "axis", "level", "difference", "adjusted p", "smallest", "would decide", "comparisons"]
    note = (
        "Means over the comparisons at a level; p corrected over all levels of a hypothesis (step-down Dunnett). "
        "smallest: the least difference in points that could have been found with 80% power; would decide: what an "
        "undecided one needs, if it is as measured."
    )
    return Grid("levels", "Verdicts by level", [*header, "verdict"], rows, (0, 1, 8), note)


def interaction_grid(study: StudyData) -> Grid:
    """A line for each hypothesis and axis: how far effects reach, and whether they differ beyond chance."""
    rows: list[list[GridCell]] = []
    for row in _tested(study):
        for entry in row["interactions"]:
            span: list[GridCell] = [entry["lowest"], entry["lowest_value"], entry["highest"], entry["highest_value"]]
            test: list[GridCell] = [Exact(entry["adjusted"], 3), "yes" if entry["differ"] else "not shown"]
            rows.append([row["name"], entry["axis"], entry["effects"], *span, *test])
    header = ["hypothesis", "axis", "effects", "least in", "points", "most in", "points", "adjusted p", "differ"]
    note = (
        "Whether the effect is the same at every level: F test over rows and seeds as two sources of chance, degrees "
        "of freedom after Greenhouse and Geisser, p corrected over the axes of a hypothesis (Holm). comparison: every "
        "single comparison beside every other."
    )
    return Grid("interactions", "Do effects differ?", header, rows, (0, 1), note)


def power_grid(study: StudyData) -> Grid:
    """A line for each hypothesis: what its mean could have shown."""
    rows: list[list[GridCell]] = []
    for row in _tested(study):
        needed = need_text(row) if row["mean_verdict"] == "undecided" else ""
        sizes: list[GridCell] = [row["seeds"], row["rows"], row["bound"]]
        rows.append([row["name"], row["mean_verdict"], value_cell(row, "difference"), row["smallest"], *sizes, needed])
    header = ["hypothesis", "the mean", "difference", "smallest", "seeds", "rows", "counts as none", "would decide"]
    note = (
        "smallest: the least true difference of the mean, in points, that is found with 80% power by these seeds and "
        "rows at the corrected level. counts as none: the bound that the study names; an interval inside it is "
        "equivalent. would decide: what an undecided mean needs, if it is as measured."
    )
    return Grid("power", "What the means could have shown", header, rows, (0, 1), note)


def rank_grid(study: StudyData) -> Grid:
    """A line a level, evaluation and measure, over all other axes and at each combination of them."""
    ranks: Sequence[Mapping[str, Any]] = study.get("ranks", ())
    axis = str(ranks[0]["axis"]) if ranks else ""
    rest = [name for name in axis_names(study) if name != axis]
    rows: list[list[GridCell]] = []
    for row in ranks:
        levels: list[GridCell] = [row["levels"].get(name, "all") for name in rest]
        rows.append(
            [*levels, row["evaluation"], measure_name(row["measure"]), row["rank"], row["level"], value_cell(row)]
        )
    header = [*rest, "evaluation", "measure", "rank", axis, "value"]
    note = (
        "Levels that cannot be told apart share a rank: one more than the number of levels that are better beyond "
        "chance (p of each pair, corrected over all pairs after Holm). Of drops a smaller one is better."
    )
    return Grid("ranks", "Ranks", header, rows, tuple(range(len(rest) + 2)), note)


def dose_grid(study: StudyData) -> Grid:
    """A line a tested network: what the stages of its chain were trained on."""
    rows: list[list[GridCell]] = []
    for row in study.get("doses", ()):
        levels: list[GridCell] = [row["levels"][axis] for axis in axis_names(study)]
        chain = "; ".join(map(stage_text, row["stages"])) or "not trained"
        rows.append([*levels, ", ".join(row["evaluations"]), row["updates"], row["rows"], row["tokens"], chain])
    header = [*axis_names(study), "tests", "updates", "rows", "tokens", "stages"]
    note = (
        "Of the whole training history of the tested network, under one seed: updates of the weights, and rows and "
        "tokens as often as they are read. Tokens are estimates; so are the others until the data is stored."
    )
    return Grid("doses", "Doses", header, rows, tuple(range(len(axis_names(study)))), note)


def strength_grid(study: StudyData) -> Grid:
    """A line an attack and data set: what it was asked to change, and what it changed."""
    rows: list[list[GridCell]] = []
    for row in study.get("strengths", ()):
        shares: list[GridCell] = [row["asked"], row["changed"], row["lowest"], row["highest"]]
        short = row["asked"] is not None and is_short(row["asked"], row["changed"])
        rows.append(
            [row["evaluation"], row["data"], row["attacker"], *shares, "under half" if short else "", row["cells"]]
        )
    header = ["evaluation", "data", "attacker", "asked %", "changed %", "lowest", "highest", "", "cells"]
    note = (
        "Percent of the words (of entities where these are swapped): what an attack was asked to change, and what it "
        "changed, the mean over cells and languages; lowest and highest are of one language in one cell. A drop under "
        "an attack that changed little says little."
    )
    return Grid("strengths", "What attacks changed", header, rows, (0, 1, 2, 7), note)


def stage_text(stage: Mapping[str, Any]) -> str:
    """A stage with its updates and its learning rate."""
    updates = "?" if stage["updates"] is None else f"{stage['updates']:,}"
    rate = "" if stage["rate"] is None else f" at {stage['rate']:g}"
    return f"{stage['stage']} {updates}{rate}"


def unequal_grid(study: StudyData) -> Grid:
    """A line for each two cells whose doses differ, with the comparisons of the study that lay them side by side."""
    rows: dict[tuple[GridCell, ...], list[str]] = {}
    evaluations: dict[tuple[GridCell, ...], dict[str, None]] = {}
    for pair in study.get("unequal_doses", ()):
        sides = levels_label(pair["levels"].values()), levels_label(pair["against"].values())
        key = (*sides, pair["difference"], "yes" if pair["intended"] else "no")
        rows.setdefault(key, []).append(pair["claim"] or "differences")
        evaluations.setdefault(key, {})[pair["evaluation"]] = None
    lines: list[list[GridCell]] = [
        [*key[:2], ", ".join(evaluations[key]), ", ".join(dict.fromkeys(claims)), *key[2:]]
        for key, claims in rows.items()
    ]
    header = ["cell", "against", "evaluations", "compared in", "what differs", "on purpose"]
    note = (
        "Updates or rows that differ, tokens by more than a tenth, or another rate or length in a stage of one name. "
        "What looks like an effect may be that of the dose. on purpose: the study says under doses that this is what "
        "it compares."
    )
    return Grid("unequal_doses", "Comparisons of unequal doses", header, lines, (3, 5), note)
