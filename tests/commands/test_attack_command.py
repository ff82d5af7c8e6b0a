"""``xfer attack``: what it prints of a text, of rows and of a recipe, and its one line where it cannot."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len

from xfer.reports.beside import clip_pieces, escape_invisible, markdown_cell, side_by_side, split_at_edits
from xfer.text.edits import Edit, splice_edits

Xfer = Callable[..., Any]
THAI = "เด็กๆ กำลังเล่นอยู่ในสวนข้างโรงเรียน"


def applied(side: dict[str, Any]) -> str:
    edits = [Edit(**edit) for edit in side["edits"]]
    return splice_edits(side["original"], edits)


def test_a_text_is_told_as_json(xfer: Xfer) -> None:
    found = xfer("attack", "--attacker", "{type: typos, rate: 0.4}", "--language", "th", "--text", THAI, "--json")
    assert found.code == 0 and list(found.json) == ["original", "changed", "edits", "rate"]
    assert found.json["original"] == THAI != found.json["changed"] == applied(found.json)
    assert list(found.json["edits"][0]) == ["start", "end", "new", "kind"]
    assert 0 < found.json["rate"] <= 1
    again = xfer("attack", "--attacker", "{type: typos, rate: 0.4}", "--language", "th", "--text", THAI, "--json")
    assert again.out == found.out


def test_a_rate_is_the_share_of_words(xfer: Xfer) -> None:
    found = xfer("attack", "--attacker", "{type: case, to: upper, rate: 0.5}", "--text", "one two three four", "--json")
    assert found.json["rate"] == 0.5 == sum(word.isupper() for word in found.json["changed"].split()) / 4


def test_every_side_of_a_row_is_told(xfer: Xfer) -> None:
    words = ["attack", "--attacker", "{type: case, to: upper, protect: [text]}", "--text", "a house", "--json"]
    pair = xfer(*words, "--pair", "no house").json["sides"]
    assert (pair["text"]["changed"], pair["pair"]["changed"]) == ("a house", "NO HOUSE")
    asked = xfer(*words[:2], "{type: case, to: upper}", *words[3:], "--question", "who?").json["sides"]
    assert (asked["text"]["changed"], asked["pair"]["changed"]) == ("A HOUSE", "WHO?")


def test_rows_of_a_file_keep_their_labels(xfer: Xfer, write: Callable[..., Path]) -> None:
    rows = [
        {"words": ["Anna", "sleeps"], "tags": ["B-PER", "O"], "id": "tagged"},
        {"text": "It is Rome now.", "pair": "Where?", "answers": ["Rome"], "starts": [6]},
        {"text": "a", "options": ["b one", "c two"], "question": None, "label": 1},
        {"text": "дом", "language": "ru"},
    ]
    path = write("rows.jsonl", "\n".join(map(json.dumps, rows)))
    found = xfer("attack", "--attacker", "{type: invisible, rate: 1}", "--file", path, "--json")
    lines = [json.loads(line) for line in found.out.splitlines()]
    assert [line["id"] for line in lines] == ["tagged", "2", "3", "4"] and lines[3]["language"] == "ru"
    assert "Rome" in lines[1]["sides"]["text"]["changed"] and set(lines[2]["sides"]) == {
        "text",
        "options/0",
        "options/1",
    }
    for side in (side for line in lines for side in line["sides"].values()):
        assert applied(side) == side["changed"]
    plain = xfer("attack", "--attacker", "{type: invisible, rate: 1}", "--file", path, "--show", 1)
    assert "<U+200B>" in plain.out and "en tagged  changed" in plain.out and "4 rows: 4 changed" in plain.out


def test_rows_of_a_file_that_share_an_id_draw_apart(xfer: Xfer, write: Callable[..., Path]) -> None:
    line = json.dumps({"id": "d", "text": "the quick brown fox jumps over the lazy dog"})
    write("rows.jsonl", f"{line}\n" * 6)
    done = xfer("attack", "--attacker", "{type: typos, rate: 0.5}", "--file", "rows.jsonl", "--json")
    assert done.code == 0 and "note: rows.jsonl: 6 rows share an id and are told apart by a count" in done.err
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [row["id"] for row in found] == [f"d ({i} of 6)" for i in range(1, 7)]
    assert len({row["sides"]["text"]["changed"] for row in found}) > 3


def test_names_come_from_the_other_rows_of_the_file(xfer: Xfer, write: Callable[..., Path]) -> None:
    rows = [{"words": [name, "sleeps"], "tags": ["B-PER", "O"]} for name in ("Anna", "Ivan")]
    path = write("rows.jsonl", "\n".join(map(json.dumps, rows)))
    lines = xfer("attack", "--attacker", "entity_swap", "--file", path, "--json").out.splitlines()
    assert [json.loads(line)["sides"]["text"]["changed"] for line in lines] == ["Ivan sleeps", "Anna sleeps"]


def test_text_from_standard_input(xfer: Xfer, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO("größer\n".encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    found = xfer("attack", "--attacker", "{type: case, to: upper}", "--language", "de", "--text", "-", "--json")
    assert found.json["changed"] == "GRÖSSER"


def test_surrogates_come_out_as_json(xfer: Xfer) -> None:
    found = xfer("attack", "--attacker", "{type: case, to: upper}", "--text", "a\udcffb", "--json")
    assert found.json["original"] == "a\udcffb" and found.out.isascii()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--attacker", "typo", "--text", "a"], "did you mean 'typos'"),
        (["--attacker", "{type: typos, rte: 1}", "--text", "a"], "rte"),
        (["--attacker", "{type: typos", "--text", "a"], "ATTACKER"),
        (["--attacker", "{type: typos, rate: 2}", "--text", "a"], "rate"),
        (["--attacker", "textattack", "--text", "a"], "name a recipe"),
        (["--attacker", "typos"], "--text"),
        (["--text", "a"], "RECIPE"),
        (["r.yaml", "--attacker", "typos"], "RECIPE"),
        (["r.yaml", "--text", "a"], "leave --text"),
        (["--attacker", "typos", "--text", "a", "--scale", "miniature"], "belong to a recipe"),
        (["--attacker", "typos", "--text", "a", "--pair", "b", "--question", "c"], "exclude"),
        (["--attacker", "entity_swap", "--text", "a"], "it fits tag"),
        (["--attacker", "distractor", "--text", "a", "--question", "b"], "with --file"),
        (["--attacker", "negation", "--language", "th", "--text", "a", "--pair", "b"], "no phrase in th"),
        (["--attacker", "{type: synonyms, folder: nowhere}", "--text", "a"], "no word list"),
        (["--attacker", "typos", "--file", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--attacker", "typos", "--file", "bad.jsonl"], "bad.jsonl:2: is not JSON"),
        (["--attacker", "typos", "--file", "tags.jsonl"], "tags.jsonl:1: has not one tag for each word"),
        (["--attacker", "typos", "--file", "answers.jsonl"], "answers.jsonl:1: the answer 'b' does not stand at 0"),
        (["--attacker", "typos", "--file", "numbers.jsonl"], "numbers.jsonl:1: has no text"),
        (["--attacker", "typos", "--file", "empty.jsonl"], "holds no rows"),
    ],
)
def test_what_cannot_be_is_one_line(xfer: Xfer, write: Callable[..., Path], words: list[str], line: str) -> None:
    write("bad.jsonl", '{"text": "a"}\n{"text": \n')
    write("tags.jsonl", '{"words": ["a", "b"], "tags": ["O"]}')
    write("answers.jsonl", '{"text": "a", "pair": "q", "answers": ["b"], "starts": [0]}')
    write("numbers.jsonl", '{"text": 1}')
    write("empty.jsonl", "\n")
    found = xfer("attack", *words)
    assert found.code == 2 and found.out == ""
    assert line in found.err and found.err.count("\n") == 1, found.err


# of a recipe

RECIPE = """\
name: attacked
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
stages: {xnli: {reader: xnli}}
evaluate:
  clean: {stage: xnli, languages: [en, ar]}
  typos: {stage: xnli, languages: [en, ar], rows: 4, attacker: {type: typos, rate: 0.5}}
