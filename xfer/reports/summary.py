"""A whole report: its tables, the benchmark's table over them, and published scores beside ours. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xfer.metrics.benchmarks import (
    BENCHMARKS,
    Benchmark,
    Paper,
    Task,
    benchmark_result,
    find_task,
    metric_means,
    papers,
    published,
    task_result,
)
from xfer.metrics.intervals import interval
from xfer.reports.collapse import Facts, add_facts, collapse_warnings
from xfer.reports.credits import Rows
from xfer.reports.robustness import Under, robustness
from xfer.reports.tables import Cell, Draws, column, credits_of, tables

Table = dict[str, Any]


def collect(
    about: Mapping[str, Any],
    stored: Mapping[str, Rows],
    under: Under | None = None,
    answers: Mapping[str, Facts] | None = None,
) -> dict[str, Any]:
    """The report as plain data: the table of the data set, or ``tables`` where the recipe tests several.

    ``about`` is a report node's job; ``stored`` maps ``evaluation/role/seed`` to the credit of its score node,
    ``answers`` to what it says of chance and of collapsed models, and ``under`` an attacked evaluation to what was
    done to its rows.
    """
    made = tables(about, stored)
    for table, drawn in made:
        add_facts(table, about, answers or {})
        if found := robustness(about, table, credits_of(about, stored), drawn, under or {}):
            table["robustness"] = found
    several = [table for table, _ in made]
    if len(several) == 1:
        report = several[0]
    else:
        common = {"name": about["name"], "seeds": about["seeds"], "order": about["order"]}
        report = common | {"evaluations": about["evaluations"], "tables": several}
    if about["benchmark"]:
        report["benchmark"] = benchmark_part(about["benchmark"], made)
    if about["against"]:
        report["against"] = against_part(papers()[about["against"]], several, report.get("benchmark"))
    return report | {"warnings": collapse_warnings(about, answers or {})}


# the benchmark


def benchmark_part(about: Mapping[str, Any], made: list[tuple[Table, Draws]]) -> dict[str, Any]:
    """The official aggregates over the tasks that were tested, each with its interval.

    ``about`` names the benchmark and the evaluation of each of its tasks. The bootstrap draws go through the same
    sums as the scores. ``total`` is None unless every task has every language; ``average`` is over what is there.
    """
    benchmark = BENCHMARKS[about["name"]]
    points, draws = {}, {}
    for name, evaluation in about["tasks"].items():
        task = benchmark.tasks[name]
        table, drawn = next((table, drawn) for table, drawn in made if evaluation in table["order"])
        scores = _scores(task, evaluation, table)
        if scores and all(metric in found for found in scores.values() for metric in task.metrics):
            points[name] = scores
            draws[name] = _draws(task, evaluation, table, drawn, list(scores))
    if not points:
        nothing: dict[str, Any] = {"tasks": {}, "groups": {}, "average": None, "total": None, "incomplete": {}}
        return nothing | {"name": benchmark.name, "title": benchmark.title, "missing": list(benchmark.tasks)}
    found = _aggregates(benchmark, points)
    cells = _joined(found["cells"], _aggregates(benchmark, draws)["cells"])
    for key, level in _chances(benchmark, about["tasks"], points, made).items():
        cells[key]["chance"] = level
    return {
        "name": benchmark.name,
        "title": benchmark.title,
        "tasks": {name: _task(benchmark.tasks[name], about["tasks"][name], points[name], cells) for name in points},
        "groups": {key[1]: found for key, found in cells.items() if key[0] == "group"},
        "average": cells["average", ""],
        "total": cells.get(("total", "")),
        "missing": found["missing"],
        "incomplete": found["incomplete"],
    }


def _chances(
    benchmark: Benchmark, tasks: Mapping[str, str], points: Mapping[str, Any], made: list[tuple[Table, Draws]]
) -> dict[Any, float]:
    """The chance level of each aggregate but the gaps; nothing unless that of every score is known."""
    levels = {}
    for name in points:
        table = next(table for table, _ in made if tasks[name] in table["order"])
        levels[name] = _scores(benchmark.tasks[name], tasks[name], table, "chance")
        if any(metric not in found for found in levels[name].values() for metric in benchmark.tasks[name].metrics):
            return {}
    return {key: level for key, level in _aggregates(benchmark, levels)["cells"].items() if key[0] != "gap"}


def _scores(task: Task, evaluation: str, table: Table, fact: str = "value") -> dict[str, dict[str, float]]:
    """language -> metric -> value (or another fact of the cell) in percent, of the task's own languages."""
    rows, metrics = table["languages"], table["metrics"]
    return {
        language: {
            metric: rows[language][column(evaluation, metric, metrics)][fact]
            for metric in metrics
            if fact in rows[language].get(column(evaluation, metric, metrics), {})
        }
        for language in task.languages
        if evaluation in rows.get(language, {})
    }


