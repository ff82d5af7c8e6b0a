"""MultiNLI and XNLI in every official layout."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, MissingData
from xfer.readers.base import Row
from xfer.readers.nli import Xnli
from xfer.readers.sources import rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]

MULTINLI = [
    "gold_label",
    "sentence1_binary_parse",
    "sentence2_binary_parse",
    "sentence1_parse",
    "sentence2_parse",
    "sentence1",
    "sentence2",
    "promptID",
    "pairID",
    "genre",
    "label1",
    "label2",
    "label3",
    "label4",
    "label5",
]
GLUE = [
    "index",
    "promptID",
    "pairID",
    "genre",
    "sentence1_binary_parse",
    "sentence2_binary_parse",
    "sentence1_parse",
    "sentence2_parse",
    "sentence1",
    "sentence2",
    "label1",
    "gold_label",
]
XNLI = [
    "language",
    "gold_label",
    "sentence1_binary_parse",
    "sentence2_binary_parse",
    "sentence1_parse",
    "sentence2_parse",
    "sentence1",
    "sentence2",
    "promptID",
    "pairID",
    "genre",
    "label1",
    "label2",
    "label3",
    "label4",
    "label5",
    "sentence1_tokenized",
    "sentence2_tokenized",
    "match",
]


def cells(header: list[str], **values: str) -> list[str]:
    return [values.get(name, "") for name in header]


def row(name: str, language: str, text: str, pair: str, label: str) -> Row:
    return {"id": name, "language": language, "text": text, "pair": pair, "label": label}


def objects(*found: dict[str, Any]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


FIRST = {"sentence1": 'He said "no".', "sentence2": "He spoke.", "gold_label": "entailment", "pairID": "1e"}
SECOND = {"sentence1": "A man sleeps.", "sentence2": "A man runs.", "gold_label": "contradiction", "pairID": "2c"}
NO_GOLD = {"sentence1": "x", "sentence2": "y", "gold_label": "-", "pairID": "3n"}
EXPECTED = [
    row("1e", "en", 'He said "no".', "He spoke.", "entailment"),
    row("2c", "en", "A man sleeps.", "A man runs.", "contradiction"),
]
MNLI_FILES = {
    "multinli_1.0/multinli_1.0_{}.jsonl": objects(FIRST, NO_GOLD, SECOND),
    "multinli_1.0/multinli_1.0_{}.txt": [MULTINLI, *(cells(MULTINLI, **one) for one in (FIRST, NO_GOLD, SECOND))],
    "MNLI/{}.tsv": [GLUE, *(cells(GLUE, **one) for one in (FIRST, NO_GOLD, SECOND))],
    "glue/MNLI/{}.tsv": [GLUE, *(cells(GLUE, **one) for one in (FIRST, NO_GOLD, SECOND))],
}


# MultiNLI


@pytest.mark.parametrize("place", MNLI_FILES)
@pytest.mark.parametrize("split", ["train", "dev"])
def test_mnli_reads_each_layout_and_drops_rows_without_gold(place: str, split: str, mirror: Mirror, read: Read) -> None:
    mirror(place.format({"train": "train", "dev": "dev_matched"}[split]), MNLI_FILES[place])
    assert read("mnli", split) == EXPECTED


def test_mnli_takes_the_best_layout_that_is_there(mirror: Mirror, read: Read) -> None:
    mirror("MNLI/train.tsv", [GLUE, cells(GLUE, **SECOND)])
    mirror("multinli_1.0/multinli_1.0_train.jsonl", objects(FIRST))
    assert read("mnli", "train") == EXPECTED[:1]


def test_mnli_has_no_test_split(mirror: Mirror, read: Read) -> None:
    with pytest.raises(MissingData, match="mnli has no test split; it has train, dev"):
        read("mnli", "test")


def test_mnli_without_an_id_takes_the_line(mirror: Mirror, read: Read) -> None:
    mirror("multinli_1.0/multinli_1.0_train.jsonl", objects({**FIRST, "pairID": None}, {**SECOND, "pairID": ""}))
    assert [one["id"] for one in read("mnli", "train")] == ["1", "2"]


# XNLI


def xnli_file(*found: dict[str, str]) -> list[list[str]]:
    return [XNLI, *(cells(XNLI, **one) for one in found)]


PARALLEL = [
    {**FIRST, "language": "en", "pairID": "1"},
    {**SECOND, "language": "en", "pairID": "2"},
    {
        "language": "sw",
        "sentence1": "Alisema la.",
        "sentence2": "Alizungumza.",
        "gold_label": "entailment",
        "pairID": "1",
    },
    {
        "language": "sw",
        "sentence1": "Analala.",
        "sentence2": "Anakimbia.",
        "gold_label": "contradiction",
        "pairID": "2",
    },
]
SWAHILI = [
    row("1", "sw", "Alisema la.", "Alizungumza.", "entailment"),
    row("2", "sw", "Analala.", "Anakimbia.", "contradiction"),
]


@pytest.mark.parametrize("folder_name", ["XNLI-1.0", "xnli/XNLI-1.0", "xnli"])
@pytest.mark.parametrize("end", ["tsv", "jsonl"])
def test_xnli_reads_one_language_out_of_the_official_file(
    folder_name: str, end: str, mirror: Mirror, read: Read
) -> None:
    mirror(f"{folder_name}/xnli.test.{end}", xnli_file(*PARALLEL) if end == "tsv" else objects(*PARALLEL))
    assert read("xnli", "test", "sw") == SWAHILI
    assert [one["text"] for one in read("xnli", "test", "en")] == ['He said "no".', "A man sleeps."]


def test_xnli_parallel_rows_have_the_same_id_and_place(mirror: Mirror, read: Read) -> None:
    mirror("XNLI-1.0/xnli.dev.tsv", xnli_file(*PARALLEL))
    assert [one["id"] for one in read("xnli", "dev", "sw")] == [one["id"] for one in read("xnli", "dev", "en")]


def test_xnli_sees_a_file_that_changed(mirror: Mirror, read: Read) -> None:
    path = mirror("XNLI-1.0/xnli.dev.tsv", xnli_file(*PARALLEL[:2]))
    assert len(read("xnli", "dev", "en")) == 2
    mirror("XNLI-1.0/xnli.dev.tsv", xnli_file(PARALLEL[0]))
    os.utime(path, ns=(1, 1))
    assert len(read("xnli", "dev", "en")) == 1


def test_xnli_training_data_is_its_machine_translation(mirror: Mirror, read: Read) -> None:
    lines = [["premise", "hypo", "label"], ["Analala.", "Anakimbia.", "contradictory"], ["Alisema.", "NA", "neutral"]]
    mirror("XNLI-MT-1.0/multinli/multinli.train.sw.tsv", lines)
    assert read("xnli", "train", "sw") == [
        row("2", "sw", "Analala.", "Anakimbia.", "contradiction"),
        row("3", "sw", "Alisema.", "NA", "neutral"),
    ]


def test_xnli_english_training_data_may_be_multinli_itself(mirror: Mirror, read: Read) -> None:
    mirror("multinli_1.0/multinli_1.0_train.jsonl", objects(FIRST, SECOND))
    assert read("xnli", "train", "en") == EXPECTED
    with pytest.raises(MissingData):
        read("xnli", "train", "sw")


def test_xnli_reads_xtremes_layout_with_its_quoting(mirror: Mirror, read: Read) -> None:
    text = '"He said ""no""."\tHe spoke.\tentailment\n"""a"" b"\t"""c"""\tneutral\nplain\tx\tcontradiction\n'
    mirror("xnli/test-de.tsv", text)
    assert read("xnli", "test", "de") == [
        row("1", "de", 'He said "no".', "He spoke.", "entailment"),
        row("2", "de", '"a" b', '"c"', "neutral"),
        row("3", "de", "plain", "x", "contradiction"),
    ]


def test_xnli_official_file_wins_over_xtremes(mirror: Mirror, read: Read) -> None:
    mirror("xnli/test-sw.tsv", "a\tb\tneutral\n")
    mirror("XNLI-1.0/xnli.test.tsv", xnli_file(*PARALLEL))
    assert read("xnli", "test", "sw") == SWAHILI


def test_a_language_that_the_file_does_not_hold_is_missing_data(mirror: Mirror, read: Read) -> None:
    mirror("XNLI-1.0/xnli.test.tsv", xnli_file(*PARALLEL))
    with pytest.raises(MissingData, match="ur"):
        read("xnli", "test", "ur")


def test_a_file_without_the_language_column_is_told(mirror: Mirror, read: Read) -> None:
    mirror("XNLI-1.0/xnli.test.tsv", [["gold_label", "sentence1", "sentence2"], ["neutral", "a", "b"]])
    with pytest.raises((BadRow, MissingData), match="language"):
        read("xnli", "test", "en")


# text stays what it is


@pytest.mark.parametrize(
    "word", ["NA", "N/A", "null", "NULL", "nan", "NaN", "None", "1e5", "007", "true", '"', "''", '"x', "-"]
)
@pytest.mark.parametrize("layout", ["jsonl", "txt", "tsv", "xnli", "mt"])
def test_words_that_look_like_something_else_stay_text(word: str, layout: str, mirror: Mirror, read: Read) -> None:
    values = {"sentence1": word, "sentence2": word, "gold_label": "neutral", "pairID": "1", "language": "en"}
    places: dict[str, tuple[str, Any]] = {
        "jsonl": ("multinli_1.0/multinli_1.0_train.jsonl", objects(values)),
        "txt": ("multinli_1.0/multinli_1.0_train.txt", [MULTINLI, cells(MULTINLI, **values)]),
        "tsv": ("MNLI/train.tsv", [GLUE, cells(GLUE, **values)]),
        "xnli": ("XNLI-1.0/xnli.dev.tsv", xnli_file(values)),
        "mt": ("XNLI-MT-1.0/multinli/multinli.train.en.tsv", [["premise", "hypo", "label"], [word, word, "neutral"]]),
    }
    mirror(*places[layout])
    (found,) = read("mnli" if layout in ("jsonl", "txt", "tsv") else "xnli", "dev" if layout == "xnli" else "train")
    assert (found["text"], found["pair"]) == (word, word)


def test_a_lone_quote_does_not_swallow_lines(mirror: Mirror, read: Read) -> None:
    lines = [["premise", "hypo", "label"], ['"open', "a", "neutral"], ["b", 'c"', "neutral"]]
    mirror("XNLI-MT-1.0/multinli/multinli.train.en.tsv", lines)
    assert [(one["text"], one["pair"]) for one in read("xnli", "train")] == [('"open', "a"), ("b", 'c"')]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85", "\u00a0", "\u200d", "\U0001f600"])
def test_signs_that_others_take_for_line_ends_stay_inside(sign: str, mirror: Mirror, read: Read) -> None:
    mirror("XNLI-MT-1.0/multinli/multinli.train.en.tsv", [["premise", "hypo", "label"], [f"a{sign}b", "c", "neutral"]])
    mirror("multinli_1.0/multinli_1.0_train.jsonl", objects({**FIRST, "sentence1": f"a{sign}b"}))
    assert [one["text"] for one in read("xnli", "train")] == [f"a{sign}b"]
    assert [one["text"] for one in read("mnli", "train")] == [f"a{sign}b"]


def test_windows_line_ends_and_a_byte_order_mark_are_taken_off(mirror: Mirror, read: Read) -> None:
    mirror("XNLI-MT-1.0/multinli/multinli.train.en.tsv", "\ufeffpremise\thypo\tlabel\r\na\tb\tneutral\r\n")
    assert read("xnli", "train") == [row("2", "en", "a", "b", "neutral")]


def test_spaces_around_a_sentence_are_kept(mirror: Mirror, read: Read) -> None:
    mirror("XNLI-MT-1.0/multinli/multinli.train.en.tsv", [["premise", "hypo", "label"], [" a ", "b ", "neutral"]])
    assert [(one["text"], one["pair"]) for one in read("xnli", "train")] == [(" a ", "b ")]


def test_empty_lines_are_passed_over_and_counted(mirror: Mirror, read: Read) -> None:
    mirror("XNLI-MT-1.0/multinli/multinli.train.en.tsv", "premise\thypo\tlabel\n\na\tb\tneutral\n\n")
    assert [one["id"] for one in read("xnli", "train")] == ["3"]


def test_a_last_line_without_end_is_read(mirror: Mirror, read: Read) -> None:
    mirror("XNLI-MT-1.0/multinli/multinli.train.en.tsv", "premise\thypo\tlabel\na\tb\tneutral")
    assert len(read("xnli", "train")) == 1


# faults with file and line

MT = "XNLI-MT-1.0/multinli/multinli.train.en.tsv"
JSONL = "multinli_1.0/multinli_1.0_train.jsonl"
GOOD = objects(FIRST)
FAULTS: dict[str, tuple[str, str, str | bytes, int, str]] = {
    "too few columns": ("xnli", MT, "premise\thypo\tlabel\na\tb\tneutral\na\tb\n", 3, "2 columns where 3"),
    "too many columns": ("xnli", MT, "premise\thypo\tlabel\na\tb\tneutral\tmore\n", 2, "4 columns where 3"),
    "unknown label": ("xnli", MT, "premise\thypo\tlabel\na\tb\tneutral\na\tb\tNeutral\n", 3, "label 'Neutral'"),
    "empty label": ("xnli", MT, "premise\thypo\tlabel\na\tb\t\n", 2, "label ''"),
    "no column": ("xnli", MT, "premise\thypothesis\tlabel\na\tb\tneutral\n", 2, "no column 'hypo'"),
    "doubled column": ("xnli", MT, "premise\tpremise\tlabel\na\tb\tneutral\n", 1, "premise twice"),
    "not utf-8": ("xnli", MT, b"premise\thypo\tlabel\na\tb\tneutral\nstra\xdfe\tb\tneutral\n", 3, "not UTF-8"),
    "cut json": ("mnli", JSONL, GOOD + GOOD[:40], 2, "not JSON"),
    "no object": ("mnli", JSONL, GOOD + "[1, 2]\n", 2, "not a JSON object"),
    "json without column": ("mnli", JSONL, GOOD + '{"sentence1": "a"}\n', 2, "no column 'sentence2'"),
    "json with unknown label": ("mnli", JSONL, GOOD + objects({**FIRST, "gold_label": "yes"}), 2, "label 'yes'"),
    "json with a number for a label": ("mnli", JSONL, GOOD + objects({**FIRST, "gold_label": 1}), 2, "label"),
    "json with a list for a label": ("mnli", JSONL, GOOD + objects({**FIRST, "gold_label": ["neutral"]}), 2, "label"),
    "json with null for a label": ("mnli", JSONL, GOOD + objects({**FIRST, "gold_label": None}), 2, "label"),
    "json with null for a premise": ("mnli", JSONL, GOOD + objects({**FIRST, "sentence1": None}), 2, "sentence1"),
    "json with null for a hypothesis": ("mnli", JSONL, GOOD + objects({**FIRST, "sentence2": None}), 2, "sentence2"),
    "json with a number for a hypothesis": ("mnli", JSONL, GOOD + objects({**FIRST, "sentence2": 5}), 2, "sentence2"),
    "endless json": ("mnli", JSONL, GOOD + "[" * 100_000 + "\n", 2, "deep"),
    "json not utf-8": ("mnli", JSONL, GOOD.encode() + b'{"sentence1": "\xff"}\n', 2, "not UTF-8"),
    "bytes of utf-16": ("mnli", JSONL, GOOD.encode("utf-16"), 1, "not UTF-8"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_row_that_cannot_be_is_told_with_file_and_line(name: str, mirror: Mirror, read: Read) -> None:
    reader, place, content, line, words = FAULTS[name]
    path = mirror(place, content)
    with pytest.raises(BadRow) as caught:
        read(reader, "train")
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert words in caught.value.message
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_rows_before_a_bad_one_are_given(mirror: Mirror) -> None:
    mirror(MT, "premise\thypo\tlabel\na\tb\tneutral\na\tb\tno\n")
    found = rows(Xnli(), "mirror", "train", "en")
    assert next(found)["text"] == "a"
    with pytest.raises(BadRow):
        next(found)


@pytest.mark.parametrize("cell", ['"open', 'closed"', '"whole"', '"', '""', '"a"b"', 'a "b" c', '"a" and "b"'])
def test_quotes_that_csvs_writer_did_not_write_are_text(cell: str, mirror: Mirror, read: Read) -> None:
    mirror("xnli/dev-de.tsv", f'a\tb\tneutral\n{cell}\tb\tneutral\nc\t{cell}\tneutral\nd "e\tf\tneutral\n')
    assert [(one["text"], one["pair"]) for one in read("xnli", "dev", "de")] == [
        ("a", "b"), (cell, "b"), ("c", cell), ('d "e', "f"),
    ]  # fmt: skip


def test_a_file_that_may_not_be_read_is_told(mirror: Mirror, read: Read) -> None:
    path = mirror(MT, "x")
    path.unlink()
    path.symlink_to(path)
    with pytest.raises((BadRow, MissingData), match=r"multinli\.train\.en\.tsv"):
        read("xnli", "train")


# real files


def test_the_real_xnli_test_is_whole(real: Path) -> None:
    """The file at hand holds 3,000 of the official 5,010 rows a language."""
    if not (real / "xnli" / "xnli.test.tsv").is_file():
        pytest.skip("no xnli/xnli.test.tsv")
    languages = "ar bg de el en es fr hi ru sw th tr ur vi zh".split()
    found = {language: list(rows(Xnli(), "mirror", "test", language, real)) for language in languages}
    thousand = {"entailment": 1000, "neutral": 1000, "contradiction": 1000}
    assert {language: Counter(one["label"] for one in part) for language, part in found.items()} == dict.fromkeys(
        languages, thousand
    )
    names = [one["id"] for one in found["en"]]
    assert all([one["id"] for one in part] == names for part in found.values())
    assert all(one["text"].strip() and one["pair"].strip() for part in found.values() for one in part)


def test_the_real_xtreme_layout_holds_the_same_rows(real: Path) -> None:
    if not (real / "xnli" / "xtreme_layout" / "test-sw.tsv").is_file():
        pytest.skip("no xnli/xtreme_layout")
    reader = Xnli()
    official = list(rows(reader, "mirror", "test", "sw", real))
    xtreme = list(reader.parse(real / "xnli" / "xtreme_layout" / "test-sw.tsv", "test", "sw"))
    wanted = [(one["text"], one["pair"], one["label"]) for one in official]
    assert sorted((one["text"], one["pair"], one["label"]) for one in xtreme) == sorted(wanted)


@pytest.mark.parametrize("end", ["jsonl", "txt"])
def test_the_real_multinli_dev_part_is_whole(end: str, real: Path) -> None:
    from xfer.readers.nli import Mnli

    path = real / "nli" / "multinli_dev_subset" / f"multinli_1.0_dev_matched.{end}"
    if not path.is_file():
        pytest.skip(f"no {path.name}")
    found = list(Mnli().parse(path, "dev", "en"))
    without_gold = sum(
        json.loads(line)["gold_label"] == "-" for line in path.with_suffix(".jsonl").read_text().split("\n") if line
    )
    assert len(found) == 6158 - without_gold
    assert {one["label"] for one in found} == {"entailment", "neutral", "contradiction"}
