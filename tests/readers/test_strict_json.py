"""JSON with a key given twice, and the lines of keys and values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from xfer.readers.strict_json import RepeatedKey, parse, value_lines

KEYS = some.sampled_from(["id", 'a"b', "{", "}:", "\\", "ключ", ""])
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.sampled_from(['"id": "x"', "{", "}", 'a": {"b', "\\"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, some.sampled_from([None, 1]), some.booleans())
def test_json_without_equal_keys_is_what_it_is(value: Any, indent: int | None, plain: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    assert parse(text) == json.loads(text)


@given(some.lists(some.tuples(KEYS, VALUES), min_size=1, max_size=4), KEYS, some.booleans(), some.booleans())
def test_the_first_equal_keys_are_named_with_their_lines(
    pairs: list[tuple[str, Any]], key: str, inside: bool, plain: bool
) -> None:
    """One pair a line, the key on the first and the last of them, at the top or deep within."""
    between = [(name, value) for name, value in dict(pairs).items() if name != key]
    lines = [f"{json.dumps(name, ensure_ascii=plain)}: {json.dumps(value)}" for name, value in [(key, 1), *between]]
    text = "{" + ",\n".join([*lines, f"{json.dumps(key)}: 2"]) + "}"
    with pytest.raises(RepeatedKey) as caught:
        parse('{"list":\n[{"other": 1},' + text + "]}" if inside else text)
    start = 2 if inside else 1
    assert (caught.value.key, caught.value.first, caught.value.second) == (key, start, start + len(lines))


def test_equal_keys_of_different_objects_are_no_fault() -> None:
    assert parse('[{"a": {"a": 1}}, {"a": 2}]') == [{"a": {"a": 1}}, {"a": 2}]


def test_the_lines_of_a_value_are_those_of_its_key_and_type() -> None:
    lines = [
        '{"id": "1",',
        '"x": {"id" : 1},',
        r'"text": "\"id\": \"1\"",',
        '"y": [{"id":',
        r'"1"}, {"id": "\u0031"},',
        '{"id": []}]}',
    ]
    text = "\n".join(lines)
    json.loads(text)
    assert value_lines(text, "id", "1") == [1, 4, 5]
    assert value_lines(text, "id", 1) == [2]
    assert value_lines(text, "id", 1.0) == value_lines(text, "id", True) == []


@pytest.mark.parametrize("text", ["", "{", '{"a": 1,}', '{"a": 1} 2'])
def test_what_is_no_json_is_the_error_of_json(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        parse(text)