def _draws(task: Task, evaluation: str, table: Table, drawn: Draws, languages: list[str]) -> dict[str, dict[str, Any]]:
    names = {metric: column(evaluation, metric, table["metrics"]) for metric in task.metrics}
    return {language: {metric: 100 * drawn[name][language] for metric, name in names.items()} for language in languages}


def _aggregates(benchmark: Benchmark, scores: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What is missing, and each aggregate under (what, of which): of numbers, or of arrays of draws."""
    results = {name: task_result(benchmark.tasks[name], found) for name, found in scores.items()}
    whole = benchmark_result(benchmark, results)
    cells = {("score", name): found["score"] for name, found in results.items()}
    cells |= {("gap", name): found["gap"] for name, found in results.items() if found["gap"] is not None}
    cells |= {(metric, name): value for name, found in results.items() for metric, value in found["mean"].items()}
    cells |= {("group", name): value for name, value in whole["all_groups"].items()}
    cells["average", ""] = whole["average"]
    if whole["total"] is not None:
        cells["total", ""] = whole["total"]
    return {"cells": cells, "missing": whole["missing"], "incomplete": whole["incomplete"]}


def _joined(points: Mapping[Any, float], draws: Mapping[Any, np.ndarray]) -> dict[Any, Cell]:
    joined: dict[Any, Cell] = {}
    for key, value in points.items():
        joined[key] = {"value": value}
        if key in draws:
            joined[key]["low"], joined[key]["high"] = interval(draws[key])
    return joined


def _task(task: Task, evaluation: str, scores: Mapping[str, Any], cells: Mapping[Any, Cell]) -> dict[str, Any]:
    return {
        "evaluation": evaluation,
        "metrics": list(task.metrics),
        "score": cells["score", task.name],
        "gap": cells.get(("gap", task.name)),
        "mean": {metric: cells[metric, task.name] for metric in task.metrics},
        "languages": list(scores),
        "left_out": [language for language in task.languages if language not in scores],
    }


# published scores


def against_part(paper: Paper, several: list[Table], benchmark: Mapping[str, Any] | None) -> dict[str, Any]:
    """A row for each task, metric and language that the paper scores of what was tested; ``mean`` is a language too.

    ``ours`` is over ``languages`` of the task's ``of``; the total needs the benchmark's table.
    """
    rows: list[dict[str, Any]] = []
    for table in several:
        task = find_task(table["reader"])
        own = BENCHMARKS[paper.benchmark].tasks.get(task.name) if task else None
        if own is None or not table["compare"]:
            continue
        scores = _scores(own, table["compare"], table)
        means = metric_means(scores) if scores else {}
        for metric in own.metrics:
            ours = {"mean": means.get(metric)} | {code: scores.get(code, {}).get(metric) for code in own.languages}
            for language, value in ours.items():
                about = {"task": own.name, "metric": metric, "language": language, "ours": value}
                rows.append(about | {"languages": len(scores), "of": len(own.languages)})
    if benchmark and benchmark["name"] == paper.benchmark:
        total, done = benchmark["total"], sum(not found["left_out"] for found in benchmark["tasks"].values())
        about = {"task": "total", "metric": "mean", "language": "mean", "ours": total["value"] if total else None}
        rows.append(about | {"languages": done, "of": len(BENCHMARKS[paper.benchmark].tasks)})
    beside = [row | _published(paper, row["task"], row["metric"], row["language"]) for row in rows]
    return {
        "name": paper.name,
        "title": paper.title,
        "models": list(paper.models),
        "rows": [row for row in beside if row["published"]],
        "made_up": any(table["made_up"] for table in several),
    }


def _published(paper: Paper, task: str, metric: str, language: str) -> dict[str, dict[str, Any]]:
    """``published``: the paper's scores by model, and ``sources``: where each was read."""
    found, sources = {}, {}
    for row in published():
        here = (row.benchmark, row.task, row.metric) == (paper.benchmark, task, metric)
        value = row.mean if language == "mean" else row.languages.get(language)
        if here and row.model in paper.models and value is not None:
            found[row.model], sources[row.model] = value, row.source
    return {"published": found, "sources": sources}
