"""Keyboard layouts: geometry, scripts and the choice of a layout."""

import unicodedata

import pytest

from xfer.text import hangul
from xfer.text.character_data import character_data
from xfer.text.keyboards import key_neighbours, layout_for, layout_neighbours
from xfer.text.scripts import letter_class, script_of

DATA = character_data("keyboards")
LAYOUTS = [*DATA["layouts"], *(name for name in DATA["script_default"].values() if " " in name)]
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
    return {other for other, _ in key_neighbours(char, language)}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_sound(layout):
    table = layout_neighbours(layout)
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
    assert len(layout_neighbours(layout)) == letters


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
    weights = dict(key_neighbours("s", "en"))
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
    assert key_neighbours("的", "zh") == key_neighbours("1", "en") == key_neighbours("\ud800", "en") == ()


def test_all_hangul_syllables_come_apart_and_together():
    for point in range(0xAC00, 0xD7A4):
        parts = hangul.decompose_syllable(chr(point))
        assert parts is not None and hangul.compose_syllable(*parts) == chr(point)


def test_hangul_by_hand():
    assert hangul.decompose_syllable("한") == ("ㅎ", "ㅏ", "ㄴ")
    assert hangul.replace_jamo("한", 2, "ㅇ") == "항"
    assert hangul.replace_jamo("한", 2, "ㄸ") is None
    assert hangul.decompose_syllable("a") is None and list(hangul.filled_slots("가")) == [(0, "ㄱ"), (1, "ㅏ")]
