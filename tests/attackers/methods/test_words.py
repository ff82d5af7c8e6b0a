"""Words from lists, code mixing and word order: what is found, what is put in, and that both sides agree."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_texts import TEXTS

from xfer.attackers.base import Attacker
from xfer.attackers.lexicons.dictionaries import find_words, fit_replacement, miniature_words, read_word_list
from xfer.core.errors import BadRow, MissingPart
from xfer.miniature import LANGUAGES
from xfer.text.edits import splice_edits
from xfer.text.scripts import script_of


def attacker(name: str, **fields: Any) -> Any:
    return Attacker.model_validate({"type": name, **fields})


def pair(text: str, other: str | None = None, language: str = "en", name: str = "1") -> dict[str, Any]:
    return {"id": name, "language": language, "text": text, "pair": other, "label": "x"}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Dictionaries from English to German and Chinese, and from Chinese to English."""
    (tmp_path / "en-de.txt").write_text(
        "dog Hund\nDog\tVierbeiner\nin the house\tim Haus\ncat\tKatze\nred rot\n", "utf-8"
    )
    (tmp_path / "en-zh.txt").write_text("dog 狗\ncat 猫\n", "utf-8")
    (tmp_path / "zh-en.txt").write_text("喜欢 like\n苹果 apple\n苹 duckweed\n", "utf-8")
    (tmp_path / "en.txt").write_text("large\tbig\nlarge\thuge\nhouse\thouse\n", "utf-8")
    return tmp_path


def test_a_list_is_read_small_and_in_order(lists: Path) -> None:
    table = read_word_list(lists / "en-de.txt")
    assert table == {"dog": ("Hund", "Vierbeiner"), "in the house": ("im Haus",), "cat": ("Katze",), "red": ("rot",)}
    assert read_word_list(lists / "en.txt") == {"large": ("big", "huge")}  # a word is no synonym of itself
    (lists / "en.txt").write_text("big\ttall\n", "utf-8")
    os.utime(lists / "en.txt", ns=(1, 1))
    assert read_word_list(lists / "en.txt") == {"big": ("tall",)}


@pytest.mark.parametrize(
    ("raw", "message"), [(b"one\n", ":1: is not a word"), (b"a b\nc d e\n", ":2:"), (b"\xff b", "UTF-8")]
)
def test_a_broken_list_is_one_line(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "x.txt").write_bytes(raw)
    with pytest.raises(BadRow, match=message):
        read_word_list(tmp_path / "x.txt")


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The dog, in the house.", {"dog", "in the house", "house"}, ["dog", "in the house"]),
        ("in  the house", {"in the house", "house"}, ["house"]),
        ("DOGS dog's 'dog' dog", {"dog", "s"}, ["dog", "dog"]),
        ("don't we’ll l'eau d'or", {"don", "t", "we", "ll", "l", "eau", "or"}, ["l", "eau"]),
        ("我喜欢苹果", {"喜欢", "苹果", "苹"}, ["喜欢", "苹果"]),
        ("年老 的 人", {"年老 的"}, ["年老 的"]),
        ("हिन्दी में", {"में", "हिन"}, ["में"]),
        ("", {"a"}, []),
    ],
)
def test_places(text: str, words: set[str], expected: list[str]) -> None:
    found = list(find_words(text, words.__contains__))
    assert [word for _, word in found] == expected
    assert all(text[start:end].lower() == word for (start, end), word in found)


@pytest.mark.parametrize(
    ("text", "span", "new", "expected"),
    [
        ("a dog", (2, 5), "Hund", "Hund"), ("A Dog", (2, 5), "chien", "Chien"), ("THE DOG", (4, 7), "chien", "CHIEN"),
        ("我喜欢你", (1, 3), "like", " like "), ("我喜欢。", (1, 3), "like", " like"),
        ("我喜欢你", (1, 3), "好き", "好き"),
    ],
)  # fmt: skip
def test_what_is_put_in_fits(text: str, span: tuple[int, int], new: str, expected: str) -> None:
    assert fit_replacement(text, span, new) == expected


