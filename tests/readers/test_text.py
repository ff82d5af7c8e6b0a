"""Plain text by language."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, MissingData
from xfer.readers.base import Reader, Row
from xfer.readers.text import Text

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]

SENTENCES = [f"Sentence number {i}." for i in range(400)]


def texts(found: list[Row]) -> list[str]:
    return [row["text"] for row in found]


def everywhere(read: Read, reader: Any, language: str = "en") -> dict[str, list[str]]:
    return {split: texts(read(reader, split, language)) for split in ("train", "dev", "test")}


def test_every_line_of_every_file_of_a_language_is_in_one_split(mirror: Mirror, read: Read) -> None:
    mirror("text/en/b.txt", "\n".join(SENTENCES[200:]))
    mirror("text/en/a.txt", "\n".join(SENTENCES[:200]) + "\n")
    mirror("text/de/a.txt", "Deutsch.\n")
    found = everywhere(read, {"type": "text", "held_out": 5})
    assert sorted(chain(*found.values())) == sorted(SENTENCES)
    assert {split for split, part in found.items() if 40 < len(part) < 130} == {"dev", "test"}
    assert found["train"] == [text for text in SENTENCES if text in set(found["train"])]


def test_equal_lines_stand_in_the_same_split(mirror: Mirror, read: Read) -> None:
    mirror("text/en/a.txt", "\n".join(SENTENCES + SENTENCES))
    found = everywhere(read, {"type": "text", "held_out": 5})
    assert not set(found["train"]) & set(found["dev"])
    assert not set(found["dev"]) & set(found["test"])
    assert sum(map(len, found.values())) == 800


def test_the_split_of_a_line_does_not_depend_on_the_lines_around_it(mirror: Mirror, read: Read) -> None:
    mirror("text/en/a.txt", "\n".join(SENTENCES))
    before = everywhere(read, {"type": "text", "held_out": 5})
    mirror("text/en/a.txt", "\n".join(["A new first line.", *SENTENCES[100:]]))
    after = everywhere(read, {"type": "text", "held_out": 5})
    for split, part in before.items():
        assert [text for text in part if text in SENTENCES[100:]] == [
            text for text in after[split] if text in SENTENCES
        ]


def test_a_row_is_named_after_its_file_and_line(mirror: Mirror, read: Read) -> None:
    mirror("text/en/wiki.txt", "\n\nOne.\n")
    (row,) = chain(*(read("text", split) for split in ("train", "dev", "test")))
    assert row == {"id": "wiki.txt:3", "language": "en", "text": "One."}


def test_one_file_a_language_is_enough(mirror: Mirror, read: Read) -> None:
    mirror("text/sw.txt", "\n".join(SENTENCES))
    assert sum(len(part) for part in everywhere(read, "text", "sw").values()) == 400


def test_the_folder_can_be_named(mirror: Mirror, read: Read) -> None:
    mirror("raw/plain/en/a.txt", "\n".join(SENTENCES))
    assert len(read({"type": "text", "folder": "raw/plain"}, "train")) > 300


def test_the_folder_may_be_absolute(mirror: Mirror, read: Read, folder: Path) -> None:
    path = mirror("../elsewhere/en/a.txt", "\n".join(SENTENCES))
    assert len(read({"type": "text", "folder": str(path.resolve().parents[1])}, "train")) > 300


def test_long_lines_are_cut_at_a_space(mirror: Mirror, read: Read) -> None:
    mirror("text/en/a.txt", "one two three four\n")
    found = list(chain(*everywhere(read, {"type": "text", "longest": 9}).values()))
    assert found == ["one two"]


def test_long_lines_without_a_space_are_cut_by_characters(mirror: Mirror, read: Read) -> None:
    mirror("text/zh/a.txt", "一二三四五六七\n")
    assert list(chain(*everywhere(read, {"type": "text", "longest": 5}, "zh").values())) == ["一二三四五"]


@pytest.mark.parametrize("word", ["NA", "null", '"', "nan", "a\tb", "a\u2028b"])
def test_any_line_is_text(word: str, mirror: Mirror, read: Read) -> None:
    mirror("text/en/a.txt", f"{word}\n")
    assert list(chain(*everywhere(read, "text").values())) == [word]


def test_windows_line_ends_and_a_byte_order_mark_are_taken_off(mirror: Mirror, read: Read) -> None:
    mirror("text/en/a.txt", "\ufeffone\r\ntwo\r\n")
    assert sorted(chain(*everywhere(read, "text").values())) == ["one", "two"]


def test_a_line_that_is_not_utf8_is_told(mirror: Mirror, read: Read) -> None:
    path = mirror("text/en/a.txt", b"one\ntwo\nstra\xdfe\n")
    with pytest.raises(BadRow) as caught:
        read("text", "train")
    assert (caught.value.file, caught.value.line) == (str(path), 3)


def test_all_languages_are_those_that_are_there(mirror: Mirror) -> None:
    mirror("text/sw/a.txt", "x\n")
    mirror("text/de.txt", "x\n")
    mirror("text/notes/a.txt", "x\n")
    assert Text().train_languages("mirror") == ("de", "sw")


def test_listed_languages_are_taken_as_listed() -> None:
    assert Text(languages=("sw", "en")).train_languages("mirror") == ("sw", "en")
    assert Text(languages=("sw", "en")).offered_languages("hub", "dev") == ("sw", "en")


def test_a_folder_of_ones_own_may_hold_any_language(mirror: Mirror, read: Read, xfer: Callable[..., Any]) -> None:
    """The reader says "or any folder of .txt files": Norwegian is one of its languages too."""
    mirror("text/no/a.txt", "\n".join(SENTENCES))
    assert len(read({"type": "text", "languages": ["no"]}, "train", "no")) > 300
    recipe = Path("r.yaml")
    recipe.write_text("name: a\nsource: mirror\nmodel: scratch\nstages: {m: {reader: {type: text, languages: [no]}}}\n")
    found = xfer("check", recipe)
    assert (found.code, found.err) == (0, "")


def test_a_missing_language_names_what_was_looked_for_and_where(mirror: Mirror, read: Read) -> None:
    root = mirror("text/en/a.txt", "x\n").parents[2]
    with pytest.raises(MissingData) as caught:
        read("text", "train", "fi")
    message = str(caught.value)
    assert str(root) in message
    assert "text/fi/*.txt" in message and "text/fi.txt" in message


def test_the_share_that_is_masked_is_an_option_of_the_form() -> None:
    reader = Reader.model_validate({"type": "text", "masking": 0.3})
    assert (reader.form, reader.label_names(), reader.form_options()) == ("mask", (), {"rate": 0.3})
