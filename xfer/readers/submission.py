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

from xfer.core.errors import BadRow, UsageError, suggest_name
from xfer.metrics.benchmarks import Layout
from xfer.readers import strict_json

NumberedLines = list[tuple[int, str]]
_LINE_END = re.compile("\r\n|\r|\n")  # what ends a line for Python's open()


class SentenceTags(NamedTuple):
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


def file_fault(path: Path, line: int, message: str) -> UsageError:
    """The one line for a fault of a submitted file."""
    return UsageError(f"{path}:{line}: {message}" if line else f"{path}: {message}")


# reading


def contents(path: Path) -> str:
    """The text of a file, its lines ended by line feeds alone."""
    if not path.is_file():
        raise file_fault(path, 0, "is not there")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise file_fault(path, 0, f"cannot be read: {error.strerror or error}") from None
    if raw.startswith(codecs.BOM_UTF8):
        what = "starts with a byte-order mark, which the official script reads as a part of the first line"
        raise file_fault(path, 1, f"{what}; save the file as UTF-8 without one")
    try:
        return _LINE_END.sub("\n", raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = _LINE_END.split(raw[: error.start].decode("utf-8"))
        what = f"is not UTF-8 (byte {len(before[-1].encode()) + 1} of the line: 0x{raw[error.start]:02x})"
        raise file_fault(path, len(before), f"{what}; convert the file with iconv") from None


def _stripped_lines(path: Path) -> NumberedLines:
    """(number, text) of each line; an empty line is one, at the end of the file too."""
    lines = contents(path).split("\n")
    if not lines[-1]:
        lines.pop()
    return list(enumerate(lines, 1))


def _stripped(path: Path) -> NumberedLines:
    """The same lines without the blanks around them, of whatever script."""
    return [(number, text.strip()) for number, text in _stripped_lines(path)]


def _read_json(path: Path) -> Any:
    return _parsed(path, contents(path), 1)


def _parsed(path: Path, text: str, start: int) -> Any:
    """The JSON value of a text whose first line is line ``start`` of the file."""
    try:
        return strict_json.parse(text)
    except strict_json.RepeatedKey as error:
        first, second = error.first + start - 1, error.second + start - 1
        what = f"key '{error.key}' is given twice, first on line {first}"
        raise file_fault(path, second, f"{what}; the official script would take the last without a word") from None
    except ValueError as error:
        within = getattr(error, "lineno", 0)
        line = within + start - 1 if within else 0
        raise file_fault(path, line, f"is not valid JSON: {getattr(error, 'msg', error)}") from None
    except RecursionError:
        raise file_fault(path, 0, "nests too deeply") from None


def read_labels(path: Path, allowed: Collection[str]) -> NumberedLines:
    """(line, label) of every row; ``known`` empty takes whole numbers (rows of a corpus)."""
    rows = _stripped(path)
    for line, label in rows:
        if not label:
            raise file_fault(path, line, "is empty where a label is expected")
        if allowed and label not in allowed:
            raise file_fault(path, line, f"unknown label '{label}'; {suggest_name(label, allowed)}")
        if not allowed and not (label.isascii() and label.isdigit()):
            raise file_fault(path, line, f"'{label}' is not the number of a row")
    return rows


def read_choices(path: Path, allowed: Collection[str]) -> list[tuple[int, Any]]:
    """(line, label) of every row of a file of JSON lines.

    Labels keep their type: for the official script 1, 1.0 and true are equal, and "1" is not.
    """
    rows = []
    for line, text in _stripped_lines(path):
        row = _parsed(path, text, line)
        if not isinstance(row, dict) or "label" not in row:
            raise file_fault(path, line, "is not a JSON object with a label")
        label = row["label"]
        if not isinstance(label, str | int | float) or label not in {*allowed, *map(int, allowed)}:
            shown = label if isinstance(label, str) else json.dumps(label)
            raise file_fault(path, line, f"unknown label '{shown}'; {suggest_name(shown, allowed)}")
        rows.append((line, label))
    return rows


def read_tags(path: Path, allowed: Collection[str] = ()) -> list[SentenceTags]:
    """The sentences of a file of tags; ``known`` empty takes any tag.

    As in the official script every empty line ends a sentence, so that one after another ends an empty sentence.
    """
    sentences: list[SentenceTags] = []
    sentence: SentenceTags | None = None
    for line, tag in _stripped(path):
        if tag and allowed and tag not in allowed:
            raise file_fault(path, line, f"unknown label '{tag}'; {suggest_name(tag, allowed)}")
        sentence = sentence or SentenceTags(line, [])
        if tag:
            sentence.tags.append(tag)
        else:
            sentences.append(sentence)
            sentence = None
    return [*sentences, sentence] if sentence else sentences


def read_pairs(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """(line, pair of sentence ids) of every line; an empty line is the pair ``("",)``, as in the official script."""
    id_pairs = []
    for line, text in _stripped(path):
        cells = tuple(text.split("\t"))
        if text and (len(cells) != 2 or not all(cells)):
            raise file_fault(path, line, "is not two ids with a tab between them")
        id_pairs.append((line, cells))
    if not any(any(cells) for _, cells in id_pairs):
        raise file_fault(path, 0, "holds no pair of ids")
    return id_pairs


def read_rankings(path: Path) -> dict[str, list[str]]:
    """Ids by query, best first, with the blanks that they have."""
    ranked = _unwrapped(_read_json(path))
    if not isinstance(ranked, dict):
        raise file_fault(path, 1, "is not a JSON object of query id to a list of ids")
    for query, ids in ranked.items():
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise file_fault(path, 0, f"query '{query}' has no list of ids")
    return ranked


def read_relevant(path: Path) -> tuple[dict[str, list[str]], Collection[str]]:
    """The relevant ids of each query of a gold file, and all ids that a ranking may hold, if they are known.

    The file is one of rankings, or of XQuAD-R as LAReQA publishes it, which is read with those of the other
    languages beside it.
    """
    content = _read_json(path)
    if not (isinstance(content, dict) and isinstance(content.get("data"), list)):
        return read_rankings(path), ()
    from xfer.readers.lareqa import gold_file  # late: of all tasks only this one needs it

    if repeated := repeated_id(path, read_gold_answers(path)):
        what = f"question '{repeated.id}' stands here and on line {repeated.first}; LAReQA's own script stops at that"
        raise file_fault(path, repeated.second, what)
    try:
        return gold_file(path)
    except BadRow as error:
        raise UsageError(str(error)) from None


def read_answers(path: Path) -> dict[str, Any]:
    """The prediction for each question, of whatever type."""
    by_question = _unwrapped(_read_json(path))
    if not isinstance(by_question, dict):
        raise file_fault(path, 1, "is not a JSON object of question id to answer")
    return by_question


def _unwrapped(found: Any) -> Any:
    """The official script takes what stands under ``data``, in predictions too."""
    return found["data"] if isinstance(found, dict) and "data" in found else found


def read_gold_answers(path: Path) -> list[GoldQuestion]:
    """Every question of a file in SQuAD's format, in order; of equal ids each."""
    gold_answers = []
    try:
        for article in _unwrapped(_read_json(path)):
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    texts = [answer["text"] for answer in question["answers"]]
                    gold_answers.append(_gold_question(path, question["id"], texts))
    except (KeyError, TypeError) as error:
        raise file_fault(path, 0, f"is not in SQuAD's format (no {error})") from None
    if not gold_answers:
        raise file_fault(path, 0, "holds no question")
    return gold_answers


def _gold_question(path: Path, name: Any, texts: list[Any]) -> GoldQuestion:
    if not isinstance(name, str):
        line = next(iter(strict_json.value_lines(contents(path), "id", name)), 0)
        what = f"question id {json.dumps(name)} is not text, and predictions are named by text"
        raise file_fault(path, line, f'{what}: the official script stops at it; write "{json.dumps(name)}"')
    if strange := [text for text in texts if not isinstance(text, str)]:
        raise file_fault(path, 0, f"question '{name}' has the answer {json.dumps(strange[0])}, which is not text")
    return GoldQuestion(name, texts)


def repeated_id(path: Path, asked: Sequence[GoldQuestion]) -> RepeatedId | None:
    """The first id that several questions of a file have; None where each has its own."""
    repeated = [name for name, count in Counter(question.id for question in asked).items() if count > 1]
    if not repeated:
        return None
    first, *others = strict_json.value_lines(contents(path), "id", repeated[0]) or [0]
    return RepeatedId(repeated[0], first, others[0] if others else first, len(repeated))


# writing


def submission_text(layout: Layout, predicted: Sequence[Any], ids: Sequence[str] = ()) -> str:
    """The contents of one file: an answer a row, in the order of the data set."""
    return WRITERS[layout](predicted, ids)


def _label_text(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return "".join(f"{label}\n" for label in predicted)


def _choice_text(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return "".join(json.dumps({"label": int(label)}) + "\n" for label in predicted)


def _tag_text(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return "\n".join("".join(f"{tag}\n" for tag in sentence) for sentence in predicted)


def _object_text(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    return json.dumps(dict(zip(ids, predicted, strict=True)), ensure_ascii=False, indent=1) + "\n"


def _pair_text(predicted: Sequence[Any], ids: Sequence[str]) -> str:
    """``predicted`` holds the ids that go with each of ``ids``, if any."""
    return "".join(f"{name}\t{other}\n" for name, partners in zip(ids, predicted, strict=True) for other in partners)


def squad_text(gold: Sequence[Sequence[str]], ids: Sequence[str]) -> str:
    """Gold answers in as much of SQuAD's format as a scorer reads."""
    question_records = [
        {"id": name, "answers": [{"text": answer} for answer in answers]}
        for name, answers in zip(ids, gold, strict=True)
    ]
    return (
        json.dumps({"version": "1.1", "data": [{"paragraphs": [{"qas": question_records}]}]}, ensure_ascii=False) + "\n"
    )


WRITERS: Mapping[Layout, Callable[[Sequence[Any], Sequence[str]], str]] = {
    "labels": _label_text,
    "choices": _choice_text,
    "tags": _tag_text,
    "answers": _object_text,
    "rankings": _object_text,
    "pairs": _pair_text,
}
