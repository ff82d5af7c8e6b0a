"""XTREME's and XTREME-R's lists and sums by hand, and the published scores that are laid beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from xfer.metrics import benchmarks
from xfer.metrics.benchmarks import (
    BENCHMARKS,
    XTREME,
    XTREME_R,
    compare_published,
    find_task,
    group_scores,
    is_complete,
    metric_means,
    published_scores,
    task_score,
    total_score,
    transfer_gap,
)

# tasks and languages of evaluate.py at google-research/xtreme 838c13b (reference: xtreme section 1, xtreme_r section 2)
XTREME_COUNTS = {
    "pawsx": 7, "xnli": 15, "panx": 40, "udpos": 33, "bucc2018": 4, "tatoeba": 36, "xquad": 11, "mlqa": 7, "tydiqa": 9
}  # fmt: skip
XTREME_R_COUNTS = {
    "xnli": 15, "xcopa": 11, "panx": 48, "udpos": 38, "tatoeba": 41, "lareqa": 11, "mewslix": 11, "xquad": 12,
    "mlqa": 7, "tydiqa": 9,
}  # fmt: skip


@pytest.mark.parametrize(("benchmark", "counts"), [(XTREME, XTREME_COUNTS), (XTREME_R, XTREME_R_COUNTS)])
def test_tasks_have_the_official_number_of_languages(benchmark: benchmarks.Benchmark, counts: dict[str, int]) -> None:
    assert {name: len(task.languages) for name, task in benchmark.tasks.items()} == counts
    assert all(len(set(task.languages)) == len(task.languages) for task in benchmark.tasks.values())


def test_the_benchmarks_cover_40_and_50_languages() -> None:
    for benchmark, wanted in ((XTREME, 40), (XTREME_R, 50)):
        assert len({code for task in benchmark.tasks.values() for code in task.languages}) == wanted


def _sets(groups: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    return {name: set(tasks) for name, tasks in groups.items()}


def test_the_groups_are_those_of_the_published_script() -> None:
    both = {"tagging": {"panx", "udpos"}, "qa": {"xquad", "mlqa", "tydiqa"}}
    own = {"classification": {"pawsx", "xnli"}, "retrieval": {"bucc2018", "tatoeba"}}
    assert _sets(XTREME.task_groups) == both | own and not XTREME.own_groups
    own = {"classification": {"xnli", "xcopa"}, "retrieval": {"tatoeba", "mewslix"}, "multi_choice": {"xcopa"}}
    assert _sets(XTREME_R.task_groups) == both | own


def test_our_group_stands_beside_those_of_the_script_and_is_named_as_ours() -> None:
    scores = {"tatoeba": 80.0, "mewslix": 40.0, "xcopa": 55.0}
    assert group_scores(XTREME_R, scores) == {"retrieval": 60.0, "multi_choice": 55.0}
    found = group_scores(XTREME_R, scores | {"lareqa": 30.0, "xnli": 65.0})
    assert found == {"classification": 60.0, "retrieval": 60.0, "multi_choice": 55.0, "retrieval_with_lareqa": 50.0}
    assert XTREME_R.group_title("retrieval") == "group retrieval"
    assert XTREME_R.group_title("retrieval_with_lareqa") == "group retrieval_with_lareqa (ours)"


@pytest.mark.parametrize("benchmark", BENCHMARKS.values())
def test_every_task_is_in_a_group(benchmark: benchmarks.Benchmark) -> None:
    assert {task for tasks in benchmark.every_group.values() for task in tasks} == set(benchmark.tasks)


def test_a_task_score_is_the_mean_over_languages_and_metrics() -> None:
    scores = {"en": {"f1": 90.0, "exact": 80.0}, "de": {"f1": 70.0, "exact": 50.0}, "zh": {"f1": 50.0, "exact": 20.0}}
    assert metric_means(scores) == {"f1": 70.0, "exact": 50.0}
    assert task_score(XTREME.tasks["mlqa"], scores) == 60.0  # ((90+80) + (70+50) + (50+20)) / 6
    assert task_score(XTREME.tasks["panx"], scores) == 70.0  # F1 alone
    assert not is_complete(XTREME.tasks["mlqa"], scores)


def test_a_metric_that_some_language_lacks_has_no_mean() -> None:
    scores = {"en": {"accuracy": 80.0, "extra": 1.0}, "de": {"accuracy": 60.0}}
    assert metric_means(scores) == {"accuracy": 70.0}
    with pytest.raises(ValueError, match="xquad has no f1"):
        task_score(XTREME.tasks["xquad"], scores)
    with pytest.raises(ValueError, match="no language"):
        metric_means({})


def test_the_gap_is_english_minus_the_others() -> None:
    xnli = XTREME.tasks["xnli"]
    scores = {code: {"accuracy": value} for code, value in {"en": 90.0, "de": 80.0, "sw": 60.0}.items()}
    assert transfer_gap(xnli, scores) == 20.0
    assert transfer_gap(xnli, {"en": scores["en"]}) is None
    assert transfer_gap(xnli, {"de": scores["de"]}) is None
    assert transfer_gap(xnli, scores, home="sw") == pytest.approx(-25.0)


@pytest.mark.parametrize(
    ("model", "benchmark", "task", "gap"),
    [("mBERT", "xtreme", "pawsx", 14.05), ("XLM-R large", "xtreme", "pawsx", 9.7)],
)
def test_the_gaps_of_published_tables_are_those_that_the_reference_computed(
    model: str, benchmark: str, task: str, gap: float
) -> None:
    (row,) = [row for row in published_scores() if (row.model, row.benchmark, row.task) == (model, benchmark, task)]
    scores = {code: {"accuracy": value} for code, value in row.languages.items()}
    assert transfer_gap(BENCHMARKS[benchmark].tasks[task], scores) == pytest.approx(gap, abs=0.05)


def test_the_total_needs_every_task() -> None:
    scores = {name: float(i) for i, name in enumerate(XTREME.tasks)}
    assert total_score(XTREME, scores) == 4.0  # (0 + ... + 8) / 9
    assert total_score(XTREME, {name: scores[name] for name in list(scores)[:-1]}) is None
    assert total_score(XTREME, scores | {"xcopa": 100.0}) == 4.0


def test_a_group_needs_its_tasks() -> None:
    found = group_scores(XTREME, {"xnli": 80.0, "pawsx": 90.0, "panx": 60.0})
    assert found == {"classification": 85.0}


@pytest.mark.parametrize(
    ("name", "task"),
    [("xnli", "xnli"), ("PAWS-X", "pawsx"), ("wikiann", "panx"), ("bucc", "bucc2018"), ("mewsli_x", "mewslix")],
)
def test_a_task_is_found_by_the_names_it_goes_by(name: str, task: str) -> None:
    found = find_task(name)
    assert found is not None and found.name == task
    assert find_task("mnli") is None


def test_files_are_named_as_in_a_submission() -> None:
    names = {task.name: task.named("zh") for task in [*XTREME.tasks.values(), *XTREME_R.tasks.values()]}
    assert {names[name] for name in ("xnli", "panx", "bucc2018", "tatoeba")} == {"test-zh.tsv"}
    assert {names[name] for name in ("xquad", "mlqa", "tydiqa", "mewslix")} == {"test-zh.json"}
    assert names["xcopa"] == "test-zh.jsonl"


# published scores


def test_published_means_are_the_means_of_their_languages() -> None:
    whole = [row for row in published_scores() if row.mean is not None and row.languages]
    assert len(whole) >= 9
    for row in whole:
        assert sum(row.languages.values()) / len(row.languages) == pytest.approx(row.mean, abs=0.1), row


def test_every_published_row_names_a_task_a_metric_and_its_source() -> None:
    seen = set()
    for row in published_scores():
        tasks = BENCHMARKS[row.benchmark].tasks
        assert row.source
        assert row.task == "total" or row.metric in tasks[row.task].metrics
        assert row.task == "total" or set(row.languages) <= set(tasks[row.task].languages)
        seen.add((row.model, row.benchmark, row.task, row.metric))
    assert len(seen) == len(published_scores())


def test_figures_that_were_only_recalled_are_not_shipped() -> None:
    """The reference marks these as unverified: part-of-speech scores, exact match of XTREME's own runs."""
    assert not [row for row in published_scores() if row.task == "udpos"]
    own = [row for row in published_scores() if row.benchmark == "xtreme" and row.metric == "exact"]
    assert {row.model for row in own} <= {"mBERT (fairseq's table)", "XLM-R large (fairseq's table)"}


def test_sources_that_nobody_cites_are_not_listed() -> None:
    data = json.loads(Path(benchmarks.__file__).with_name("published.json").read_text(encoding="utf-8"))
    assert set(data["sources"]) == {row["source"] for row in data["rows"]}


def test_our_table_lies_beside_the_published_one() -> None:
    rows = compare_published(XTREME, {"xnli": {"accuracy": 75.0}}, 60.0)
    found = {(row["task"], row["metric"]): row for row in rows}
    assert found["xnli", "accuracy"]["ours"] == 75.0
    assert found["xnli", "accuracy"]["published"]["XLM-R large"] == 79.2
    assert found["tydiqa", "f1"]["ours"] is None
    assert found["tydiqa", "f1"]["published"]["X-STILTs"] == 76.0
    assert rows[-1] == {
        "task": "total",
        "metric": "mean",
        "ours": 60.0,
        "published": {"XLM-R large": 68.1, "X-STILTs": 73.5},
    }
