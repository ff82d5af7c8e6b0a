"""``xfer count``: on small files by hand, and on all real files against the figures of the data's own README."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mirrors import write_mirror

from xfer.catalog import CATALOG
from xfer.readers.base import Reader
from xfer.readers.counting import Count, count_rows, row_facts

Xfer = Callable[..., Any]


@pytest.fixture
def data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of one data set in two layouts, one with a bad row."""
    files = {
        "panx/dev-sw.tsv": "Anna\tB-PER\nruns\tO\n\nbad\tX\n\n",
        "panx_dataset/sw/dev": "sw:Cairo\tB-LOC\n\nsw:a\tO\n",
        "panx/test-sw.tsv": "Anna\n\n",
    }
    return write_mirror(folder / "data", files, monkeypatch)


def test_every_place_is_counted_by_itself(data: Path, xfer: Xfer) -> None:
    found = xfer("count", "panx", "--json")
    assert found.code == 1
    assert [(one["split"], one["place"], one["rows"], one["labels"]) for one in found.json["counts"]] == [
        ("dev", "panx_dataset/sw/dev", 2, {"B-LOC": 1, "O": 1}),
        ("dev", "panx/dev-sw.tsv", 1, {"B-PER": 1, "O": 1}),
        ("test", "panx/test-sw.tsv", 1, {"withheld": 1}),
    ]
    assert (found.json["rows"], found.json["bad_rows"]) == (4, 1)
    assert found.json["counts"][1]["bad"] == [f"{data}/panx/dev-sw.tsv:4: {BAD}"]
    assert "reading panx dev sw: panx/dev-sw.tsv" in found.err


BAD = "tag 'X' is not one of O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC"


def test_the_same_for_people(data: Path, xfer: Xfer) -> None:
    found = xfer("count", "panx")
    assert "B-PER 1  O 1  (panx/dev-sw.tsv)" in found.out and f"dev-sw.tsv:4: {BAD}" in found.out
    assert found.out.splitlines()[-1] == "3 files, 4 rows, 1 bad rows"


def test_nothing_there_is_told(data: Path, xfer: Xfer) -> None:
    found = xfer("count", "xnli")
    assert (found.code, found.err) == (1, "no file of xnli is there\n")


def test_the_hub_is_not_downloaded_whole_by_mistake(data: Path, xfer: Xfer) -> None:
    assert xfer("count", "--source", "hub").code == 2


def test_a_source_that_a_reader_lacks_is_told(data: Path, xfer: Xfer) -> None:
    found = xfer("count", "ccg", "--source", "hub")
    assert found.code == 2 and "--source mirror or --source miniature" in found.err


@pytest.mark.parametrize("reader", ["copa", "ccg"])
def test_in_miniature(reader: str, xfer: Xfer) -> None:
    found = xfer("count", reader, "--source", "miniature", "--json")
    assert found.code == 0 and {one["split"] for one in found.json["counts"]} >= {"train", "dev"}
    assert all(one["rows"] > 50 and one["labels"] for one in found.json["counts"])


def test_what_is_counted_of_a_row() -> None:
    assert row_facts("choose", {"label": None, "options": "ab"}) == {"withheld": 1, "2 options": 1}
    assert row_facts("tag", {"tags": ["A", "B", "A"]}) == {"A": 2, "B": 1}
    assert row_facts("span", {"answers": []}) == {"no answer": 1} and row_facts("span", {"answers": ["a"]}) == {
        "answered": 1
    }
    assert row_facts("mask", {"text": "abc"}) == {"characters": 3}
    assert row_facts("classify", {"label": "neutral"}) == {"neutral": 1}