"""


def test_a_recipe_runs_its_attacks_and_nothing_else(xfer: Xfer, write: Callable[..., Path], folder: Path) -> None:
    recipe = write("r.yaml", RECIPE)
    found = xfer("attack", recipe, "--show", 1)
    assert found.code == 0 and found.out.startswith("typos: 8 rows: 8 changed; ")
    assert found.out.count("{+") >= 1 and found.out.count("  changed\n") == 1
    assert {path.name for path in (folder / ".xfer" / "nodes").iterdir()} == {"world", "data", "attack"}
    (told,) = xfer("attack", recipe, "--json").json["attacks"]
    assert told["rows"] == 8 and told["statuses"] == {"changed": 8} and 0.4 <= told["words"] <= 0.6
    assert len(told["examples"]) == 3
    for side in (side for one in told["examples"] for side in one["sides"].values()):
        assert applied(side) == side["changed"]
    recipe.write_text(RECIPE[: RECIPE.index("  typos")])
    clean = xfer("attack", recipe)
    assert clean.code == 2 and "attacks nothing" in clean.err and clean.err.count("\n") == 1


# side by side


@pytest.mark.parametrize("columns", [30, 60, 100])
def test_sides_fit_their_columns_and_lose_nothing(columns: int) -> None:
    text = "他们在公园里坐着 and talk about what is past " * 4
    edits = [Edit(2, 3, "", "drop"), Edit(11, 14, "dna", "swap"), Edit(30, 30, "🙂", "x")]
    lines = side_by_side(text, edits, columns)
    assert max(map(cell_len, lines)) <= columns
    joined = "".join(lines).replace(" ", "")
    assert all(joined.count(mark) == joined.count(other) for mark, other in (("[-", "-]"), ("{+", "+}")))
    if columns == 30:
        half = len(lines) // 2
        assert "[-" in "".join(lines[:half]) and "{+" in "".join(lines[half:])
    else:
        sides = [[part.strip() for part in line.split("│")] for line in lines]
        assert "[-" not in "".join(side[1] for side in sides) and "{+" not in "".join(side[0] for side in sides)


def test_right_to_left_text_is_isolated_and_controls_are_shown() -> None:
    (line,) = side_by_side("ذهبت", [Edit(0, 1, "د", "x")], 100)
    assert line.startswith("\u2068[-ذ-]هبت\u2069") and line.endswith("\u2068{+د+}هبت\u2069")
    assert escape_invisible("a\u202eb\x1b[31m\ud800\n") == "a<U+202E>b<U+001B>[31m<U+D800>⏎"
    assert escape_invisible("a\u200db") == "a\u200db" and escape_invisible("a\u200db", changed=True) == "a<U+200D>b"
    (line,) = side_by_side("a b", [Edit(1, 1, "\u202e", "x")], 100)
    assert "\u202e" not in line and "{+<U+202E>+}" in line


def test_only_what_is_changed_is_painted() -> None:
    (line,) = side_by_side("a b", [Edit(0, 1, "x", "k")], 100, (lambda text: f"<{text}>", lambda text: f"({text})"))
    assert line.startswith("<[-a-]> b") and line.endswith("({+x+}) b")


def test_pieces_and_markdown() -> None:
    ours, theirs = split_at_edits("abc", [Edit(0, 1, "", "k"), Edit(1, 2, "|", "k")])
    assert [tuple(part) for part in ours] == [("ab", True), ("c", False)]
    assert [tuple(part) for part in theirs] == [("|", True), ("c", False)]
    assert [markdown_cell(side) for side in split_at_edits("a*b <i>", [Edit(2, 3, "|", "k")])] == [
        "a&#42;<b>b</b> &lt;i&gt;", "a&#42;<b>&#124;</b> &lt;i&gt;"
    ]  # fmt: skip
    long = "x" * 500
    sides = split_at_edits(long + "y" + long, [Edit(500, 501, "", "k")])
    before, after = (markdown_cell(clip_pieces(side)) for side in sides)
    assert before == f"…{'x' * 60}<b>y</b>{'x' * 60}…" and after == f"…{'x' * 60}<b>∅</b>{'x' * 60}…"
