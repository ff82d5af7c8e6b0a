"""Lines and cells of plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.quoting import COMMAS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "f"


def test_lines_are_counted_from_one_without_their_ends(file: Path) -> None:
    file.write_bytes(b"a\n\nb\r\nc")
    assert list(tables.text_lines(file)) == [(1, "a"), (2, ""), (3, "b"), (4, "c")]


def test_only_one_carriage_return_belongs_to_the_line_end(file: Path) -> None:
    file.write_bytes(b"a\rb\r\r\nc\nd\n")
    assert list(tables.text_lines(file)) == [(1, "a\rb\r"), (2, "c"), (3, "d")]


def test_a_byte_order_mark_is_taken_off_the_first_line_alone(file: Path) -> None:
    file.write_bytes("\ufeffa\n\ufeffb\n".encode())
    assert list(tables.text_lines(file)) == [(1, "a"), (2, "\ufeffb")]


def test_an_empty_file_has_no_lines(file: Path) -> None:
    file.write_bytes(b"")
    assert list(tables.text_lines(file)) == []
    assert list(tables.tsv(file)) == []
    assert list(tables.jsonl(file)) == []


def test_a_byte_that_is_not_utf8_is_told_with_its_place(file: Path) -> None:
    file.write_bytes(b"good\nab\xff\n")
    with pytest.raises(BadRow) as caught:
        list(tables.text_lines(file))
    assert str(caught.value).startswith(f"{file}:2: is not UTF-8 (byte 3 of the line: 0xff)")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadRow, match="cannot be read"):
        list(tables.text_lines(tmp_path))


def test_cells_are_named_by_the_header(file: Path) -> None:
    file.write_text('a\tb\n1\t"2"\n\n3\t\n')
    assert list(tables.tsv(file)) == [(2, {"a": "1", "b": '"2"'}), (4, {"a": "3", "b": ""})]


def test_cells_are_named_by_the_names_given(file: Path) -> None:
    file.write_text("1\t2\n")
    assert list(tables.tsv(file, header=("x", "y"))) == [(1, {"x": "1", "y": "2"})]


def test_trailing_tabs_are_harmless_where_the_file_names_its_columns(file: Path) -> None:
    file.write_text("a\tb\n1\t2\t\t\n")
    assert list(tables.tsv(file)) == [(2, {"a": "1", "b": "2"})]
    with pytest.raises(BadRow, match="4 columns where 2"):
        list(tables.tsv(file, header=("x", "y")))


def test_quoted_cells_hold_what_they_like(file: Path) -> None:
    file.write_text('a,b\n"1,\n2","x ""y"""\n3,4\n')
    assert list(tables.tsv(file, dialect=COMMAS)) == [
        (2, {"a": "1,\n2", "b": 'x "y"'}),
        (4, {"a": "3", "b": "4"}),
    ]


def test_text_after_a_closing_quote_is_told(file: Path) -> None:
    file.write_text('a,b\n"1"2,3\n')
    with pytest.raises(BadRow) as caught:
        list(tables.tsv(file, dialect=COMMAS))
    assert caught.value.line == 2


def test_a_very_long_cell_is_read(file: Path) -> None:
    file.write_text(f'a,b\n"{"x" * 300_000}",y\n')
    assert [len(cells["a"]) for _, cells in tables.tsv(file, dialect=COMMAS)] == [300_000]


def test_objects_are_read_line_by_line(file: Path) -> None:
    file.write_text('{"a": 1}\n\n  \n{"b": "\\u2028 \\ud83d\\ude00"}\n')
    assert list(tables.jsonl(file)) == [(1, {"a": 1}), (4, {"b": "\u2028 \U0001f600"})]


def test_a_cut_object_is_told_with_its_column(file: Path) -> None:
    file.write_text('{"a": 1}\n{"a": \n')
    with pytest.raises(BadRow) as caught:
        list(tables.jsonl(file))
    assert caught.value.line == 2
    assert "column 7" in caught.value.message
