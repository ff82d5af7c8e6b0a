"""XTREME's submission layout: ``<task>/test-<language>.<end>``, one plain format for each kind of answer.

``labels``    one label a line: XNLI, PAWS-X; for Tatoeba the row of the found sentence
``tags``      one tag a line, an empty line after each sentence: PAN-X, UDPOS
``pairs``     two sentence ids a line, tab between them: BUCC
``answers``   a JSON object of question id to answer; gold files are SQuAD's JSON: XQuAD, MLQA, TyDiQA
``rankings``  a JSON object of query id to ids, best first: Mewsli-X, LAReQA; gold files of LAReQA may be the official
              ones, whose ids are ``<question>_<language>`` and ``<language>_<paragraph from 1>_<sentence from 0>``
``choices``   one JSON object with ``label`` a line: XCOPA

Every fault is a UsageError that names file and line, since the files are what the user gave.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xfer.core.errors import BadRow, UsageError, suggest
from xfer.metrics.benchmarks import Layout
from xfer.readers import tables

Lines = list[tuple[int, str]]


class Sentence(NamedTuple):
    """The tags of one sentence and the line of the first."""

    line: int
    tags: list[str]


def bad(path: Path, line: int, message: str) -> UsageError:
    """The one line for a fault of a submitted file."""
    return UsageError(f"{path}:{line}: {message}" if line else f"{path}: {message}")


def _lines(path: Path) -> Lines:
    """(number, text) of each line without blanks around it, without the empty ones at the end."""
    if not path.is_file():
        raise bad(path, 0, "is not there")
    try:
        found = [(number, text.strip()) for number, text in tables.lines(path)]
    except BadRow as error:
        raise UsageError(str(error)) from None
    while found and not found[-1][1]:
        found.pop()
    if not found:
        raise bad(path, 0, "holds no rows")
    return found


def _json(path: Path) -> Any:
    text = "\n".join(text for _, text in _lines(path))
    try:
        return json.loads(text)
    except ValueError as error:
        raise bad(path, getattr(error, "lineno", 0), f"is not valid JSON: {getattr(error, 'msg', error)}") from None


def labels(path: Path, known: Collection[str]) -> Lines:
    """(line, label) of every row; ``known`` empty takes whole numbers (rows of a corpus)."""
    found = _lines(path)
    for line, label in found:
        _check(path, line, label, known)
    return found


def _check(path: Path, line: int, label: str, known: Collection[str]) -> None:
    if not label:
        raise bad(path, line, "is empty where a label is expected")
    if known and label not in known:
        raise bad(path, line, f"unknown label '{label}'; {suggest(label, known)}")
    if not known and not (label.isascii() and label.isdigit()):
        raise bad(path, line, f"'{label}' is not the number of a row")


def choices(path: Path, known: Collection[str]) -> Lines:
    """(line, label) of every row of a file of JSON lines."""
    found = []
    for line, text in _lines(path):
        try:
            label = json.loads(text)["label"]
        except (ValueError, TypeError, KeyError):
            raise bad(path, line, "is not a JSON object with a label") from None
        _check(path, line, str(label), known)
        found.append((line, str(label)))
    return found


def tags(path: Path, known: Collection[str] = ()) -> list[Sentence]:
    """The sentences of a file of tags; ``known`` empty takes any tag."""
    found: list[Sentence] = []
    inside = False
    for line, tag in _lines(path):
        if not tag:
            inside = False
            continue
        if known and tag not in known:
            raise bad(path, line, f"unknown label '{tag}'; {suggest(tag, known)}")
        if not inside:
            found.append(Sentence(line, []))
        found[-1].tags.append(tag)
        inside = True
    return found


def pairs(path: Path) -> list[tuple[str, str]]:
    """Pairs of sentence ids."""
    found = []
    for line, text in _lines(path):
        cells = text.split("\t")
        if len(cells) != 2 or not all(cells):
            raise bad(path, line, "is not two ids with a tab between them")
        found.append((cells[0], cells[1]))
    return found


def rankings(path: Path) -> dict[str, list[str]]:
    """Ids by query, best first."""
    found = _json(path)
    if not isinstance(found, dict):
        raise bad(path, 1, "is not a JSON object of query id to a list of ids")
    for query, ids in found.items():
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise bad(path, 0, f"query '{query}' has no list of ids")
    return {query: [item.strip() for item in ids] for query, ids in found.items()}


def relevant(path: Path) -> tuple[dict[str, list[str]], Collection[str]]:
    """The relevant ids of each query of a gold file, and all ids that a ranking may hold, if they are known.

    The file is one of rankings, or of XQuAD-R as LAReQA publishes it, which is read with those of the other
    languages beside it.
    """
    found = _json(path)
    if not (isinstance(found, dict) and isinstance(found.get("data"), list)):
        return rankings(path), ()
    from xfer.readers.lareqa import gold_file  # late: of all tasks only this one needs it

    try:
        return gold_file(path)
    except BadRow as error:
        raise UsageError(str(error)) from None


def answers(path: Path) -> dict[str, str]:
    """The predicted answer of each question."""
    found = _json(path)
    if not isinstance(found, dict):
        raise bad(path, 1, "is not a JSON object of question id to answer")
    for question, answer in found.items():
        if not isinstance(answer, str):
            raise bad(path, 0, f"the answer to question '{question}' is not text")
    return found


def questions(path: Path) -> dict[str, list[str]]:
    """The gold answers of each question of a file in SQuAD's format."""
    found: dict[str, list[str]] = {}
    try:
        data = _json(path)
        for article in data["data"] if isinstance(data, dict) else data:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    found[str(question["id"])] = [str(answer["text"]) for answer in question["answers"]]
    except (KeyError, TypeError) as error:
        raise bad(path, 0, f"is not in SQuAD's format (no {error})") from None
    if not found:
        raise bad(path, 0, "holds no question")
    return found


# writing


def text(layout: Layout, predicted: Sequence[Any], ids: Sequence[str] = ()) -> str:
    """The contents of one file: an answer a row, in the order of the data set."""
    return WRITERS[layout](predicted, ids)


def _plain(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return "".join(f"{label}\n" for label in predicted)


def _choices(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return "".join(json.dumps({"label": int(label)}) + "\n" for label in predicted)


def _tags(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return "\n".join("".join(f"{tag}\n" for tag in sentence) for sentence in predicted)


def _object(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return json.dumps(dict(zip(ids, predicted, strict=True)), ensure_ascii=False, indent=1) + "\n"


def _pairs(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    """``predicted`` holds the ids that go with each of ``ids``, if any."""
    return "".join(f"{name}\t{other}\n" for name, found in zip(ids, predicted, strict=True) for other in found)


def squad(gold: Sequence[Sequence[str]], ids: Sequence[str]) -> str:
    """Gold answers in as much of SQuAD's format as a scorer reads."""
    asked = [
        {"id": name, "answers": [{"text": answer} for answer in answers]}
        for name, answers in zip(ids, gold, strict=True)
    ]
    return json.dumps({"version": "1.1", "data": [{"paragraphs": [{"qas": asked}]}]}, ensure_ascii=False) + "\n"


WRITERS: Mapping[Layout, Callable[[Sequence[Any], Sequence[str]], str]] = {
    "labels": _plain,
    "choices": _choices,
    "tags": _tags,
    "answers": _object,
    "rankings": _object,
    "pairs": _pairs,
}
