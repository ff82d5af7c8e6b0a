"""xfer score: files in XTREME's submission layout, against the official mock data and an independent scorer."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xfer.metrics.benchmarks import XTREME, XTREME_R

Xfer = Callable[..., Any]
Write = Callable[..., Path]

# What google-research/xtreme's evaluate_test.py states for its mock predictions.
OFFICIAL = {
    "pawsx": {"accuracy": 51.42857142857143},
    "xnli": {"accuracy": 30.666666666666668},
    "panx": {"f1": 57.50793650793652, "precision": 54.729166666666664, "recall": 62.750000000000014},
    "udpos": {"f1": 70.21746048354693, "precision": 71.02232625883823, "recall": 69.54982073976082},
    "bucc2018": {"f1": 55.0, "precision": 55.0, "recall": 55.0},
    "tatoeba": {"accuracy": 53.611111111111114},
    "xquad": {"exact": 77.27272727272727, "f1": 79.9586776859504},
    "mlqa": {"exact": 57.142857142857146, "f1": 81.76870748299321},
    "tydiqa": {"exact": 88.88888888888889, "f1": 97.22222222222223},
}


@pytest.fixture
def mock(real: Path) -> Path:
    found = real / "xtreme_mock_test_data"
    if not found.is_dir():
        pytest.skip(f"no mock data of XTREME's scorer: {found}")
    return found


# the official mock data


@pytest.mark.parametrize("task", OFFICIAL)
def test_the_mock_predictions_give_the_official_scores(mock: Path, xfer: Xfer, task: str) -> None:
    found = xfer("score", task, "--gold", mock / "labels", "--predictions", mock / "predictions", "--json").json
    assert {name: found["mean"][name] for name in OFFICIAL[task]} == pytest.approx(OFFICIAL[task], rel=1e-12)
    assert found["left_out"]["xtreme"] == []
    assert list(found["languages"]) == list(XTREME.tasks[task].languages)


def test_the_total_of_the_mock_predictions(mock: Path, xfer: Xfer) -> None:
    found = xfer("score", "xtreme", "--gold", mock / "labels", "--predictions", mock / "predictions", "--json").json
    by_task = {
        task: (scores["f1"] + scores["exact"]) / 2 if "exact" in scores else scores.get("f1", scores.get("accuracy"))
        for task, scores in OFFICIAL.items()
    }
    assert found["total"] == pytest.approx(sum(by_task.values()) / 9)
    assert found["groups"]["qa"] == pytest.approx(sum(by_task[task] for task in ("xquad", "mlqa", "tydiqa")) / 3)
    assert found["groups"]["retrieval"] == pytest.approx((55.0 + 53.611111111111114) / 2)
    assert (found["missing"], found["incomplete"]) == ([], {})


def test_the_table_of_the_benchmark_shows_task_and_total(mock: Path, xfer: Xfer) -> None:
    shown = xfer("score", "xtreme", "--gold", mock / "labels", "--predictions", mock / "predictions", "--published")
    assert re.search(r"^mlqa +7/7 +81\.77 +57\.14 .* 69\.46$", shown.out, re.M)
    assert re.search(r"^group retrieval +54\.31$", shown.out, re.M)
    assert re.search(r"^XTREME +62\.17$", shown.out, re.M)
    assert re.search(r"^xnli +accuracy +30\.67 .*79\.20", shown.out, re.M)


def test_xtreme_r_has_no_total_while_tasks_or_languages_lack(mock: Path, xfer: Xfer) -> None:
    found = xfer("score", "xtreme-r", "--gold", mock / "labels", "--predictions", mock / "predictions", "--json").json
    assert found["total"] is None
    assert found["missing"] == ["xcopa", "lareqa"]
    assert found["incomplete"]["xquad"] == ["ro"]
    ranks = []
    for path in sorted((mock / "labels" / "mewslix").iterdir()):
        gold = json.loads(path.read_text())
        guesses = json.loads((mock / "predictions" / "mewslix" / path.name).read_text())
        each = [
            1 / (1 + guesses[name][:20].index(ids[0])) if ids[0] in guesses.get(name, [])[:20] else 0.0
            for name, ids in gold.items()
        ]
        ranks.append(100 * sum(each) / len(each))
    assert found["tasks"]["mewslix"]["score"] == pytest.approx(sum(ranks) / 11)


def lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]


def plain_f1(gold: str, guess: str) -> tuple[float, float]:
    """SQuAD's F1 and exact match, told again."""

    def words(text: str) -> list[str]:
        text = "".join(mark for mark in text.lower() if mark not in string.punctuation)
        return re.sub(r"\b(a|an|the)\b", " ", text).split()

    one, other = words(gold), words(guess)
    same = sum((Counter(one) & Counter(other)).values())
    return (2 * same / (len(one) + len(other)) if same else 0.0), float(one == other)


