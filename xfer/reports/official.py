"""Scores of files in XTREME's submission layout: a file, a task's folder, a whole benchmark. All in percent.

The results are plain data; ``task_text`` and ``benchmark_text`` write them down. What google-research/xtreme's
evaluate.py computes is computed here too; beyond it, unequal lengths and unknown labels are errors with a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xfer.core.errors import UsageError
from xfer.metrics import qa
from xfer.metrics.benchmarks import BENCHMARKS, Benchmark, Layout, Task, benchmark_result, beside, task_result
from xfer.metrics.classification import accuracy
from xfer.readers import submission
from xfer.readers.submission import bad

Found = dict[str, float]


def score_file(task: Task, gold: Path, predictions: Path, language: str | None) -> Found:
    """``rows`` and the metrics of one pair of files. Raises UsageError."""
    try:
        found = _SCORERS[task.layout](task, gold, predictions, language)
    except ValueError as error:  # what the pure metrics refuse
        raise bad(predictions, 0, str(error)) from None
    return {name: value if name in ("rows", "missing") else 100 * value for name, value in found.items()}


def _labels(task: Task, gold: Path, predictions: Path, language: str | None) -> Found:
    read = submission.choices if task.layout == "choices" else submission.labels
    wanted, found = read(gold, task.labels), read(predictions, task.labels)
    if len(wanted) != len(found):
        line = min(len(wanted), len(found)) + 1
        raise bad(predictions, line, f"{len(found)} predictions, but {gold} has {len(wanted)} rows")
    return {"rows": len(wanted), "accuracy": accuracy(*([label for _, label in side] for side in (wanted, found)))}


def _tags(task: Task, gold: Path, predictions: Path, language: str | None) -> Found:
    from xfer.metrics.tagging import entity_f1, token_accuracy  # late: numpy, which labels do without

    # A model may answer O for any word, and treebanks mark a word without a tag by an underscore.
    known = {*task.labels, "O", "_"} if task.labels else ()
    wanted, found = submission.tags(gold, known), submission.tags(predictions, known)
    for number, (one, other) in enumerate(zip(wanted, found, strict=False), 1):
        if len(one.tags) != len(other.tags):
            what = f"sentence {number} has {len(other.tags)} tags, but {len(one.tags)} in {gold}:{one.line}"
            raise bad(predictions, other.line, what)
    if len(wanted) != len(found):
        line = next((sentence.line for sentence in found[len(wanted) :]), 0)
        raise bad(predictions, line, f"{len(found)} sentences, but {gold} has {len(wanted)}")
    sides = [sentence.tags for sentence in wanted], [sentence.tags for sentence in found]
    return {"rows": len(wanted), **entity_f1(*sides), "accuracy": token_accuracy(*sides)}


def _pairs(task: Task, gold: Path, predictions: Path, language: str | None) -> Found:
    from xfer.metrics.retrieval import mining_f1  # late, as above

    wanted = submission.pairs(gold)
    found = mining_f1(wanted, submission.pairs(predictions))
    return {"rows": len(wanted), "f1": found.f1, "precision": found.precision, "recall": found.recall}


def _answers(task: Task, gold: Path, predictions: Path, language: str | None) -> Found:
    wanted, found = submission.questions(gold), submission.answers(predictions)
    golds, given = list(wanted.values()), [found.get(question) for question in wanted]
    if task.name == "mlqa":
        if language is None:
            raise bad(predictions, 0, "MLQA's rules depend on the language; give --language")
        scores = qa.mlqa(golds, given, language)
    else:
        scores = (qa.squad_v2 if task.name == "squad_v2" else qa.squad)(golds, given)
    return {"rows": len(wanted), "missing": given.count(None), **scores}


def _rankings(task: Task, gold: Path, predictions: Path, language: str | None) -> Found:
    from xfer.metrics.retrieval import mean_average_precision, mean_reciprocal_rank  # late, as above

    (wanted, known), found = submission.relevant(gold), submission.rankings(predictions)
    if none := [query for query, ids in wanted.items() if not ids]:
        raise bad(gold, 0, f"query '{none[0]}' has no relevant id")
    if found and wanted and not set(wanted) & set(found):
        raise bad(predictions, 0, f"ranks nothing for any query of {gold}, such as '{next(iter(wanted))}'")
    for query, ids in found.items() if known else ():
        if strange := [name for name in ids if name not in known]:
            raise bad(predictions, 0, f"query '{query}' ranks '{strange[0]}', which {gold.parent} has no candidate of")
    score = mean_reciprocal_rank if task.name == "mewslix" else mean_average_precision
    return {"rows": len(wanted), "missing": len(set(wanted) - set(found)), "map@20": score(wanted, found)}


_SCORERS: dict[Layout, Callable[[Task, Path, Path, str | None], Found]] = {
    "labels": _labels,
    "choices": _labels,
    "tags": _tags,
    "pairs": _pairs,
    "answers": _answers,
    "rankings": _rankings,
}


def score_task(task: Task, gold: Path, predictions: Path, language: str | None = None) -> dict[str, Any]:
    """One task: two files, or two folders in which every gold file must have its predictions.

    A folder is the task's own or one that holds it under the task's name. Raises UsageError.
    """
    for path in (gold, predictions):
        if not path.exists():
            raise bad(path, 0, "is not there")
    if gold.is_dir() != predictions.is_dir():
        raise UsageError(f"{gold} and {predictions} must be two files or two folders")
    if gold.is_file():
        named = language or _language(task, gold) or _language(task, predictions)
        return task_result(task, {named or "-": score_file(task, gold, predictions, named)})
    own, theirs = _folder(task, gold), _folder(task, predictions)
    languages = [language] if language else _languages(task, own)
    if not languages:
        raise bad(own, 0, f"holds no {task.named('<language>')}")
    return task_result(task, _each(task, own, theirs, languages))


def _each(task: Task, gold: Path, predictions: Path, languages: Sequence[str]) -> dict[str, Found]:
    files = {code: (_gold(task, gold, code), predictions / task.named(code)) for code in languages}
    return {code: score_file(task, own, theirs, code) for code, (own, theirs) in files.items()}


def _gold(task: Task, folder: Path, code: str) -> Path:
    """The gold file of a language, under its name in a submission or in the data set itself."""
    official = folder / f"{code}.json"
    return official if _language(task, official) and official.is_file() else folder / task.named(code)


def _folder(task: Task, path: Path) -> Path:
    for name in (task.name, "xquad-r") if task.name == "lareqa" else (task.name,):
        path = path / name if (path / name).is_dir() else path
    return path


def _language(task: Task, path: Path) -> str | None:
    """The language in the name of a file, where it is named as in a submission, or by LAReQA's makers."""
    if task.name == "lareqa" and path.suffix == ".json" and path.stem in task.languages:
        return path.stem
    code = path.name.partition("-")[2].partition(".")[0]
    return code if path.name == task.named(code) else None


