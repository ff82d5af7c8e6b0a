"""XTREME and XTREME-R: tasks, languages and how scores become one number; published scores to lay beside them.

Lists and sums are those of google-research/xtreme's evaluate.py (Hu et al. 2020; Ruder et al. 2021): a task's score is
the unweighted mean over its languages, English included, and over its metrics (F1 and exact match); the total is the
unweighted mean of the tasks' scores.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

Scores = Mapping[str, Mapping[str, float]]  # language -> metric -> value
Layout = Literal["labels", "tags", "answers", "pairs", "rankings", "choices"]


class Task(NamedTuple):
    """One task of a benchmark. The score is the mean of ``metrics``; ``layout`` is that of its submission files."""

    name: str
    layout: Layout
    metrics: tuple[str, ...]
    languages: tuple[str, ...]
    labels: tuple[str, ...] = ()  # all that a file may hold; empty where that is open

    def named(self, language: str) -> str:
        """The name of a submission's file."""
        return f"test-{language}.{_ENDS.get(self.layout, 'tsv')}"


class Benchmark(NamedTuple):
    """Tasks in the order of the benchmark's own list, and the groups that its script averages over.

    A group's score is the mean of its tasks. ``own_groups`` are ours: the script has none of that kind.
    """

    name: str
    title: str
    tasks: dict[str, Task]
    groups: dict[str, tuple[str, ...]]
    own_groups: dict[str, tuple[str, ...]]

    @property
    def every_group(self) -> dict[str, tuple[str, ...]]:
        """The tasks of each group, the script's groups first."""
        return self.groups | self.own_groups

    def group_title(self, group: str) -> str:
        """A group as tables name it; one that the benchmark's script does not have says so."""
        return f"group {group} (ours)" if group in self.own_groups else f"group {group}"


_ENDS = {"answers": "json", "rankings": "json", "choices": "jsonl"}
_PANX = (
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr "
    "et fi hu"
)
_UDPOS = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
_TATOEBA = " ".join(language for language in _PANX.split() if language not in ("en", "ms", "yo", "my"))
_XQUAD = "en es de el ru tr ar vi th zh hi"
_ENTITIES = ("O", "B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER")
_POS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())


def _task(name: str, layout: Layout, metrics: str, languages: str, labels: Iterable[str] = ()) -> tuple[str, Task]:
    return name, Task(name, layout, tuple(metrics.split()), tuple(languages.split()), tuple(labels))


_XNLI = _task(
    "xnli",
    "labels",
    "accuracy",
    "ar bg de el en es fr hi ru sw th tr ur vi zh",
    ("entailment", "neutral", "contradiction"),
)
_MLQA = _task("mlqa", "answers", "f1 exact", "en es de ar hi vi zh")
_TYDIQA = _task("tydiqa", "answers", "f1 exact", "en ar bn fi id ko ru sw te")

_QA = ("xquad", "mlqa", "tydiqa")

XTREME = Benchmark(
    "xtreme",
    "XTREME",
    dict(
        [
            _task("pawsx", "labels", "accuracy", "de en es fr ja ko zh", ("0", "1")),
            _XNLI,
            _task("panx", "tags", "f1", _PANX, _ENTITIES),
            _task("udpos", "tags", "f1", _UDPOS, _POS),
            _task("bucc2018", "pairs", "f1", "de fr ru zh"),
            _task("tatoeba", "labels", "accuracy", _TATOEBA),
            _task("xquad", "answers", "f1 exact", _XQUAD),
            _MLQA,
            _TYDIQA,
        ]
    ),
    {
        "classification": ("pawsx", "xnli"),
        "tagging": ("udpos", "panx"),
        "qa": _QA,
        "retrieval": ("bucc2018", "tatoeba"),
    },
    {},
)
XTREME_R = Benchmark(
    "xtreme-r",
    "XTREME-R",
    dict(
        [
            _XNLI,
            _task("xcopa", "choices", "accuracy", "et ht id it qu sw ta th tr vi zh", ("0", "1")),
            _task("panx", "tags", "f1", f"{_PANX} qu pl uk az lt pa gu ro", _ENTITIES),
            _task("udpos", "tags", "f1", f"{_UDPOS} lt pl uk wo ro", _POS),
            _task("tatoeba", "labels", "accuracy", f"{_TATOEBA} az lt pl uk ro"),
            _task("lareqa", "rankings", "map@20", "ar de el en es hi ru th tr vi zh"),
            _task("mewslix", "rankings", "map@20", "ar de en es fa ja pl ro ta tr uk"),
            _task("xquad", "answers", "f1 exact", f"{_XQUAD} ro"),
            _MLQA,
            _TYDIQA,
        ]
    ),
    # Its script counts XCOPA twice and LAReQA, whose labels it does not have, nowhere; the paper's table groups
    # LAReQA with retrieval.
    {
        "classification": ("xnli", "xcopa"),
        "tagging": ("udpos", "panx"),
        "qa": _QA,
        "retrieval": ("tatoeba", "mewslix"),
        "multi_choice": ("xcopa",),
    },
    {"retrieval_with_lareqa": ("tatoeba", "lareqa", "mewslix")},
)
BENCHMARKS = {benchmark.name: benchmark for benchmark in (XTREME, XTREME_R)}


def find_task(name: str) -> Task | None:
    """The task of this name, of the benchmark that has it with more languages; None if none has it.

    Hyphens and underscores do not count, and the names that its data set goes by are known too.
    """
    plain = name.lower().replace("-", "").replace("_", "")
    plain = {"wikiann": "panx", "bucc": "bucc2018", "bucc18": "bucc2018", "tydiqagoldp": "tydiqa"}.get(plain, plain)
    found = [benchmark.tasks[plain] for benchmark in BENCHMARKS.values() if plain in benchmark.tasks]
    return max(found, key=lambda task: len(task.languages), default=None)