def chunks(tags: list[str]) -> set[tuple[int, int, str]]:
    """Entities of IOB2 or bare tags in one sentence, told again: a run of one type, cut at B."""
    found, start = set(), None
    for i, tag in enumerate([*tags, "O"]):
        kind = tag.partition("-")[2] or tag
        if start is not None and (kind != start[1] or tag[:2] == "B-"):
            found.add((start[0], i - 1, start[1]))
            start = None
        if start is None and tag != "O":
            start = (i, kind)
    return found


def sentences(path: Path) -> list[list[str]]:
    return [part.split() for part in path.read_text().strip().split("\n\n")]


@pytest.mark.parametrize("task", ["xnli", "pawsx", "tatoeba", "bucc2018", "panx", "xquad", "tydiqa"])
def test_an_independent_scorer_agrees_on_every_language(mock: Path, xfer: Xfer, task: str) -> None:
    found = xfer("score", task, "--gold", mock / "labels", "--predictions", mock / "predictions", "--json").json
    for code, scores in found["languages"].items():
        gold, guess = (mock / side / task / XTREME.tasks[task].named(code) for side in ("labels", "predictions"))
        if task in ("xnli", "pawsx", "tatoeba"):
            own = np.mean([a == b for a, b in zip(lines(gold), lines(guess), strict=True)])
            assert scores["accuracy"] == pytest.approx(100 * own)
        elif task == "bucc2018":
            right = len(set(lines(gold)) & set(lines(guess)))
            assert scores["f1"] == pytest.approx(200 * right / (len(lines(gold)) + len(lines(guess))))
        elif task == "panx":
            sides = [
                {(n, *chunk) for n, tags in enumerate(sentences(path)) for chunk in chunks(tags)}
                for path in (gold, guess)
            ]
            right, all_ = len(sides[0] & sides[1]), len(sides[0]) + len(sides[1])
            assert scores["f1"] == pytest.approx(200 * right / all_ if all_ else 0.0), code
        else:
            guesses = json.loads(guess.read_text())
            marks = [
                np.max([plain_f1(answer["text"], guesses[question["id"]]) for answer in question["answers"]], axis=0)
                for article in json.loads(gold.read_text())["data"]
                for paragraph in article["paragraphs"]
                for question in paragraph["qas"]
            ]
            assert [scores["f1"], scores["exact"]] == pytest.approx(list(100 * np.mean(marks, axis=0)))


# made-up files


def nli(write: Write, name: str, *labels: str) -> Path:
    return write(name, "".join(f"{label}\n" for label in labels))


def test_one_file_a_side_and_the_language_of_its_name(write: Write, xfer: Xfer) -> None:
    gold = nli(write, "gold/test-sw.tsv", "neutral", "entailment", "neutral", "contradiction")
    guess = nli(write, "guess/test-sw.tsv", "neutral", "neutral", "neutral", "contradiction")
    found = xfer("score", "xnli", "--gold", gold, "--predictions", guess, "--json").json
    assert found["languages"] == {"sw": {"rows": 4, "accuracy": 75.0}}
    assert (found["score"], found["gap"]) == (75.0, None)


