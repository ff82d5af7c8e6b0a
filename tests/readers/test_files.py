"""Own files by column names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from xfer.core.errors import BadRow, MissingData
from xfer.readers.base import Reader, Row
from xfer.readers.files import Files
from xfer.readers.sources import rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]

LABELS = ["pos", "neg"]


def reader(**fields: Any) -> dict[str, Any]:
    return {"type": "files", "labels": LABELS, **fields}


def row(name: str, text: str, label: str, pair: str | None = None, language: str = "en") -> Row:
    return {"id": name, "language": language, "text": text, "pair": pair, "label": label}


# formats

FORMATS = {
    "t.tsv": 'text\tlabel\na "b"\tpos\nc, d\tneg\n',
    "t.csv": 'text,label\n"a ""b""",pos\n"c, d",neg\n',
    "t.jsonl": json.dumps({"label": "pos", "text": 'a "b"'})
    + "\n"
    + json.dumps({"text": "c, d", "label": "neg"})
    + "\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_ending_chooses_the_format(name: str, mirror: Mirror, read: Read) -> None:
    mirror(name, FORMATS[name])
    first = 1 if name.endswith("jsonl") else 2
    assert read(reader(test=name), "test") == [row(str(first), 'a "b"', "pos"), row(str(first + 1), "c, d", "neg")]


def test_a_text_file_is_one_text_a_line(mirror: Mirror, read: Read) -> None:
    mirror("t.txt", 'one\n\n  \ntwo, "three"\n')
    found = read({"type": "files", "form": "mask", "test": "t.txt"}, "test")
    assert found == [
        {"id": "1", "language": "en", "text": "one"},
        {"id": "4", "language": "en", "text": 'two, "three"'},
    ]


def test_a_cell_of_csv_may_hold_line_ends(mirror: Mirror, read: Read) -> None:
    mirror("t.csv", 'text,label\n"a\nb",pos\nc,neg\n')
    assert read(reader(test="t.csv"), "test") == [row("2", "a\nb", "pos"), row("4", "c", "neg")]