def metric_means(scores: Scores) -> dict[str, float]:
    """The unweighted mean over languages of every metric that all languages have."""
    if not scores:
        raise ValueError("no language to average over")
    first = next(iter(scores.values()))
    shared = [metric for metric in first if all(metric in found for found in scores.values())]
    return {metric: sum(found[metric] for found in scores.values()) / len(scores) for metric in shared}


def task_score(task: Task, scores: Scores) -> float:
    """The mean over languages and over the task's metrics. Raises ValueError if a metric is not there."""
    means = metric_means(scores)
    if missing := [metric for metric in task.metrics if metric not in means]:
        raise ValueError(f"{task.name} has no {missing[0]} in some language")
    return sum(means[metric] for metric in task.metrics) / len(task.metrics)


def is_complete(task: Task, scores: Scores) -> bool:
    """Whether every language of the task has a score."""
    return set(task.languages) <= set(scores)


def transfer_gap(task: Task, scores: Scores, home: str = "en", metrics: Iterable[str] = ()) -> float | None:
    """The cross-lingual transfer gap: the score at home minus the mean over the other languages (Hu et al., 5.2).

    In the task's own metrics unless others are given; None for tasks that have no score at home or elsewhere.
    """
    away = {language: found for language, found in scores.items() if language != home}
    if home not in scores or not away:
        return None
    wanted = task._replace(metrics=tuple(metrics) or task.metrics)
    return task_score(wanted, {home: scores[home]}) - task_score(wanted, away)


def overall(benchmark: Benchmark, scores: Mapping[str, float]) -> float | None:
    """The benchmark's total from a score for each task; None unless all are there."""
    if not set(benchmark.tasks) <= set(scores):
        return None
    return sum(scores[name] for name in benchmark.tasks) / len(benchmark.tasks)


def group_scores(benchmark: Benchmark, scores: Mapping[str, float]) -> dict[str, float]:
    """The mean over each group, the script's and ours, whose tasks all have a score."""
    whole = {group: names for group, names in benchmark.every_group.items() if set(names) <= set(scores)}
    return {group: sum(scores[name] for name in names) / len(names) for group, names in whole.items()}


def task_result(task: Task, scores: Scores) -> dict[str, Any]:
    """All aggregates of one task: ``score``, ``gap``, ``mean`` by metric, and the languages each benchmark lacks."""
    means = metric_means(scores)
    return {
        "task": task.name,
        "metrics": list(task.metrics),
        "score": task_score(task, scores),
        "gap": transfer_gap(task, scores),
        "mean": {name: value for name, value in means.items() if name not in ("rows", "missing")},
        "languages": scores,
        "left_out": {
            benchmark.name: [code for code in benchmark.tasks[task.name].languages if code not in scores]
            for benchmark in BENCHMARKS.values()
            if task.name in benchmark.tasks
        },
    }


def benchmark_result(benchmark: Benchmark, results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """All aggregates of a benchmark from the results of its tasks (``task_result``), at least one.

    ``total`` and ``groups`` count tasks with all their languages alone, as published ones do; ``average`` and
    ``all_groups`` take each task as it is.
    """
    scores = {name: found["score"] for name, found in results.items()}
    whole = {
        name: score for name, score in scores.items() if is_complete(benchmark.tasks[name], results[name]["languages"])
    }
    return {
        "total": overall(benchmark, whole),
        "groups": group_scores(benchmark, whole),
        "average": sum(scores.values()) / len(scores),
        "all_groups": group_scores(benchmark, scores),
        "missing": [name for name in benchmark.tasks if name not in results],
        "incomplete": {name: results[name]["left_out"][benchmark.name] for name in results if name not in whole},
    }


class Published(NamedTuple):
    """One published result in percent: a model's mean on a task (or on ``total``) and its scores a language."""

    model: str
    benchmark: str
    task: str
    metric: str
    mean: float | None
    languages: Mapping[str, float]
    source: str


class Paper(NamedTuple):
    """A publication that ``report: {against: name}`` lays beside: its models' rows of one benchmark."""

    name: str
    title: str
    benchmark: str
    models: tuple[str, ...]


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
    return found


@cache
def papers() -> dict[str, Paper]:
    """The publications by name."""
    return {
        name: Paper(name, found["title"], found["benchmark"], tuple(found["models"]))
        for name, found in _data()["papers"].items()
    }


@cache
def published() -> tuple[Published, ...]:
    """The scores of ``published.json``: only such as were read in the source that each names."""
    data = _data()
    return tuple(
        Published(
            row["model"],
            row["benchmark"],
            row["task"],
            row["metric"],
            row.get("mean"),
            row.get("languages", {}),
            data["sources"][row["source"]],
        )
        for row in data["rows"]
    )


def beside(benchmark: Benchmark, means: Mapping[str, Mapping[str, float]], total: float | None) -> list[dict[str, Any]]:
    """Our table with the published ones beside it, a row a task and metric, in percent.

    ``means`` maps task to metric to value. Each row has ``task``, ``metric``, ``ours`` (None if not scored) and
    ``published`` (model to value); the last one is the total.
    """
    wanted = [(task.name, metric) for task in benchmark.tasks.values() for metric in task.metrics]
    return [
        {
            "task": task,
            "metric": metric,
            "ours": total if task == "total" else means.get(task, {}).get(metric),
            "published": _of(benchmark.name, task, metric),
        }
        for task, metric in [*wanted, ("total", "mean")]
    ]


def _of(benchmark: str, task: str, metric: str) -> dict[str, float]:
    rows = [row for row in published() if (row.benchmark, row.task, row.metric) == (benchmark, task, metric)]
    return {row.model: row.mean for row in rows if row.mean is not None}
