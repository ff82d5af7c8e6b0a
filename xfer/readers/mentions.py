"""The files of Mewsli-X: articles with mentions, entities with descriptions, pairs of both.

A mention is read as in google-research/xtreme (third_party/utils_mewslix.py): its words, a colon, and its sentence
with the mention in braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import Row

MentionSpan = tuple[int, int]
_DESCRIBED = re.compile(r'"description_language"\s*:\s*"([^"\\]+)"')
_NAMED = re.compile(r'"entity_id"\s*:\s*"([^"\\]+)"')
_BRACES = re.compile(r"\{(.*?)\}")


def mention_rows(path: Path, language: str) -> Iterator[Row | BadRow]:
    """The mentions in one language of a file of WikiNews articles, a BadRow in the place of each of no use."""
    for number, article in tables.each_jsonl(path):
        if isinstance(article, BadRow):
            yield article
            continue
        file_line = _FileLine(path, number)
        try:
            context, article_mentions = file_line.part(article, "context"), article.get("mentions")
            if file_line.text(context, "language") != language:
                continue
            if not isinstance(article_mentions, list):
                raise file_line.bad("has no list 'mentions'")
        except BadRow as bad:
            yield bad
            continue
        for mention in article_mentions:
            try:
                yield _mention_row(file_line, context, mention, language)
            except BadRow as bad:
                yield bad


def pair_rows(path: Path, language: str) -> Iterator[Row | BadRow]:
    """Mentions and, each at its first mention, their entities of a file of training pairs."""
    seen: set[str] = set()
    for number, pair in tables.each_jsonl(path):
        if isinstance(pair, BadRow):
            yield pair
            continue
        try:
            query, entity = _query_and_entity(_FileLine(path, number), pair, language)
        except BadRow as bad:
            yield bad
            continue
        yield query
        if entity["id"] not in seen:
            seen.add(entity["id"])
            yield entity


def entity_rows(path: Path, described: Callable[[str], bool], wanted: dict[str, Any]) -> Iterator[Row | BadRow]:
    """The entities with a description in the languages that ``described`` says, one at a time.

    Takes the ids of all entities out of ``wanted``. The lines of other languages are not parsed: the file holds a
    million.
    """
    for number, line in tables.each_line(path):
        if isinstance(line, BadRow):
            yield line
            continue
        name, code = _NAMED.search(line), _DESCRIBED.search(line)
        if name:
            wanted.pop(name[1], None)
        if line.strip() and not (code and name and not described(code[1])):
            file_line = _FileLine(path, number)
            try:
                yield _entity_row(file_line, tables.json_object(path, number, line))
            except BadRow as bad:
                yield bad


class _FileLine:
    """A line of a file, for the faults of what it holds."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number

    def bad(self, message: str) -> BadRow:
        return BadRow(str(self.path), self.number, message)

    def part(self, value: Any, key: str) -> dict[str, Any]:
        member = value.get(key) if isinstance(value, dict) else None
        if not isinstance(member, dict):
            raise self.bad(f"has no object '{key}'")
        return member

    def text(self, value: dict[str, Any], key: str) -> str:
        if not isinstance(value.get(key), str):
            raise self.bad(f"'{key}' is {value.get(key)!r}, not text")
        return str(value[key])

    def span(self, value: Any, text: str, what: str) -> MentionSpan:
        start, end = (value.get("start"), value.get("end")) if isinstance(value, dict) else (None, None)
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
            raise self.bad(f"{what} is from {start!r} to {end!r}, which is not within a text of {len(text)} characters")
        return start, end

    def spans(self, value: dict[str, Any], text: str) -> list[MentionSpan]:
        items = value.get("sentence_spans")
        if not isinstance(items, list) or not items:
            raise self.bad("has no list 'sentence_spans'")
        return [self.span(item, text, "a sentence") for item in items]


def _mention_row(file_line: _FileLine, context: dict[str, Any], mention: Any, language: str) -> Row:
    """A query: the mention and its sentence, in which it stands between braces."""
    if not isinstance(mention, dict):
        raise file_line.bad("holds a mention that is not an object")
    name, text = file_line.text(mention, "example_id"), file_line.text(context, "text")
    if not text:
        raise file_line.bad(f"the text of mention {name} was taken out for the release; get-mewsli-x.sh puts it back")
    given = file_line.part(mention, "mention_span")
    start, end = file_line.span(given, text, f"mention {name}")
    if text[start:end] != file_line.text(given, "text"):
        raise file_line.bad(
            f"mention {name} is '{given['text']}', but '{text[start:end]}' stands at {start} of its text"
        )
    sentences = file_line.spans(context, text)
    first = max((border for border, _ in sentences if border <= start), default=None)
    last = min((border for _, border in sentences if border >= end), default=None)
    if first is None or last is None:
        raise file_line.bad(f"mention {name} stands in no sentence")
    left, right = (_BRACES.sub(r"(\1)", side) for side in (text[first:start], text[end:last]))
    words = text[start:end]
    marked = " ".join(f"{words}: {left} {{ {words} }} {right}".split())
    return _retrieval_row(file_line, name, language, "query", marked, [file_line.text(mention, "entity_id")])


def _query_and_entity(file_line: _FileLine, pair: dict[str, Any], language: str) -> tuple[Row, Row]:
    contextual, entity = (
        file_line.part(pair, "contextual_mention"),
        _entity_row(file_line, file_line.part(pair, "entity")),
    )
    query = _mention_row(file_line, file_line.part(contextual, "context"), contextual.get("mention"), language)
    if query["gold"] != [entity["id"]]:
        what = f"mention {query['id']} means {query['gold'][0]}, but the entity beside it is {entity['id']}"
        raise file_line.bad(what)
    return query, entity


def _entity_row(file_line: _FileLine, entity: dict[str, Any]) -> Row:
    """A candidate: the sentences of its description."""
    description = file_line.text(entity, "description")
    sentences = (description[start:end] for start, end in file_line.spans(entity, description))
    text = " ".join(" ".join(sentences).split())
    language = file_line.text(entity, "description_language")
    return _retrieval_row(file_line, file_line.text(entity, "entity_id"), language, "candidate", text, None)


def _retrieval_row(place: _FileLine, name: str, language: str, side: str, text: str, gold: list[str] | None) -> Row:
    row = {"id": name, "language": language, "side": side, "text": text, "pair": None}
    return row | {"gold": gold, "part": "test", "file": str(place.path), "line": place.number}
