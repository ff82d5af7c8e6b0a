"""``xfer results`` and ``xfer.results``: every number of studies and recipes, filtered, in one table."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import xfer as package
from xfer.core.errors import MissingPart, UsageError

Xfer = Callable[..., Any]
COMMON = {"evaluation": "clean", "data": "xnli", "reader": "xnli", "attacker": None, "stage": "t", "metric": "accuracy"}
NUMBERS = {"value": 50.0, "low": 45.0, "high": 55.0, "seeds": 2}


def study(name: str, **axes: str) -> dict[str, Any]:
    """A study of one cell, with a score in two languages and a drop."""
    row = axes | COMMON | {"measure": "score", "language": "en", "trained": True} | NUMBERS
    typos = {"evaluation": "typos", "attacker": "typos", "measure": "drop"}
    rows = [row, row | {"language": "de", "trained": False, "value": 40.5}, row | typos | {"value": 7.0}]
    return {
        "name": name,
        "scale": "miniature",
        "axes": {axis: [level] for axis, level in axes.items()},
        "records": rows,
    }


def report(name: str) -> dict[str, Any]:
    """A recipe that tested one data set, clean and under typos, beside a baseline."""
    number = {"value": 60.0, "low": 55.0, "high": 65.0, "rows": 9}
    cells = dict.fromkeys(("clean", "typos", "typos.drop", "clean.exact", "bought", "gap"), number)
    cells |= {"typos.relative": {"value": 12.5, "rows": 9}}
    evaluations = {
        "clean": {"stage": "t", "attacker": None, "trained": ["en"]},
        "typos": {"stage": "t", "attacker": {"type": "typos"}, "trained": ["en"]},
    }
    table = {"data": "xquad", "reader": "xquad", "order": ["clean", "typos"], "compare": "clean", "metric": "f1"}
    table |= {"languages": {"de": cells, "en": cells}, "mean": cells}
    return {"name": name, "seeds": [1, 2, 3], "evaluations": evaluations, "tables": [table]}


@pytest.fixture
def runs(write: Callable[..., Path]) -> Path:
    write("runs/b/study.json", json.dumps(study("b", method="freelb")))
    write("runs/a/study.json", json.dumps(study("a", method="pgd", target="xnli")))
    write("runs/a/report.json", "never read: the study of the folder is")
    write("runs/c/report.json", json.dumps(report("c")))
    return Path("runs")


def test_all_numbers_of_all_runs(runs: Path, xfer: Xfer) -> None:
    rows = xfer("results", "--json").json
    assert [row["run"] for row in rows] == ["a"] * 3 + ["b"] * 3 + ["c"] * 19
    assert len({tuple(row) for row in rows}) == 1  # the same columns in each
    assert list(rows[0])[:5] == ["run", "kind", "scale", "method", "target"] and list(rows[0])[-1] == "collapsed"
    assert (rows[0]["method"], rows[0]["target"], rows[3]["method"], rows[3]["target"]) == (
        "pgd",
        "xnli",
        "freelb",
        None,
    )
    assert rows[1]["value"] == 40.5 and rows[1]["language"] == "de" and rows[1]["trained"] is False


def test_the_numbers_of_a_recipe_say_what_they_are(runs: Path, xfer: Xfer) -> None:
    rows = xfer("results", "runs/c", "--json").json
    found = {(row["evaluation"], row["measure"], row["metric"], row["language"]): row for row in rows}
    assert len(found) == len(rows) == 3 * 6 + 1  # six columns a language, and the gap of the mean alone
    assert {key[:3] for key in found} == {
        ("clean", "score", "f1"), ("clean", "score", "exact"), ("clean", "bought", "f1"), ("clean", "gap", "f1"),
        ("typos", "score", "f1"), ("typos", "drop", "f1"), ("typos", "relative", "f1"),
    }  # fmt: skip
    drop = found["typos", "drop", "f1", "de"]
    assert (drop["attacker"], drop["stage"], drop["trained"], drop["seeds"]) == ("typos", "t", False, 3)
    share = found["typos", "relative", "f1", "en"]
    assert (share["value"], share["low"], share["trained"]) == (12.5, None, True)
    assert found["clean", "gap", "f1", "mean"]["value"] == 60.0


def test_where_takes_one_of_the_values_of_each_column(runs: Path, xfer: Xfer) -> None:
    def kept(*where: str) -> list[str]:
        words = [word for one in where for word in ("--where", one)]
        return [row["run"] for row in xfer("results", *words, "--json").json]

    assert kept("method=pgd") == ["a"] * 3 and kept("target=") == ["b"] * 3 + ["c"] * 19
    assert kept("method=pgd", "method=freelb", "measure=drop") == ["a", "b"]
    assert kept("trained=true", "kind=study", "measure=score") == ["a", "b"]
    assert kept("method=nobody") == []


def test_csv_holds_the_same(runs: Path, xfer: Xfer) -> None:
    read = list(csv.DictReader(io.StringIO(xfer("results", "runs/a/study.json", "runs/b", "--csv").out)))
    assert [row["value"] for row in read] == ["50.0", "40.5", "7.0"] * 2
    assert read[0]["trained"] == "true" and read[3]["target"] == ""
    shown = xfer("results", "runs/b").out.split("\n")
    assert shown[0].split()[:3] == ["run", "kind", "scale"] and shown[2].split()[-4:] == ["40.5", "45.0", "55.0", "2"]


@pytest.mark.parametrize(
    "words, told",
    [
        (["results", "nowhere"], "there is no nowhere"),
        (["results", "empty"], "empty holds no results"),
        (["results", "--where", "methd=pgd"], "did you mean 'method'?"),
        (["results", "--where", "method"], "not of the form COLUMN=VALUE"),
        (["results", "--csv", "--json"], "say one of them"),
        (["results", "torn.json"], "torn.json cannot be read"),
        (["results", "other.json"], "other.json is neither"),
        (["results", "part.json"], "part.json is not whole (KeyError: 'name')"),
        (["results", "rows.json"], "rows.json is not whole (TypeError"),
        (["results", "tables.json"], "tables.json is not whole (KeyError"),
    ],
)
def test_wrong_words_are_one_line(words: list[str], told: str, runs: Path, write: Any, xfer: Xfer) -> None:
    Path("empty").mkdir()
    write("torn.json", '{"name": ')
    write("other.json", "[1]")
    write("part.json", '{"records": [], "axes": {}}')
    write("rows.json", '{"records": [1], "axes": {}, "name": "x", "scale": null}')
    write("tables.json", '{"evaluations": {}, "tables": [{}], "name": "x"}')
    found = xfer(*words)
    assert found.code == 2 and told in found.err and len(found.err.strip().split("\n")) == 1


def test_the_data_frame(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    frame = package.results(runs, where={"measure": "score", "method": ["pgd", "freelb"]})
    assert frame.groupby("method")["value"].mean().to_dict() == {"pgd": 45.25, "freelb": 45.25}
    assert len(package.results()) == 25 and package.results(where={"run": "nobody"}).empty
    with pytest.raises(UsageError, match="no result has 'x'"):
        package.results("runs", where={"x": "y"})
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPart, match="pip install pandas"):
        package.results("runs")
