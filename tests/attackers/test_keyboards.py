"""Keyboard layouts: geometry, scripts and the choice of a layout."""

import unicodedata

import pytest

from xfer.text import hangul
from xfer.text.keyboards import layout_for, layouts, neighbours, neighbours_of
from xfer.text.scripts import letter_class, script_of

SIZES = {
    "qwerty": 26,
    "german": 30,
    "turkish": 32,
    "polish": 35,
    "russian": 32,
    "ukrainian": 33,
    "greek": 25,
    "hebrew": 27,
    "dubeolsik": 33,
    "georgian": 33,
}


def adjacent(char, language):
    return {other for other, _ in neighbours(char, language)}


@pytest.mark.parametrize("layout", layouts())
def test_every_layout_is_sound(layout):
    table = neighbours_of(layout)
    assert len({script_of(char) for char in table}) == 1
    assert "" not in {script_of(char) for char in table}
    for char, found in table.items():
        others = [other for other, _ in found]
        assert unicodedata.is_normalized("NFC", char) and len(char) == 1
        assert char not in others and len(set(others)) == len(others)
        assert {letter_class(other) for other in others} == {letter_class(char)}
        assert all((char, weight) in table[other] for other, weight in found)


@pytest.mark.parametrize(("layout", "letters"), SIZES.items())
def test_no_letter_of_the_alphabet_is_missing(layout, letters):
    assert len(neighbours_of(layout)) == letters


@pytest.mark.parametrize(
    ("language", "char", "expected"),
    [
        ("en", "s", set("adwezx")),
        ("sw", "q", set("wa")),
        ("en", "p", set("ol")),
        ("de", "z", set("tugh")),
        ("de", "ß", set("pü")),
        ("fr", "a", set("zéq")),
        ("es", "ñ", set("lp")),
        ("tr", "i", set("şüğ")),
        ("pl", "ą", set("aśż")),
        ("cs", "ř", set("čžrt")),
        ("ru", "ы", set("фвцуяч")),
        ("uk", "ї", set("хґє")),
        ("bg", "о", set("ажишъэ")),
        ("kk", "ң", set("іғук")),
        ("el", "σ", set("αδςεζχ")),
        ("he", "ש", set("דז")),
        ("ar", "ب", set("يلقفرؤ")),
        ("fa", "گ", set("کچج")),
        ("ur", "ے", set("تءگح")),
        ("ka", "ს", set("აშდწეზხ")),
        ("th", "ก", set("หดฏพป")),
        ("th", "\u0e48", {"\u0e49", "\u0e4b"}),
        ("ko", "ㅂ", set("ㅈㅃㅁ")),
        ("ja", "う", set("あ")),
    ],
)
def test_neighbours_by_hand(language, char, expected):
    assert adjacent(char, language) == expected


def test_inscript_keys_carry_over_to_the_parallel_letters_of_other_scripts():
    assert adjacent("क", "hi") == set("रतगदसख")
    assert {"ত", "র", "খ"} <= adjacent("ক", "bn")
    assert {"த", "ர"} <= adjacent("க", "ta") and "ख" not in adjacent("க", "ta")
    assert adjacent("ि", "hi") == {"ु", "ी", "ू"}


def test_sideways_slips_weigh_more_than_upward_ones():
    weights = dict(neighbours("s", "en"))
    assert weights["a"] == weights["d"] > weights["w"] == weights["x"] > 0


@pytest.mark.parametrize(
    ("language", "script", "layout"),
    [
        ("de", "Latin", "german"),
        ("de", "Cyrillic", "russian"),
        ("xx", "Latin", "qwerty"),
        ("xx", "Arabic", "arabic"),
        ("ur", "Arabic", "urdu"),
        ("mr", "Devanagari", "inscript Devanagari"),
        ("sr", "Cyrillic", "serbian"),
        ("sr", "Latin", "croatian"),
        ("zh", "Han", ""),
        ("am", "Ethiopic", ""),
    ],
)
def test_layout_by_language_then_by_script(language, script, layout):
    assert layout_for(language, script) == layout


def test_scripts_without_a_layout_have_no_neighbours():
    assert neighbours("的", "zh") == neighbours("1", "en") == neighbours("\ud800", "en") == ()


def test_all_hangul_syllables_come_apart_and_together():
    for point in range(0xAC00, 0xD7A4):
        parts = hangul.decompose(chr(point))
        assert parts is not None and hangul.compose(*parts) == chr(point)


def test_hangul_by_hand():
    assert hangul.decompose("한") == ("ㅎ", "ㅏ", "ㄴ")
    assert hangul.replaced("한", 2, "ㅇ") == "항"
    assert hangul.replaced("한", 2, "ㄸ") is None
    assert hangul.decompose("a") is None and list(hangul.slots("가")) == [(0, "ㄱ"), (1, "ㅏ")]
