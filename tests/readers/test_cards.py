"""Every reader carries a whole card, and its sizes are those of the reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from xfer.catalog import CATALOG
from xfer.readers.base import Reader

READERS = sorted(CATALOG["reader"])
NAMED = [name for name in READERS if name != "files"]
# Rows of the data sets as their makers publish them, by the hub's own statistics (reference: expected_sizes.json);
# of data sets in many languages, those of English, or of the first language.
SIZES = {
    "mnli": {"train": 392_702, "dev": 9_815},
    "qqp": {"train": 363_846, "dev": 40_430},
    "squad_v1": {"train": 87_599, "dev": 10_570},
    "squad_v2": {"train": 130_319, "dev": 11_873},
    "hellaswag": {"train": 39_905, "dev": 10_042, "test": 10_003},
    "cosmos_qa": {"train": 25_262, "dev": 2_985, "test": 6_963},
    "commonsense_qa": {"train": 9_741, "dev": 1_221, "test": 1_140},
    "copa": {"train": 400, "dev": 100, "test": 500},
    "paws": {"train": 49_401, "dev": 8_000, "test": 8_000},
    "xnli": {"train": 392_702, "dev": 2_490, "test": 5_010},
    "pawsx": {"train": 49_401, "dev": 2_000, "test": 2_000},
    "panx": {"train": 20_000, "dev": 10_000, "test": 10_000},
    "xquad": {"test": 1_190},
    "mlqa": {"dev": 1_148, "test": 11_590},
    "anli": {"train": 16_946 + 45_460 + 100_459, "dev": 3_200, "test": 3_200},
    "xcopa": {"dev": 100, "test": 500},
}


def leaf(name: str) -> Any:
    return Reader.find_class(name)


@pytest.mark.parametrize("name", READERS)
def test_a_card_is_complete(name: str) -> None:
    card = leaf(name).card
    assert card.title and card.licence and card.layout
    assert set(card.splits) <= {"train", "dev", "test"} and card.splits
    assert set(card.sizes) <= set(card.splits) and all(rows > 0 for rows in card.sizes.values())
    assert leaf(name).__doc__.strip() and leaf(name).published.source
    assert ("hub" in leaf(name).sources) == bool(card.hub)


@pytest.mark.parametrize("name", NAMED)
def test_a_card_names_its_source_and_its_languages(name: str) -> None:
    card = leaf(name).card
    assert card.citation and re.search(r"(19|20)\d\d|https?://", card.citation)
    assert card.languages and len(set(card.languages)) == len(card.languages)
    assert len(set(card.train_languages)) == len(card.train_languages)
    assert bool(card.train_languages) == ("train" in card.splits)
    assert all(re.fullmatch(r"[a-z]{2}", language) for language in (*card.languages, *card.train_languages))


@pytest.mark.parametrize("name", SIZES)
def test_the_sizes_of_a_card_are_the_published_ones(name: str) -> None:
    assert SIZES[name].items() <= leaf(name).card.sizes.items()


@pytest.mark.parametrize("name", NAMED)
def test_every_place_of_a_reader_is_under_the_folder_and_names_the_language_of_a_row(name: str) -> None:
    reader = Reader.model_validate(name)
    for split in reader.card.splits:
        for language in reader.offered_languages("mirror", split) if name != "text" else ("en",):
            for part, its in reader.origin_splits(split, language):
                places = [*part.places(its, language)]
                assert places and not any(Path(place).is_absolute() or ".." in place for place in places)


@pytest.mark.parametrize("name", NAMED)
def test_withheld_splits_are_splits(name: str) -> None:
    assert set(leaf(name).unlabelled) < set(leaf(name).card.splits)
