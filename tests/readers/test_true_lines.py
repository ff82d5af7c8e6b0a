"""A bad row is told with the file that it stands in and its line there, in every reader and form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow
from xfer.forms.base import build_form
from xfer.readers.base import Reader, Row
from xfer.readers.sources import rows

Mirror = Callable[..., Path]
Xfer = Callable[..., Any]


def read(reader: Any, split: str, language: str) -> tuple[list[Row], list[str]]:
    """The rows that are left, and the others as ``file:line: what``, without the folder."""
    block = ({"type": reader} if isinstance(reader, str) else reader) | {"bad_rows": "skip"}
    built, lost = Reader.model_validate(block), list[BadRow]()
    check = build_form(built.form, built.label_names(), built.form_options()).check_row
    found = list(rows(built, "mirror", split, language, None, lost.append, check))
    return found, [f"{Path(bad.file).name}:{bad.line}: {bad.message}" for bad in lost]


def squad(indent: int | None, *asked: dict[str, Any], context: str = "Anna met Ben.") -> str:
    paragraphs = [{"context": "Other.", "qas": []}, {"context": context, "qas": list(asked)}]
    return json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}, indent=indent)


def question(name: Any = "q", text: Any = "Who?", answer: Any = "Anna", start: Any = 0) -> dict[str, Any]:
    return {"id": name, "question": text, "answers": [{"text": answer, "answer_start": start}]}


# the second question's lines, one value a line: id 24, question 25, answers 26, text 28, answer_start 29
FIRST = question("first")
SQUAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "an offset that is text": (question(start="0"), 29, "'answer_start' is '0', a text in the place of a number"),
    "an offset that is a fraction": (question(start=0.5), 29, "'answer_start' is 0.5, not a whole number"),
    "an offset that is none": (question(start=None), 29, "'answer_start' is None, not a whole number"),
    "another answer": (question(start=3), 29, "does not stand at 3 of its context; it stands at 0"),
    "a missing answer": (question(answer="Eve"), 29, "does not stand at 0 of its context; it is nowhere in it"),
    "an answer that is no text": (question(answer=7), 28, "'text' is 7, not text"),
    "no question": (question(text=None), 25, "'question' is None, not text"),
    "a blank question": (question(text=" "), 24, "row q has no question"),
    "an id that is a list": (question(name=[1]), 24, "'id' is [1], not text"),
    "answers that are no list": (question() | {"answers": {"text": ["Anna"]}}, 26, "has no list 'answers' of objects"),
}


@pytest.mark.parametrize("name", SQUAD)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_faults_of_questions_name_the_line_of_the_value(name: str, end: str, mirror: Mirror) -> None:
    wrong, line, words = SQUAD[name]
    text = squad(1, FIRST, wrong, question("last"))
    mirror("squad/dev-v1.1.json", text.replace("\n", end))
    found, (told,) = read("squad_v1", "dev", "en")
    assert [row["id"] for row in found] == ["first", "last"]
    assert told.startswith(f"dev-v1.1.json:{line}: ") and words in told


def test_a_file_on_one_line_names_the_column(mirror: Mirror) -> None:
    text = squad(None, FIRST, question(start="0"))
    mirror("squad/dev-v1.1.json", text)
    _, (told,) = read("squad_v1", "dev", "en")
    assert told.startswith("dev-v1.1.json:1: article 1, paragraph 2, question 2 (q): 'answer_start' is '0'")
    assert told.endswith(f"(column {text.index(chr(34) + '0' + chr(34)) + 1})")


def test_a_question_whose_id_stands_twice_is_told_where_it_is(mirror: Mirror) -> None:
    mirror("squad/dev-v1.1.json", squad(1, question("q"), question("q", start="0")))
    found, (told,) = read("squad_v1", "dev", "en")
    assert len(found) == 1 and told.startswith("dev-v1.1.json:29: ")


@pytest.mark.parametrize(
    ("reader", "split", "language", "file"),
    [
        ("squad_v1", "dev", "en", "squad/dev-v1.1.json"),
        ("squad_v2", "dev", "en", "squad/dev-v2.0.json"),
        ("squad_r", "dev", "en", "squad/dev-v1.1.json"),
        ("xquad", "test", "de", "xquad/xquad.de.json"),
        ("mlqa", "test", "de", "MLQA_V1/test/test-context-de-question-de.json"),
        ("tydiqa", "test", "fi", "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.fi.dev.json"),
    ],
)
def test_what_a_form_refuses_is_told_by_its_line_in_every_reader_of_the_format(
    reader: str, split: str, language: str, file: str, mirror: Mirror
) -> None:
    mirror(file, squad(1, FIRST, question(text=" ")))
    found, (told,) = read(reader, split, language)
    assert found and told.startswith(f"{Path(file).name}:24: row ")


def test_answers_of_xtremes_labels_that_are_not_in_the_context_name_the_labels(mirror: Mirror) -> None:
    mirror("tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.fi.dev.json", squad(1, question("finnish-1-1", answer="")))
    mirror("tydiqa/labels/tydiqa/test-fi.json", squad(1, FIRST, question("finnish-1-1", answer="Eve")))
    found, (told,) = read("tydiqa", "test", "fi")
    assert not found and told.startswith("test-fi.json:24: the answer 'Eve' of question finnish-1-1 is not in")


def test_faults_of_xquad_r_name_their_lines(mirror: Mirror) -> None:
    context = "Anna met Ben. He left."
    good = {"context": context, "sentence_breaks": [[0, 13], [14, 22]], "qas": [question("a")]}
    paragraphs = [good, good | {"sentence_breaks": [[0, 13], [12, 22]]}, good | {"qas": [question("b", text=" ")]}]
    for language in ("de", "en"):
        text = json.dumps({"data": [{"paragraphs": paragraphs}]}, indent=1)
        mirror(f"lareqa/{language}.json", text)
    _, told = read("lareqa", "test", "en")
    lines = text.split("\n")
    here = next(number for number, line in enumerate(lines, 1) if line.strip() == "12,") - 1
    assert told[0].startswith(f"en.json:{here}: article 1, paragraph 2: sentence [12, 22] is not within the context")
    blank = next(number for number, line in enumerate(lines, 1) if line.strip() == '"id": "b",')
    assert any(one.startswith(f"en.json:{blank}: row b_en has no text") for one in told)


# files that belong together


def test_tatoeba_names_the_line_of_the_side_that_is_empty(mirror: Mirror) -> None:
    mirror("tatoeba/v1/tatoeba.deu-eng.deu", "Drei\n\nEins\nZwei\n")
    mirror("tatoeba/v1/tatoeba.deu-eng.eng", "three\nnothing\none\n \n")
    found, told = read("tatoeba", "test", "de")
    assert [(row["side"], row["text"]) for row in found] == [
        ("query", "one"), ("query", "three"), ("candidate", "Drei"), ("candidate", "Eins"), ("candidate", "Zwei"),
    ]  # fmt: skip
    assert told == [
        "tatoeba.deu-eng.eng:4: row 0 has no text",
        "tatoeba.deu-eng.deu:2: is empty, and should be the translation of line 2 of tatoeba.deu-eng.eng",
        "tatoeba.deu-eng.deu:2: row 1 has no text",
    ]


@pytest.mark.parametrize(("foreign", "english"), [("Eins\nZwei\nDrei\n", "one\ntwo\n"), ("Eins\nZwei\n", "a\nb\nc\n")])
def test_of_two_sides_the_shorter_is_named(foreign: str, english: str, mirror: Mirror) -> None:
    mirror("tatoeba/v1/tatoeba.deu-eng.deu", foreign)
    mirror("tatoeba/v1/tatoeba.deu-eng.eng", english)
    short, long = ("eng", "deu") if foreign.count("\n") > english.count("\n") else ("deu", "eng")
    with pytest.raises(BadRow, match=rf"deu-eng\.{short}:2: ends here, but tatoeba\.deu-eng\.{long} has 3 lines"):
        read("tatoeba", "test", "de")


def test_bucc_names_the_corpus_and_passes_over_blank_lines(mirror: Mirror) -> None:
    for part in ("dev", "test"):
        mirror(f"bucc2018/de-en.{part}.de", "de-1\tHallo\n\nde-2\t \n")
        mirror(f"bucc2018/de-en.{part}.en", "en-1\tHello\nen-2\t\n")
        mirror(f"bucc2018/de-en.{part}.gold", "\nde-1\ten-1\n\n")
    found, told = read("bucc", "test", "de")
    assert len(found) == 4
    assert told == [
        f"de-en.{part}.{end}: row {end[:2]}-2 has no text" for part in ("test", "dev") for end in ("de:3", "en:2")
    ]


def test_mewsli_names_mentions_and_entities(mirror: Mirror) -> None:
    def span(start: int, end: int, text: str) -> dict[str, Any]:
        return {"start": start, "end": end, "text": text}

    def article(name: str, text: str, entity: str) -> dict[str, Any]:
        context = {"language": "de", "text": text, "sentence_spans": [span(0, len(text), text)]}
        return {"context": context, "mentions": [
            {"example_id": name, "mention_span": span(0, 4, text[:4]), "entity_id": entity},
        ]}  # fmt: skip

    def entity(name: str, text: str) -> dict[str, Any]:
        spans = [span(0, len(text), text)]
        return {"entity_id": name, "description": text, "description_language": "de", "sentence_spans": spans}

    def lines(*found: Any) -> str:
        return "\n" + "".join(json.dumps(one) + "\n" for one in found)

    mirror("mewsli_x/wikinews_mentions-test.jsonl", lines(article("m", "Bern lag da.", "Q1")))
    path = mirror("mewsli_x/candidate_set_entities.jsonl", lines(entity("Q1", "Stadt"), entity("Q2", "  ")))
    found, told = read("mewsli_x", "test", "de")
    assert (len(found), told) == (2, [f"{path.name}:3: row Q2 has no text"])
    mirror("mewsli_x/wikinews_mentions-test.jsonl", lines(article("m", "Bern lag da.", "Q7")))
    with pytest.raises(BadRow, match=r"wikinews_mentions-test\.jsonl:2: the entity Q7 of mention m is not among"):
        read("mewsli_x", "test", "de")


# what commands say


def test_read_refuses_what_count_refuses(mirror: Mirror, xfer: Xfer) -> None:
    path = mirror("squad/dev-v1.1.json", squad(1, FIRST, question(text=" ")))
    for found in (xfer("read", "squad_v1", "--split", "dev"), xfer("count", "squad_v1")):
        assert found.code == 1 and f"{path}:24: row q has no question" in found.err + found.out
    found = xfer("read", "{type: squad_v1, bad_rows: skip}", "--split", "dev", "--json")
    assert (found.code, len(found.out.splitlines())) == (0, 1) and "1 bad row left out" in found.err


@pytest.mark.parametrize("content", ["", "\n\n", "text\tlabel\n", "\ufeff", "text\tlabel\r"])
def test_a_file_of_no_rows_is_no_success(content: str, mirror: Mirror, xfer: Xfer) -> None:
    mirror("t.tsv", content)
    for block in ("{type: files, test: t.tsv, labels: [a, b]}", "{type: files, train: t.tsv, labels: [a, b]}"):
        for found in (xfer("read", block), xfer("count", block)):
            assert found.code == 1 and "t.tsv: holds no" in found.err + found.out


def test_a_split_that_draws_no_row_of_a_file_is_no_fault_of_the_file(mirror: Mirror, xfer: Xfer) -> None:
    mirror("t.tsv", "text\tlabel\nonly\ta\n")
    found = xfer("count", "{type: files, train: t.tsv, labels: [a, b]}", "--json")
    assert found.code == 0 and sorted(one["rows"] for one in found.json["counts"]) == [0, 0, 1]


def test_splits_without_a_file_are_not_counted(mirror: Mirror, xfer: Xfer) -> None:
    mirror("t.tsv", "text\tlabel\nonly\ta\n")
    found = xfer("count", "{type: files, test: t.tsv, labels: [a, b]}", "--json")
    assert found.code == 0 and [one["split"] for one in found.json["counts"]] == ["test"]


@pytest.mark.parametrize("empty", ["gold.tsv", "guess.tsv"])
@pytest.mark.parametrize("content", ["", "\n\n", "\r"])
@pytest.mark.parametrize(
    ("task", "lines"), [("bucc", "de-1\ten-1\n"), ("xnli", "neutral\n"), ("panx", "O\n"), ("tatoeba", "0\n")]
)
def test_a_file_of_no_rows_is_no_score(
    task: str, lines: str, content: str, empty: str, xfer: Xfer, folder: Path
) -> None:
    for name in ("gold.tsv", "guess.tsv"):
        (folder / name).write_bytes((content if name == empty else lines).encode())
    found = xfer("score", task, "--gold", "gold.tsv", "--predictions", "guess.tsv", "--language", "de")
    assert found.code == 2 and found.out == "" and len(found.err.splitlines()) == 1


def test_predictions_whose_lines_end_in_cr_are_scored(xfer: Xfer, folder: Path) -> None:
    (folder / "gold.tsv").write_text("de-1\ten-1\nde-2\ten-2\n")
    (folder / "guess.tsv").write_bytes(b"de-1\ten-1\rde-2\ten-3\r")
    found = xfer("score", "bucc", "--gold", "gold.tsv", "--predictions", "guess.tsv", "--language", "de", "--json")
    assert found.code == 0 and found.json["languages"]["de"]["f1"] == 50.0
