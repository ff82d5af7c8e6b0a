"""JSON whose objects name no key twice, and the lines on which keys and values stand.

``json`` keeps the last of two equal keys without a word, so that a file of predictions loses an answer; and it
forgets lines. Both are looked for here only where something is wrong, by one walk over the text.
"""

from __future__ import annotations

import json
import re
from typing import Any

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_KEY_OR_BRACE = re.compile(rf"({_STRING})\s*(:)?|[{{}}]", re.DOTALL)


class RepeatedKey(ValueError):
    """An object gives ``key`` on line ``first`` and again on line ``second``, there in ``column``, all from 1."""

    def __init__(self, key: str, first: int, second: int, column: int) -> None:
        self.key, self.first, self.second, self.column = key, first, second, column
        super().__init__(f"key '{key}' is given twice")


class _Twice(Exception):
    """Some object has a key twice; which one, and where, only the text can tell."""


def parse(text: str) -> Any:
    """The value of a JSON text. Raises RepeatedKey, or ValueError and RecursionError as ``json.loads`` does."""
    try:
        return json.loads(text, object_pairs_hook=_distinct)
    except _Twice:
        raise _repeated(text) from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _repeated(text: str) -> RepeatedKey:
    """The first key that stands a second time in its object. The text is JSON that has one."""
    open_objects: list[dict[str, int]] = []
    for token in _KEY_OR_BRACE.finditer(text):
        if token[0] == "{":
            open_objects.append({})
        elif token[0] == "}":
            open_objects.pop()
        elif token[2]:
            key, keys = json.loads(token[1]), open_objects[-1]
            if key in keys:
                column = token.start() - text.rfind("\n", 0, token.start())
                return RepeatedKey(key, line_of(text, keys[key]), line_of(text, token.start()), column)
            keys[key] = token.start()
    raise AssertionError("no key stands twice")


def value_lines(text: str, key: str, value: Any) -> list[int]:
    """The lines on which ``key`` has this value (of this type), in order; of a text or a number."""
    pattern = re.compile(rf"{re.escape(json.dumps(key))}\s*:\s*({_STRING}|[^\s,\]}}]+)", re.DOTALL)
    return [line_of(text, token.start()) for token in pattern.finditer(text) if _is(token[1], value)]


def _is(token: str, value: Any) -> bool:
    try:
        found = json.loads(token)
    except ValueError:  # the start of an object or a list
        return False
    return type(found) is type(value) and bool(found == value)


def line_of(text: str, offset: int) -> int:
    """The line of a character, counted from 1."""
    return text.count("\n", 0, offset) + 1
