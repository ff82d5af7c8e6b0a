"""Labels and names that are numbers or booleans mean what they look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow
from xfer.readers.base import Reader, Row
from xfer.readers.cells import known_label, named, spelled
from xfer.readers.files import Files

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]
Xfer = Callable[..., Any]


def jsonl(*labels: Any) -> str:
    return "".join(json.dumps({"text": f"text {number}", "label": label}) + "\n" for number, label in enumerate(labels))


def test_numbers_and_booleans_are_spelled_as_json_spells_them() -> None:
    for value in (0, 1, -1, True, False, 0.5, 1.0, 12345678901234567890):
        assert spelled(value) == json.dumps(value)
    for value in ("1", "True", "", None, [], float("nan"), float("inf")):
        assert spelled(value) is value


@pytest.mark.parametrize(
    ("labels", "name", "content", "wanted"),
    [
        ("[0, 1]", "t.jsonl", jsonl(1, 0, "1"), ["1", "0", "1"]),
        ("['0', '1']", "t.jsonl", jsonl(1, 0), ["1", "0"]),
        ("[-1, 0, 1]", "t.tsv", "text\tlabel\na\t-1\nb\t0\n", ["-1", "0"]),
        ("[true, false]", "t.jsonl", jsonl(True, False, "true"), ["true", "false", "true"]),
        ("['true', 'false']", "t.jsonl", jsonl(True, False), ["true", "false"]),
        ("['True', 'False']", "t.jsonl", jsonl(True, False), ["True", "False"]),
        ("[True, False]", "t.csv", "text,label\na,True\nb,FALSE\nc,true\n", ["true", "false", "true"]),
        ("[0.0, 1.0]", "t.csv", "text,label\na,1.0\nb,0.0\n", ["1.0", "0.0"]),
        ("[no, yes]", "t.tsv", "text\tlabel\na\tno\nb\tyes\n", ["no", "yes"]),
    ],
)
def test_labels_mean_what_they_look_like(
    labels: str, name: str, content: str, wanted: list[str], mirror: Mirror, xfer: Xfer
) -> None:
    mirror(name, content)
    found = xfer("read", f"{{type: files, test: {name}, labels: {labels}}}", "--json")
    assert [json.loads(line)["label"] for line in found.out.splitlines()] == wanted, found.err


@pytest.mark.parametrize(
    ("labels", "value", "said"),
    [
        ([0, 1], True, "label 'true' is not one of 0, 1"),
        ([0, 1], 1.0, "label '1.0' is not one of 0, 1"),
        ([0, 1], "01", "label '01' is not one of 0, 1"),
        ([True, False], 1, "label '1' is not one of true, false"),
        (["true", "TRUE"], "True", "label 'True' is not one of true, TRUE"),
        ([0, 1], None, "column 'label' holds None, not text"),
        ([0, 1], [1], r"column 'label' holds \[1\], not text"),
    ],
)
def test_and_nothing_else(labels: list[Any], value: Any, said: str, mirror: Mirror, read: Read) -> None:
    path = mirror("t.jsonl", jsonl(labels[0], value))
    with pytest.raises(BadRow, match=said) as caught:
        read({"type": "files", "test": "t.jsonl", "labels": labels}, "test")
    assert (caught.value.file, caught.value.line) == (str(path), 2)


def test_labels_have_one_identity_however_they_are_written() -> None:
    built = [Reader.model_validate({"type": "files", "test": "t", "labels": one}) for one in ([0, 1], ["0", "1"])]
    assert built[0].identity() == built[1].identity() and built[0].label_names() == ("0", "1")


@pytest.mark.parametrize("labels", [[0, "0"], [True, "true"], [None, 1], [[1], 2]])
def test_labels_that_are_equal_or_none_are_faults(labels: list[Any]) -> None:
    with pytest.raises(ValueError, match="labels"):
        Files.model_validate({"test": "t", "labels": labels})


def test_a_label_is_looked_up_as_it_is_first() -> None:
    assert known_label("True", ["true", "True"]) == "True"
    assert known_label("TRUE", ["true", "True"]) is None
    assert known_label("Pos", ["pos"]) is None


def test_a_row_is_named_by_its_number_only_where_it_has_no_name() -> None:
    for value, wanted in ((0, "0"), (7, "7"), ("a", "a"), ("", "3"), (None, "3")):
        assert named({"id": value}, "id", 3) == wanted
    assert named({}, "id", 3) == "3"


def test_numbers_are_labels_and_ids_of_jsonl_in_every_reader(mirror: Mirror, read: Read) -> None:
    line = {"uid": 0, "context": "a", "hypothesis": "b", "label": "e"}
    mirror("anli_v1.0/R1/test.jsonl", json.dumps(line) + "\n" + json.dumps(line | {"uid": 12}) + "\n")
    assert [row["id"] for row in read({"type": "anli", "rounds": [1]}, "test")] == ["0", "12"]


def test_questions_may_be_numbered(mirror: Mirror, read: Read) -> None:
    asked = [{"id": number, "question": "Kim?", "answers": [{"text": "Ali", "answer_start": 0}]} for number in (0, 17)]
    tree = {"data": [{"paragraphs": [{"context": "Ali geldi.", "qas": asked}]}]}
    mirror("xquad/xquad.tr.json", json.dumps(tree))
    assert [row["id"] for row in read("xquad", "test", "tr")] == ["0", "17"]
    for wrong in (True, 1.5, None):
        mirror("xquad/xquad.tr.json", json.dumps(tree).replace('"id": 17', f'"id": {json.dumps(wrong)}'))
        with pytest.raises(BadRow, match=f"question 2: 'id' is {wrong}, not text"):
            read("xquad", "test", "tr")