# real files: (rows of each language) by reader, split and the beginning of the place, as the data's README and its
# MANIFEST count them (lines without headers, questions, sentences)
EVEN = dict.fromkeys
XNLI = "ar bg de el en es fr hi ru sw th tr ur vi zh".split()
PAWSX = "de en es fr ja ko zh".split()
EXPECTED: dict[tuple[str, str, str], dict[str, int]] = {
    ("xnli", "dev", "xnli/xnli.dev.tsv"): EVEN(XNLI, 2490),
    ("xnli", "dev", "xnli/xnli.dev.jsonl"): EVEN(XNLI, 2490),
    ("xnli", "dev", "xnli/xtreme_layout"): EVEN(XNLI, 2490),
    ("xnli", "test", "xnli/xnli.test.tsv"): EVEN(XNLI, 3000),
    ("xnli", "test", "xnli/xtreme_layout"): EVEN(XNLI, 3000),
    ("mnli", "dev", "nli/multinli_dev_subset"): {"en": 6158},
    ("anli", "dev", "nli/anli_v1.0/R1"): {"en": 1000},
    ("anli", "dev", "nli/anli_v1.0/R2"): {"en": 1000},
    ("pawsx", "dev", "pawsx/x-final"): EVEN(PAWSX, 2000),
    ("pawsx", "dev", "pawsx/xtreme_layout"): EVEN(PAWSX, 2000),
    ("pawsx", "test", "pawsx/x-final"): EVEN(PAWSX, 1200),
    ("commonsense_qa", "dev", ""): {"en": 800},
    ("cosmos_qa", "dev", ""): {"en": 2000},
    ("social_iqa", "dev", ""): {"en": 1400},
    ("social_iqa", "test", ""): {"en": 1100},
    ("copa", "train", ""): {"en": 400},
    ("copa", "dev", ""): {"en": 100},
    ("xcopa", "dev", ""): EVEN("et ht id it qu sw ta th tr vi zh".split(), 100),
    ("xcopa", "test", ""): EVEN("et id it sw th tr vi zh".split(), 500),
    ("squad_v1", "train", ""): {"en": 43_414},
    ("squad_v1", "dev", ""): {"en": 5665},
    ("squad_v2", "dev", ""): {"en": 5303},
    ("xquad", "test", ""): EVEN("ar de en es hi th tr zh".split(), 1190),
    ("mlqa", "dev", "mlqa/MLQA_V1/dev/dev-context-en"): {"en": 1148},
    ("mlqa", "test", "mlqa/MLQA_V1/test/test-context-es-question-zh"): {"es": 1947},
    ("mlqa", "test", "mlqa/MLQA_V1/test/test-context-de-question-es"): {"de": 1776},
    ("tydiqa", "train", ""): {"en": 3696, "ko": 1625, "sw": 2755},
    ("tydiqa", "test", ""): {"ar": 921, "bn": 113, "en": 440, "fi": 782, "ko": 276, "sw": 499},
    ("panx", "train", "ner/panx"): EVEN("de en es fr".split(), 20_000)
    | EVEN("ar hi ru tr vi zh".split(), 5000)
    | {"sw": 1000},
    ("panx", "dev", "ner/panx"): EVEN("ar bg de el en es fr ru tr vi zh".split(), 5000)
    | EVEN("hi sw ur".split(), 1000),
    ("panx", "test", "ner/panx"): {"en": 10_000, "sw": 1000},
    ("panx", "test", "ner/wikiann_original"): {"fr": 10_000},
    ("udpos", "train", "ud/"): {"en": 12_544, "hu": 910, "tr": 3435, "vi": 1400},
    ("udpos", "train", "udpos_xtreme_layout"): {"en": 21_787},
    ("udpos", "dev", "udpos_xtreme_layout"): {
        "ar": 909, "en": 3974, "es": 3054, "hi": 1659, "tr": 1967, "zh": 1000,
    },
    ("udpos", "test", "udpos_xtreme_layout"): {
        "ar": 1680, "en": 5440, "es": 3147, "hi": 2684, "th": 1000, "tr": 5842, "zh": 3455,
    },
}  # fmt: skip
# Sentences of the treebanks, and how many of them hold a tag of no version of UD (UD_Hindi-HDTB of UD 1.2).
HINDI = {"dev": (1659, 59), "test": (1684 + 1000, 43)}
# The balance of labels that makers state: XNLI's thirds; SQuAD 2.0's dev has as many questions without answer as with.
THIRDS = {("xnli", "dev"): 830, ("xnli", "test"): 1000}


@pytest.fixture(scope="module")
def found(real: Path) -> list[Count]:
    names = [name for name in CATALOG["reader"] if name not in ("files", "text", "squad_r", "lareqa", "mewsli_x")]
    readers: list[Any] = [Reader.model_validate(name) for name in names]
    return [one for reader in readers if "mirror" in reader.sources for one in count_rows(reader, "mirror", real)]


@pytest.mark.parametrize("at", EXPECTED, ids=" ".join)
def test_real_files_have_the_rows_that_their_readme_counts(at: tuple[str, str, str], found: list[Count]) -> None:
    reader, split, place = at
    these = [one for one in found if (one.reader, one.split) == (reader, split) and one.place.startswith(place)]
    rows: dict[str, int] = {}
    for one in these:
        assert rows.setdefault(one.language, one.rows) == one.rows, "two places of one language differ"
    assert {language: rows.get(language) for language in EXPECTED[at]} == EXPECTED[at]
    assert set(rows) == set(EXPECTED[at])


def test_only_the_hindi_treebank_has_bad_rows_and_none_is_lost(found: list[Count]) -> None:
    bad = {(one.reader, one.split, one.language): (one.rows + len(one.bad), len(one.bad)) for one in found if one.bad}
    assert bad == {("udpos", split, "hi"): numbers for split, numbers in HINDI.items()}
    first = next(one for one in found if one.bad)
    assert "hi-ud-dev.conllu:92: part of speech 'avy'" in first.bad[0]


def test_the_labels_are_distributed_as_published(found: list[Count]) -> None:
    for one in found:
        if (one.reader, one.split) in THIRDS:
            assert set(one.labels.values()) == {THIRDS[one.reader, one.split]} and len(one.labels) == 3
        if one.reader == "pawsx":
            assert set(one.labels) == {"different", "paraphrase"}
        if (one.reader, one.split) == ("squad_v2", "dev"):
            assert one.labels == {"answered": 2656, "no answer": 2647}
        if (one.reader, one.split) == ("xquad", "test"):
            assert one.labels == {"answered": 1190}
        if one.reader == "xcopa":
            assert set(one.labels) == {"0", "1", "2 options"}


def test_pieces_are_no_larger_than_the_whole_that_the_reference_knows(found: list[Count]) -> None:
    """Every file is the published set or a part of it: English, or the first language, of the card's sizes."""
    cards = {one.reader: Reader.find_class(one.reader).card for one in found}
    for one in found:
        size = cards[one.reader].sizes.get(one.split)
        if size and one.language == "en" and one.reader not in ("bucc", "tatoeba", "udpos"):
            assert one.rows <= size, one


def test_plain_text_of_fifteen_languages(real: Path) -> None:
    reader = Reader.model_validate({"type": "text", "folder": "raw_text", "languages": ["sw"], "held_out": 10})
    these = list(count_rows(reader, "mirror", real))
    assert {one.split for one in these} == {"train", "dev", "test"} and not any(one.bad for one in these)
    # 7531 + 7529 + 12424 + 30771 lines, of which some are blank
    assert 0.95 * 58_255 < sum(one.rows for one in these) <= 58_255


def test_counts_are_plain_data(found: list[Count]) -> None:
    assert json.loads(json.dumps(found[0]._asdict()))["reader"] == found[0].reader
