"""Slips of input methods, widths, and parts in another order: by hand, and by the rules that hold of all."""

from __future__ import annotations

from typing import Any

import pytest
from sample_texts import TEXTS

from xfer.attackers.base import Attacker
from xfer.text.edits import splice_edits
from xfer.text.hangul import type_keys, word_keystrokes
from xfer.text.input_methods import input_slips
from xfer.text.scripts import is_mark, script_of
from xfer.text.widths import full_width, half_width
from xfer.text.words import counted_words


def attacker(name: str, **fields: Any) -> Any:
    return Attacker.model_validate({"type": name, **fields})


def row(language: str, text: str, name: str = "1") -> dict[str, Any]:
    return {"id": name, "language": language, "text": text, "pair": None, "label": "x"}


def test_every_syllable_comes_back_from_its_keys() -> None:
    syllables = [chr(point) for point in range(0xAC00, 0xD7A4, 7)]
    assert all(type_keys(word_keystrokes(one)) == one for one in syllables)
    assert type_keys(word_keystrokes("값이 읽었다 의자abc")) == "값이 읽었다 의자abc"
    assert type_keys("ㅎㄴㅏㄱㅜㄱ") == "ㅎ나국"  # keys in the wrong order


@pytest.mark.parametrize(
    ("word", "language", "among"),
    [
        ("있었다", "ko", "잇었다"), ("먹어", "ko", "머거"), ("한국", "ko", "ㅎ나국"), ("今日", "ja", "きょう"),
        ("食べる", "ja", "たべる"), ("ちょっと", "ja", "ちよっと"), ("ねこ", "ja", "ネコ"),
        ("コーヒー", "ja", "こーひー"), ("已经", "zh", "以经"), ("Việt", "vi", "Vieejt"), ("đường", "vi", "dduwowfng"),
    ],
)  # fmt: skip
def test_slips(word: str, language: str, among: str) -> None:
    found = input_slips(word, language, "simplified")
    assert among in found and word not in found


@pytest.mark.parametrize(("word", "language"), [("않았다", "ko"), ("못해", "ko"), ("二", "zh"), ("chat", "fr")])
def test_a_negation_a_number_and_other_languages_stay(word: str, language: str) -> None:
    assert input_slips(word, language, "simplified") == []


def test_widths() -> None:
    assert full_width("NATO-3 が") == "ＮＡＴＯ－３ が" and half_width("コーヒー、ガンダムＡＢＣ。") == "ｺｰﾋｰ,ｶﾞﾝﾀﾞﾑABC."
    change = attacker("width").change
    assert change(row("ja", "NATO が"))[0]["text"] == "ＮＡＴＯ が" and change(row("en", "NATO"))[0]["text"] == "NATO"
    assert change(row("ja", "ＮＡＴＯ"))[0]["text"] == "NATO"


@pytest.mark.parametrize("name", ["ime", "width"])
def test_what_holds_of_every_language(name: str) -> None:
    for language, text in TEXTS.items():
        for rate in (0.0, 0.5, 1.0):
            before = row(language, text)
            changed, edits = attacker(name, rate=rate).change(before)
            assert (
                len(edits) <= rate * len(counted_words(text)) + 1
                and changed == attacker(name, rate=rate).change(before)[0]
            )
            assert rate or not edits
            assert (changed == before) == (not edits)
            known = {script_of(char) for char in text} | {"Hiragana", "Katakana"}
            assert {script_of(char) for char in changed["text"]} <= known
            assert not any(is_mark(changed["text"][word.start]) for word in counted_words(changed["text"]))


CHOICE = {"id": "1", "language": "en", "text": "t", "question": "q", "options": ["a", "b", "c"], "label": 2}


def test_the_right_option_goes_along() -> None:
    orders = set()
    for number in range(60):
        before = CHOICE | {"id": str(number)}
        changed, edits = attacker("option_order").change(before, "choose")
        assert sorted(changed["options"]) == ["a", "b", "c"] != changed["options"]
        assert changed["options"][changed["label"]] == "c"
        for edit in edits:
            place = int(edit["column"].removeprefix("options/"))
            assert edit["new"] == changed["options"][place] and edit["end"] == 1
        orders.add(tuple(changed["options"]))
    assert len(orders) == 5
    assert attacker("option_order").change(CHOICE | {"label": None}, "choose")[0]["label"] is None
    for still in ({"rate": 0.0}, {"protect": ["options"]}):
        assert attacker("option_order", **still).change(CHOICE, "choose") == (CHOICE, [])


def test_a_pair_changes_places() -> None:
    pair = {"id": "1", "language": "en", "text": "one", "pair": "two", "label": "0"}
    changed, edits = attacker("pair_swap").change(pair)
    assert changed == pair | {"text": "two", "pair": "one"}
    for edit in edits:
        assert splice_edits(pair[edit["column"]], [_edit(edit)]) == changed[edit["column"]]
    assert attacker("pair_swap", protect=["premise"]).change(pair) == (pair, [])
    shares = [bool(attacker("pair_swap", rate=0.3).change(pair | {"id": str(i)})[1]) for i in range(300)]
    assert 60 <= sum(shares) <= 120


def _edit(edit: dict[str, Any]) -> Any:
    from xfer.text.edits import Edit

    return Edit(edit["start"], edit["end"], edit["new"], edit["kind"])


def test_where_labels_would_not_hold() -> None:
    from xfer.readers.base import Reader

    faults = attacker("pair_swap").compatibility_faults(Reader.model_validate("xnli"), ["en"])
    assert any("cannot change xnli" in message for _, message, _ in faults)
    assert not list(attacker("pair_swap").compatibility_faults(Reader.model_validate("pawsx"), ["en"]))
    assert any("form classify" in fault[1] for fault in attacker("option_order").compatibility_faults(
        Reader.model_validate("xnli"), ["en"]))  # fmt: skip