def test_a_folder_gives_mean_gap_and_what_is_not_there(write: Write, xfer: Xfer) -> None:
    for code, guess in (("en", ["1", "0"]), ("de", ["1", "1"])):
        nli(write, f"gold/test-{code}.tsv", "1", "0")
        nli(write, f"guess/pawsx/test-{code}.tsv", *guess)
    shown = xfer("score", "pawsx", "--gold", "gold", "--predictions", "guess")
    assert re.search(r"^mean +- +75\.00$", shown.out, re.M)
    assert "transfer gap (en minus the mean of the others): 50.00" in shown.out
    assert "not all languages of XTREME: es, fr, ja, ko, zh not scored" in shown.out
    one = xfer("score", "pawsx", "--gold", "gold", "--predictions", "guess", "--language", "de", "--json").json
    assert list(one["languages"]) == ["de"]


def test_an_incomplete_benchmark_says_what_lacks(write: Write, xfer: Xfer) -> None:
    nli(write, "gold/pawsx/test-en.tsv", "1", "0")
    nli(write, "guess/pawsx/test-en.tsv", "1", "1")
    shown = xfer("score", "xtreme", "--gold", "gold", "--predictions", "guess")
    assert "pawsx lacks de, es, fr, ja, ko, zh" in shown.out and "xnli is not there" in shown.out
    assert re.search(r"^XTREME +-$", shown.out, re.M)


def test_answers_that_are_not_there_score_zero(write: Write, xfer: Xfer) -> None:
    asked = [{"id": str(i), "answers": [{"text": "the cat", "answer_start": 0}]} for i in range(4)]
    gold = write("gold.json", json.dumps({"data": [{"paragraphs": [{"context": "", "qas": asked}]}]}))
    guess = write("guess.json", json.dumps({"0": "cat", "1": "a black cat", "9": "unasked"}))
    found = xfer("score", "xquad", "--gold", gold, "--predictions", guess, "--json").json["languages"]["-"]
    assert found == {"rows": 4, "missing": 2, "exact": 25.0, "f1": pytest.approx(100 * (1 + 2 / 3) / 4)}
    other = xfer("score", "mlqa", "--gold", gold, "--predictions", guess)
    assert other.code == 2 and "--language" in other.err
    assert xfer("score", "mlqa", "--gold", gold, "--predictions", guess, "--language", "en", "--json").code == 0
    strange = xfer("score", "mlqa", "--gold", gold, "--predictions", guess, "--language", "xx")
    assert strange.code == 2 and "no rules for 'xx'" in strange.err


def test_rankings_are_cut_at_20_and_missing_ones_score_zero(write: Write, xfer: Xfer) -> None:
    gold = write("gold.json", json.dumps({"q1": ["a", "b"], "q2": ["c"], "q3": ["d"]}))
    ranked = {"q1": ["a", "x", "b"], "q3": [f"x{i}" for i in range(20)] + ["d"]}
    guess = write("guess.json", json.dumps(ranked))
    found = xfer("score", "lareqa", "--gold", gold, "--predictions", guess, "--json").json["languages"]["-"]
    assert found == {"rows": 3, "missing": 1, "map@20": pytest.approx(100 * (1 + 2 / 3) / 2 / 3)}
    first = xfer("score", "mewslix", "--gold", gold, "--predictions", guess, "--json").json
    assert first["score"] == pytest.approx(100 / 3)


def test_a_pair_given_twice_counts_once(write: Write, xfer: Xfer) -> None:
    gold = write("gold.tsv", "de-1\ten-1\nde-2\ten-2\n")
    guess = write("guess.tsv", "de-1\ten-1\nde-1\ten-1\n")
    found = xfer("score", "bucc2018", "--gold", gold, "--predictions", guess, "--json").json["languages"]["-"]
    assert (found["precision"], found["recall"]) == (100.0, 50.0)


def test_choices_are_json_lines(write: Write, xfer: Xfer) -> None:
    gold = write("gold.jsonl", '{"label": 0, "idx": 1}\n{"label": 1}\n')
    guess = write("guess.jsonl", '{"label": 1}\n{"label": 1}\n')
    assert xfer("score", "xcopa", "--gold", gold, "--predictions", guess, "--json").json["score"] == 50.0
    bad = write("bad.jsonl", '{"label": 2}\n{"label": 1}\n')
    assert "bad.jsonl:1: unknown label '2'" in xfer("score", "xcopa", "--gold", gold, "--predictions", bad).err


