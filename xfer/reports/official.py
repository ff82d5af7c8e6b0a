"""Scores of a task's folder in XTREME's submission layout and of a whole benchmark. All in percent.

The results are plain data; ``task_text`` and ``benchmark_text`` write them down. ``notes`` of a result say where the
official value is not what a file seems to mean. One pair of files is scored in ``official_files``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xfer.core.errors import UsageError
from xfer.metrics.benchmarks import (
    BENCHMARKS,
    Benchmark,
    BenchmarkTask,
    benchmark_result,
    compare_published,
    task_result,
)
from xfer.readers.submission import file_fault
from xfer.reports.official_files import FileScores, score_file


def score_task(task: BenchmarkTask, gold: Path, predictions: Path, language: str | None = None) -> dict[str, Any]:
    """One task: two files, or two folders in which every gold file must have its predictions.

    A folder is the task's own or one that holds it under the task's name. Raises UsageError.
    """
    for path in (gold, predictions):
        if not path.exists():
            raise file_fault(path, 0, "is not there")
    if gold.is_dir() != predictions.is_dir():
        raise UsageError(f"{gold} and {predictions} must be two files or two folders")
    if gold.is_file():
        named = language or _language_of(task, gold) or _language_of(task, predictions)
        return _result(task, {named or "-": score_file(task, gold, predictions, named)})
    gold_folder, prediction_folder = _task_folder(task, gold), _task_folder(task, predictions)
    languages = [language] if language else _folder_languages(task, gold_folder)
    if not languages:
        raise file_fault(gold_folder, 0, f"holds no {task.named('<language>')}")
    return _result(task, _score_languages(task, gold_folder, prediction_folder, languages))


def _result(task: BenchmarkTask, files: dict[str, FileScores]) -> dict[str, Any]:
    """The aggregates of a task, with the notes of all its files."""
    scores = {code: found.scores for code, found in files.items()}
    return {**task_result(task, scores), "notes": [note for found in files.values() for note in found.notes]}


def _score_languages(
    task: BenchmarkTask, gold: Path, predictions: Path, languages: Sequence[str]
) -> dict[str, FileScores]:
    files = {code: (_gold_file(task, gold, code), predictions / task.named(code)) for code in languages}
    return {
        code: score_file(task, gold_file, prediction_file, code) for code, (gold_file, prediction_file) in files.items()
    }


def _gold_file(task: BenchmarkTask, folder: Path, code: str) -> Path:
    """The gold file of a language, under its name in a submission or in the data set itself."""
    official = folder / f"{code}.json"
    return official if _language_of(task, official) and official.is_file() else folder / task.named(code)


def _task_folder(task: BenchmarkTask, path: Path) -> Path:
    for name in (task.name, "xquad-r") if task.name == "lareqa" else (task.name,):
        path = path / name if (path / name).is_dir() else path
    return path


def _language_of(task: BenchmarkTask, path: Path) -> str | None:
    """The language in the name of a file, where it is named as in a submission, or by LAReQA's makers."""
    if task.name == "lareqa" and path.suffix == ".json" and path.stem in task.languages:
        return path.stem
    code = path.name.partition("-")[2].partition(".")[0]
    return code if path.name == task.named(code) else None


def _folder_languages(task: BenchmarkTask, folder: Path) -> list[str]:
    """The languages of a folder of gold files, those of the benchmark first and in its order."""
    names = (task.named("*"), "??.json")
    present = {code for name in names for path in folder.glob(name) if (code := _language_of(task, path))}
    return [code for code in task.languages if code in present] + sorted(present - set(task.languages))


