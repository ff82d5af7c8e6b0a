"""Keys that are given twice, and where the values of a JSON text stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import Reader, Row
from xfer.readers.json_text import Positions, Step, parsed, tree
from xfer.readers.sources import rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]

LEAVES = st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('{}[]":,\\ \né'), max_size=5)
KEYS = st.text(st.sampled_from('ab":{}\\'), max_size=3)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


def steps_of(value: Any, before: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    yield before, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inside:
        yield from steps_of(one, (*before, step))


@given(VALUES, st.sampled_from([None, 0, 1, 3]), st.sampled_from(["", "\n", " \n\n "]))
def test_every_value_is_found_where_it_stands(value: Any, indent: int | None, before: str) -> None:
    text = before + json.dumps(value, indent=indent, ensure_ascii=False)
    positions, lines = Positions(text), text.split("\n")
    for steps, one in steps_of(value):
        line, column = positions.of(steps)
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == one


def test_steps_that_lead_nowhere_end_at_the_last_that_is_there() -> None:
    positions = Positions('{"a": [1,\n {"b": 2}]}')
    assert positions.of(("a", 1, "b")) == (2, 8)
    assert positions.of(("a", 1, "c")) == positions.of(("a", 1, "c", 0)) == (2, 2)
    assert positions.of(("a", 5)) == (1, 7)


# keys


@pytest.mark.parametrize(
    ("text", "key", "column"),
    [
        ('{"a": 1, "a": 2}', "a", 10),
        ('{"a": {"b": 1, "c": [{"d": 1}, {"d": 1, "d": 1}]}}', "d", 41),
        ('{"a": "{\\"b\\": 1, \\"b\\": 2}", "\\u0061": 2}', "a", 31),
        ('[{"a": 1}, {"a": 1}, {"b": [], "b": []}]', "b", 32),
    ],
)
def test_a_key_that_is_given_twice_is_a_fault_with_its_column(text: str, key: str, column: int) -> None:
    with pytest.raises(BadRow, match=f"^file:7: gives the key '{key}' twice \\(column {column}\\)$"):
        parsed(text, Path("file"), 7)
    with pytest.raises(BadRow, match=f"^file:3: gives the key '{key}' twice"):
        parsed(f"\n\n{text}", Path("file"))


@given(VALUES)
def test_what_gives_no_key_twice_is_what_pythons_parser_makes_of_it(value: Any) -> None:
    text = json.dumps(value)
    assert parsed(text, Path("file")) == tree(text, Path("file")) == value


def test_a_number_too_long_for_python_is_a_fault() -> None:
    for read in (parsed, tree):
        with pytest.raises(BadRow, match=r"^file:2: holds a number too long to read$"):
            read('["1",\n' + "9" * 5000 + "]", Path("file"))


def test_a_row_of_jsonl_with_a_key_twice_is_a_bad_row(mirror: Mirror) -> None:
    path = mirror("t.jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label": "y", "text": "c"}\n')
    reader, lost = Reader.model_validate({"type": "files", "test": "t.jsonl", "labels": ["x", "y"]}), list[BadRow]()
    skipping = reader.model_copy(update={"bad_rows": "skip"})
    assert [row["text"] for row in rows(skipping, "mirror", "test", "en", on_bad=lost.append)] == ["a"]
    assert [str(bad) for bad in lost] == [f"{path}:2: gives the key 'text' twice (column 29)"]


SQUAD = """{"data": [{"paragraphs": [{"context": "A cat.", "qas": [
  {"id": "1", "question": "Who?", "answers": [{"text": "cat", "answer_start": 2}]},
  {"id": "2", "question": "Who?", "answers": [{"text": "cat",
    "answer_start": 2, "answer_start": 3}]},
  {"id": "3", "question": "Who?",
   "question": "What?", "answers": []}
]}]}]}
"""


def test_questions_with_a_key_twice_are_bad_rows_and_no_others(mirror: Mirror) -> None:
    path, lost = mirror("squad/dev-v1.1.json", SQUAD), list[BadRow]()
    reader = Reader.model_validate({"type": "squad_v1", "bad_rows": "skip"})
    assert [row["id"] for row in rows(reader, "mirror", "dev", "en", on_bad=lost.append)] == ["1"]
    assert [str(bad) for bad in lost] == [
        f"{path}:4: article 1, paragraph 1, question 2 (2) gives the key 'answer_start' twice",
        f"{path}:6: article 1, paragraph 1, question 3 gives the key 'question' twice",
    ]


@pytest.mark.parametrize("twice", ["data", "paragraphs", "context"])
def test_what_holds_questions_is_not_taken_twice_either(twice: str, mirror: Mirror, read: Read) -> None:
    path = mirror("squad/dev-v1.1.json", SQUAD.replace(f'"{twice}":', f'"{twice}": [],\n "{twice}":', 1))
    with pytest.raises(BadRow, match=f"gives the key '{twice}' twice") as caught:
        read("squad_v1", "dev")
    assert (caught.value.file, caught.value.line) == (str(path), 2)


def test_a_table_of_tags_with_a_tag_twice_is_told(mirror: Mirror, read: Read) -> None:
    path = mirror("ccg/tags_to_id.json", '{"NP": 0,\n "S": 1,\n "NP": 2}')
    mirror("ccg/ccg.dev", "It\tNP\n")
    with pytest.raises(BadRow, match="gives the key 'NP' twice") as caught:
        read("ccg", "dev")
    assert (caught.value.file, caught.value.line) == (str(path), 3)


def test_an_array_in_jsonl_says_what_would_be_right(tmp_path: Path) -> None:
    for text in ('[{"a": 1},\n{"a": 2}]\n', '{\n "a": 1\n}\n', '[{"a": 1}]\n'):
        (tmp_path / "f").write_text(text)
        with pytest.raises(BadRow, match=r"f:1: is not .*; a line holds one object here"):
            list(tables.jsonl(tmp_path / "f"))
