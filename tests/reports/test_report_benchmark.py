"""The benchmark's table and published scores beside ours: sums by hand, intervals row by row, what is missing."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from stored_scores import job

from xfer.core.store import write_json
from xfer.metrics.benchmarks import XTREME, XTREME_R, BenchmarkTask, published_papers, published_scores
from xfer.metrics.intervals import Ratio, Sample, percentile_interval, sample
from xfer.reports.summary import build_report
from xfer.reports.write import csv_table, report_markdown, report_text

Rows = dict[str, list[Any]]
READERS = {"bucc2018": "bucc", "mewslix": "mewsli_x"}


def credit(task: BenchmarkTask, seed: int, languages: tuple[str, ...], rows: int = 4) -> Rows:
    draw = Random(f"{task.name} {seed}")
    found: Rows = {
        "id": [str(i) for _ in languages for i in range(rows)],
        "language": [language for language in languages for _ in range(rows)],
    }
    for metric in task.metrics:
        counted = metric == "f1" and len(task.metrics) == 1  # a ratio of sums
        found[metric] = [float(draw.randrange(3)) if counted else draw.random() for _ in found["id"]]
        found[metric + ".of"] = [float(draw.randrange(2, 5)) if counted else 1.0 for _ in found["id"]]
    return found


def made(
    tasks: dict[str, tuple[str, ...]], benchmark: Any = XTREME, seeds: int = 2, **more: Any
) -> tuple[dict[str, Any], dict[str, Rows]]:
    """The report over these tasks and languages, and the credit under it."""
    names = {task: READERS.get(task, task) for task in tasks}
    stored = {
        f"{names[task]}/selected/{seed}": credit(benchmark.tasks[task], seed, languages)
        for task, languages in tasks.items()
        for seed in range(1, seeds + 1)
    }
    about = {"benchmark": {"name": benchmark.name, "tasks": names}} | more
    return build_report(job({name: name for name in names.values()}, seeds, **about), stored), stored


def whole(benchmark: Any = XTREME) -> dict[str, tuple[str, ...]]:
    return {name: task.languages for name, task in benchmark.tasks.items()}


def value(stored: dict[str, Rows], name: str, language: str, metric: str) -> float:
    """In percent, averaged over two seeds."""
    found = []
    for seed in (1, 2):
        rows = stored[f"{name}/selected/{seed}"]
        own = [i for i, code in enumerate(rows["language"]) if code == language]
        found.append(100 * sum(rows[metric][i] for i in own) / sum(rows[f"{metric}.of"][i] for i in own))
    return fmean(found)


@pytest.fixture(scope="module")
def complete() -> tuple[dict[str, Any], dict[str, Rows]]:
    return made(whole(), against="phang2020")


def test_a_task_is_the_mean_over_its_languages_and_metrics(complete: tuple[dict[str, Any], dict[str, Rows]]) -> None:
    report, stored = complete
    for name, task in XTREME.tasks.items():
        own = READERS.get(name, name)
        means = {m: fmean(value(stored, own, code, m) for code in task.languages) for m in task.metrics}
        found = report["benchmark"]["tasks"][name]
        assert {metric: cell["value"] for metric, cell in found["mean"].items()} == pytest.approx(means)
        assert found["score"]["value"] == pytest.approx(fmean(means.values()))
        assert found["left_out"] == [] and found["evaluation"] == own
        if "en" in task.languages:
            each = {code: fmean(value(stored, own, code, m) for m in task.metrics) for code in task.languages}
            gap = each["en"] - fmean(score for code, score in each.items() if code != "en")
            assert found["gap"]["value"] == pytest.approx(gap)
        else:
            assert found["gap"] is None


def test_the_total_is_the_unweighted_mean_of_the_tasks_and_groups_are_of_theirs(
    complete: tuple[dict[str, Any], dict[str, Rows]],
) -> None:
    found = complete[0]["benchmark"]
    scores = {name: task["score"]["value"] for name, task in found["tasks"].items()}
    assert found["total"]["value"] == pytest.approx(fmean(scores.values()))
    assert found["average"] == found["total"]
    assert found["groups"]["qa"]["value"] == pytest.approx(fmean(scores[n] for n in ("xquad", "mlqa", "tydiqa")))
    assert found["groups"]["retrieval"]["value"] == pytest.approx(fmean(scores[n] for n in ("bucc2018", "tatoeba")))
    assert found["missing"] == [] and found["incomplete"] == {}


def test_the_interval_of_the_total_is_of_the_sum_of_all_that_each_row_adds(
    complete: tuple[dict[str, Any], dict[str, Rows]],
) -> None:
    report, stored = complete
    total: list[Sample] = []
    for number, (name, task) in enumerate(XTREME.tasks.items()):
        for code in task.languages:
            for metric in task.metrics:
                runs = [stored[f"{READERS.get(name, name)}/selected/{seed}"] for seed in (1, 2)]
                places = [i for i, c in enumerate(runs[0]["language"]) if c == code]
                sides = [np.array([[run[m][i] for i in places] for run in runs]) for m in (metric, f"{metric}.of")]
                keys = np.array([100 * number + int(runs[0]["id"][i]) for i in places])
                total.append(sample(Ratio(*sides), keys) / (9 * len(task.languages) * len(task.metrics)))
    low, high = percentile_interval(sum(total[1:], total[0]))
    found = report["benchmark"]["total"]
    assert (found["low"], found["high"]) == (pytest.approx(100 * low), pytest.approx(100 * high))
    assert 100 * low < found["value"] < 100 * high


def test_the_total_has_the_narrowest_interval() -> None:
    """Over rows alone: two seeds come out alike in some task by chance."""
    found = made(whole(), seeds=1)[0]["benchmark"]
    widths = [task["score"]["high"] - task["score"]["low"] for task in found["tasks"].values()]
    assert found["total"]["high"] - found["total"]["low"] < min(widths)


def test_the_table_shows_tasks_in_the_order_of_the_benchmark_and_its_total(
    complete: tuple[dict[str, Any], dict[str, Rows]], tmp_path: Path
) -> None:
    report, _ = complete
    shown = report_text(report)
    part = next(part for part in shown.split("\n\n\n") if part.startswith("XTREME\n"))
    lines = [line for line in part.splitlines() if line and not line.startswith("-")]
    assert lines[1].split() == ["task", "languages", "F1", "EM", "accuracy", "gap", "score"]
    assert [line.split()[0] for line in lines[2:11]] == list(XTREME.tasks)
    assert lines[2].split()[1] == "7/7" and lines[15].startswith("XTREME ")
    assert lines[15].split()[1] == f"{report['benchmark']['total']['value']:.1f}"
    assert "No total" not in part
    write_json(tmp_path / "report.json", report)
    read = json.loads((tmp_path / "report.json").read_text())
    assert report_text(read) == shown and report_markdown(read) == report_markdown(report)
    assert "## XTREME\n\n| task | languages | F1 |" in report_markdown(report)


def test_the_numbers_of_the_table_are_in_the_csv(complete: tuple[dict[str, Any], dict[str, Rows]]) -> None:
    report, _ = complete
    rows = list(csv.DictReader(io.StringIO(csv_table(report))))
    found = {(row["data"], row["language"], row["column"]): row for row in rows}
    assert len(found) == len(rows)
    total, xquad = report["benchmark"]["total"], report["benchmark"]["tasks"]["xquad"]
    assert float(found["XTREME", "mean", "total"]["value"]) == total["value"]
    assert float(found["XTREME", "mean", "xquad.exact"]["low"]) == xquad["mean"]["exact"]["low"]
    assert found["XTREME", "mean", "xquad.score"]["rows"] == "11"
    assert float(found["X-STILTs", "mean", "xnli.accuracy"]["value"]) == 80.4


def test_what_is_not_tested_leaves_no_total_but_a_mean_that_says_so() -> None:
    some = {"xnli": ("en", "de"), "tydiqa": XTREME.tasks["tydiqa"].languages}
    report, _ = made(some)
    found = report["benchmark"]
    assert found["total"] is None and set(found["missing"]) == set(XTREME.tasks) - set(some)
    assert found["incomplete"] == {"xnli": [c for c in XTREME.tasks["xnli"].languages if c not in ("en", "de")]}
    scores = [task["score"]["value"] for task in found["tasks"].values()]
    assert found["average"]["value"] == pytest.approx(fmean(scores)) and found["groups"] == {}
    part = report_text(report).split("\n\n\n")[-1]
    assert "mean of tasks" in part and "2/15" in part and "9/9" in part
    assert "No total as published: pawsx is not tested; " in part
    assert "not all languages of xnli are tested." in part


def test_languages_that_the_benchmark_does_not_have_do_not_count() -> None:
    report, stored = made({"xnli": ("en", "de", "xx")})
    task = report["benchmark"]["tasks"]["xnli"]
    assert task["languages"] == ["de", "en"] and "xx" in report["languages"]  # one data set: its table is the report
    wanted = fmean(value(stored, "xnli", code, "accuracy") for code in ("de", "en"))
    assert task["score"]["value"] == pytest.approx(wanted)


def test_an_evaluation_without_the_official_metric_is_not_of_the_benchmark() -> None:
    stored = {"panx/selected/1": credit(XTREME.tasks["xnli"], 1, ("en", "de"))}
    about = {"benchmark": {"name": "xtreme", "tasks": {"panx": "panx"}}}
    report = build_report(job({"panx": "panx"}, 1, **about), stored)
    assert report["benchmark"]["tasks"] == {} and report["benchmark"]["total"] is None
    assert "No total as published: pawsx is not tested" in report_text(report)


def test_xtreme_r_has_its_own_tasks_and_metric() -> None:
    report, _ = made(whole(XTREME_R), XTREME_R, against="xtreme_r")
    assert len(report["benchmark"]["tasks"]) == 10 and report["benchmark"]["total"] is not None
    assert "mAP@20" in report_text(report)
    rows = {(row["task"], row["metric"], row["language"]): row for row in report["against"]["rows"]}
    assert rows["xquad", "f1", "ro"]["published"] == {"mBERT": 72.7, "XLM-R large": 83.6}
    assert rows["xcopa", "accuracy", "mean"]["published"] == {"XLM-R large": 68.69}


# published scores


def test_published_scores_lie_beside_ours_by_task_and_language(
    complete: tuple[dict[str, Any], dict[str, Rows]],
) -> None:
    report, _ = complete
    against, tasks = report["against"], report["benchmark"]["tasks"]
    rows = {(row["task"], row["metric"], row["language"]): row for row in against["rows"]}
    assert rows["tydiqa", "f1", "mean"]["published"] == {"XLM-R large": 65.1, "X-STILTs": 76.0}
    assert rows["tydiqa", "f1", "mean"]["ours"] == pytest.approx(tasks["tydiqa"]["mean"]["f1"]["value"])
    assert rows["pawsx", "accuracy", "ko"]["published"] == {"XLM-R large": 79.0}
    assert rows["pawsx", "accuracy", "ko"]["ours"] is not None
    assert rows["total", "mean", "mean"]["ours"] == report["benchmark"]["total"]["value"]
    assert rows["total", "mean", "mean"]["published"]["X-STILTs"] == 73.5
    assert ("udpos", "f1", "mean") not in rows  # never verified, so not shipped


def test_every_published_figure_comes_with_the_line_of_its_source(
    complete: tuple[dict[str, Any], dict[str, Rows]],
) -> None:
    report, _ = complete
    rows = {(row["task"], row["metric"], row["language"]): row for row in report["against"]["rows"]}
    known = [
        row for row in published_scores() if row.model in ("XLM-R large", "X-STILTs") and row.benchmark == "xtreme"
    ]
    for row in known:
        for language in [*row.languages, *(["mean"] if row.mean is not None else [])]:
            assert rows[row.task, row.metric, language]["sources"][row.model] == row.source
    assert all(row["published"].keys() == row["sources"].keys() for row in rows.values())
    part = report_text(report).split("\n\n\n")[-1]
    assert all(part.count(f"Published: {source}.") == 1 for source in {row.source for row in known})
    assert "made-up" not in part and "(n/m)" not in part


def test_the_total_of_another_benchmark_is_not_laid_beside() -> None:
    report, _ = made(whole(XTREME_R), XTREME_R, against="phang2020")
    assert "total" not in {row["task"] for row in report["against"]["rows"]}
    rows = {(row["task"], row["language"]): row for row in report["against"]["rows"]}
    assert rows["panx", "mean"]["languages"] == rows["panx", "mean"]["of"] == 40  # of the 48 that were tested


def test_miniature_scores_are_said_to_be_made_up_and_part_means_to_be_parts() -> None:
    about = job({"pawsx": "pawsx"}, 1, against="xtreme")
    about["tables"][0]["made_up"] = True
    report = build_report(about, {"pawsx/selected/1": credit(XTREME.tasks["pawsx"], 1, ("de", "en"))})
    assert "languages" in report and "tables" not in report  # one data set keeps its form
    shown = report_text(report)
    assert "made-up data (source: miniature): the published ones are not comparable" in shown
    assert "mean (2/7)" in shown and "(n/m): our mean is over n of the m languages" in shown
    ja = next(row for row in report["against"]["rows"] if row["language"] == "ja")
    assert ja["ours"] is None and ja["published"]["MMTE"] == 72.0


def test_a_data_set_without_published_scores_says_so() -> None:
    report = build_report(
        job({"mnli": "mnli"}, 1, against="phang2020"),
        {"mnli/selected/1": credit(XTREME.tasks["xnli"], 1, ("en",))},
    )
    assert report["against"]["rows"] == [] and "None of the data sets tested here has a score there." in report_text(
        report
    )


@pytest.mark.parametrize("name", ["phang2020", "xtreme", "xtreme_r", "ernie_m"])
def test_every_paper_names_models_that_have_rows(name: str) -> None:
    paper = published_papers()[name]
    there = {row.model for row in published_scores() if row.benchmark == paper.benchmark}
    assert paper.models and set(paper.models) <= there and paper.title


def test_the_chance_level_of_the_benchmark_is_averaged_as_its_scores_are() -> None:
    tasks = {name: task.languages for name, task in XTREME_R.tasks.items()}
    names = {task: READERS.get(task, task) for task in tasks}
    levels = {name: 0.01 * place for place, name in enumerate(tasks, 1)}
    stored = {f"{names[name]}/selected/1": credit(XTREME_R.tasks[name], 1, codes) for name, codes in tasks.items()}
    answers = {
        f"{names[name]}/selected/1": {
            code: {"chance": dict.fromkeys(XTREME_R.tasks[name].metrics, levels[name]), "collapsed": False}
            for code in codes
        }
        for name, codes in tasks.items()
    }
    about = job({name: name for name in names.values()}, 1, benchmark={"name": "xtreme-r", "tasks": names})
    report = build_report(about, stored, None, answers)
    found = report["benchmark"]
    for name, level in levels.items():
        assert found["tasks"][name]["score"]["chance"] == pytest.approx(100 * level)
        assert found["tasks"][name]["gap"] is None or "chance" not in found["tasks"][name]["gap"]
    assert found["total"]["chance"] == pytest.approx(fmean(100 * level for level in levels.values()))
    assert found["groups"]["retrieval"]["chance"] == pytest.approx(50 * (levels["tatoeba"] + levels["mewslix"]))
    shown = report_text(report)
    assert "gap" in shown and " score  chance\n" in shown
    assert "group retrieval_with_lareqa (ours)" in shown and "group multi_choice " in shown
    del answers["tatoeba/selected/1"]["de"]["chance"]["accuracy"]
    assert "chance" not in build_report(about, stored, None, answers)["benchmark"]["total"]  # of all or of none
