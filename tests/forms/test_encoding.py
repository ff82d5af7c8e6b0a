"""Flat subwords equal what the tokenizer gives row by row; padding puts them into rectangles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xfer.forms.base import EncodedUnits, build_form, by_language, encode_texts, pad_batch

FIRST = ["the old cat sleeps", "two birds", "a garden while nobody hears them sing on grey roofs", "кошка", "zz", "a"]
SECOND = ["nobody hears", "", "the cat", "猫", "birds sing", "in the garden and on the roofs and in the garden"]


def row(encoded: EncodedUnits, number: int) -> list[int]:
    return encoded.ids[encoded.starts[number] : encoded.starts[number + 1]].tolist()


def alone(tokenizer: Any, text: str, pair: str | None = None, **options: Any) -> list[int]:
    """What the tokenizer gives for one row; in lists, since it takes a bare empty string for no pair."""
    return tokenizer([text], None if pair is None else [pair], **options)["input_ids"][0]


def of_form(pairs: list[Any]) -> dict[str, list[Any]]:
    return {"id": list("abcdef"), "language": ["en"] * 6, "text": FIRST, "pair": pairs, "label": ["x"] * 6}


@pytest.mark.parametrize("max_length", [8, 64])
def test_single_texts_are_encoded_as_the_tokenizer_does_row_by_row(tokenizer: Any, max_length: int) -> None:
    encoded = encode_texts(tokenizer, FIRST, None, max_length)
    for number, text in enumerate(FIRST):
        assert row(encoded, number) == tokenizer(text, truncation=True, max_length=max_length)["input_ids"]


@pytest.mark.parametrize("max_length", [9, 64])
def test_pairs_are_encoded_as_the_tokenizer_does_row_by_row(tokenizer: Any, max_length: int) -> None:
    encoded = encode_texts(tokenizer, FIRST, SECOND, max_length)
    for number, (text, pair) in enumerate(zip(FIRST, SECOND, strict=True)):
        assert row(encoded, number) == alone(tokenizer, text, pair, truncation=True, max_length=max_length)


def test_no_row_is_longer_than_asked_and_a_cut_one_is_exactly_as_long(tokenizer: Any) -> None:
    lengths = encode_texts(tokenizer, FIRST, SECOND, 10).lengths
    whole = encode_texts(tokenizer, FIRST, SECOND, 1000).lengths
    assert lengths.tolist() == np.minimum(whole, 10).tolist()
    assert whole.max() > 10


def test_an_empty_second_text_still_makes_a_pair(tokenizer: Any) -> None:
    encoded = encode_texts(tokenizer, ["birds"], [""], 64)
    assert row(encoded, 0) == alone(tokenizer, "birds", "") == [*alone(tokenizer, "birds"), 2, 2]


def test_a_column_of_no_pairs_is_single_texts(tokenizer: Any) -> None:
    encoded = build_form("classify", ["x", "y"]).encode(of_form([None] * 6), tokenizer, 64)
    assert row(encoded, 1) == tokenizer("two birds")["input_ids"]


@pytest.mark.parametrize("pairs", [[None, *SECOND[1:]], [*SECOND[:-1], None]])
def test_rows_with_and_without_a_pair_may_be_mixed(tokenizer: Any, pairs: list[Any]) -> None:
    encoded = build_form("classify", ["x", "y"]).encode(of_form(pairs), tokenizer, 64)
    for number, (text, pair) in enumerate(zip(FIRST, pairs, strict=True)):
        assert row(encoded, number) == alone(tokenizer, text, pair)


def test_segments_are_kept_beside_the_subwords(segments: Any) -> None:
    encoded = encode_texts(segments, ["the cat", "birds sing"], ["nobody", "two roofs"], 64)
    assert encoded.types is not None
    assert encoded.types.tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1]
    assert encode_texts(segments, ["the cat"], None, 64).types.tolist() == [0, 0, 0, 0]  # type: ignore[union-attr]


def test_encoders_without_segments_get_none(tokenizer: Any) -> None:
    assert encode_texts(tokenizer, FIRST, SECOND, 64).types is None


@pytest.mark.parametrize("broken", ["two \ud83d birds", "\udc00two birds", "two birds\ud800"])
def test_unpaired_surrogates_count_as_the_replacement_character(tokenizer: Any, broken: str) -> None:
    whole = broken.replace("\ud83d", "\ufffd").replace("\udc00", "\ufffd").replace("\ud800", "\ufffd")
    found = encode_texts(tokenizer, ["the cat", broken], None, 64)
    assert row(found, 0) == tokenizer("the cat")["input_ids"]
    assert row(found, 1) == tokenizer(whole)["input_ids"]
    paired = encode_texts(tokenizer, ["the cat"], [broken], 64)
    assert row(paired, 0) == tokenizer("the cat", whole)["input_ids"]


def test_a_paired_surrogate_is_its_character(tokenizer: Any) -> None:
    found = encode_texts(tokenizer, ["\ud83d\ude00 cat \ud800"], None, 64)
    assert row(found, 0) == tokenizer("\U0001f600 cat \ufffd")["input_ids"]


def test_more_rows_than_one_chunk_stay_in_order(tokenizer: Any) -> None:
    texts = [FIRST[i % 6] for i in range(20_003)]
    encoded = encode_texts(tokenizer, texts, None, 64)
    assert len(encoded.lengths) == 20_003
    for number in (0, 9_999, 10_000, 10_001, 19_999, 20_000, 20_002):
        assert row(encoded, number) == tokenizer(texts[number])["input_ids"]


def test_no_rows_are_no_subwords(tokenizer: Any) -> None:
    encoded = encode_texts(tokenizer, [], None, 64)
    assert (len(encoded.ids), encoded.starts.tolist(), len(encoded.lengths)) == (0, [0], 0)


def test_padding_by_hand() -> None:
    types = np.array([0, 0, 1, 1, 0, 1], np.int32)
    encoded = EncodedUnits(np.array([5, 6, 7, 8, 9, 10], np.int32), np.array([0, 1, 4, 6]), types)
    made = pad_batch(encoded, np.array([2, 0, 1]), 1)
    assert made["input_ids"].tolist() == [[9, 10, 1], [5, 1, 1], [6, 7, 8]]
    assert made["attention_mask"].tolist() == [[1, 1, 0], [1, 0, 0], [1, 1, 1]]
    assert made["token_type_ids"].tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 1]]
    assert all(array.dtype == np.int64 for array in made.values())


def test_padding_is_to_the_longest_row_of_the_batch_only() -> None:
    encoded = EncodedUnits(np.arange(20, 32, dtype=np.int32), np.array([0, 2, 4, 12]), None)
    assert pad_batch(encoded, np.array([0, 1]), 1)["input_ids"].tolist() == [[20, 21], [22, 23]]
    assert "token_type_ids" not in pad_batch(encoded, np.array([0]), 1)


def test_padding_equals_the_tokenizers_own(tokenizer: Any) -> None:
    made = pad_batch(encode_texts(tokenizer, FIRST, SECOND, 32), np.arange(6), tokenizer.pad_token_id)
    other = tokenizer(FIRST, SECOND, truncation=True, max_length=32, padding=True, return_tensors="np")
    assert np.array_equal(made["input_ids"], other["input_ids"])
    assert np.array_equal(made["attention_mask"], other["attention_mask"])


def test_columns_are_split_by_language_in_order() -> None:
    columns = {"language": ["sw", "en", "sw", "de"], "id": ["1", "2", "3", "4"]}
    assert by_language(columns) == {
        "de": {"language": ["de"], "id": ["4"]},
        "en": {"language": ["en"], "id": ["2"]},
        "sw": {"language": ["sw", "sw"], "id": ["1", "3"]},
    }
    assert list(by_language(columns)) == ["de", "en", "sw"]
