"""Names of rows within a split: a row keeps an id that is its own, and has a count beside one that is not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xfer.core.errors import StoreDamaged
from xfer.graph.jobs import DataJob
from xfer.readers.base import Reader
from xfer.readers.identity import (
    FILE_ID,
    check_names,
    file_ids,
    file_ids_of,
    identified,
    occurrences,
    row_key,
    sharing_note,
)
from xfer.steps.rows import read_rows
from xfer.steps.steps import data_step

Mirror = Callable[..., Path]
NAMES = st.sampled_from(["a", "b", "a ", "a (1 of 2)", "a (2 of 2)", "a  (1 of 2)", "a (1 of 3)"])


def row(name: str, language: str = "en", **more: Any) -> dict[str, Any]:
    return {"id": name, "language": language, "text": "x"} | more


def names(*rows: dict[str, Any]) -> list[str]:
    return [found["id"] for found in identified(rows).rows]


def test_an_id_that_is_shared_has_a_count_and_the_others_stay() -> None:
    found = identified([row("a"), row("b"), row("a"), row("a")])
    assert [one["id"] for one in found.rows] == ["a (1 of 3)", "b", "a (2 of 3)", "a (3 of 3)"]
    assert [one.get(FILE_ID) for one in found.rows] == ["a", None, "a", "a"]
    assert (found.sharing, found.shared_ids) == (3, 1)
    assert sharing_note(3, 1) == "3 rows share an id and are told apart by a count"
    assert occurrences("abaa") == [(1, 3), (1, 1), (2, 3), (3, 3)]


def test_rows_whose_ids_are_their_own_are_the_very_same() -> None:
    rows = [row(str(number)) for number in range(9)] + [row("0", "de")]
    found = identified(rows)
    assert all(one is other for one, other in zip(rows, found.rows, strict=True))
    assert (found.sharing, found.shared_ids) == (0, 0)


def test_a_name_that_the_file_has_is_not_given_again() -> None:
    assert names(row("a (1 of 2)"), row("a"), row("a")) == ["a (1 of 2)", "a  (1 of 2)", "a (2 of 2)"]


@given(st.lists(st.tuples(NAMES, st.sampled_from(["en", "de"])), max_size=14))
def test_names_are_unique_and_lead_back_to_the_ids(given_ids: list[tuple[str, str]]) -> None:
    rows = [row(name, language) for name, language in given_ids]
    found, totals = identified(rows).rows, Counter(given_ids)
    assert len({row_key(one) for one in found}) == len(rows)
    assert [one.get(FILE_ID, one["id"]) for one in found] == [name for name, _ in given_ids]
    for one, key in zip(found, given_ids, strict=True):
        assert (one["id"] == key[0]) == (totals[key] == 1)


def test_sides_and_parts_are_apart_and_candidates_keep_what_gold_refers_to() -> None:
    query = {"side": "query", "gold": ["0"], "part": "test"}
    candidate = {"side": "candidate", "gold": None, "part": "test"}
    rows = [row("0", **query), row("0", **candidate), row("0", **query | {"part": "tune"})]
    assert names(*rows) == ["0"] * 3
    assert names(*rows, row("0", **query), row("0", **candidate)) == ["0 (1 of 2)", "0", "0", "0 (2 of 2)", "0"]


def test_the_files_ids_of_predictions() -> None:
    rows = {"id": ["0 (1 of 2)", "0 (2 of 2)", "0"], "language": ["en"] * 3, "side": ["query", "query", "candidate"]}
    rows[FILE_ID] = ["0", "0", "0"]
    assert file_ids_of({"id": ["0 (2 of 2)", "0 (1 of 2)"], "language": ["en", "en"]}, rows) == ["0", "0"]
    assert file_ids(rows) == ["0", "0", "0"] and file_ids({"id": ["7"]}) == ["7"]


def test_what_an_earlier_version_stored_is_refused() -> None:
    check_names([("en", "a"), ("de", "a")], "rows")
    check_names([], "rows")
    with pytest.raises(StoreDamaged, match=r"^rows: 2 have the id 'a', as an earlier version .* another --store"):
        check_names([("en", "a"), ("de", "a"), ("en", "a")], "rows")


# where rows become a split


def split(
    folder: Path, reader: Any, name: str, languages: tuple[str, ...] = ("en",), rows: int | None = None
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """The columns of a data node and what it says."""
    job = DataJob(
        label="test",
        reader=Reader.model_validate(reader),
        source="mirror",
        split=name,
        languages=languages,
        pool=languages,
        is_pool_shared=False,
        rows=rows,
        revision=None,
    )
    (folder / "out").mkdir(exist_ok=True)
    summary = data_step(job, {}, folder, lambda *_: None)
    return read_rows(SimpleNamespace(out=folder / "out")), summary  # type: ignore[arg-type]


OWN = {"type": "files", "train": "{language}.tsv", "id": "doc", "labels": ["n", "p"], "languages": ["en", "de"]}
OWN |= {"dev": "{language}.tsv", "test": "{language}.tsv"}


def test_a_table_of_ones_own(folder: Path, mirror: Mirror) -> None:
    mirror("en.tsv", [["doc", "text", "label"], ["d", "one", "p"], ["e", "two", "n"], ["d", "three", "p"]])
    mirror("de.tsv", [["doc", "text", "label"], ["d", "eins", "p"], ["e", "zwei", "n"], ["d", "drei", "p"]])
    found, summary = split(folder, OWN, "test", ("en", "de"))
    assert found["id"] == ["d (1 of 2)", "e", "d (2 of 2)"] * 2 and found[FILE_ID] == ["d", "e", "d"] * 2
    assert summary["ids"] == "4 rows share 2 ids and are told apart by a count"
    some, _ = split(folder, OWN, "test", ("en", "de"), rows=2)  # names are given before rows are drawn
    whole = dict(zip(found["text"], found["id"], strict=True))
    assert [whole[text] for text in some["text"]] == some["id"]


def test_a_split_without_shared_ids_has_no_further_column(folder: Path, mirror: Mirror) -> None:
    mirror("en.tsv", [["doc", "text", "label"], ["d", "one", "p"], ["e", "two", "n"]])
    found, summary = split(folder, OWN | {"languages": ["en"]}, "test")
    assert list(found) == ["id", "language", "text", "pair", "label"] and "ids" not in summary


def test_sentences_of_a_treebank_that_share_their_sent_id(folder: Path, mirror: Mirror) -> None:
    blocks = [f"# sent_id = s1\n1\t{word}\t_\tNOUN\t_\t_\t0\t_\t_\t_\n" for word in ("one", "two")]
    mirror("ud-treebanks-v2.5/UD_English-EWT/en_ewt-ud-test.conllu", "\n".join(blocks) + "\n")
    found, _ = split(folder, "udpos", "test")
    assert found["id"] == ["ewt:s1 (1 of 2)", "ewt:s1 (2 of 2)"] and found["text"] == ["one", "two"]


def test_questions_of_tydiqa_that_share_their_id(folder: Path, mirror: Mirror) -> None:
    asked = [
        {"id": "english-7", "question": word, "answers": [{"text": word, "answer_start": "red blue".index(word)}]}
        for word in ("red", "blue")
    ]
    text = json.dumps({"data": [{"paragraphs": [{"context": "red blue", "qas": asked}]}]})
    mirror("tydiqa/tydiqa-goldp-v1.1-dev.json", text)
    found, _ = split(folder, "tydiqa", "test")
    assert found["id"] == ["english-7 (1 of 2)", "english-7 (2 of 2)"] and found["answers"] == [["red"], ["blue"]]
