"""A study's cells as one graph: compiled together, run once, and what they found gathered from the store.

Cells share every node that they have in common. One that cannot be compiled, or whose work fails, is a cell with a
reason, and stops no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from xfer.core.errors import XferError
from xfer.core.store import Entry, Store
from xfer.execution.doses import network_doses
from xfer.execution.plan import encoder_parameters, plan_nodes
from xfer.execution.walk import Outcome, run_nodes
from xfer.graph.compile import Resolver, compile_graph
from xfer.graph.jobs import DataJob, Job
from xfer.graph.node import Graph, Node
from xfer.recipe.recipe import Recipe
from xfer.recipe.study import Levels, LoadedStudy, Study
from xfer.reports.chance_columns import chance_levels
from xfer.reports.study.collapsed import Facts, mark_comparisons, mark_records, mark_verdicts
from xfer.reports.study.doses import DoseRow, dose_pairs, mark_doses
from xfer.reports.study.examples import study_examples
from xfer.reports.study.found import (
    FinishedCell,
    StudyRecord,
    size_fits,
    study_comparisons,
    study_records,
)
from xfer.reports.study.measures import CellMeasures
from xfer.reports.study.ranks import level_ranks
from xfer.reports.study.strengths import attack_strengths
from xfer.reports.study.verdicts import hypothesis_verdicts
from xfer.steps.learning import gathered_warnings, graph_warnings
from xfer.steps.rows import read_rows


class CellGraph(NamedTuple):
    """One cell: its levels, its recipe and its graph, or why it has none."""

    levels: Levels
    recipe: Recipe
    graph: Graph | None
    problem: str = ""


def compile_cells(loaded: LoadedStudy, resolver: Resolver) -> list[CellGraph]:
    """The graph of every cell."""
    cells = []
    for levels, recipe in loaded.cells:
        try:
            cells.append(CellGraph(levels, recipe, compile_graph(recipe, resolver)))
        except XferError as error:
            cells.append(CellGraph(levels, recipe, None, " ".join(error.message_lines())))
    return cells


def nodes_of(cells: Sequence[CellGraph]) -> list[Node[Job]]:
    """The nodes of all cells, each once, parents first."""
    nodes: dict[str, Node[Job]] = {}
    for cell in cells:
        for key, node in cell.graph.nodes.items() if cell.graph else ():
            nodes.setdefault(key, node)
    return list(nodes.values())


def stored_outcome(nodes: Sequence[Node[Job]], store: Store) -> Outcome:
    """What the store holds of the nodes, and why others failed. Only reports are made, where their parents are there:
    nothing is trained."""
    held = {node.key for node in nodes if store.find(node.kind, node.key)}

    def at_hand(node: Node[Job]) -> bool:
        can_be_made = node.kind == "report" and all(parent.key in held for parent in node.parents.values())
        return can_be_made or node.key in held

    outcome = run_nodes([node for node in nodes if at_hand(node)], store)
    failures = {node.key: store.noted_failure(node.key) for node in nodes if node.key not in outcome.entries}
    return outcome._replace(
        failures=outcome.failures | {key: failure["error"] for key, failure in failures.items() if failure}
    )


def cell_doses(cells: Sequence[CellGraph], store: Store) -> list[DoseRow]:
    """Updates, rows and tokens of every network that the cells test."""
    return network_doses([(cell.levels, cell.graph) for cell in cells], plan_nodes(nodes_of(cells), store))


def gather_study(
    loaded: LoadedStudy, cells: Sequence[CellGraph], outcome: Outcome, doses: Sequence[DoseRow]
) -> dict[str, Any]:
    """Everything that a page shows, as plain data: ``study.json``."""
    study, done, cell_rows = loaded.study, [], []
    reports: list[tuple[Levels, dict[str, Any]]] = []
    warned: list[tuple[Levels, list[dict[str, str]]]] = []
    for cell in cells:
        reason = cell.problem or _failure_reason(cell, outcome)
        cell_rows.append(
            {"levels": cell.levels, "state": "failed" if reason else "done", "why": reason} | _cell_facts(cell)
        )
        if not reason:
            reports.append((cell.levels, _report_entry(cell, outcome).read("report.json")))
            report = reports[-1][1]
            cell_rows[-1] |= {"discriminators": report.get("discriminators", []), "against": report.get("against")}
            cell_rows[-1] |= {"notes": report["notes"]}
            done.append(_finished_cell(cell, outcome, report))
        stages = graph_warnings(cell.graph, lambda node: outcome.entries.get(node.key)) if cell.graph else ()
        warned.append((cell.levels, [*stages, *(reports[-1][1]["warnings"] if not reason else ())]))
    return {
        **_study_header(loaded),
        "cells": cell_rows,
        **_numbers(study, done, Facts(reports), doses),
        "fits": size_fits(done, study.fits),
        "ranks": level_ranks(done, study),
        "warnings": gathered_warnings(warned),
        "strengths": attack_strengths(reports),
        "examples": study_examples(reports),
        "provenance": study_provenance(cells, outcome),
    }


def _numbers(
    study: Study, done: Sequence[FinishedCell], facts: Facts, doses: Sequence[DoseRow]
) -> dict[str, list[StudyRecord]]:
    """Records, comparisons and verdicts, each with what is said of chance, of collapsed models and of doses."""
    numbers = {
        "records": study_records(done),
        "comparisons": study_comparisons(done, study.compare) if study.compare else [],
        "hypotheses": hypothesis_verdicts(done, study),
    }
    mark_records(numbers["records"], list(study.vary), facts)
    mark_comparisons(numbers["comparisons"], facts)
    mark_verdicts(numbers["hypotheses"], study.hypotheses, done, facts)
    pairs = dose_pairs(study, doses)
    mark_doses(numbers["comparisons"], numbers["hypotheses"], pairs)
    return numbers | {"doses": list(doses), "unequal_doses": [pair for pair in pairs if pair["difference"]]}


def _study_header(loaded: LoadedStudy) -> dict[str, Any]:
    study = loaded.study
    run = {axis: {cell.levels[axis] for cell in loaded.cells} for axis in study.vary}
    return {
        "name": study.name,
        "title": study.title or study.name,
        "question": study.question,
        "description": study.description,
        "papers": list(study.papers),
        "scale": loaded.scale,
        "axes": {axis: [level for level in levels if level in run[axis]] for axis, levels in study.vary.items()},
        "compare": study.compare.model_dump(mode="json") if study.compare else None,
    }


def _failure_reason(cell: CellGraph, outcome: Outcome) -> str:
    """Why a cell has no report, or nothing."""
    assert cell.graph is not None
    nodes = cell.graph.nodes
    failures = [
        f"{node.kind} {node.label}: {outcome.failures[key]}" for key, node in nodes.items() if key in outcome.failures
    ]
    if failures:
        return failures[0]
    if cell.graph.report is None:
        return "the cell has no evaluation"
    return "" if cell.graph.report.key in outcome.entries else "the cell is not finished"


def _cell_facts(cell: CellGraph) -> dict[str, Any]:
    """The recipe of a cell and the keys of what it stands on."""
    graph = cell.graph
    trained = {f"{stage} seed {seed}": node.key for (stage, seed), node in graph.stages.items()} if graph else {}
    return {
        "report": graph.report.key if graph and graph.report else None,
        "trained": trained,
        "recipe": cell.recipe.model_dump(mode="json", exclude_defaults=True),
        "notes": list(dict.fromkeys(graph.notes)) if graph else [],
    }


def _report_entry(cell: CellGraph, outcome: Outcome) -> Entry:
    assert cell.graph is not None and cell.graph.report is not None
    return outcome.entries[cell.graph.report.key]


def _finished_cell(cell: CellGraph, outcome: Outcome, written: Mapping[str, Any]) -> FinishedCell:
    report = cell.graph.report if cell.graph else None
    assert report is not None
    scores = {role: node for role, node in report.parents.items() if node.kind == "score"}
    credits_by_role = {role: read_rows(outcome.entries[node.key], "credit.parquet") for role, node in scores.items()}
    trained = [node for score in scores.values() for node in _train_nodes(score)]
    return FinishedCell(
        cell.levels,
        CellMeasures(report.job.hashed_data(), credits_by_role, chance_levels(written)),
        encoder_parameters(trained[0]) if trained else None,
    )


def _train_nodes(score: Node[Job]) -> list[Node[Job]]:
    train_node = score.parents["predict"].parents.get("train")
    return [train_node] if train_node else []


def study_provenance(cells: Sequence[CellGraph], outcome: Outcome) -> dict[str, Any]:
    """Versions that made the results, and what each data set was at."""
    data: dict[str, Any] = {}
    versions: dict[str, set[str]] = {}
    for node in nodes_of(cells):
        entry = outcome.entries.get(node.key)
        if isinstance(node.job, DataJob):
            data[node.label] = {"source": node.job.source, "at": node.job.revision, "key": node.key}
        for name, version in _entry_versions(entry).items() if entry else ():
            versions.setdefault(name, set()).add(version)
    found: dict[str, Any] = {"data": dict(sorted(data.items()))}
    found |= {"versions": {k: sorted(v) for k, v in sorted(versions.items())}}
    imported = Counter(filter(None, (entry.origin() for entry in outcome.entries.values())))
    return found | ({"imported": dict(sorted(imported.items()))} if imported else {})


def _entry_versions(entry: Entry) -> Mapping[str, str]:
    versions: Mapping[str, str] = entry.node_record().get("versions", {})
    return versions
