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

LanguageScores = Mapping[str, Mapping[str, float]]  # language -> metric -> value
Layout = Literal["labels", "tags", "answers", "pairs", "rankings", "choices"]


class BenchmarkTask(NamedTuple):
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
    tasks: dict[str, BenchmarkTask]
    task_groups: dict[str, tuple[str, ...]]
    own_groups: dict[str, tuple[str, ...]]

    @property
    def every_group(self) -> dict[str, tuple[str, ...]]:
        """The tasks of each group, the script's groups first."""
        return self.task_groups | self.own_groups

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


def _task_entry(
    name: str, layout: Layout, metrics: str, languages: str, labels: Iterable[str] = ()
) -> tuple[str, BenchmarkTask]:
    return name, BenchmarkTask(name, layout, tuple(metrics.split()), tuple(languages.split()), tuple(labels))


_XNLI = _task_entry(
    "xnli",
    "labels",
    "accuracy",
    "ar bg de el en es fr hi ru sw th tr ur vi zh",
    ("entailment", "neutral", "contradiction"),
)
_MLQA = _task_entry("mlqa", "answers", "f1 exact", "en es de ar hi vi zh")
_TYDIQA = _task_entry("tydiqa", "answers", "f1 exact", "en ar bn fi id ko ru sw te")

_QA = ("xquad", "mlqa", "tydiqa")

XTREME = Benchmark(
    "xtreme",
    "XTREME",
    dict(
        [
            _task_entry("pawsx", "labels", "accuracy", "de en es fr ja ko zh", ("0", "1")),
            _XNLI,
            _task_entry("panx", "tags", "f1", _PANX, _ENTITIES),
            _task_entry("udpos", "tags", "f1", _UDPOS, _POS),
            _task_entry("bucc2018", "pairs", "f1", "de fr ru zh"),
            _task_entry("tatoeba", "labels", "accuracy", _TATOEBA),
            _task_entry("xquad", "answers", "f1 exact", _XQUAD),
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
            _task_entry("xcopa", "choices", "accuracy", "et ht id it qu sw ta th tr vi zh", ("0", "1")),
            _task_entry("panx", "tags", "f1", f"{_PANX} qu pl uk az lt pa gu ro", _ENTITIES),
            _task_entry("udpos", "tags", "f1", f"{_UDPOS} lt pl uk wo ro", _POS),
            _task_entry("tatoeba", "labels", "accuracy", f"{_TATOEBA} az lt pl uk ro"),
            _task_entry("lareqa", "rankings", "map@20", "ar de el en es hi ru th tr vi zh"),
            _task_entry("mewslix", "rankings", "map@20", "ar de en es fa ja pl ro ta tr uk"),
            _task_entry("xquad", "answers", "f1 exact", f"{_XQUAD} ro"),
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


def find_task(name: str) -> BenchmarkTask | None:
    """The task of this name, of the benchmark that has it with more languages; None if none has it.

    Hyphens and underscores do not count, and the names that its data set goes by are known too.
    """
    plain_name = name.lower().replace("-", "").replace("_", "")
    plain_name = {"wikiann": "panx", "bucc": "bucc2018", "bucc18": "bucc2018", "tydiqagoldp": "tydiqa"}.get(
        plain_name, plain_name
    )
    matches = [benchmark.tasks[plain_name] for benchmark in BENCHMARKS.values() if plain_name in benchmark.tasks]
    return max(matches, key=lambda task: len(task.languages), default=None)


def metric_means(scores: LanguageScores) -> dict[str, float]:
    """The unweighted mean over languages of every metric that all languages have."""
    if not scores:
        raise ValueError("no language to average over")
    first = next(iter(scores.values()))
    shared = [metric for metric in first if all(metric in language_scores for language_scores in scores.values())]
    return {
        metric: sum(language_scores[metric] for language_scores in scores.values()) / len(scores) for metric in shared
    }


def task_score(task: BenchmarkTask, scores: LanguageScores) -> float:
    """The mean over languages and over the task's metrics. Raises ValueError if a metric is not there."""
    means = metric_means(scores)
    if missing := [metric for metric in task.metrics if metric not in means]:
        raise ValueError(f"{task.name} has no {missing[0]} in some language")
    return sum(means[metric] for metric in task.metrics) / len(task.metrics)


def is_complete(task: BenchmarkTask, scores: LanguageScores) -> bool:
    """Whether every language of the task has a score."""
    return set(task.languages) <= set(scores)


def transfer_gap(
    task: BenchmarkTask, scores: LanguageScores, home: str = "en", metrics: Iterable[str] = ()
) -> float | None:
    """The cross-lingual transfer gap: the score at home minus the mean over the other languages (Hu et al., 5.2).

    In the task's own metrics unless others are given; None for tasks that have no score at home or elsewhere.
    """
    away = {language: metric_scores for language, metric_scores in scores.items() if language != home}
    if home not in scores or not away:
        return None
    wanted = task._replace(metrics=tuple(metrics) or task.metrics)
    return task_score(wanted, {home: scores[home]}) - task_score(wanted, away)


def total_score(benchmark: Benchmark, scores: Mapping[str, float]) -> float | None:
    """The benchmark's total from a score for each task; None unless all are there."""
    if not set(benchmark.tasks) <= set(scores):
        return None
    return sum(scores[name] for name in benchmark.tasks) / len(benchmark.tasks)


def group_scores(benchmark: Benchmark, scores: Mapping[str, float]) -> dict[str, float]:
    """The mean over each group, the script's and ours, whose tasks all have a score."""
    complete_groups = {group: names for group, names in benchmark.every_group.items() if set(names) <= set(scores)}
    return {group: sum(scores[name] for name in names) / len(names) for group, names in complete_groups.items()}


def task_result(task: BenchmarkTask, scores: LanguageScores) -> dict[str, Any]:
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
    scores = {name: result["score"] for name, result in results.items()}
    complete = {
        name: score for name, score in scores.items() if is_complete(benchmark.tasks[name], results[name]["languages"])
    }
    return {
        "total": total_score(benchmark, complete),
        "groups": group_scores(benchmark, complete),
        "average": sum(scores.values()) / len(scores),
        "all_groups": group_scores(benchmark, scores),
        "missing": [name for name in benchmark.tasks if name not in results],
        "incomplete": {name: results[name]["left_out"][benchmark.name] for name in results if name not in complete},
    }


class PublishedScore(NamedTuple):
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
def _published_data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
    return data


@cache
def published_papers() -> dict[str, Paper]:
    """The publications by name."""
    return {
        name: Paper(name, paper["title"], paper["benchmark"], tuple(paper["models"]))
        for name, paper in _published_data()["papers"].items()
    }


@cache
def published_scores() -> tuple[PublishedScore, ...]:
    """The scores of ``published.json``: only such as were read in the source that each names."""
    data = _published_data()
    return tuple(
        PublishedScore(
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


def compare_published(
    benchmark: Benchmark, means: Mapping[str, Mapping[str, float]], total: float | None
) -> list[dict[str, Any]]:
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
            "published": _published_means(benchmark.name, task, metric),
        }
        for task, metric in [*wanted, ("total", "mean")]
    ]


def _published_means(benchmark: str, task: str, metric: str) -> dict[str, float]:
    rows = [row for row in published_scores() if (row.benchmark, row.task, row.metric) == (benchmark, task, metric)]
    return {row.model: row.mean for row in rows if row.mean is not None}