def score_benchmark(benchmark: Benchmark, gold: Path, predictions: Path) -> dict[str, Any]:
    """Every task whose folder both sides have, over the benchmark's languages; the total only if nothing is missing."""
    for path in (gold, predictions):
        if not path.is_dir():
            raise file_fault(path, 0, "is not a folder of tasks")
    tasks, missing = {}, []
    for task in benchmark.tasks.values():
        if not ((gold / task.name).is_dir() and (predictions / task.name).is_dir()):
            missing.append(task.name)
            continue
        gold_folder, prediction_folder = _task_folder(task, gold), _task_folder(task, predictions)
        languages = [code for code in _folder_languages(task, gold_folder) if code in task.languages]
        if not languages:
            raise file_fault(
                gold / task.name, 0, f"holds no {task.named('<language>')} in a language of {benchmark.title}"
            )
        tasks[task.name] = _result(task, _score_languages(task, gold_folder, prediction_folder, languages))
    if not tasks:
        names = ", ".join(benchmark.tasks)
        raise UsageError(f"{gold} and {predictions} have no task of {benchmark.title} in common; its tasks: {names}")
    aggregates = benchmark_result(benchmark, tasks)
    return {
        "benchmark": benchmark.name,
        "total": aggregates["total"],
        "groups": aggregates["groups"],
        "tasks": tasks,
        "missing": missing,
        "incomplete": aggregates["incomplete"],
        "beside": compare_published(
            benchmark, {name: result["mean"] for name, result in tasks.items()}, aggregates["total"]
        ),
        "notes": [note for result in tasks.values() for note in result["notes"]],
    }


# text


def task_text(result: dict[str, Any]) -> str:
    """One line a language, the means last."""
    names = list(next(iter(result["languages"].values())))
    lines = [["language", *names]]
    lines += [
        [code, *[_number_cell(name, scores.get(name)) for name in names]]
        for code, scores in result["languages"].items()
    ]
    lines.append(["mean", *[_number_cell(name, result["mean"].get(name)) for name in names]])
    notes = [f"{result['task']}: {result['score']:.2f} ({' and '.join(result['metrics'])}, in percent)"]
    if result["gap"] is not None:
        notes.append(f"transfer gap (en minus the mean of the others): {result['gap']:.2f}")
    for benchmark, codes in result["left_out"].items():
        if codes and len(result["languages"]) > 1:
            notes.append(f"not all languages of {BENCHMARKS[benchmark].title}: {', '.join(codes)} not scored")
    return _aligned_lines(lines) + "\n" + "\n".join(notes) + "\n"


def benchmark_text(benchmark_scores: dict[str, Any], published: bool = False) -> str:
    """One line a task and group, and the total; with ``published`` the known scores of other systems beside it."""
    benchmark = BENCHMARKS[benchmark_scores["benchmark"]]
    lines = [["task", "languages", "f1", "exact", "accuracy", "map@20", "gap", "score"]]
    for name, task in benchmark.tasks.items():
        result = benchmark_scores["tasks"].get(name)
        if result is None:
            lines.append([name, f"0/{len(task.languages)}", *["-"] * 6])
            continue
        shown = [
            _number_cell(metric, result["mean"].get(metric) if metric in task.metrics else None)
            for metric in lines[0][2:6]
        ]
        count = f"{len(result['languages'])}/{len(task.languages)}"
        lines.append([name, count, *shown, _number_cell("gap", result["gap"]), _number_cell("score", result["score"])])
    for group in benchmark.every_group:
        if group in benchmark_scores["groups"]:
            lines.append(
                [benchmark.group_title(group), "", *[""] * 5, _number_cell("group", benchmark_scores["groups"][group])]
            )
    lines.append([benchmark.title, "", *[""] * 5, _number_cell("total", benchmark_scores["total"])])
    parts = [_aligned_lines(lines)]
    if benchmark_scores["total"] is None:
        lacking = [f"{name} is not there" for name in benchmark_scores["missing"]]
        lacking += [f"{name} lacks {', '.join(codes)}" for name, codes in benchmark_scores["incomplete"].items()]
        parts.append(f"no total: {'; '.join(lacking)}")
    if published:
        parts.append(_published_text(benchmark_scores["beside"]))
    return "\n".join(parts) + "\n"


def _published_text(rows: list[dict[str, Any]]) -> str:
    models = sorted({model for row in rows for model in row["published"]})
    lines = [["task", "metric", "ours", *models]]
    for row in rows:
        values = [row["ours"], *[row["published"].get(model) for model in models]]
        lines.append([row["task"], row["metric"], *[_number_cell("", value) for value in values]])
    return "\npublished scores, each with its source in xfer/metrics/published.json\n" + _aligned_lines(lines)


def _number_cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if name in ("rows", "missing") else f"{value:.2f}"


def _aligned_lines(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = []
    for first, *rest in lines:
        cells = [first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]
        rows.append("  ".join(cells).rstrip())
    return "\n".join([rows[0], "-" * max(map(len, rows)), *rows[1:]]) + "\n"
