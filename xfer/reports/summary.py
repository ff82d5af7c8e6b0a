"""A whole report: its tables, the benchmark's table over them, and published scores beside ours. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xfer.metrics.benchmarks import (
    BENCHMARKS,
    Benchmark,
    BenchmarkTask,
    Paper,
    benchmark_result,
    find_task,
    metric_means,
    published_papers,
    published_scores,
    task_result,
)
from xfer.metrics.intervals import Sample
from xfer.reports.collapse import Facts, add_facts, collapse_warnings
from xfer.reports.credits import CreditRows
from xfer.reports.measures import Cell, cell
from xfer.reports.robustness import AttackRuns, robustness_report
from xfer.reports.tables import Columns, column_name, credits_of, report_tables

ReportTable = dict[str, Any]


def build_report(
    job: Mapping[str, Any],
    stored: Mapping[str, CreditRows],
    attack_runs: AttackRuns | None = None,
    answers: Mapping[str, Facts] | None = None,
) -> dict[str, Any]:
    """The report as plain data: the table of the data set, or ``tables`` where the recipe tests several.

    ``about`` is a report node's job; ``stored`` maps ``evaluation/role/seed`` to the credit of its score node,
    ``answers`` to what it says of chance and of collapsed models, and ``under`` an attacked evaluation to what was
    done to its rows.
    """
    drawn_tables = report_tables(job, stored)
    for table, samples in drawn_tables:
        add_facts(table, job, answers or {})
        if attack_part := robustness_report(job, table, credits_of(job, stored), samples, attack_runs or {}):
            table["robustness"] = attack_part
    several = [table for table, _ in drawn_tables]
    if len(several) == 1:
        report = several[0]
    else:
        common = {"name": job["name"], "seeds": job["seeds"], "order": job["order"]}
        report = common | {"evaluations": job["evaluations"], "tables": several}
    if job["benchmark"]:
        report["benchmark"] = benchmark_part(job["benchmark"], drawn_tables)
    if job["against"]:
        report["against"] = against_part(published_papers()[job["against"]], several, report.get("benchmark"))
    return report | {"warnings": collapse_warnings(job, answers or {})}


# the benchmark


def benchmark_part(benchmark_job: Mapping[str, Any], drawn_tables: list[tuple[ReportTable, Columns]]) -> dict[str, Any]:
    """The official aggregates over the tasks that were tested, each with its interval.

    ``about`` names the benchmark and the evaluation of each of its tasks. The samples of languages go through the sums
    of the benchmark itself. ``total`` is None unless every task has every language; ``average`` is over what is there.
    """
    benchmark = BENCHMARKS[benchmark_job["name"]]
    points: dict[str, dict[str, dict[str, Sample]]] = {}
    for name, evaluation in benchmark_job["tasks"].items():
        task = benchmark.tasks[name]
        table, samples = next((table, samples) for table, samples in drawn_tables if evaluation in table["order"])
        scores = _samples(task, evaluation, table, samples)
        if scores and all(metric in values for values in scores.values() for metric in task.metrics):
            points[name] = scores
    if not points:
        nothing: dict[str, Any] = {"tasks": {}, "groups": {}, "average": None, "total": None, "incomplete": {}}
        return nothing | {"name": benchmark.name, "title": benchmark.title, "missing": list(benchmark.tasks)}
    values = _aggregates(benchmark, points)
    cells: dict[Any, Cell] = {
        key: cell(value, "gap" if key[0] == "gap" else "score") for key, value in values["values"].items()
    }
    for key, level in _chances(benchmark, benchmark_job["tasks"], points, drawn_tables).items():
        cells[key]["chance"] = level
    return {
        "name": benchmark.name,
        "title": benchmark.title,
        "tasks": {
            name: _task_part(benchmark.tasks[name], benchmark_job["tasks"][name], points[name], cells)
            for name in points
        },
        "groups": {key[1]: values for key, values in cells.items() if key[0] == "group"},
        "average": cells["average", ""],
        "total": cells.get(("total", "")),
        "missing": values["missing"],
        "incomplete": values["incomplete"],
    }


def _chances(
    benchmark: Benchmark, tasks: Mapping[str, str], points: Mapping[str, Any], made: list[tuple[ReportTable, Columns]]
) -> dict[Any, float]:
    """The chance level of each aggregate but the gaps; nothing unless that of every score is known."""
    levels = {}
    for name in points:
        table = next(table for table, _ in made if tasks[name] in table["order"])
        levels[name] = _task_scores(benchmark.tasks[name], tasks[name], table, "chance")
        if any(metric not in found for found in levels[name].values() for metric in benchmark.tasks[name].metrics):
            return {}
    return {key: level for key, level in _aggregates(benchmark, levels)["values"].items() if key[0] != "gap"}


def _task_scores(
    task: BenchmarkTask, evaluation: str, table: ReportTable, fact: str = "value"
) -> dict[str, dict[str, float]]:
    """language -> metric -> value (or another fact of the cell) in percent, of the task's own languages."""
    rows, metrics = table["languages"], table["metrics"]
    return {
        language: {
            metric: rows[language][column_name(evaluation, metric, metrics)][fact]
            for metric in metrics
            if fact in rows[language].get(column_name(evaluation, metric, metrics), {})
        }
        for language in task.languages
        if evaluation in rows.get(language, {})
    }


