"""Files as people have them against the rules of XTREME's scripts, told again here and worked by hand."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from xfer.core.errors import UsageError
from xfer.metrics.benchmarks import BenchmarkTask, find_task
from xfer.reports.official_files import FileScores, score_file

Xfer = Callable[..., Any]
Write = Callable[..., Path]


def squad(*asked: tuple[Any, list[Any]], apart: str = "\n") -> str:
    """A gold file with one question a line, from line 2 on."""
    qas = [json.dumps({"id": name, "answers": [{"text": text} for text in texts]}) for name, texts in asked]
    return '{"data": [{"paragraphs": [{"qas": [\n' + f",{apart}".join(qas) + "]}]}]}"


def task(name: str) -> BenchmarkTask:
    found = find_task(name)
    return found or BenchmarkTask(name, "answers", ("f1", "exact"), ("en",))


def scored(name: str, gold: str, guess: str, language: str | None = "en") -> FileScores:
    for path, text in (("gold", gold), ("guess", guess)):
        Path(path).write_bytes(text.encode("utf-8"))
    return score_file(task(name), Path("gold"), Path("guess"), language)


# questions with equal ids

TWICE = squad(("q1", ["x"]), ("q1", ["y"]), ("q2", ["x"]))


@pytest.mark.parametrize("name", ["squad_v1", "xquad", "tydiqa", "mlqa"])
def test_each_question_counts_with_the_prediction_of_its_id(folder: Path, name: str) -> None:
    found = scored(name, TWICE, '{"q1": "x", "q2": "x"}')
    assert found.scores == {"rows": 3, "missing": 0, "f1": pytest.approx(200 / 3), "exact": pytest.approx(200 / 3)}
    assert found.notes == [
        "gold: 1 id given to several questions, such as 'q1' on lines 2 and 3: each question counts, with the one "
        "prediction of its id"
    ]
    assert scored(name, TWICE, '{"q2": "x"}').scores["missing"] == 2


@given(some.lists(some.tuples(some.sampled_from("abc"), some.sampled_from("xyz")), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_exact_matches_of_any_ids(tmp_path: Path, asked: list[tuple[str, str]]) -> None:
    """The share of questions, not of ids, whose prediction is right; b is not predicted."""
    predicted = {"a": "x", "c": "z"}
    (tmp_path / "gold").write_text(squad(*((name, [text]) for name, text in asked)))
    (tmp_path / "guess").write_text(json.dumps(predicted))
    found = score_file(task("xquad"), tmp_path / "gold", tmp_path / "guess", None).scores
    right = sum(predicted.get(name) == text for name, text in asked)
    assert found["exact"] == pytest.approx(100 * right / len(asked))
    assert (found["rows"], found["missing"]) == (len(asked), sum(name == "b" for name, _ in asked))


def test_squad_2_keeps_scores_by_id_and_is_refused_with_both_lines(folder: Path) -> None:
    with pytest.raises(UsageError, match="gold:3: question 'q1' stands here and on line 2"):
        scored("squad_v2", TWICE, '{"q1": "x", "q2": "x"}')


def test_squad_2_has_no_score_without_a_prediction(folder: Path) -> None:
    gold = squad(("q1", ["x"]), ("q2", []))
    with pytest.raises(UsageError, match=r"guess: has no answer to question 'q2' \(1 missing\)"):
        scored("squad_v2", gold, '{"q1": "x"}')
    assert scored("squad_v2", gold, '{"q1": "x", "q2": ""}').scores["exact"] == 100


def test_lareqa_stops_at_a_question_that_stands_twice(write: Write, xfer: Xfer) -> None:
    question = {"id": "q", "question": "?", "answers": [{"text": "it", "answer_start": 4}]}
    paragraph = {"context": "Yes it is.", "sentence_breaks": [[0, 10]], "qas": [question, question]}
    text = json.dumps({"data": [{"paragraphs": [paragraph]}]}, indent=1)
    write("en.json", text), write("guess", "{}")
    first, second = (number for number, line in enumerate(text.split("\n"), 1) if '"id"' in line)
    found = xfer("score", "lareqa", "--gold", "en.json", "--predictions", "guess")
    assert found.code == 2 and f"en.json:{second}: question 'q' stands here and on line {first}" in found.err


# what stands in a file of JSON


@pytest.mark.parametrize(
    ("name", "gold", "guess", "what"),
    [
        ("xquad", squad(("q", ["x"])), '{"q": "x",\n"q": "y"}', "guess:2: key 'q' is given twice, first on line 1"),
        ("mlqa", squad(("q", ["x"])), '{"q": "x", "q": "x"}', "guess:1: key 'q' is given twice, first on line 1"),
        ("tydiqa", '{"data": [],\n\n"data": []}', "{}", "gold:3: key 'data' is given twice, first on line 1"),
        ("squad_v2", squad(("q", ["x"])), '{"q": "x",\r"q": "y"}', "guess:2: key 'q' is given twice"),
        ("mewslix", '{"m": ["Q1"]}', '{"m": ["Q1"], "m": []}', "guess:1: key 'm' is given twice"),
        ("mewslix", '{"m": ["Q1"],\n"m": ["Q2"]}', '{"m": []}', "gold:2: key 'm' is given twice"),
        ("lareqa", '{"q": ["a"]}', '{"q": [],\n"q": ["a"]}', "guess:2: key 'q' is given twice"),
        ("xcopa", '{"label": 1}\n{"label": 1}', '{"label": 1}\n{"label": 1, "label": 0}', "guess:2: key 'label' is"),
        ("xquad", squad((5, ["x"])), '{"5": "x"}', 'gold:2: question id 5 is not text.*write "5"'),
        ("xquad", squad((1.5, ["x"])), "{}", "gold:2: question id 1.5 is not text"),
        ("xquad", squad(("q", [5])), '{"q": "5"}', "gold: question 'q' has the answer 5, which is not text"),
        ("xquad", squad(("q", [])), '{"q": "5"}', "gold: question 'q' has no answer"),
        ("xquad", squad(("q", ["x"])), '{"q": null}', "guess: the answer to question 'q' is not text"),
        ("mewslix", '{"m": [5]}', '{"m": ["5"]}', "gold: query 'm' has no list of ids"),
        ("xquad", "[" * 100_000, "{}", "gold: nests too deeply"),
    ],
)
def test_what_the_official_script_stops_at_or_misreads_is_refused(
    folder: Path, name: str, gold: str, guess: str, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        scored(name, gold, guess)


def test_an_answer_that_nobody_asked_for_may_be_anything(folder: Path) -> None:
    assert scored("xquad", squad(("q", ["x"])), '{"q": "x", "other": null}').scores["exact"] == 100


def test_predictions_may_stand_under_data(folder: Path) -> None:
    assert scored("xquad", squad(("q", ["x"])), '{"data": {"q": "x"}}').scores["exact"] == 100
    assert scored("mewslix", '{"m": ["Q1"]}', '{"data": {"m": ["Q1"]}}').scores["map@20"] == 100


# labels of XCOPA


@pytest.mark.parametrize(
    ("label", "accuracy"),
    [("1", 100.0), ("1.0", 100.0), ("1e0", 100.0), ("true", 100.0), ('"1"', 50.0), ("0", 50.0), ("false", 50.0)],
)
def test_labels_are_equal_as_values_of_json(folder: Path, label: str, accuracy: float) -> None:
    found = scored("xcopa", '{"label": 1}\n{"label": 0}\n', f'{{"label": {label}}}\n{{"label": 0}}\n')
    assert found.scores["accuracy"] == accuracy
    noted = [
        "guess:1: a label that is text never equals one that is a number: 1 row counted as wrong, as the official "
    ]
    assert [note[: len(noted[0])] for note in found.notes] == (noted if label == '"1"' else [])


def test_labels_that_are_text_on_both_sides_are_equal(folder: Path) -> None:
    assert scored("xcopa", '{"label": "1"}\n', '{"label": "1"}\n') == ({"rows": 1, "accuracy": 100.0}, [])


@pytest.mark.parametrize("label", ["2", "0.5", "-1", "null", '"1.0"', '" 1"', "[1]", "NaN"])
def test_labels_that_no_option_has_are_refused(folder: Path, label: str) -> None:
    with pytest.raises(UsageError, match="guess:1: unknown label"):
        scored("xcopa", '{"label": 1}\n', f'{{"label": {label}}}\n')


# blanks and empty lines


@pytest.mark.parametrize(
    ("gold", "guess", "score"), [("Q1", "Q1", 100), (" Q1 ", "Q1", 100), ("Q1", " Q1", 0), ("Q1", "Q1\\u00a0", 0)]
)
def test_blanks_of_mewsli_x_belong_to_a_prediction_and_not_to_the_gold(
    folder: Path, gold: str, guess: str, score: float
) -> None:
    found = scored("mewslix", f'{{"m": ["{gold}"]}}', f'{{"m": ["{guess}"]}}')
    assert found.scores["map@20"] == score
    assert len(found.notes) == (score == 0)


def test_the_first_id_of_a_mention_is_its_gold(folder: Path) -> None:
    found = scored("mewslix", '{"m": ["Q1", "Q2"]}', '{"m": ["Q2", "Q1"]}')
    assert found.scores["map@20"] == 50 and "has several ids" in found.notes[0]


def test_an_empty_line_of_bucc_is_a_pair(folder: Path) -> None:
    found = scored("bucc2018", "a\tb\nc\td\n", "a\tb\nc\te\n\n")
    assert found.scores == pytest.approx({"rows": 2, "f1": 40.0, "precision": 100 / 3, "recall": 50.0})
    assert found.notes == ["guess:3: the official script counts empty lines as one pair; 1 line of this file is empty"]
    assert scored("bucc2018", "a\tb\n", "\n\na\tb\n \n").scores["precision"] == 50.0


@pytest.mark.parametrize(("gold", "guess"), [("a\tb\n", ""), ("", "a\tb\n"), ("", ""), ("a\tb\n", "\n\n")])
def test_a_file_of_no_pairs_is_refused(folder: Path, gold: str, guess: str) -> None:
    with pytest.raises(UsageError, match=r"(gold|guess): holds no pair of ids"):
        scored("bucc2018", gold, guess)


@pytest.mark.parametrize("name", ["xnli", "tatoeba", "panx", "bucc2018", "xcopa", "xquad", "mewslix", "lareqa"])
@pytest.mark.parametrize("side", ["gold", "guess"])
def test_a_byte_order_mark_is_refused_in_every_layout(folder: Path, name: str, side: str) -> None:
    good = {
        "xnli": ("neutral\n", "neutral\n"),
        "tatoeba": ("1\n", "1\n"),
        "panx": ("O\nB-LOC\n", "O\nB-LOC\n"),
        "bucc2018": ("a\tb\n", "a\tb\n"),
        "xcopa": ('{"label": 1}', '{"label": 1}'),
        "xquad": (squad(("q", ["x"])), '{"q": "x"}'),
        "mewslix": ('{"q": ["x"]}', '{"q": ["x"]}'),
        "lareqa": ('{"q": ["x"]}', '{"q": ["x"]}'),
    }
    files = dict(zip(("gold", "guess"), good[name], strict=True))
    assert scored(name, **files).notes == []
    with pytest.raises(UsageError, match=f"{side}:1: starts with a byte-order mark"):
        scored(name, **files | {side: "\ufeff" + files[side]})


# line by line, against Python's own reading of lines

LINES = some.lists(
    some.tuples(some.sampled_from(["", "0", "1"]), some.sampled_from(["", " ", "\t", "\xa0", "\x0c", "\u2028"])),
    max_size=5,
)
ENDS = some.sampled_from(["\n", "\r\n", "\r", "\r\r\n", "\n\n"])


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")]


def sentences_of(text: str) -> list[list[str]]:
    """Every empty line closes a sentence, and the end of the file one that is open."""
    found, words = [], []
    for line in lines_of(text):
        words += [line] if line else []
        if not line:
            found, words = [*found, words], []
    return [*found, words] if words else found


@given(some.tuples(LINES, ENDS, some.booleans()), some.tuples(LINES, ENDS, some.booleans()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_labels_and_tags_have_the_rows_that_open_gives(tmp_path: Path, gold: Any, guess: Any) -> None:
    """A score equals the one of the lines as Python reads them, and unequal or empty rows have none."""
    texts = []
    for name, (lines, end, ended) in (("gold", gold), ("guess", guess)):
        texts.append(end.join(text + blank for text, blank in lines) + (end if ended else ""))
        (tmp_path / name).write_bytes(texts[-1].encode())
    sides = tmp_path / "gold", tmp_path / "guess"
    one, other = map(lines_of, texts)
    try:
        found = score_file(task("pawsx"), *sides, None).scores
    except UsageError:
        assert len(one) != len(other) or not one or "" in one + other
    else:
        assert found == {"rows": len(one), "accuracy": pytest.approx(100 * sum(map(str.__eq__, one, other)) / len(one))}
    one_tagged, other_tagged = map(sentences_of, texts)
    tagged = BenchmarkTask("made", "tags", ("f1",), ("en",))
    try:
        found = score_file(tagged, *sides, None).scores
    except UsageError:
        assert [*map(len, one_tagged)] != [*map(len, other_tagged)] or not any(one_tagged)
    else:
        words = [
            (a, b)
            for left, right in zip(one_tagged, other_tagged, strict=True)
            for a, b in zip(left, right, strict=True)
        ]
        assert found["rows"] == len(one_tagged)
        assert found["accuracy"] == pytest.approx(100 * sum(a == b for a, b in words) / len(words))


@pytest.mark.parametrize(
    ("name", "gold", "guess", "what"),
    [
        ("xnli", "neutral\n", "neutral\n\n", "guess:2: is empty where a label is expected"),
        ("xnli", "neutral\n\n", "neutral\n\n", "gold:2: is empty where a label is expected"),
        ("xcopa", '{"label": 1}\n', '{"label": 1}\n\n', "guess:2: is not valid JSON"),
        ("panx", "O\n\nO\n", "O\n\n\nO\n", "guess:3: sentence 2 has 0 tags, but 1 in gold:3; an empty line after"),
        ("panx", "O\n", "O\n\n\n", "guess:3: 2 sentences, but gold has 1; an empty line after another one"),
    ],
)
def test_an_empty_line_too_many_is_named(folder: Path, name: str, gold: str, guess: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        scored(name, gold, guess)


def test_notes_stand_beside_the_scores(write: Write, xfer: Xfer) -> None:
    write("gold/xquad/test-en.json", TWICE)
    write("guess/xquad/test-en.json", '{"q1": "x", "q2": "x"}')
    one = xfer("score", "xquad", "--gold", "gold", "--predictions", "guess", "--json")
    assert one.json["notes"] == [one.err.removeprefix("note: ").rstrip("\n")]
    whole = xfer("score", "xtreme", "--gold", "gold", "--predictions", "guess")
    assert whole.err == one.err
