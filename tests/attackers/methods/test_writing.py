"""Attackers on the writing of words: by hand for what each does, by property for every script and any text."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_texts import MIXED, SEEDS, TEXTS

from xfer.attackers.base import Attacker
from xfer.text.cases import apply_case
from xfer.text.edits import splice_edits
from xfer.text.lookalikes import homoglyph_table, misread_table
from xfer.text.marks import strip_marks
from xfer.text.numerals import localize_date, swap_digits, swap_thousands
from xfer.text.romanization import transliterate_word
from xfer.text.scripts import count_graphemes, is_mark, script_of
from xfer.text.spelling import BY_SCRIPT
from xfer.text.words import counted_words

NAMES = ("typos", "diacritics", "homoglyphs", "invisible", "case", "ocr", "spelling", "transliterate", "numbers")
each_attacker = pytest.mark.parametrize("name", NAMES)


def attacker(name: str, **fields: Any) -> Any:
    return Attacker.model_validate({"type": name, **fields})


def changed(text: str, language: str, name: str, seed: int = 0, **fields: Any) -> str:
    return splice_edits(text, attacker(name, **fields).edit(text, language, Random(seed)))


def row(text: str, language: str, number: int = 0) -> dict[str, Any]:
    return {"id": str(number), "language": language, "text": text, "pair": text[::-1], "label": "x"}


# what must hold of every attacker


@each_attacker
@pytest.mark.parametrize("language", TEXTS)
def test_rate_nought_changes_nothing(name: str, language: str) -> None:
    assert changed(TEXTS[language], language, name, rate=0.0) == TEXTS[language]


@each_attacker
def test_the_result_does_not_depend_on_the_order(name: str) -> None:
    rows = [row(text + " 12345 2020-05-03", language, i) for i, (language, text) in enumerate(TEXTS.items())]
    made = attacker(name, rate=0.5)
    first = [made.change(one, "classify") for one in rows]
    again = [attacker(name, rate=0.5).change(one, "classify") for one in reversed(rows)]
    assert first == again[::-1]
    assert [one for one, _ in first] != rows
    if name not in ("diacritics", "case", "transliterate", "numbers", "spelling"):
        assert first != [attacker(name, rate=0.5, seed=1).change(one, "classify") for one in rows]


@each_attacker
@pytest.mark.parametrize("language", TEXTS)
def test_the_rate_is_a_bound(name: str, language: str) -> None:
    text = TEXTS[language]
    words = len(counted_words(text))
    for rate in (0.2, 0.5, 1.0):
        for seed in range(5):
            assert len(attacker(name, rate=rate).edit(text, language, Random(seed))) <= rate * words + 1


@settings(max_examples=150)
@given(MIXED, st.sampled_from(sorted(TEXTS)), st.sampled_from(NAMES), st.floats(0, 1), SEEDS)
def test_any_text(text: str, language: str, name: str, rate: float, seed: int) -> None:
    edits = attacker(name, rate=rate).edit(text, language, Random(seed))
    found = splice_edits(text, edits)
    assert all(text[edit.start : edit.end] != edit.new for edit in edits)
    assert bool(edits) == (found != text) or name == "typos"
    assert edits == attacker(name, rate=rate).edit(text, language, Random(seed))
    assert found.split().__len__() == len(text.split()) or name == "numbers"  # a number may get a space


WORDS = sorted({word for text in TEXTS.values() for word in text.split()} | {"12345", "2020-05-03", "٢٠", "a", "I"})


@settings(max_examples=150)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.sampled_from(NAMES), st.sampled_from("BN"), SEEDS)
def test_tags_of_any_sentence(words: list[str], name: str, kind: str, seed: int) -> None:
    tags = [("B-X" if i % 3 == 0 else "I-X") if kind == "B" else "NOUN" for i in range(len(words))]
    old = {"id": str(seed), "language": "hi", "text": " ".join(words), "words": words, "tags": tags}
    changed, edits = attacker(name, rate=1.0).change(old, "tag")
    assert changed is not None and len(changed["words"]) == len(changed["tags"])
    assert all(changed["words"]) and bool(edits) == (changed != old)
    if kind == "N":
        assert changed["tags"] == tags
    elif name != "numbers":  # a mark between thousands may be a space
        assert changed["tags"] == tags and len(changed["words"]) == len(words)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.sampled_from(NAMES), st.data(), SEEDS)
def test_answers_in_any_context(words: list[str], name: str, data: Any, seed: int) -> None:
    text = " ".join(words)
    starts = data.draw(st.lists(st.integers(0, len(text) - 1), max_size=2))
    answers = [text[start : start + data.draw(st.integers(1, 9))] for start in starts]
    if not all(answer.strip() for answer in answers):
        return
    old = {"id": str(seed), "language": "fr", "text": text, "pair": text, "answers": answers, "starts": starts}
    made = attacker(name, rate=1.0)
    changed, _ = made.change(old, "span")
    if changed is None:
        assert made.inside_answers
        return
    for answer, start in zip(changed["answers"], changed["starts"], strict=True):
        assert answer.strip() and changed["text"][start : start + len(answer)] == answer
    assert made.inside_answers or changed["answers"] == answers
    alone, _ = attacker(name, rate=1.0, protect=["context"]).change(old, "span")
    assert alone == old | {"pair": alone and alone["pair"]}


@pytest.mark.parametrize("name", ["diacritics", "case", "transliterate"])
@pytest.mark.parametrize("language", TEXTS)
def test_writing_twice_is_writing_once(name: str, language: str) -> None:
    once = changed(TEXTS[language], language, name)
    assert changed(once, language, name) == once


@pytest.mark.parametrize("name", ["diacritics", "homoglyphs", "ocr", "case", "spelling"])
@pytest.mark.parametrize("language", TEXTS)
def test_no_mark_loses_its_letter(name: str, language: str) -> None:
    for seed in range(5):
        found = changed(TEXTS[language], language, name, seed, rate=1.0)
        for before, char in zip(" " + found, found, strict=False):
            assert not (is_mark(char) and before.isspace()), found
        if name in ("diacritics", "homoglyphs"):
            assert count_graphemes(found) == count_graphemes(TEXTS[language])


@pytest.mark.parametrize(
    "text", ["", "🙂", "2020", "https://a.b/cdé", "me@x.org", "\u0301 \u200d", "x" * 50_000, "\ud800a"]
)
@each_attacker
def test_hostile_texts(name: str, text: str) -> None:
    found = changed(text, "de", name, rate=1.0)
    if not any(char.isalpha() for char in text) or "@" in text or ":" in text:
        assert found == text


# one by one


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Trẻ em đang", "Tre em dang"), ("ĐẮK", "DAK"), ("Ήρεμη ϊ", "Ηρεμη ι"), ("ещё йод їжак", "еще йод їжак"),
        ("замо́к", "замок"), ("مُدَرِّسَة أحمد", "مدرسة أحمد"), ("שָׁלוֹם", "שלום"), ("İıł Ø", "Iil O"),
        ("हिन्दी ก่ด がぎ 한국 កំ", "हिन्दी ก่ด がぎ 한국 កំ"), ("te\u0301", "te"),
    ],
)  # fmt: skip
def test_diacritics(text: str, expected: str) -> None:
    assert strip_marks(text) == expected


@pytest.mark.parametrize(
    ("word", "language", "to", "expected"),
    [
        ("izmir", "tr", "upper", "İZMİR"), ("IŞIK", "tr", "lower", "ışık"), ("Izmir", "en", "upper", "IZMIR"),
        ("Straße", "de", "upper", "STRASSE"), ("ΟΔΟΣ", "el", "lower", "οδος"), ("ήλιος", "el", "upper", "ΗΛΙΟΣ"),
        ("McDonald", "en", "title", "Mcdonald"), ("aBc", "en", "swap", "AbC"), ("ბავშვი", "ka", "upper", "ბავშვი"),
        ("мир", "ru", "title", "Мир"),
    ],
)  # fmt: skip
def test_cases(word: str, language: str, to: str, expected: str) -> None:
    assert apply_case(word, language, to) == expected


def test_homoglyphs_look_alike_and_lie_apart() -> None:
    table = homoglyph_table()
    for char, others in table.items():
        assert len(char) == 1 and char not in others and len(others) > 0
        assert all(char in table[other] for other in others)
        assert (
            len({script_of(c) for c in char + others}) == len(char + others)
            or script_of(char) == "Arabic"
            or ({unicodedata.name(c).split()[0] for c in char + others} >= {"LATIN"})
        )
    assert changed("paper", "en", "homoglyphs", rate=1.0, every=True) != "paper"
    one = changed("paper", "en", "homoglyphs", rate=1.0)
    assert sum(a != b for a, b in zip("paper", one, strict=True)) == 1


def test_invisible_is_invisible() -> None:
    for character, code in {"zero width space": "\u200b", "word joiner": "\u2060", "soft hyphen": "\u00ad"}.items():
        found = changed(TEXTS["hi"], "hi", "invisible", rate=1.0, character=character)
        assert found != TEXTS["hi"] and found.replace(code, "") == TEXTS["hi"]


def test_a_scanner_misreads_letters_and_no_negation() -> None:
    table = misread_table()
    assert table["rn"] == ("m",) and table["m"] == ("rn",) and "ר" in table["ד"]
    assert "0" in table["O"] and not any(char.isdigit() for char in table)
    assert not {"未", "千", "没"} & {*table, *(new for others in table.values() for new in others)}
    assert "a" in table["ä"] and "ä" not in table.get("a", ())
    for char, others in table.items():
        assert {script_of(c) for new in others for c in new} - {""} <= {
            script_of(char[0]),
            "Hiragana",
            "Katakana",
            "Han",
        }
    assert changed("力", "zh", "ocr", rate=1.0) == "刀" and {
        changed("力", "ja", "ocr", seed, rate=1.0) for seed in range(20)} == {"刀", "カ"}  # fmt: skip
    assert changed("modern", "en", "ocr", 3, rate=1.0) in {
        "rnodern", "modem", "moclern", "modcrn", "moderu", "m0dern"}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "word", "language", "expected"),
    [
        ("alef", "أحمد", "ar", "احمد"), ("yeh", "علي", "ar", "على"), ("yeh", "مستشفى", "ar", "مستشفي"),
        ("yeh", "ایران", "fa", "ايران"), ("teh", "مدرسة", "ar", "مدرسه"), ("hamza", "مسؤول", "ar", "مسوول"),
        ("hamza", "سماء", "ar", "سما"), ("hamza", "مسئول", "fa", "مسیول"), ("kaf", "کتاب", "fa", "كتاب"),
        ("kaf", "كتاب", "ar", "كتاب"), ("joiner", "می\u200cروم", "fa", "میروم"),
        ("nukta", "ज़रूर", "hi", "जरूर"), ("nukta", "\u095bरा", "hi", "जरा"), ("nasal", "माँ", "hi", "मां"),
        ("length", "किताब", "hi", "कीताब"), ("length", "ऊ", "hi", "ऊ"), ("virama", "हिन्दी", "hi", "हिनदी"),
        ("nasal", "চাঁদ", "bn", "চাংদ"), ("length", "తెలుగు", "te", "తెలూగు"),
        ("umlaut", "Größe", "de", "Groesse"), ("umlaut", "blå", "da", "blaa"), ("umlaut", "Größe", "en", "Größe"),
        ("cedilla", "știință", "ro", "ştiinţă"), ("sara_am", "น้ำ", "th", "น้\u0e4d\u0e32"),
    ],
)  # fmt: skip
def test_spellings(name: str, word: str, language: str, expected: str) -> None:
    assert BY_SCRIPT[script_of(word[0])][name](word, language) == expected


def test_every_spelling_can_be_drawn_alone() -> None:
    for names in BY_SCRIPT.values():
        for name in names:
            assert attacker("spelling", operations=[name]).operations == (name,)
    assert changed("أحمد علي", "ar", "spelling", rate=1.0, operations=["alef"]) == "احمد علي"


@pytest.mark.parametrize(
    ("word", "language", "to", "expected"),
    [
        ("Щука", "ru", "latin", "Shchuka"), ("МИР", "ru", "latin", "MIR"), ("Київ", "uk", "latin", "Kyiv"),
        ("Бургас", "bg", "latin", "Burgas"), ("Ήλιος", "el", "latin", "Ilios"), ("مدرسة", "ar", "latin", "mdrsa"),
        ("می\u200cروم", "fa", "latin", "mirwm"), ("हिन्दी", "hi", "latin", "hindee"), ("कमल", "hi", "latin", "kamal"),
        ("ज़रूर", "hi", "latin", "jaroor"), ("தமிழ்", "ta", "latin", "tamizh"), ("서울", "ko", "latin", "seoul"),
        ("きょう", "ja", "latin", "kyou"), ("ガッコウ", "ja", "latin", "gakkou"), ("コーヒー", "ja", "latin", "koohii"),
        ("თბილისი", "ka", "latin", "tbilisi"), ("שלום", "he", "latin", "shlvm"), ("东西", "zh", "latin", "东西"),
        ("เด็ก", "th", "latin", "เด็ก"), ("Moskva", "en", "cyrillic", "Москва"), ("shchi", "en", "cyrillic", "щи"),
        ("logos", "en", "greek", "λογκος"), ("kitab", "en", "arabic", "كيتاب"), ("kamal", "en", "devanagari", "कमल"),
        ("hindee", "en", "devanagari", "हिन्दी"), ("Москва", "ru", "greek", "Москва"), ("ñu", "es", "cyrillic", "ну"),
    ],
)  # fmt: skip
def test_transliterations(word: str, language: str, to: str, expected: str) -> None:
    assert transliterate_word(word, language, to) == expected


@pytest.mark.parametrize("to", ["latin", "cyrillic", "greek", "arabic", "devanagari"])
def test_transliterated_words_are_whole(to: str) -> None:
    for language, text in TEXTS.items():
        for word in counted_words(text):
            old = text[word.start : word.end]
            new = transliterate_word(old, language, to)
            scripts = {script_of(char) for char in new} - {""}
            assert new == old or scripts == {to.title()} or not scripts <= {word.script}, (old, new)
            assert new and not is_mark(new[0])


@pytest.mark.parametrize(
    ("function", "number", "language", "expected"),
    [
        (swap_digits, "2020", "hi", "२०२०"), (swap_digits, "٢٠", "ar", "20"), (swap_digits, "20", "de", "20"),
        (swap_digits, "3.5", "fa", "۳.۵"),
        (swap_thousands, "12345", "en", "12,345"), (swap_thousands, "1234567", "de", "1.234.567"),
        (swap_thousands, "2020", "en", "2020"), (swap_thousands, "1,234,567", "en", "1234567"),
        (swap_thousands, "1.234", "de", "1.234"),
        (swap_thousands, "12345", "fr", "12\u202f345"), (swap_thousands, "01234567", "en", "01234567"),
        (localize_date, "2020-05-03", "de", "3.5.2020"), (localize_date, "2020-05-03", "en", "2020-05-03"),
        (localize_date, "2020-05-03", "zh", "2020年5月3日"), (localize_date, "2020-13-03", "de", "2020-13-03"),
    ],
)  # fmt: skip
def test_numbers(function: Any, number: str, language: str, expected: str) -> None:
    assert function(number, language) == expected


@pytest.mark.parametrize(
    "text", ["covid19", "a1b2", "v1.2.3a", "https://a.b/20201", "me20202@x.org", "id_12345", "-12345"]
)
def test_numbers_within_names_stay(text: str) -> None:
    assert changed(text, "en", "numbers") == text


def test_numbers_in_a_text() -> None:
    text = "Es kamen 12345 Leute am 2020-05-03, davon 20 Kinder."
    assert changed(text, "de", "numbers") == "Es kamen 12.345 Leute am 3.5.2020, davon 20 Kinder."