def _languages(task: Task, folder: Path) -> list[str]:
    """The languages of a folder of gold files, those of the benchmark first and in its order."""
    names = (task.named("*"), "??.json")
    found = {code for name in names for path in folder.glob(name) if (code := _language(task, path))}
    return [code for code in task.languages if code in found] + sorted(found - set(task.languages))


def score_benchmark(benchmark: Benchmark, gold: Path, predictions: Path) -> dict[str, Any]:
    """Every task whose folder both sides have, over the benchmark's languages; the total only if nothing is missing."""
    for path in (gold, predictions):
        if not path.is_dir():
            raise bad(path, 0, "is not a folder of tasks")
    tasks, missing = {}, []
    for task in benchmark.tasks.values():
        if not ((gold / task.name).is_dir() and (predictions / task.name).is_dir()):
            missing.append(task.name)
            continue
        own, theirs = _folder(task, gold), _folder(task, predictions)
        languages = [code for code in _languages(task, own) if code in task.languages]
        if not languages:
            raise bad(gold / task.name, 0, f"holds no {task.named('<language>')} in a language of {benchmark.title}")
        tasks[task.name] = task_result(task, _each(task, own, theirs, languages))
    if not tasks:
        names = ", ".join(benchmark.tasks)
        raise UsageError(f"{gold} and {predictions} have no task of {benchmark.title} in common; its tasks: {names}")
    whole = benchmark_result(benchmark, tasks)
    return {
        "benchmark": benchmark.name,
        "total": whole["total"],
        "groups": whole["groups"],
        "tasks": tasks,
        "missing": missing,
        "incomplete": whole["incomplete"],
        "beside": beside(benchmark, {name: found["mean"] for name, found in tasks.items()}, whole["total"]),
    }