def _samples(
    task: BenchmarkTask, evaluation: str, table: ReportTable, samples: Columns
) -> dict[str, dict[str, Sample]]:
    """The same as samples."""
    names = {metric: column_name(evaluation, metric, table["metrics"]) for metric in table["metrics"]}
    return {
        language: {metric: samples[names[metric]][language] for metric in found}
        for language, found in _task_scores(task, evaluation, table).items()
    }


def _aggregates(benchmark: Benchmark, scores: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What is missing, and ``values``: each aggregate under (what, of which), of samples or of numbers."""
    results = {name: task_result(benchmark.tasks[name], entry) for name, entry in scores.items()}
    aggregates = benchmark_result(benchmark, results)
    sums: dict[tuple[str, str], Any] = {("score", name): entry["score"] for name, entry in results.items()}
    sums |= {(metric, name): value for name, entry in results.items() for metric, value in entry["mean"].items()}
    sums |= {("group", name): value for name, value in aggregates["all_groups"].items()}
    sums |= {("average", ""): aggregates["average"], ("total", ""): aggregates["total"]}
    sums |= {("gap", name): entry["gap"] for name, entry in results.items()}
    values = {key: value for key, value in sums.items() if value is not None}
    return {"values": values, "missing": aggregates["missing"], "incomplete": aggregates["incomplete"]}


def _task_part(
    task: BenchmarkTask, evaluation: str, scores: Mapping[str, Any], cells: Mapping[Any, Cell]
) -> dict[str, Any]:
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


def against_part(paper: Paper, several: list[ReportTable], benchmark: Mapping[str, Any] | None) -> dict[str, Any]:
    """A row for each task, metric and language that the paper scores of what was tested; ``mean`` is a language too.

    ``ours`` is over ``languages`` of the task's ``of``; the total needs the benchmark's table.
    """
    rows: list[dict[str, Any]] = []
    for table in several:
        task = find_task(table["reader"])
        paper_task = BENCHMARKS[paper.benchmark].tasks.get(task.name) if task else None
        if paper_task is None or not table["compare"]:
            continue
        scores = _task_scores(paper_task, table["compare"], table)
        means = metric_means(scores) if scores else {}
        for metric in paper_task.metrics:
            ours = {"mean": means.get(metric)} | {
                code: scores.get(code, {}).get(metric) for code in paper_task.languages
            }
            for language, value in ours.items():
                row_key = {"task": paper_task.name, "metric": metric, "language": language, "ours": value}
                rows.append(row_key | {"languages": len(scores), "of": len(paper_task.languages)})
    if benchmark and benchmark["name"] == paper.benchmark:
        total, done = benchmark["total"], sum(not task_part["left_out"] for task_part in benchmark["tasks"].values())
        row_key = {"task": "total", "metric": "mean", "language": "mean", "ours": total["value"] if total else None}
        rows.append(row_key | {"languages": done, "of": len(BENCHMARKS[paper.benchmark].tasks)})
    published_rows = [row | _published_cells(paper, row["task"], row["metric"], row["language"]) for row in rows]
    return {
        "name": paper.name,
        "title": paper.title,
        "models": list(paper.models),
        "rows": [row for row in published_rows if row["published"]],
        "made_up": any(table["made_up"] for table in several),
    }


def _published_cells(paper: Paper, task: str, metric: str, language: str) -> dict[str, dict[str, Any]]:
    """``published``: the paper's scores by model, and ``sources``: where each was read."""
    scores, sources = {}, {}
    for row in published_scores():
        matches = (row.benchmark, row.task, row.metric) == (paper.benchmark, task, metric)
        value = row.mean if language == "mean" else row.languages.get(language)
        if matches and row.model in paper.models and value is not None:
            scores[row.model], sources[row.model] = value, row.source
    return {"published": scores, "sources": sources}