def test_both_sides_get_the_same_words(lists: Path) -> None:
    mixer = attacker("code_mixing", languages=["de", "zh"], dictionary=str(lists), rate=1.0)
    for number in range(20):
        row = pair("A dog sees a cat in the house", "The cat is red and the Dog is not", name=str(number))
        changed, edits = mixer.change(row)
        dogs = {new for new in ("Hund", "Vierbeiner", "狗") if new in changed["text"]}
        assert len(dogs) == 1 and dogs <= set(changed["pair"].split())
        assert len({new for new in ("Katze", "猫") if new in changed["text"] + changed["pair"]}) == 1
        assert "im Haus" in changed["text"] and "rot" in changed["pair"] and len(edits) == 6


def test_the_drawn_languages_differ_from_row_to_row(lists: Path) -> None:
    mixer = attacker("code_mixing", languages=["de", "zh"], dictionary=str(lists), rate=1.0)
    assert {mixer.change(pair("dog", name=str(i)))[0]["text"] for i in range(40)} == {"Hund", "Vierbeiner", "狗"}


def test_cosdas_tokens_draw_among_all_languages_and_stay_where_that_one_lacks_them(lists: Path) -> None:
    """Of "dog" (three languages, one without it): a third stays at rate 1, and 1 - 0.5 * 2 / 3 at 0.5."""
    (lists / "en-fr.txt").write_text("house maison\n")
    for rate, kept in ((1.0, 1 / 3), (0.5, 2 / 3)):
        mixer = attacker("code_mixing", languages=["de", "zh", "fr"], dictionary=str(lists), rate=rate, draw="tokens")
        found = [mixer.change(pair("dog dog", name=str(i)))[0]["text"].split() for i in range(2000)]
        tokens = [token for text in found for token in text]
        assert tokens.count("dog") / len(tokens) == pytest.approx(kept, abs=0.03)
        assert tokens.count("狗") / len(tokens) == pytest.approx(rate / 3, abs=0.03)
        assert tokens.count("Hund") == pytest.approx(tokens.count("Vierbeiner"), rel=0.3)
        assert rate < 1 or sum(text[0] != text[1] for text in found) > 0.5 * len(found)  # each token by itself


def test_mixing_into_unspaced_text(lists: Path) -> None:
    changed, _ = attacker("code_mixing", languages=["en"], dictionary=str(lists), rate=1.0).change(
        pair("我喜欢苹果。", None, "zh")
    )
    assert changed["text"] == "我 like apple。"


@settings(max_examples=100)
@given(st.floats(0, 1), st.integers(0, 1000))
def test_the_rate_is_a_bound_and_a_promise(rate: float, seed: int) -> None:
    words = [form for form in miniature_words("en", "de") if " " not in form][:20]
    row = pair(" ".join(words[:10]), " ".join(words[10:]), name=str(seed))
    changed, edits = attacker("code_mixing", languages=["de"], rate=rate).change(row)
    assert int(rate * 20) <= len(edits) <= rate * 20 + 1
    assert (changed == row) == (not edits)


