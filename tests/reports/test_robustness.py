"""Scores of attacks, worked out by hand: success, words, gaps, coverage, the sample, and networks laid beside."""

from __future__ import annotations

import csv
import io
import json
from hashlib import blake2b
from types import SimpleNamespace
from typing import Any

import pytest

from xfer.attackers.changes import changed_share, difference_edits, words_changed
from xfer.reports.changed import AttackedRows, attacked_rows_of, ids_fingerprint
from xfer.reports.summary import build_report
from xfer.reports.write import csv_table, report_markdown, report_text
from xfer.steps.rows import write_rows
from xfer.text.edits import Edit, splice_edits

LANGUAGES = ["en"] * 4 + ["sw"] * 4
IDS = ["1", "2", "3", "4"] * 2
# Right (1) or wrong (0) by row: en1 en2 en3 en4 | sw1 sw2 sw3 sw4
CREDIT = {
    "clean/selected/1": "1111 1100", "clean/selected/2": "1101 1010",
    "other/selected/1": "1110 1100", "other/selected/2": "1110 1001",
    "typos/selected/1": "1100 0100", "typos/selected/2": "0101 1001",
    "rival/selected/1": "0010 1000", "rival/selected/2": "1110 1001",
}  # fmt: skip
ATTACK = {"kind": "attacker", "type": "typos"}


def scored(marks: str) -> dict[str, list[Any]]:
    credit = [float(mark) for mark in marks.replace(" ", "")]
    return {"id": IDS, "language": LANGUAGES, "accuracy": credit, "accuracy.of": [1.0] * 8}


def about(*order: str) -> dict[str, Any]:
    stages = {"clean": "a", "typos": "a", "other": "b", "rival": "b"}
    evaluations = {
        name: {"stage": stages[name], "trained": ["en"], "rows": "xnli",
               "attacker": ATTACK if name in ("typos", "rival") else None}
        for name in order
    }  # fmt: skip
    table = {"data": "xnli", "reader": "xnli", "made_up": True, "order": list(order), "compare": "clean"}
    common = {"name": "hand", "seeds": [1, 2], "order": list(order), "benchmark": None, "against": None}
    return common | {"tables": [table | {"baseline": None}], "evaluations": evaluations}


STATUS = ["changed"] * 3 + ["unchanged"] + ["changed"] * 2 + ["dropped", "unchanged"]


@pytest.fixture
def changes(tmp_path: Any) -> AttackedRows:
    """Four words a row: one changed in en1 and sw1, two in en2 and sw2, all in en3; sw3 is dropped."""
    edits = {
        "1": [Edit(0, 1, "A", "k")], "2": [Edit(0, 1, "A", "k"), Edit(5, 5, "x", "k")],
        "3": [Edit(0, 7, "w x y z", "k")],
    }  # fmt: skip
    before = {"id": IDS, "language": LANGUAGES, "text": ["a b c d"] * 8, "pair": [None] * 8, "label": ["x"] * 8}
    done = [edits.get(name, []) if status == "changed" else [] for name, status in zip(IDS, STATUS, strict=True)]
    kept = [i for i, status in enumerate(STATUS) if status != "dropped"]
    after = {name: [values[i] for i in kept] for name, values in before.items()}
    after["text"] = [splice_edits("a b c d", done[i]) for i in kept]
    told = [json.dumps([{"column": "text", **edit._asdict()} for edit in some]) for some in done]
    notes = {"id": IDS, "language": LANGUAGES, "status": STATUS, "edits": told, "message": [""] * 8}
    for name, tables in {"given": {"rows": before}, "made": {
        "rows": after, "edits": notes | {"queries": [0] * 8, "forwards": [0] * 8}}}.items():  # fmt: skip
        (tmp_path / name / "out").mkdir(parents=True)
        for file, columns in tables.items():
            write_rows(tmp_path / name / "out" / f"{file}.parquet", columns)
    entries = [SimpleNamespace(out=tmp_path / name / "out") for name in ("made", "given")]
    return attacked_rows_of(*entries)  # type: ignore[arg-type]