# text


def task_text(found: dict[str, Any]) -> str:
    """One line a language, the means last."""
    names = list(next(iter(found["languages"].values())))
    lines = [["language", *names]]
    lines += [[code, *[_cell(name, scores.get(name)) for name in names]] for code, scores in found["languages"].items()]
    lines.append(["mean", *[_cell(name, found["mean"].get(name)) for name in names]])
    notes = [f"{found['task']}: {found['score']:.2f} ({' and '.join(found['metrics'])}, in percent)"]
    if found["gap"] is not None:
        notes.append(f"transfer gap (en minus the mean of the others): {found['gap']:.2f}")
    for benchmark, codes in found["left_out"].items():
        if codes and len(found["languages"]) > 1:
            notes.append(f"not all languages of {BENCHMARKS[benchmark].title}: {', '.join(codes)} not scored")
    return _aligned(lines) + "\n" + "\n".join(notes) + "\n"


def benchmark_text(found: dict[str, Any], published: bool = False) -> str:
    """One line a task and group, and the total; with ``published`` the known scores of other systems beside it."""
    benchmark = BENCHMARKS[found["benchmark"]]
    lines = [["task", "languages", "f1", "exact", "accuracy", "map@20", "gap", "score"]]
    for name, task in benchmark.tasks.items():
        result = found["tasks"].get(name)
        if result is None:
            lines.append([name, f"0/{len(task.languages)}", *["-"] * 6])
            continue
        shown = [
            _cell(metric, result["mean"].get(metric) if metric in task.metrics else None) for metric in lines[0][2:6]
        ]
        count = f"{len(result['languages'])}/{len(task.languages)}"
        lines.append([name, count, *shown, _cell("gap", result["gap"]), _cell("score", result["score"])])
    for group in benchmark.every_group:
        if group in found["groups"]:
            lines.append([benchmark.group_title(group), "", *[""] * 5, _cell("group", found["groups"][group])])
    lines.append([benchmark.title, "", *[""] * 5, _cell("total", found["total"])])
    parts = [_aligned(lines)]
    if found["total"] is None:
        lacking = [f"{name} is not there" for name in found["missing"]]
        lacking += [f"{name} lacks {', '.join(codes)}" for name, codes in found["incomplete"].items()]
        parts.append(f"no total: {'; '.join(lacking)}")
    if published:
        parts.append(_beside(found["beside"]))
    return "\n".join(parts) + "\n"


def _beside(rows: list[dict[str, Any]]) -> str:
    models = sorted({model for row in rows for model in row["published"]})
    lines = [["task", "metric", "ours", *models]]
    for row in rows:
        values = [row["ours"], *[row["published"].get(model) for model in models]]
        lines.append([row["task"], row["metric"], *[_cell("", value) for value in values]])
    return "\npublished scores, each with its source in xfer/metrics/published.json\n" + _aligned(lines)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if name in ("rows", "missing") else f"{value:.2f}"


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    made = []
    for first, *rest in lines:
        cells = [first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]
        made.append("  ".join(cells).rstrip())
    return "\n".join([made[0], "-" * max(map(len, made)), *made[1:]]) + "\n"