def test_every_occurrence_of_a_word_changes_alike() -> None:
    row = pair("Anna reads the book and the book is old", "the book")
    changed, _ = attacker("code_mixing", languages=["de"], rate=1.0).change(row)
    assert changed["text"].count("Buch") == 2 and "Buch" in changed["pair"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_miniature_dictionary(language: str) -> None:
    for other in LANGUAGES:
        table = miniature_words(language, other)
        assert (len(table) > 50) == (language != other)
        assert all(word == word.lower() and "~" not in word + new[0] and len(new) == 1 for word, new in table.items())


def test_a_translation_of_several_words_in_a_tagged_sentence() -> None:
    row = {"id": "1", "language": "en", "text": "", "words": ["the", "kitchen", "Dog"], "tags": ["O", "O", "B-PER"]}
    mixer = attacker("code_mixing", languages=["hi"], rate=1.0)
    for tags in (["O", "O", "B-PER"], ["DET", "NOUN", "NOUN"]):
        changed, _ = mixer.change(row | {"tags": tags}, "tag")
        assert len(changed["words"]) == len(changed["tags"]) and changed["words"] != row["words"]


def test_missing_lists_are_named(lists: Path) -> None:
    mixer = attacker("code_mixing", languages=["de", "fr"], dictionary=str(lists))
    with pytest.raises(MissingPart, match=r"en-fr\.txt"):
        mixer.file_digests(["en"], str)
    with pytest.raises(MissingPart, match="into itself"):
        attacker("code_mixing", languages=["en"]).file_digests(["en"], str)
    with pytest.raises(MissingPart, match=r"de\.txt"):
        attacker("synonyms", folder=str(lists)).file_digests(["en", "de"], str)


def test_files_are_part_of_what_decides_the_result(lists: Path) -> None:
    mixer = attacker("code_mixing", languages=["de", "en"], dictionary=str(lists))
    assert mixer.file_digests(["en"], lambda path: path.name) == {"en-de": "en-de.txt"}
    assert attacker("synonyms", folder=str(lists)).file_digests(["en"], lambda path: path.name) == {"en": "en.txt"}
    one, two = (attacker("code_mixing", languages=[to]).file_digests(["en"], str) for to in ("de", "ru"))
    assert isinstance(one, str) and one != two


def test_synonyms(lists: Path) -> None:
    changed, edits = attacker("synonyms", folder=str(lists), rate=1.0).change(pair("A Large house, LARGE", "large"))
    assert changed["text"] in ("A Big house, BIG", "A Huge house, HUGE") and len(edits) == 3


# word order


@pytest.mark.parametrize("language", TEXTS)
def test_no_word_leaves_its_window(language: str) -> None:
    shuffler = attacker("word_order", window=3)
    text = TEXTS[language]
    for seed in range(5):
        found = splice_edits(text, shuffler.edit(text, language, Random(seed)))
        assert sorted(found) == sorted(text)
        if not any(script_of(char) in ("Han", "Thai", "Khmer", "Myanmar", "Hiragana") for char in text):
            old, new = text.replace(",", "").split(), found.replace(",", "").split()
            for first in range(0, len(old), 3):
                assert (
                    sorted(old[first : first + 3]) == sorted(new[first : first + 3]) or "\u200c" in text or "«" in text
                )


def test_windows_are_shuffled_at_the_rate() -> None:
    shuffler = attacker("word_order", window=4, rate=0.5)
    for seed in range(50):
        order = shuffler.window_order(40, Random(seed))
        assert sorted(order) == list(range(40)) and all(i // 4 == j // 4 for i, j in enumerate(order))
        moved = {i // 4 for i, j in enumerate(order) if i != j}
        assert len(moved) <= 5
    assert attacker("word_order", rate=0.0).window_order(9, Random(1)) == list(range(9))


def test_entities_stay_whole_and_tags_go_along() -> None:
    row = {
        "id": "1", "language": "en", "text": "", "words": ["New", "York", "and", "San", "Juan", "are", "far"],
        "tags": ["B-LOC", "I-LOC", "O", "B-LOC", "I-LOC", "O", "O"],
    }  # fmt: skip
    of = dict(zip(row["words"], row["tags"], strict=True))
    seen = set()
    for number in range(30):
        changed, _ = attacker("word_order", window=5).change(row | {"id": str(number)}, "tag")
        seen.add(changed["text"])
        assert (
            changed["text"] == " ".join(changed["words"])
            and "New York" in changed["text"]
            and "San Juan" in changed["text"]
        )
        assert changed["tags"] == [of[word] for word in changed["words"]]
    assert len(seen) > 5
    assert attacker("word_order", protect=["words"]).change(row, "tag") == (row, [])
