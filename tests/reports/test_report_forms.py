"""Reports of every form: a table's values are those of scores.json to the last digit, and intervals fit the metric."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.stats import t
from stored_scores import Part, report, scored

from xfer.core.store import write_json
from xfer.forms.base import build_form
from xfer.metrics.retrieval import average_precision
from xfer.metrics.tagging import entity_counts
from xfer.reports.write import csv_table, report_markdown, report_text

Rows = dict[str, list[Any]]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
WORDS = "the cat sat on a red mat in Paris with 12 old men".split()


def heads(draw: Random, count: int) -> Rows:
    languages = [draw.choice(["de", "en", "zh"]) for _ in range(count)]
    return {"id": [f"r{i}" for i in range(count)], "language": languages, "score": [0.5] * count}


def labels(draw: Random, count: int) -> Rows:
    rows = heads(draw, count)
    rows["gold"] = [draw.choice(["no", "yes", None]) for _ in range(count)]
    rows["predicted"] = [draw.choice(["no", "yes"]) for _ in range(count)]
    pairs = zip(rows["gold"], rows["predicted"], strict=True)
    return rows | {"credit": [None if gold is None else float(gold == found) for gold, found in pairs]}


def choices(draw: Random, count: int) -> Rows:
    rows = labels(draw, count)
    number = {"no": 0, "yes": 1, None: None}
    rows["logits"] = [[0.0, 0.0]] * count
    return rows | {name: [number[label] for label in rows[name]] for name in ("gold", "predicted")}


def masks(draw: Random, count: int) -> Rows:
    units = [draw.randrange(0, 7) for _ in range(count)]
    right = [draw.randrange(0, unit + 1) for unit in units]
    credit = [hit / unit if unit else None for hit, unit in zip(right, units, strict=True)]
    loss = [draw.random() * unit for unit in units]
    return heads(draw, count) | {"units": units, "right": right, "loss": loss, "credit": credit}


def tags(draw: Random, count: int) -> Rows:
    gold = [[draw.choice(TAGS) for _ in range(draw.randrange(1, 9))] for _ in range(count)]
    found = [[tag if draw.random() < 0.6 else draw.choice(TAGS) for tag in sentence] for sentence in gold]
    hidden = [draw.random() < 0.1 for _ in range(count)]
    rows = heads(draw, count) | {"gold": [None if h else g for h, g in zip(hidden, gold, strict=True)]}
    rows["predicted"] = found
    rows["credit"] = [None if h else 0.5 for h in hidden]  # what is stored of it must not matter
    each = [entity_counts([g], [p])[0].tolist() for g, p in zip(gold, found, strict=True)]
    return rows | {"counts": [None if h else count for h, count in zip(hidden, each, strict=True)]}


def answers(rules: str) -> Callable[[Random, int], Rows]:
    def made(draw: Random, count: int) -> Rows:
        def phrase() -> str:
            return " ".join(draw.choices(WORDS, k=draw.randrange(1, 5)))

        rows, nothing = heads(draw, count), rules == "squad_v2"
        gold: list[Any] = [[phrase() for _ in range(draw.randrange(0 if nothing else 1, 4))] for _ in range(count)]
        gold = [None if draw.random() < 0.1 else answers for answers in gold]
        rows |= {"gold": gold, "predicted": [draw.choice(g) if g and draw.random() < 0.4 else phrase() for g in gold]}
        if nothing:
            rows["predicted"] = ["" if draw.random() < 0.3 else found for found in rows["predicted"]]
        return rows | {"credit": [None if g is None else 0.5 for g in gold]}

    return made


def mined(draw: Random, count: int) -> Rows:
    gold = [["c"] if draw.random() < 0.5 else [] for _ in range(count)]
    found = [draw.choice([["c"], ["d"], []]) for _ in range(count)]
    each = [[int(bool(g) and g == p), len(p), len(g)] for g, p in zip(gold, found, strict=True)]
    return heads(draw, count) | {"gold": gold, "predicted": found, "credit": [0.5] * count, "counts": each}


def ranked(draw: Random, count: int) -> Rows:
    names = [f"c{i}" for i in range(30)]
    gold = [draw.sample(names, draw.randrange(1, 6)) for _ in range(count)]
    found = [draw.sample(names, 20) for _ in range(count)]
    credit = [average_precision(p, g, 20) for p, g in zip(found, gold, strict=True)]
    return heads(draw, count) | {"gold": gold, "predicted": found, "credit": credit}


def nearest(draw: Random, count: int) -> Rows:
    rows = ranked(draw, count)
    first = zip(rows["predicted"], rows["gold"], strict=True)
    return rows | {"credit": [float(found[0] in gold) for found, gold in first]}


def kind(name: str, *names: str, **options: Any) -> dict[str, Any]:
    return {"form": name, "labels": list(names), "options": options}


FORMS: dict[str, tuple[dict[str, Any], Callable[[Random, int], Rows], list[str]]] = {
    "classify": (kind("classify", "no", "yes"), labels, ["accuracy"]),
    "classify with a positive": (kind("classify", "no", "yes", positive="yes"), labels, ["accuracy", "f1"]),
    "choose": (kind("choose"), choices, ["accuracy"]),
    "mask": (kind("mask"), masks, ["accuracy"]),
    "tag": (kind("tag", *TAGS), tags, ["f1", "accuracy"]),
    "tag by token": (kind("tag", *TAGS, metric="accuracy"), tags, ["accuracy"]),
    "span": (kind("span"), answers("squad"), ["f1", "exact"]),
    "span of squad_v2": (kind("span", rules="squad_v2"), answers("squad_v2"), ["f1", "exact"]),
    "span of mlqa": (kind("span", rules="mlqa"), answers("mlqa"), ["f1", "exact"]),
    "retrieve, mining": (kind("retrieve", task="mining"), mined, ["f1"]),
    "retrieve, nearest": (kind("retrieve", task="nearest"), nearest, ["accuracy"]),
    "retrieve, ranking": (kind("retrieve", task="ranking"), ranked, ["map@20"]),
}


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("name", FORMS)
def test_values_are_those_of_the_scores_to_the_last_digit(name: str, seeds: int, tmp_path: Path) -> None:
    job, made, metrics = FORMS[name]
    runs = [made(Random(f"{name} rows"), 97)]
    for seed in range(1, seeds):  # the same rows, answered otherwise
        other = made(Random(f"{name} {seed}"), 97)
        runs.append(other | {key: runs[0][key] for key in ("id", "language")})
    if seeds > 1:  # other draws hide the gold of other rows: take those of the first run's that all can grade
        graded = [all(run["credit"][i] is not None for run in runs) for i in range(97)]
        runs = [
            {key: [v for v, g in zip(values, graded, strict=True) if g] for key, values in run.items()} for run in runs
        ]
    table, scores = report(tmp_path, {"clean": ("data", job, runs)})
    assert table["metrics"] == metrics and table["metric"] == metrics[0]
    assert set(table["languages"]) == {"de", "en", "zh"}
    for language, row in table["languages"].items():
        for metric in metrics:
            cell = row["clean" if metric == metrics[0] else f"clean.{metric}"]
            found = [seed[language][metric] for seed in scores["clean"]]
            assert cell["value"] == 100 * (sum(found) / len(found)), (language, metric)
            assert cell["rows"] == scores["clean"][0][language]["rows"]
            assert cell["low"] <= cell["value"] <= cell["high"]
    means = [row["clean"]["value"] for row in table["languages"].values()]
    assert table["mean"]["clean"]["value"] == pytest.approx(sum(means) / 3, rel=1e-12)


@pytest.mark.parametrize("name", FORMS)
def test_the_main_metric_comes_first_in_the_scores(name: str, tmp_path: Path) -> None:
    job, made, metrics = FORMS[name]
    scores, _ = scored(tmp_path, job, made(Random(name), 60))
    assert list(scores["en"])[:2] == ["rows", metrics[0]]


def test_the_interval_of_a_tag_table_is_close_to_that_of_a_corpus_f1_drawn_sentence_by_sentence(tmp_path: Path) -> None:
    job, made, _ = FORMS["tag"]
    predictions = made(Random("brute"), 40)
    table, _ = report(tmp_path, {"clean": ("panx", job, [predictions])})
    places = [i for i, lang in enumerate(predictions["language"]) if lang == "de" and predictions["gold"][i]]
    scorer, values = build_form("tag", TAGS), []
    draw = Random("draws")
    for _ in range(2_000):  # a bootstrap: rows with replacement
        bag = draw.choices(places, k=len(places))
        values.append(scorer.score({key: [predictions[key][i] for i in bag] for key in ("gold", "predicted")})["f1"])
    cell = table["languages"]["de"]["clean"]
    half = 100 * t.ppf(0.975, len(places) - 1) * np.std(values)
    assert cell["high"] - cell["low"] == pytest.approx(2 * half, rel=0.1)


def test_f1_and_exact_match_are_drawn_together_for_their_mean(tmp_path: Path) -> None:
    job, made, _ = FORMS["span"]
    table, _ = report(tmp_path, {"clean": ("xquad", job, [made(Random(1), 80)])})
    row = table["languages"]["en"]
    assert row["clean.both"]["value"] == pytest.approx((row["clean"]["value"] + row["clean.exact"]["value"]) / 2)
    assert row["clean.both"]["low"] <= row["clean.both"]["value"] <= row["clean.both"]["high"]
    shown = report_text(table).splitlines()
    assert shown[0].split()[:3] == ["language", "clean", "EM"]
    assert f"Mean of F1 and EM: clean {table['mean']['clean.both']['value']:.1f} [" in shown[-1]


# several data sets


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    chosen = {"xnli": "classify", "panx": "tag", "xquad": "span"}
    parts: dict[str, Part] = {}
    for reader, name in chosen.items():
        job, made, _ = FORMS[name]
        parts[reader] = reader, job, [made(Random(reader), 50)]
    job, made, _ = FORMS["tag"]
    parts["panx_again"] = "panx", job, [made(Random("again"), 50)]
    return report(tmp_path_factory.mktemp("several"), parts)[0]


def test_a_report_over_three_forms_has_a_table_for_each_data_set(several: dict[str, Any]) -> None:
    found = [(table["data"], table["metric"], table["order"]) for table in several["tables"]]
    assert found == [
        ("xnli", "accuracy", ["xnli"]),
        ("panx", "f1", ["panx", "panx_again"]),
        ("xquad", "f1", ["xquad"]),
    ]
    assert "languages" not in several and set(several["evaluations"]) == {"xnli", "panx", "panx_again", "xquad"}
    for table in several["tables"]:
        assert "gap" in table["languages"]["de"] and "gap" not in table["languages"]["en"]


def test_several_tables_as_text_and_markdown(several: dict[str, Any], tmp_path: Path) -> None:
    shown = report_text(several)
    headings = [line for line in shown.splitlines() if line in ("xnli: accuracy", "panx: F1", "xquad: F1")]
    assert headings == ["xnli: accuracy", "panx: F1", "xquad: F1"]
    assert shown.count("F1 in percent, 1 seed") == 2 and shown.count("accuracy in percent, 1 seed") == 1
    marked = report_markdown(several)
    assert marked.startswith("# hand\n\n## xnli: accuracy\n\n| language | xnli | gap |\n|---|---:|---:|\n| de | ")
    assert "| language | xquad | EM | gap |" in marked and "| language | panx | panx_again | gap |" in marked
    write_json(tmp_path / "report.json", several)
    read = json.loads((tmp_path / "report.json").read_text())
    assert (report_text(read), report_markdown(read), csv_table(read)) == (shown, marked, csv_table(several))


def test_several_tables_as_csv(several: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table(several))))
    assert list(rows[0]) == ["data", "language", "column", "value", "low", "high", "rows", "chance", "collapsed"]
    found = {(row["data"], row["language"], row["column"]): row for row in rows}
    assert len(found) == len(rows)
    panx = several["tables"][1]["languages"]["zh"]
    assert float(found["panx", "zh", "panx.accuracy"]["value"]) == panx["panx.accuracy"]["value"]
    assert float(found["xquad", "mean", "xquad.exact"]["low"]) == several["tables"][2]["mean"]["xquad.exact"]["low"]


def test_token_accuracy_stands_beside_f1_in_data_alone(several: dict[str, Any]) -> None:
    (panx,) = [part for part in report_text(several).split("\n\n\n") if part.startswith("panx")]
    assert "panx.accuracy" in several["tables"][1]["mean"] and "accuracy" not in panx