def test_columns_are_taken_by_name_in_any_order(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", "gold\tnumber\ttwo\tone\nneg\t7\tb\ta\n")
    block = reader(test="t.tsv", text="one", pair="two", label="gold", id="number")
    assert read(block, "test") == [row("7", "a", "neg", "b")]


def test_a_file_without_header_takes_the_names_that_are_given(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", "a\tb\tpos\nc\td\tneg\n")
    block = reader(test="t.tsv", header=["one", "two", "label"], text="one", pair="two")
    assert read(block, "test") == [row("1", "a", "pos", "b"), row("2", "c", "neg", "d")]


def test_another_form_needs_no_label(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", "text\tother\na\tb\n")
    assert read({"type": "files", "form": "mask", "test": "t.tsv"}, "test") == [
        {"id": "2", "language": "en", "text": "a"}
    ]


def test_numbers_in_jsonl_may_be_labels_and_names(mirror: Mirror, read: Read) -> None:
    mirror("t.jsonl", '{"text": "a", "label": 1, "n": 5}\n')
    assert read(reader(test="t.jsonl", labels=["0", "1"], id="n"), "test") == [row("5", "a", "1")]


@pytest.mark.parametrize("value", [None, ["a"], {"a": 1}])
def test_what_is_no_text_in_jsonl_is_told(value: Any, mirror: Mirror, read: Read) -> None:
    path = mirror("t.jsonl", json.dumps({"text": value, "label": "pos"}) + "\n")
    with pytest.raises(BadRow) as caught:
        read(reader(test="t.jsonl"), "test")
    assert (caught.value.file, caught.value.line) == (str(path), 1)


@pytest.mark.parametrize("word", ["NA", "null", "nan", "None", "1e5", "007", ""])
@pytest.mark.parametrize("name", ["t.tsv", "t.csv", "t.jsonl"])
def test_words_that_look_like_something_else_stay_text(word: str, name: str, mirror: Mirror, read: Read) -> None:
    comma = "," if name == "t.csv" else "\t"
    plain = f"text{comma}label\n{word}{comma}pos\n"
    mirror(name, json.dumps({"text": word, "label": "pos"}) if name == "t.jsonl" else plain)
    assert [one["text"] for one in read(reader(test=name), "test")] == [word]


@pytest.mark.parametrize("end", ["xlsx", "parquet", "tsv.gz", ""])
def test_another_ending_is_told(end: str, mirror: Mirror, read: Read) -> None:
    mirror(f"t.{end}", "x")
    with pytest.raises(BadRow, match=r"none of \.tsv, \.csv, \.jsonl, \.txt"):
        read(reader(test=f"t.{end}"), "test")


# places


def test_the_language_stands_in_the_path(mirror: Mirror, read: Read) -> None:
    mirror("x/sw/test.tsv", "text\tlabel\nhabari\tpos\n")
    mirror("x/de/test.tsv", "text\tlabel\nhallo\tneg\n")
    block = reader(test="x/{language}/test.tsv", languages=["sw", "de"])
    assert read(block, "test", "sw") == [row("2", "habari", "pos", language="sw")]
    assert read(block, "test", "de") == [row("2", "hallo", "neg", language="de")]


def test_a_star_takes_every_file_in_order(mirror: Mirror, read: Read) -> None:
    for name in ("b", "a"):
        mirror(f"x/{name}.tsv", f"text\tlabel\n{name}\tpos\n")
    assert [one["text"] for one in read(reader(test="x/*.tsv"), "test")] == ["a", "b"]


@pytest.mark.parametrize("star", [False, True])
def test_a_path_may_be_absolute(star: bool, mirror: Mirror, read: Read) -> None:
    path = mirror("../elsewhere/t.tsv", "text\tlabel\na\tpos\n").resolve()
    place = str(path.parent / "*.tsv") if star else str(path)
    assert len(read(reader(test=place), "test")) == 1


def test_an_absolute_path_needs_no_data_folder(folder: Path) -> None:
    (folder / "t.tsv").write_text("text\tlabel\na\tpos\n")
    built = Reader.model_validate(reader(test=str(folder / "t.tsv")))
    assert len(list(rows(built, "mirror", "test", "en"))) == 1


def test_a_missing_file_names_what_was_looked_for_and_where(mirror: Mirror, read: Read) -> None:
    root = mirror("other.tsv", "x").parent
    with pytest.raises(MissingData) as caught:
        read(reader(test="x/{language}.tsv"), "test", "en")
    assert str(root) in str(caught.value)
    assert "x/en.tsv" in str(caught.value)


def test_a_split_without_any_file_says_which_field_names_one(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", "text\tlabel\na\tpos\n")
    with pytest.raises(MissingData) as caught:
        read(reader(test="t.tsv"), "train")
    assert "looked for ;" not in str(caught.value)
    assert "train" in str(caught.value)


# several languages

FIXED = [
    {"test": "t.tsv", "test_languages": ["en", "de", "sw"]},
    {"test": "t.tsv", "languages": ["en", "de", "sw"]},
    {"train": "x-{language}.tsv", "dev": "t.tsv", "test": "x-{language}.tsv", "test_languages": ["en", "de", "sw"]},
    {"train": "t.tsv", "languages": ["en", "de", "sw"]},
    {"train": "t.tsv", "test": "t.tsv", "test_languages": ["de", "sw"]},  # trained as English
    {"train": "t.tsv", "test_languages": ["de", "sw"]},  # the same, held out
    {"form": "mask", "train": "t.tsv", "languages": ["en", "de", "sw"]},
]


@pytest.mark.parametrize("fields", FIXED)
def test_one_file_is_not_read_as_several_languages(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Reader.model_validate(reader(**fields))
    (error,) = caught.value.errors()
    assert error["msg"] == "t.tsv would be read as each of en, de, sw"
    assert "{language} in the path" in error["ctx"]["hint"] and "language: <the column" in error["ctx"]["hint"]
    Reader.model_validate(reader(**fields, language="code"))
    apart = {name: value.replace("t.tsv", "t-{language}.tsv") for name, value in fields.items() if value == "t.tsv"}
    Reader.model_validate(reader(**fields | apart))


def test_the_dev_set_kept_of_one_training_file_is_in_its_language() -> None:
    block = reader(train="t.tsv", test="x-{language}.tsv", test_languages=["en", "de"])
    built = Reader.model_validate(block)
    assert (built.offered_languages("mirror", "dev"), built.offered_languages("mirror", "test")) == (
        ("en",),
        ("en", "de"),
    )
    several = Reader.model_validate(block | {"train": "t-{language}.tsv"})
    assert several.offered_languages("mirror", "dev") == ("en", "de")


MIXED = [
    ("en", "one", "pos"),
    ("de", "eins", "neg"),
    ("fr", "un", "pos"),
    ("en", "two", "neg"),
    (" sw ", "mbili", "pos"),
    ("de", "zwei", "pos"),
]
SPLIT = {
    "t.tsv": "code\ttext\tlabel\n" + "".join("\t".join(cells) + "\n" for cells in MIXED),
    "t.csv": "text,code,label\n" + "".join(f'"{text}",{code},{label}\n' for code, text, label in MIXED),
    "t.jsonl": "".join(json.dumps({"label": label, "code": code, "text": text}) + "\n" for code, text, label in MIXED),
}


@pytest.mark.parametrize("split", ["train", "dev", "test"])
@pytest.mark.parametrize("name", SPLIT)
def test_a_column_splits_a_file_by_language(name: str, split: str, mirror: Mirror, read: Read) -> None:
    mirror(name, SPLIT[name])
    files = dict.fromkeys(("train", "dev", "test"), name)
    block = reader(**files, language="code", languages=["en", "de"], test_languages=["en", "de", "sw"])
    first = 1 if name.endswith("jsonl") else 2
    assert read(block, split, "en") == [row(str(first), "one", "pos"), row(str(first + 3), "two", "neg")]
    german = [row(str(first + 1), "eins", "neg", language="de"), row(str(first + 5), "zwei", "pos", language="de")]
    assert read(block, split, "de") == german
    if split != "train":
        assert read(block, split, "sw") == [row(str(first + 4), "mbili", "pos", language="sw")]


def test_every_row_of_an_asked_language_is_held_out_once(mirror: Mirror, read: Read) -> None:
    lines = [f"{('en', 'de')[i % 2]}\ttext {i}\t{LABELS[i % 3 % 2]}\n" for i in range(400)]
    mirror("t.tsv", "code\ttext\tlabel\n" + "".join(lines))
    block = reader(train="t.tsv", language="code", languages=["en", "de"], held_out=5)
    ids = [one["id"] for split in ("train", "dev", "test") for code in ("en", "de") for one in read(block, split, code)]
    assert len(ids) == 400 == len(set(ids))


def test_a_language_that_has_no_row_is_a_fault(mirror: Mirror, read: Read) -> None:
    mirror("a.tsv", SPLIT["t.tsv"])
    block = reader(test="a.tsv", language="code", test_languages=["en", "el"])
    with pytest.raises(MissingData) as caught:
        read(block, "test", "el")
    assert "files test in el: no row of" in str(caught.value) and "a.tsv has 'el'" in str(caught.value)
    assert str(caught.value).endswith("column 'code'; the languages there: de, en, fr, sw")


def test_files_that_a_star_takes_hold_their_languages_together(mirror: Mirror, read: Read) -> None:
    mirror("x/a.tsv", "code\ttext\tlabel\nen\tone\tpos\n")
    mirror("x/b.tsv", "code\ttext\tlabel\nde\teins\tneg\n")
    block = reader(test="x/*.tsv", language="code", test_languages=["en", "de", "sw"])
    assert [one["text"] for code in ("en", "de") for one in read(block, "test", code)] == ["one", "eins"]
    with pytest.raises(MissingData, match=r"b\.tsv has 'sw'.*there: de, en"):
        read(block, "test", "sw")


@pytest.mark.parametrize(
    ("line", "words"),
    [("\tone\tpos", "column 'code' holds '', not the code"), ("  \tone\tpos", "column 'code' holds '  ', not")],
)
def test_a_row_without_a_language_is_a_bad_row(line: str, words: str, mirror: Mirror, read: Read) -> None:
    path = mirror("t.tsv", f"code\ttext\tlabel\nen\tzero\tpos\n{line}\n")
    block = reader(test="t.tsv", language="code", test_languages=["en", "de"])
    with pytest.raises(BadRow) as caught:
        read(block, "test", "en")
    assert (caught.value.file, caught.value.line) == (str(path), 3) and words in caught.value.message
    with pytest.raises(BadRow, match="has no column 'tongue'; found code, text, label"):
        read(block | {"language": "tongue"}, "test", "en")


def test_a_bad_row_of_another_language_is_none_of_ours(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", "code\ttext\tlabel\nen\tone\tpos\nde\teins\twrong\n")
    block = reader(test="t.tsv", language="code", test_languages=["en", "de"])
    assert len(read(block, "test", "en")) == 1
    with pytest.raises(BadRow, match="label 'wrong'"):
        read(block, "test", "de")


# held-out splits

MANY = "text\tlabel\n" + "".join(f"text {i}\t{LABELS[i % 2]}\n" for i in range(400))


def test_splits_without_a_file_are_held_out_and_together_are_all_rows(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", MANY)
    block = reader(train="t.tsv", held_out=5)
    parts = {split: {one["id"] for one in read(block, split)} for split in ("train", "dev", "test")}
    assert not parts["train"] & parts["dev"] and not parts["train"] & parts["test"] and not parts["dev"] & parts["test"]
    assert set.union(*parts.values()) == {str(line) for line in range(2, 402)}
    assert all(40 < len(parts[split]) < 130 for split in ("dev", "test"))


def test_a_split_with_a_file_of_its_own_is_not_held_out(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", MANY)
    mirror("d.tsv", "text\tlabel\ndev\tpos\n")
    block = reader(train="t.tsv", dev="d.tsv", held_out=5)
    assert [one["text"] for one in read(block, "dev")] == ["dev"]
    train, test = read(block, "train"), read(block, "test")
    assert len(train) + len(test) == 400
    assert {one["id"] for one in test} == {one["id"] for one in read(reader(train="t.tsv", held_out=5), "test")}


def test_a_training_file_beside_both_others_is_whole(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", MANY)
    mirror("d.tsv", "text\tlabel\ndev\tpos\n")
    assert len(read(reader(train="t.tsv", dev="d.tsv", test="d.tsv", held_out=5), "train")) == 400


def test_equal_rows_are_held_out_together(mirror: Mirror, read: Read) -> None:
    lines = [f"text {i % 50}\tpair {i % 50}\t{LABELS[i % 2]}\n" for i in range(200)]
    mirror("t.tsv", "text\tpair\tlabel\n" + "".join(lines))
    block = reader(train="t.tsv", pair="pair", held_out=4)
    parts = {split: {one["text"] for one in read(block, split)} for split in ("train", "dev", "test")}
    assert sum(map(len, parts.values())) == 50


# faults


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("text\tlabel\na\n", 2, "1 columns where 2"),
        ("text\tlabel\na\tpos\nb\tgood\n", 3, "label 'good' is not one of pos, neg"),
        ("words\tlabel\na\tpos\n", 1, "no column 'text'; found words, label"),
        (b"text\tlabel\n\xff\tpos\n", 2, "not UTF-8"),
    ],
)
def test_a_bad_row_is_told_with_file_and_line(
    content: str | bytes, line: int, words: str, mirror: Mirror, read: Read
) -> None:
    path = mirror("t.tsv", content)
    with pytest.raises(BadRow) as caught:
        read(reader(test="t.tsv"), "test")
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert words in caught.value.message


def test_an_open_quote_in_csv_is_told_where_it_opens(mirror: Mirror, read: Read) -> None:
    path = mirror("t.csv", 'text,label\na,pos\n"b,neg\nc,pos\n')
    with pytest.raises(BadRow) as caught:
        read(reader(test="t.csv"), "test")
    assert (caught.value.file, caught.value.line) == (str(path), 3)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"labels": LABELS}, "names no file"),
        ({"train": "t.tsv"}, "at least two"),
        ({"train": "t.tsv", "labels": ["a", "a"]}, "at least two"),
        ({"train": "t.tsv", "labels": LABELS, "languages": "all"}, "listed"),
        ({"train": "t.tsv", "labels": LABELS, "held_out": 2}, "greater"),
        ({"train": "t.tsv", "labels": ["a", "b", "a"]}, "twice"),
    ],
)
def test_a_reader_that_cannot_work_is_a_fault(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Reader.model_validate({"type": "files", **fields})


def test_a_mask_reader_needs_no_labels() -> None:
    assert Files(form="mask", train="t.txt").label_names() == ()


def test_test_languages_may_be_others_than_those_of_training() -> None:
    built = Files(train="t-{language}.tsv", labels=("a", "b"), languages=("en",), test_languages=("sw", "de"))
    assert built.offered_languages("mirror", "train") == ("en",)
    assert built.offered_languages("mirror", "dev") == built.offered_languages("mirror", "test") == ("sw", "de")


# real files


def test_the_real_training_pairs_are_whole(real: Path) -> None:
    if not (real / "nli_derived" / "train-en.tsv").is_file():
        pytest.skip("no nli_derived/train-en.tsv")
    labels = ["entailment", "neutral", "contradiction"]
    built = Files.model_validate(
        {
            "train": "nli_derived/train-en.tsv",
            "header": ["premise", "hypothesis", "label"],
            "text": "premise",
            "pair": "hypothesis",
            "labels": labels,
        }
    )
    parts = {split: list(rows(built, "mirror", split, "en", real)) for split in ("train", "dev", "test")}
    assert sum(map(len, parts.values())) == 70_067
    names = [one["id"] for part in parts.values() for one in part]
    assert len(set(names)) == 70_067
    assert {one["label"] for one in parts["test"]} == set(labels)
    assert all(1000 < len(parts[split]) < 1800 for split in ("dev", "test"))
    pairs = {split: {(one["text"], one["pair"]) for one in part} for split, part in parts.items()}
    assert not pairs["train"] & pairs["dev"] and not pairs["train"] & pairs["test"]
