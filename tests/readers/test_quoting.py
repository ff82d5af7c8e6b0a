"""Quoted cells: what csv's writers wrote comes back, and a stray quote costs the line that it stands in, no other."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import Reader, Row
from xfer.readers.files import Files
from xfer.readers.quoting import COMMAS, WRITTEN, Dialect, unquoted
from xfer.readers.sources import mirror_caveats, rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]
Xfer = Callable[..., Any]

LABELS = ("pos", "neg")
CELL = st.text(st.sampled_from("\"'\t\n,; aé字\u2028"), max_size=8)
PAIRS = st.lists(st.tuples(CELL, st.sampled_from(LABELS)), min_size=1, max_size=6)
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


# what was written comes back


@one_folder
@given(PAIRS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]), st.sampled_from("\t,;|"))
@example([('said "no"\tand', "pos"), ("two\nlines", "neg"), ("\n", "pos"), ('"', "neg")], csv.QUOTE_MINIMAL, "\t")
def test_what_pandas_writes_reads_back_equal(
    tmp_path: Path, pairs: list[tuple[str, str]], how: int, delimiter: str
) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "t.tsv"
    pandas.DataFrame(pairs, columns=["text", "label"]).to_csv(path, sep=delimiter, index=False, quoting=how)
    reader = Files(test=str(path), labels=LABELS, quoting="csv", delimiter=delimiter)
    assert [(row["text"], row["label"]) for row in rows(reader, "mirror", "test", "en", tmp_path)] == pairs


@one_folder
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_records_are_those_of_pythons_own_reader(tmp_path: Path, cells: list[list[str]], end: str) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([["a", "b"], *cells])
    path = tmp_path / "t.csv"
    path.write_bytes(text.getvalue().encode())
    wanted = list(csv.reader(io.StringIO(text.getvalue(), newline=""), strict=True))[1:]
    assert [list(found.values()) for _, found in tables.tsv(path, dialect=COMMAS)] == wanted == cells


@given(st.lists(st.text(st.sampled_from("\"' ab字"), max_size=6), min_size=2, max_size=4))
def test_a_line_of_csvs_writer_is_unquoted_cell_by_cell(cells: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter="\t").writerow(cells)
    found = text.getvalue().removesuffix("\r\n").split("\t")
    assert [unquoted(cell) for cell in found] == cells


@given(st.text(st.sampled_from('"ab '), max_size=7))
def test_a_cell_that_csvs_writer_cannot_have_written_stays_as_it_is(cell: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter="\t").writerow([unquoted(cell), "x"])
    assert unquoted(cell) == cell or text.getvalue() == f"{cell}\tx\r\n"


def test_line_ends_inside_cells_are_lf_in_a_file_of_crlf_and_as_they_are_in_one_of_lf(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,b\r\n"1\r\n2",x\r\n3,y\r\n')
    assert list(tables.tsv(path, dialect=COMMAS)) == [(2, {"a": "1\n2", "b": "x"}), (4, {"a": "3", "b": "y"})]
    path.write_bytes(b'a,b\n"1\r\n2",x\n3,y\n')
    assert [cells["a"] for _, cells in tables.tsv(path, dialect=COMMAS)] == ["1\r\n2", "3"]


# stray quotes

HEAD = "text,label\nfirst,pos\n"
TAIL = "".join(f"row {number},{LABELS[number % 2]}\n" for number in range(20))


def lost(path: Path, **fields: Any) -> tuple[list[str], list[BadRow]]:
    reader, bad = Files(test=str(path), labels=LABELS, bad_rows="skip", **fields), list[BadRow]()
    return [row["text"] for row in rows(reader, "mirror", "test", "en", path.parent, bad.append)], bad


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('"he said this,pos', "a quote opens a cell and is never closed (column 1)"),
        ('he said this,"pos', "a quote opens a cell and is never closed (column 14)"),
        ('"he said" this,pos', "text follows the quote that closes a cell (column 10)"),
        ('"he ""said""" this,pos', "text follows the quote that closes a cell (column 14)"),
    ],
)
@pytest.mark.parametrize("quoting", [None, "csv"])
def test_a_stray_quote_costs_its_own_line_alone(line: str, words: str, quoting: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{HEAD}{line}\n{TAIL}")
    found, bad = lost(path, quoting=quoting)
    assert found == ["first", *(f"row {number}" for number in range(20))]
    assert [(one.file, one.line) for one in bad] == [(str(path), 3)]
    assert words in bad[0].message and "quoting: none" in bad[0].message


@pytest.mark.parametrize("quoting", [None, "csv"])
def test_two_stray_quotes_do_not_swallow_the_rows_between_them(quoting: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'{HEAD}"he said this,pos\n{TAIL}she said that",neg\nlast,neg\n')
    found, bad = lost(path, quoting=quoting)
    assert found == ["first", *(f"row {number}" for number in range(20)), 'she said that"', "last"]
    assert [one.line for one in bad] == [3]
    assert "its quote closes in line 24, and each line up to there is a row by itself" in bad[0].message


def test_a_stray_quote_that_closes_within_a_later_row_names_both_places(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'{HEAD}"open,pos\nrow,neg\n"a, b",pos\nlast,neg\n')
    found, bad = lost(path)
    assert found == ["first", "row", "a, b", "last"]
    assert [one.line for one in bad] == [3]
    assert "text follows the quote that closes a cell (line 5, column 2)" in bad[0].message


def test_a_line_that_is_not_utf8_ends_a_quote_that_is_open(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(HEAD.encode() + b'"open,pos\nb\xff,neg\nlast",neg\nmore,pos\n')
    found, bad = lost(path)
    assert (found, [one.line for one in bad]) == (["first", 'last"', "more"], [3, 4])


@pytest.mark.parametrize("text", ["Great, really\nloved it", "a,b\nc", "one\n\ntwo", "x,\ny,\nz"])
def test_cells_of_several_lines_that_are_no_rows_are_cells(text: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'{HEAD}"{text}",neg\nlast,neg\n')
    assert lost(path) == (["first", text, "last"], [])


def test_without_labels_only_who_says_csv_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('text\na\n"b\nc"\nd\n')
    reader = {"type": "files", "form": "mask", "test": str(path)}

    def read(**fields: Any) -> list[str]:
        return [row["text"] for row in rows(Reader.model_validate(reader | fields), "mirror", "test", "en", tmp_path)]

    with pytest.raises(BadRow, match=r"t\.csv:3: .* quoting: csv if cells may hold line ends"):
        read()
    assert read(quoting="csv") == ["a", "b\nc", "d"]
    assert read(quoting="none") == ["a", '"b', 'c"', "d"]


def test_a_long_cell_that_is_open_is_not_read_again_and_again(tmp_path: Path) -> None:
    """Reading is linear: a quadratic one would take hours."""
    path = tmp_path / "t.csv"
    path.write_text(HEAD + '"open,pos\n' + "row,neg\n" * 200_000)
    found, bad = lost(path)
    assert (len(found), [one.line for one in bad]) == (200_001, [3])


# what the reader says


def test_delimiter_and_quoting_are_those_that_are_given(mirror: Mirror, read: Read) -> None:
    mirror("t.tsv", 'text;label\n"a; b";pos\nc;neg\n')
    block = {"type": "files", "test": "t.tsv", "labels": LABELS, "delimiter": ";"}
    assert [row["text"] for row in read(block | {"quoting": "csv"}, "test")] == ["a; b", "c"]
    with pytest.raises(BadRow, match=r"t\.tsv:2: has 3 columns where 2 are expected; say quoting: csv"):
        read(block, "test")
    mirror("t.csv", 'text,label\n"a,pos\nb",neg\n')
    assert [row["text"] for row in read(block | {"test": "t.csv", "delimiter": None, "quoting": "none"}, "test")] == [
        '"a', 'b"',
    ]  # fmt: skip


@pytest.mark.parametrize("mark", ["", ";;", '"', "\\t"])
def test_a_delimiter_is_one_character(mark: str, xfer: Xfer, folder: Path) -> None:
    found = xfer("read", f"{{type: files, test: t.csv, labels: [a, b], delimiter: '{mark}'}}")
    assert found.code == 2 and "delimiter" in found.err


def test_excels_first_line_names_the_delimiter(mirror: Mirror, read: Read) -> None:
    mirror("t.csv", 'sep=;\ntext;label\n"a;b";pos\nc;neg\n')
    found = read({"type": "files", "test": "t.csv", "labels": LABELS}, "test")
    assert [(row["id"], row["text"]) for row in found] == [("3", "a;b"), ("4", "c")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text;label\na;pos\n", "has no column 'text'; found text;label; its columns seem to be parted by ';'"),
        ("text, label\na, pos\n", "has no column 'label'; found text,  label; blanks belong to a name: write ' label'"),
        ("words,label\na,pos\n", "has no column 'text'; found words, label"),
    ],
)
def test_a_header_that_lacks_a_column_is_one_fault(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(BadRow) as caught:
        lost(path)
    assert str(caught.value) == f"{path}:1: {words}"


def test_a_tsv_that_looks_quoted_is_noted_until_somebody_says_what_its_quotes_are(mirror: Mirror) -> None:
    mirror("t.tsv", 'text\tlabel\n"a" and "b"\tpos\n"he said ""no"""\tneg\n')
    mirror("plain.tsv", 'text\tlabel\n"a" and "b"\tpos\n"c"\tneg\n')

    def notes(**fields: Any) -> list[str]:
        built = Files(labels=LABELS, **fields)
        return mirror_caveats(built, "mirror", "test", ["en"])

    (note,) = notes(test="t.tsv")
    assert "t.tsv" in note and "line 3" in note and "quoting: csv" in note
    assert notes(test="t.tsv", quoting="none") == notes(test="t.tsv", quoting="csv") == notes(test="plain.tsv") == []


# readers whose files are a line a row


def test_rows_of_xtremes_pawsx_are_lines_whatever_quotes_they_hold(mirror: Mirror, read: Read) -> None:
    mirror("pawsx/dev-de.tsv", '"Offen\tb\t1\nzu" c\td\t0\n"e ""f"""\t"g"\t1\n')
    assert [(row["text"], row["pair"]) for row in read("pawsx", "dev", "de")] == [
        ('"Offen', "b"), ('zu" c', "d"), ('e "f"', '"g"'),
    ]  # fmt: skip


def test_written_lines_are_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text('a\tb\n"1\t2\n3"\t"4"\n', encoding="utf-8")
    assert [list(cells.values()) for _, cells in tables.tsv(path, dialect=WRITTEN)] == [['"1', "2"], ['3"', '"4"']]


def test_a_record_of_cosmos_that_swallows_others_is_a_fault(mirror: Mirror) -> None:
    line = "{},c {},q,a,b,c,d,0\n"
    text = "id,context,question,answer0,answer1,answer2,answer3,label\n" + line.format(1, 1)
    text += '2,"c 2,q,a,b,c,d,0\n' + line.format(3, 3) + '4,c 4",q,a,b,c,d,0\n'
    path, bad = mirror("cosmosqa/data/valid.csv", text), list[BadRow]()
    reader = Reader.model_validate({"type": "cosmos_qa", "bad_rows": "skip"})
    found = list(rows(reader, "mirror", "dev", "en", on_bad=bad.append))
    assert [row["text"] for row in found] == ["c 1", "c 3", 'c 4"']
    assert [(one.file, one.line) for one in bad] == [(str(path), 3)]


def test_a_dialect_is_tabs_and_plain_text_unless_it_says_otherwise() -> None:
    assert Dialect() == ("\t", "none", "")