def test_parts_of_speech_are_scored_as_runs_and_may_be_o(write: Write, xfer: Xfer) -> None:
    gold = write("gold.tsv", "NOUN\nNOUN\nVERB\n\nDET\n")
    guess = write("guess.tsv", "NOUN\nO\nVERB\n\nDET\n\n")
    found = xfer("score", "udpos", "--gold", gold, "--predictions", guess, "--json").json["languages"]["-"]
    assert (found["rows"], found["accuracy"]) == (2, 75.0)
    assert found["f1"] == pytest.approx(100 * 4 / 6)  # NOUN NOUN is one run: 2 of 3 on either side


def test_a_reader_beyond_xtreme_is_scored_by_its_form(write: Write, xfer: Xfer) -> None:
    gold, guess = nli(write, "gold.tsv", "neutral", "neutral"), nli(write, "guess.tsv", "neutral", "entailment")
    assert xfer("score", "mnli", "--gold", gold, "--predictions", guess, "--json").json["score"] == 50.0
    assert "no layout" in xfer("score", "text", "--gold", gold, "--predictions", guess).err
    assert "did you mean 'mnli'" in xfer("score", "mnly", "--gold", gold, "--predictions", guess).err


@pytest.mark.parametrize(
    ("task", "gold", "guess", "said"),
    [
        ("xnli", "neutral\nneutral\n", "neutral\n", "guess:2: 1 predictions, but gold has 2 rows"),
        ("xnli", "neutral\n", "neutral\nneutral\n", "guess:2: 2 predictions, but gold has 1 rows"),
        ("xnli", "neutral\nneutral\n", "neutral\nneutrl\n", "guess:2: unknown label 'neutrl'; did you mean 'neutral'?"),
        ("xnli", "neutral\ncontradictory\n", "neutral\nneutral\n", "gold:2: unknown label 'contradictory'"),
        ("xnli", "neutral\nneutral\n", "neutral\n\nneutral\n", "guess:2: is empty where a label is expected"),
        ("xnli", "", "", "guess: 0 gold labels against 0 predictions"),
        ("pawsx", "0\n", "2\n", "guess:1: unknown label '2'; known: 0, 1"),
        ("tatoeba", "3\n4\n", "3\nfour\n", "guess:2: 'four' is not the number of a row"),
        ("panx", "O\nB-LOC\n", "O\nB-LOK\n", "guess:2: unknown label 'B-LOK'; did you mean 'B-LOC'?"),
        ("panx", "O\nO\n\nO\n", "O\nO\n\nO\nO\n", "guess:4: sentence 2 has 2 tags, but 1 in gold:4"),
        ("panx", "O\n\nO\n", "O\n", "guess: 1 sentences, but gold has 2"),
        ("panx", "O\n", "O\n\nO\n", "guess:3: 2 sentences, but gold has 1"),
        ("bucc2018", "de-1\ten-1\n", "de-1 en-1\n", "guess:1: is not two ids"),
        ("xquad", '{"data": [{"paragraphs": [{"qas": []}]}]}', "{}", "gold: holds no question"),
        ("xquad", '{"data": [{}]}', "{}", "gold: is not in SQuAD's format (no 'paragraphs')"),
        ("xquad", '{"data":\n[}', "{}", "gold:2: is not valid JSON"),
        ("mewslix", '{"q": ["a"]}', '{"q": "a"}', "guess: query 'q' has no list of ids"),
        ("mewslix", '{"q": []}', "{}", "gold: query 'q' has no relevant id"),
    ],
)
def test_a_fault_is_one_line_with_file_and_line(
    write: Write, xfer: Xfer, task: str, gold: str, guess: str, said: str
) -> None:
    write("gold", gold), write("guess", guess)
    found = xfer("score", task, "--gold", "gold", "--predictions", "guess")
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    assert found.err.count("\n") == 1


