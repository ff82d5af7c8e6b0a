"""XTREME's submission layout: ``<task>/test-<language>.<end>``, one plain format for each kind of answer.

``labels``    one label a line: XNLI, PAWS-X; for Tatoeba the row of the found sentence
``tags``      one tag a line, an empty line after each sentence: PAN-X, UDPOS
``pairs``     two sentence ids a line, tab between them: BUCC
``answers``   a JSON object of question id to answer; gold files are SQuAD's JSON: XQuAD, MLQA, TyDiQA
``rankings``  a JSON object of query id to ids, best first: Mewsli-X, LAReQA; gold files of LAReQA may be the official
              ones, whose ids are ``<question>_<language>`` and ``<language>_<paragraph from 1>_<sentence from 0>``
``choices``   one JSON object with ``label`` a line: XCOPA

Lines, blanks, empty lines and types are those of google-research/xtreme's evaluate.py (838c13b), so that a file has the
rows here that it has there. What that script cannot read, or would misread without a word (a byte-order mark, a JSON
key given twice), is a UsageError that names file and line, since the files are what the user gave.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xfer.core.errors import BadRow, UsageError, suggest
from xfer.metrics.benchmarks import Layout
from xfer.readers import strict_json

Lines = list[tuple[int, str]]
_LINE_END = re.compile("\r\n|\r|\n")  # what ends a line for Python's open()


class Sentence(NamedTuple):
    """The tags of one sentence and the line of the first."""

    line: int
    tags: list[str]


class GoldQuestion(NamedTuple):
    """A question of a gold file and its right answers. Several may have one id."""

    id: str
    answers: list[str]


class RepeatedId(NamedTuple):
    """An id that several questions of a file have, its first two lines, and the total of such ids."""

    id: str
    first: int
    second: int
    total: int


def bad(path: Path, line: int, message: str) -> UsageError:
    """The one line for a fault of a submitted file."""
    return UsageError(f"{path}:{line}: {message}" if line else f"{path}: {message}")


# reading


def contents(path: Path) -> str:
    """The text of a file, its lines ended by line feeds alone."""
    if not path.is_file():
        raise bad(path, 0, "is not there")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise bad(path, 0, f"cannot be read: {error.strerror or error}") from None
    if raw.startswith(codecs.BOM_UTF8):
        what = "starts with a byte-order mark, which the official script reads as a part of the first line"
        raise bad(path, 1, f"{what}; save the file as UTF-8 without one")
    try:
        return _LINE_END.sub("\n", raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = _LINE_END.split(raw[: error.start].decode("utf-8"))
        what = f"is not UTF-8 (byte {len(before[-1].encode()) + 1} of the line: 0x{raw[error.start]:02x})"
        raise bad(path, len(before), f"{what}; convert the file with iconv") from None


def _lines(path: Path) -> Lines:
    """(number, text) of each line; an empty line is one, at the end of the file too."""
    found = contents(path).split("\n")
    if not found[-1]:
        found.pop()
    return list(enumerate(found, 1))


def _stripped(path: Path) -> Lines:
    """The same lines without the blanks around them, of whatever script."""
    return [(number, text.strip()) for number, text in _lines(path)]


def _json(path: Path) -> Any:
    return _parsed(path, contents(path), 1)


def _parsed(path: Path, text: str, start: int) -> Any:
    """The JSON value of a text whose first line is line ``start`` of the file."""
    try:
        return strict_json.parse(text)
    except strict_json.RepeatedKey as error:
        first, second = error.first + start - 1, error.second + start - 1
        what = f"key '{error.key}' is given twice, first on line {first}"
        raise bad(path, second, f"{what}; the official script would take the last without a word") from None
    except ValueError as error:
        within = getattr(error, "lineno", 0)
        line = within + start - 1 if within else 0
        raise bad(path, line, f"is not valid JSON: {getattr(error, 'msg', error)}") from None
    except RecursionError:
        raise bad(path, 0, "nests too deeply") from None


def labels(path: Path, known: Collection[str]) -> Lines:
    """(line, label) of every row; ``known`` empty takes whole numbers (rows of a corpus)."""
    found = _stripped(path)
    for line, label in found:
        if not label:
            raise bad(path, line, "is empty where a label is expected")
        if known and label not in known:
            raise bad(path, line, f"unknown label '{label}'; {suggest(label, known)}")
        if not known and not (label.isascii() and label.isdigit()):
            raise bad(path, line, f"'{label}' is not the number of a row")
    return found


def choices(path: Path, known: Collection[str]) -> list[tuple[int, Any]]:
    """(line, label) of every row of a file of JSON lines.

    Labels keep their type: for the official script 1, 1.0 and true are equal, and "1" is not.
    """
    found = []
    for line, text in _lines(path):
        row = _parsed(path, text, line)
        if not isinstance(row, dict) or "label" not in row:
            raise bad(path, line, "is not a JSON object with a label")
        label = row["label"]
        if not isinstance(label, str | int | float) or label not in {*known, *map(int, known)}:
            shown = label if isinstance(label, str) else json.dumps(label)
            raise bad(path, line, f"unknown label '{shown}'; {suggest(shown, known)}")
        found.append((line, label))
    return found


def tags(path: Path, known: Collection[str] = ()) -> list[Sentence]:
    """The sentences of a file of tags; ``known`` empty takes any tag.

    As in the official script every empty line ends a sentence, so that one after another ends an empty sentence.
    """
    found: list[Sentence] = []
    sentence: Sentence | None = None
    for line, tag in _stripped(path):
        if tag and known and tag not in known:
            raise bad(path, line, f"unknown label '{tag}'; {suggest(tag, known)}")
        sentence = sentence or Sentence(line, [])
        if tag:
            sentence.tags.append(tag)
        else:
            found.append(sentence)
            sentence = None
    return [*found, sentence] if sentence else found


def pairs(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """(line, pair of sentence ids) of every line; an empty line is the pair ``("",)``, as in the official script."""
    found = []
    for line, text in _stripped(path):
        cells = tuple(text.split("\t"))
        if text and (len(cells) != 2 or not all(cells)):
            raise bad(path, line, "is not two ids with a tab between them")
        found.append((line, cells))
    if not any(any(cells) for _, cells in found):
        raise bad(path, 0, "holds no pair of ids")
    return found


def rankings(path: Path) -> dict[str, list[str]]:
    """Ids by query, best first, with the blanks that they have."""
    found = _unwrapped(_json(path))
    if not isinstance(found, dict):
        raise bad(path, 1, "is not a JSON object of query id to a list of ids")
    for query, ids in found.items():
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise bad(path, 0, f"query '{query}' has no list of ids")
    return found


def relevant(path: Path) -> tuple[dict[str, list[str]], Collection[str]]:
    """The relevant ids of each query of a gold file, and all ids that a ranking may hold, if they are known.

    The file is one of rankings, or of XQuAD-R as LAReQA publishes it, which is read with those of the other
    languages beside it.
    """
    found = _json(path)
    if not (isinstance(found, dict) and isinstance(found.get("data"), list)):
        return rankings(path), ()
    from xfer.readers.lareqa import gold_file  # late: of all tasks only this one needs it

    if repeated := repeated_id(path, questions(path)):
        what = f"question '{repeated.id}' stands here and on line {repeated.first}; LAReQA's own script stops at that"
        raise bad(path, repeated.second, what)
    try:
        return gold_file(path)
    except BadRow as error:
        raise UsageError(str(error)) from None


def answers(path: Path) -> dict[str, Any]:
    """The prediction for each question, of whatever type."""
    found = _unwrapped(_json(path))
    if not isinstance(found, dict):
        raise bad(path, 1, "is not a JSON object of question id to answer")
    return found


def _unwrapped(found: Any) -> Any:
    """The official script takes what stands under ``data``, in predictions too."""
    return found["data"] if isinstance(found, dict) and "data" in found else found


def questions(path: Path) -> list[GoldQuestion]:
    """Every question of a file in SQuAD's format, in order; of equal ids each."""
    found = []
    try:
        for article in _unwrapped(_json(path)):
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    texts = [answer["text"] for answer in question["answers"]]
                    found.append(_gold_question(path, question["id"], texts))
    except (KeyError, TypeError) as error:
        raise bad(path, 0, f"is not in SQuAD's format (no {error})") from None
    if not found:
        raise bad(path, 0, "holds no question")
    return found


def _gold_question(path: Path, name: Any, texts: list[Any]) -> GoldQuestion:
    if not isinstance(name, str):
        line = next(iter(strict_json.value_lines(contents(path), "id", name)), 0)
        what = f"question id {json.dumps(name)} is not text, and predictions are named by text"
        raise bad(path, line, f'{what}: the official script stops at it; write "{json.dumps(name)}"')
    if strange := [text for text in texts if not isinstance(text, str)]:
        raise bad(path, 0, f"question '{name}' has the answer {json.dumps(strange[0])}, which is not text")
    return GoldQuestion(name, texts)


def repeated_id(path: Path, asked: Sequence[GoldQuestion]) -> RepeatedId | None:
    """The first id that several questions of a file have; None where each has its own."""
    repeated = [name for name, count in Counter(question.id for question in asked).items() if count > 1]
    if not repeated:
        return None
    first, *others = strict_json.value_lines(contents(path), "id", repeated[0]) or [0]
    return RepeatedId(repeated[0], first, others[0] if others else first, len(repeated))


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