@pytest.fixture
def made(changes: AttackedRows) -> dict[str, Any]:
    stored = {name: scored(marks) for name, marks in CREDIT.items()}
    return build_report(about("clean", "other", "typos", "rival"), stored, {"typos": [changes], "rival": [changes]})


def test_success_is_over_the_rows_that_were_right(made: dict[str, Any]) -> None:
    attack = made["robustness"]["attacks"]["typos"]
    # en: seed 1 loses 2 of 4, seed 2 loses 1 of 3 (en1); sw: seed 1 loses 1 of 2, seed 2 loses 1 of 2
    assert attack["languages"]["en"]["success"]["value"] == pytest.approx(100 * (2 / 4 + 1 / 3) / 2)
    assert attack["languages"]["sw"]["success"]["value"] == pytest.approx(50.0)
    assert attack["languages"]["en"]["success"]["rows"] == 3.5
    assert attack["mean"]["success"]["value"] == pytest.approx((100 * (2 / 4 + 1 / 3) / 2 + 50) / 2)
    for row in (*attack["languages"].values(), attack["mean"]):
        assert row["success"]["low"] <= row["success"]["value"] <= row["success"]["high"]


def test_gaps_are_the_training_language_minus_the_others(made: dict[str, Any]) -> None:
    mean = made["robustness"]["attacks"]["typos"]["mean"]
    # robust: en 4/8, sw 3/8; clean: en 7/8, sw 4/8: the gap was 37.5 and is 12.5
    assert mean["gap"]["value"] == pytest.approx(12.5) and mean["growth"]["value"] == pytest.approx(12.5 - 37.5)
    assert mean["gap"]["low"] <= 12.5 <= mean["gap"]["high"]
    assert mean["growth"]["low"] <= -25 <= mean["growth"]["high"]


def test_words_and_coverage(made: dict[str, Any], changes: AttackedRows) -> None:
    rows = made["robustness"]["attacks"]["typos"]["languages"]
    assert rows["en"]["words"]["value"] == pytest.approx(100 * (1 / 4 + 2 / 4 + 4 / 4) / 3)
    assert rows["sw"]["words"]["value"] == pytest.approx(100 * (1 / 4 + 2 / 4) / 2)
    states = ("changed", "unchanged", "dropped", "error")
    assert [rows["en"][state] for state in states] == [3, 1, 0, 0]
    assert [rows["sw"][state] for state in states] == [2, 1, 1, 0]
    assert "queries" not in rows["en"]  # nothing was searched
    assert changes.statuses() == {"changed": 5, "dropped": 1, "unchanged": 2}
    assert changes.share() == pytest.approx((1 / 4 + 2 / 4 + 1 + 1 / 4 + 2 / 4) / 5)


def test_queries_are_means_over_searched_rows(changes: AttackedRows) -> None:
    spent = {"1": ("succeeded", 10, 7), "2": ("failed", 20, 9), "3": ("skipped", 1, 1), "4": ("error", 3, 3)}
    rows = []
    for row in changes.rows:
        status, queries, forwards = spent[row.id]
        state = "error" if status == "error" else row.state
        rows.append(row._replace(status=status, queries=queries, forwards=forwards, state=state))
    stored = {name: scored(marks) for name, marks in CREDIT.items()}
    found = build_report(about("clean", "typos"), stored, {"typos": [AttackedRows(rows)] * 2})["robustness"]["attacks"][
        "typos"
    ]
    for language in ("en", "sw"):
        row = found["languages"][language]
        assert (row["queries"]["value"], row["forwards"]["value"], row["error"]) == (15.0, 8.0, 1)
    assert "queries" in report_text(build_report(about("clean", "typos"), stored, {"typos": [AttackedRows(rows)]}))