def test_an_answer_must_be_text(write: Write, xfer: Xfer) -> None:
    gold = write("gold", '{"data": [{"paragraphs": [{"qas": [{"id": "1", "answers": [{"text": "x"}]}]}]}]}')
    guess = write("guess", '{"1": 5}')
    found = xfer("score", "tydiqa", "--gold", gold, "--predictions", guess)
    assert found.code == 2 and "guess: the answer to question '1' is not text" in found.err


def test_bytes_that_are_not_utf_8_are_named_by_line(write: Write, xfer: Xfer) -> None:
    nli(write, "gold", "neutral", "neutral")
    write("guess", b"neutral\n\xff\n")
    found = xfer("score", "xnli", "--gold", "gold", "--predictions", "guess")
    assert found.code == 2 and "guess:2: is not UTF-8" in found.err


def test_files_that_are_not_there(write: Write, xfer: Xfer) -> None:
    nli(write, "gold/test-en.tsv", "neutral"), nli(write, "gold/test-de.tsv", "neutral")
    nli(write, "guess/test-en.tsv", "neutral")
    for words, said in [
        (["xnli", "--gold", "gold", "--predictions", "gues"], "gues: is not there"),
        (["xnli", "--gold", "gold", "--predictions", "guess"], "guess/test-de.tsv: is not there"),
        (["xnli", "--gold", "gold", "--predictions", "guess/test-en.tsv"], "two files or two folders"),
        (["panx", "--gold", "guess", "--predictions", "gold", "--language", "fr"], "guess/test-fr.tsv: is not there"),
        (["mlqa", "--gold", "gold", "--predictions", "guess"], "gold: holds no test-<language>.json"),
        (["xtreme", "--gold", "gold", "--predictions", "guess"], "no task of XTREME in common"),
        (["xtreme", "--gold", "gold/test-en.tsv", "--predictions", "guess"], "is not a folder of tasks"),
        (["xtreme", "--gold", "gold", "--predictions", "guess", "--language", "en"], "leave --language out"),
    ]:
        found = xfer("score", *words)
        assert (found.code, found.out) == (2, ""), words
        assert said in found.err, found.err


def test_every_task_can_be_scored_alone(write: Write, xfer: Xfer) -> None:
    """A file of each layout, right in every row: 100 everywhere, so that no task lacks a scorer."""
    squad = '{"data": [{"paragraphs": [{"qas": [{"id": "1", "answers": [{"text": "x"}]}]}]}]}'
    contents = {
        "tags": ("{}\n", "{}\n"),
        "pairs": ("a\tb\n", "a\tb\n"),
        "answers": (squad, '{"1": "x"}'),
        "rankings": ('{"1": ["x"]}', '{"1": ["x"]}'),
        "choices": ('{"label": 1}', '{"label": 1}'),
        "labels": ("{}\n", "{}\n"),
    }
    for benchmark in (XTREME, XTREME_R):
        for task in benchmark.tasks.values():
            label = next((name for name in task.labels if name != "O"), "7")
            for code in task.languages:
                for side, text in zip(("gold", "guess"), contents[task.layout], strict=True):
                    filled = text.replace("{}", label)
                    write(f"{benchmark.name}/{side}/{task.name}/{task.named(code)}", filled)
        folder = benchmark.name
        found = xfer("score", folder, "--gold", f"{folder}/gold", "--predictions", f"{folder}/guess", "--json").json
        assert found["total"] == 100.0


def test_scoring_imports_nothing_heavy(write: Write) -> None:
    write("gold", "O\nB-LOC\n"), write("guess", "O\nB-LOC\n")
    program = (
        "import sys; sys.argv = ['xfer', 'score', 'panx', '--gold', 'gold', '--predictions', 'guess']\n"
        "from xfer.cli import main\n"
        "try: main()\n"
        "except SystemExit as left: assert not left.code\n"
        "print(sorted({'torch', 'transformers', 'datasets', 'pandas', 'pyarrow', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