def test_networks_are_compared_on_the_rows_that_all_had_right(made: dict[str, Any]) -> None:
    (part,) = made["robustness"]["compared"]
    assert part["evaluations"] == ["typos", "rival"]
    english, swahili = part["languages"]["en"], part["languages"]["sw"]
    assert (english["right"], english["of"]) == (2, 4)  # en1 en2 are right in all four runs
    assert english["typos"]["value"] == pytest.approx(100 * (1 + 1 / 2) / 2)
    assert english["rival"]["value"] == pytest.approx(100 * (0 + 1) / 2)
    assert (swahili["right"], swahili["typos"]["value"], swahili["rival"]["value"]) == (1, 50.0, 100.0)  # sw1
    assert part["mean"]["right"] == 3 and part["mean"]["typos"]["value"] == pytest.approx((75 + 50) / 2)


def test_the_sample_is_told_by_its_hash(made: dict[str, Any]) -> None:
    sample = made["robustness"]["attacks"]["typos"]["sample"]
    names = sorted(f"{language}/{name}\n" for language, name in zip(LANGUAGES, IDS, strict=True))
    assert sample["rows"] == 8 and sample["hash"] == blake2b("".join(names).encode(), digest_size=8).hexdigest()
    assert sample["languages"]["en"] == sample["languages"]["sw"] == ids_fingerprint(["4", "3", "2", "1"])
    assert ids_fingerprint(["12"]) != ids_fingerprint(["1", "2"]) and sample["hash"] in report_text(made)


def test_the_report_shows_attacks_and_examples(made: dict[str, Any]) -> None:
    shown = report_markdown(made)
    assert "## typos: by language" in shown and "## typos: original and changed" in shown
    assert "<b>A</b> b c d" in shown and "| en | 2/4 | 75.0 [" in shown
    assert shown.count("| en | 1 |") + shown.count("| en | 2 |") + shown.count("| en | 3 |") == 4  # two an attack
    rows = {(row["language"], row["column"]): row for row in csv.DictReader(io.StringIO(csv_table(made)))}
    assert float(rows["sw", "typos.dropped"]["value"]) == 1 and float(rows["en", "rival.still"]["value"]) == 50
    assert float(rows["mean", "typos.gap"]["value"]) == pytest.approx(12.5)


def test_attacks_change_no_other_number(made: dict[str, Any]) -> None:
    stored = {name: scored(marks) for name, marks in CREDIT.items()}
    plain = build_report(about("clean", "other", "typos", "rival"), stored)
    assert plain == {key: value for key, value in made.items() if key != "robustness"}
    assert report_text(made).startswith(report_text(plain).rstrip("\n"))


@pytest.mark.parametrize(
    ("original", "edits", "changed", "words"),
    [
        ("one two three", [Edit(0, 1, "O", "k"), Edit(2, 3, "E", "k")], 1, 3),  # twice in one word
        ("one two three", [Edit(3, 4, "", "k")], 2, 3),  # two words joined
        ("one, two", [Edit(3, 4, ";", "k")], 0, 2),  # no word
        ("one two three", [Edit(3, 3, "s", "k")], 1, 3),  # joined to a word
        ("one two three", [Edit(3, 3, " more", "k")], 1, 3),  # a word beside
        ("one two", [Edit(7, 7, " and a whole sentence", "k")], 2, 2),  # no more than there are
        ("one two three", [Edit(2, 9, "x", "k")], 3, 3),
        ("", [Edit(0, 0, "x", "k")], 0, 0),
    ],
)
def test_changed_words_by_hand(original: str, edits: list[Edit], changed: int, words: int) -> None:
    assert words_changed(original, edits) == (changed, words)
    assert changed_share(original, edits) == (changed / words if words else 1.0)


@pytest.mark.parametrize(
    ("original", "changed", "count"),
    [
        ("the cat sat", "the dog sat", 1),
        ("the cat", "the big cat sat", 2),
        ("a b c", "", 1),
        ("", "x", 1),
        ("a", "a", 0),
    ],
)
def test_edits_are_found_again(original: str, changed: str, count: int) -> None:
    found = difference_edits(original, changed)
    assert splice_edits(original, found) == changed and len(found) == count
    long = f"{original} " * 3000
    assert splice_edits(long, difference_edits(long, long + changed)) == long + changed
