"""Keyboard layouts, and which letters lie next to each other on them.

A layout is a tuple of layers (plain, shifted); a layer is four rows: the number row from the key
left of "1", the top row from "q", the home row from "a", the bottom row from the ISO key left of
"z". A row is one key per character, or keys separated by spaces where marks need it; "·" is a key
without a letter. Neighbours follow from geometry, so the relation is symmetric.
May import: scripts, standard library. Randomness has no place here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from xfer.text.scripts import letter_class, script_of

KeyLayer = tuple[str, str, str, str]
Weighted = tuple[tuple[str, int], ...]

# Fingers slip sideways far more often than up or down (9 : 1 in the typo literature).
SIDEWAYS, SHIFTED, UPWARD = 9, 3, 1
_STAGGER = (-1.0, 0.5, 0.75, 0.25)
_REACH = 0.75
_NO_LETTER = "·"

_QWERTY: KeyLayer = ("", "qwertyuiop", "asdfghjkl", "·zxcvbnm")
_LATIN_LAYOUTS: dict[str, tuple[KeyLayer, ...]] = {
    "qwerty": (_QWERTY,),
    "german": (("···········ß", "qwertzuiopü", "asdfghjklöä", "·yxcvbnm"),),
    "french": (("··é····è·çà", "azertyuiop", "qsdfghjklmù", "·wxcvbn"),),
    "spanish": (("", "qwertyuiop", "asdfghjklñ·ç", "·zxcvbnm"),),
    "italian": (("············ì", "qwertyuiopè", "asdfghjklòàù", "·zxcvbnm"),),
    "portuguese": (("", "qwertyuiop", "asdfghjklç", "·zxcvbnm"),),
    "turkish": (("", "qwertyuıopğü", "asdfghjklşi", "·zxcvbnmöç"),),
    "azerbaijani": (("", "qüertyuiopöğ", "asdfghjklıə", "·zxcvbnmçş"),),
    "polish": (_QWERTY, ("", "··ę·····ó·", "ąś······ł", "·żźć··ń")),
    "czech": (("··ěščřžýáíé", "qwertzuiopú", "asdfghjklů", "·yxcvbnm"),),
    "slovak": (("··ľščťžýáíé", "qwertzuiopúä", "asdfghjklô·ň", "·yxcvbnm"),),
    "hungarian": (("··········öüó", "qwertzuiopőú", "asdfghjkléáű", "íyxcvbnm"),),
    "swedish": (("", "qwertyuiopå", "asdfghjklöä", "·zxcvbnm"),),
    "norwegian": (("", "qwertyuiopå", "asdfghjkløæ", "·zxcvbnm"),),
    "danish": (("", "qwertyuiopå", "asdfghjklæø", "·zxcvbnm"),),
    "icelandic": (("···········ö", "qwertyuiopð", "asdfghjklæ", "·zxcvbnm··þ"),),
    "estonian": (("", "qwertyuiopüõ", "asdfghjklöä", "·zxcvbnm"),),
    "lithuanian": (("·ąčęėįšųū···ž", "qwertyuiop", "asdfghjkl", "·zxcvbnm"),),
    "romanian": (("", "qwertyuiopăî", "asdfghjklșțâ", "·zxcvbnm"),),
    "croatian": (("", "qwertzuiopšđ", "asdfghjklčćž", "·yxcvbnm"),),
    "albanian": (("", "qwertzuiopç", "asdfghjklë", "·yxcvbnm"),),
}

_CYRILLIC_LAYOUTS: dict[str, tuple[KeyLayer, ...]] = {
    "russian": (("ё", "йцукенгшщзхъ", "фывапролджэ", "·ячсмитьбю"),),
    "ukrainian": (("", "йцукенгшщзхїґ", "фівапролджє", "·ячсмитьбю"),),
    "belarusian": (("ё", "йцукенгшўзх", "фывапролджэ", "·ячсмітьбю"),),
    "bulgarian": (("", "·уеишщксдзц", "ьяаожгтнвмч", "·юйъэфхпрлб"),),
    "kazakh": (("··әіңғ··үұқөһ", "йцукенгшщзхъ", "фывапролджэ", "·ячсмитьбю"),),
    "serbian": (("", "љњертзуиопшђ", "асдфгхјклчћж", "··џцвбнм"),),
    "macedonian": (("", "љњертѕуиопшѓ", "асдфгхјклчќж", "·зџцвбнм"),),
}

_ARABIC_LAYOUTS: dict[str, tuple[KeyLayer, ...]] = {
    "arabic": (
        ("ذ", "ضصثقفغعهخحجد", "شسيبلاتنمكط", "·ئءؤر·ىةوزظ"),
        ("", "·····إ", "·····أ", "······آ"),
    ),
    "persian": (
        ("", "ضصثقفغعهخحجچ", "شسیبلاتنمکگ", "·ظطزرذدپو"),
        ("", "", "ؤئ·إأآة", "···ژ···ء"),
    ),
    "urdu": (
        ("", "قوعرتےءیہپ", "اسدفگحجکل", "·زشچطبنم"),
        ("", "···ڑٹ·ئ·ۃ", "آصڈ·غھضخ", "·ذژثظ·ں"),
    ),
}

_OTHER_SCRIPTS: dict[str, tuple[KeyLayer, ...]] = {
    "greek": (("", "·ςερτυθιοπ", "ασδφγηξκλ", "·ζχψωβνμ"),),
    "hebrew": (("", "··קראטוןםפ", "שדגכעיחלךף", "·זסבהנמצתץ"),),
    "georgian": (
        ("", "ქწერტყუიოპ", "ასდფგჰჯკლ", "·ზხცვბნმ"),
        ("", "·ჭ·ღთ", "·შ····ჟ", "·ძ·ჩ"),
    ),
    "dubeolsik": (
        ("", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "·ㅋㅌㅊㅍㅠㅜㅡ"),
        ("", "ㅃㅉㄸㄲㅆ···ㅒㅖ", "", ""),
    ),
    "kedmanee": (
        ("· · · · ภ ถ ุ ึ ค ต จ ข ช", "· ไ ำ พ ะ ั ี ร น ย บ ล", "ฟ ห ก ด เ ้ ่ า ส ว ง", "· ผ ป แ อ ิ ื ท ม ใ ฝ"),
        ("· · · · · · ู", "· · ฎ ฑ ธ · ๊ ณ · ญ ฐ", "ฤ ฆ ฏ โ ฌ · ๋ ษ ศ ซ", "· · · ฉ ฮ · · · ฒ ฬ"),
    ),
}

# One table serves all Indic scripts: the standard gives the parallel letters of their Unicode
# blocks the same key. _RARE names the letters that are in no use in a script that has them.
_INSCRIPT: tuple[KeyLayer, ...] = (
    ("", "ौ ै ा ी ू ब ह ग द ज ड", "ो े ् ि ु प र क त च ट", "· ॆ ं म न व ल स · · य"),
    ("", "औ ऐ आ ई ऊ भ ङ घ ध झ ढ ञ", "ओ ए अ इ उ फ ऱ ख थ छ ठ", "· ऎ ँ ण ऩ ऴ ळ श ष"),
)
_RARE = {
    "Devanagari": "ऱऩऴऎॆ",
    "Gurmukhi": "ँ",
    "Oriya": "व",
    "Telugu": "ँऱऩऴ",
    "Kannada": "ँऱऩऴ",
    "Malayalam": "ँऩ",
}
INDIC_BLOCKS = {
    "Devanagari": 0x0900,
    "Bengali": 0x0980,
    "Gurmukhi": 0x0A00,
    "Gujarati": 0x0A80,
    "Oriya": 0x0B00,
    "Tamil": 0x0B80,
    "Telugu": 0x0C00,
    "Kannada": 0x0C80,
    "Malayalam": 0x0D00,
}

# Kana are typed on a telephone pad: the first of each key is the tap, the others are flicks from it.
_FLICKS = """
    あいうえお かきくけこ がぎぐげご さしすせそ ざじずぜぞ たちつてと だぢづでど なにぬねの
    はひふへほ ばびぶべぼ ぱぴぷぺぽ まみむめも らりるれろ やゆよ わをん
"""
KATAKANA_OFFSET = 0x60

_WRITERS = {
    "german": "de lb gsw bar als",
    "french": "fr br oc wa co",
    "spanish": "es ca eu gl an ast qu ay gn",
    "italian": "it scn lmo vec",
    "portuguese": "pt",
    "turkish": "tr",
    "azerbaijani": "az",
    "polish": "pl",
    "czech": "cs",
    "slovak": "sk",
    "hungarian": "hu",
    "swedish": "sv fi",
    "norwegian": "no nb nn",
    "danish": "da fo kl",
    "icelandic": "is",
    "estonian": "et",
    "lithuanian": "lt",
    "romanian": "ro",
    "croatian": "hr bs sl sr sh",
    "albanian": "sq",
    "ukrainian": "uk",
    "belarusian": "be",
    "bulgarian": "bg",
    "kazakh": "kk",
    "serbian": "sr bs sh",
    "macedonian": "mk",
    "persian": "fa prs mzn glk lrc",
    "urdu": "ur pnb skr",
}
_SCRIPT_DEFAULT = {
    "Latin": "qwerty",
    "Cyrillic": "russian",
    "Arabic": "arabic",
    "Greek": "greek",
    "Hebrew": "hebrew",
    "Georgian": "georgian",
    "Hangul": "dubeolsik",
    "Thai": "kedmanee",
    "Hiragana": "flick hiragana",
    "Katakana": "flick katakana",
    **{script: f"inscript {script}" for script in INDIC_BLOCKS},
}


class _Key(NamedTuple):
    char: str
    layer: int
    row: int
    x: float


def layout_names() -> tuple[str, ...]:
    """The names of all layouts."""
    return (
        *_LATIN_LAYOUTS,
        *_CYRILLIC_LAYOUTS,
        *_ARABIC_LAYOUTS,
        *_OTHER_SCRIPTS,
        *(n for n in _SCRIPT_DEFAULT.values() if " " in n),
    )


@lru_cache(maxsize=4096)
def layout_for(language: str, script: str) -> str:
    """The layout that a writer of ``language`` uses for ``script``; "" where a script has none."""
    for name, codes in _WRITERS.items():
        if language in codes.split() and layout_script(name) == script:
            return name
    return _SCRIPT_DEFAULT.get(script, "")


@lru_cache(maxsize=256)
def layout_script(layout: str) -> str:
    """The script of all letters of a layout."""
    return script_of(next(iter(layout_neighbours(layout))))


@lru_cache(maxsize=256)
def layout_neighbours(layout: str) -> dict[str, Weighted]:
    """Every letter of a layout that has neighbours, with their weights; only letters of one class."""
    kind, _, script = layout.partition(" ")
    if kind == "flick":
        return _flicks(KATAKANA_OFFSET if script == "katakana" else 0)
    layers = (
        _inscript(script)
        if kind == "inscript"
        else {**_LATIN_LAYOUTS, **_CYRILLIC_LAYOUTS, **_ARABIC_LAYOUTS, **_OTHER_SCRIPTS}[layout]
    )
    keys = list(_keys(layers))
    table = {key.char: tuple(_adjacent_keys(key, keys)) for key in keys}
    return {char: weights for char, weights in table.items() if weights}


def key_neighbours(char: str, language: str) -> Weighted:
    """The letters next to ``char`` (lower case) on the keyboard of ``language``, with their weights."""
    layout = layout_for(language, script_of(char))
    return layout_neighbours(layout).get(char, ()) if layout else ()


def _keys(layers: tuple[KeyLayer, ...]) -> Iterator[_Key]:
    for layer, rows in enumerate(layers):
        for row, line in enumerate(rows):
            for column, char in enumerate(line.split() if " " in line else line):
                if char != _NO_LETTER:
                    yield _Key(char, layer, row, column + _STAGGER[row])


def _adjacent_keys(key: _Key, keys: list[_Key]) -> Iterator[tuple[str, int]]:
    for other in keys:
        weight = _slip_weight(key, other)
        if weight and letter_class(key.char) == letter_class(other.char):
            yield other.char, weight


def _slip_weight(key: _Key, other: _Key) -> int:
    distance = abs(key.x - other.x)
    if key.layer != other.layer:
        return SHIFTED if key.row == other.row and distance == 0 else 0
    if key.row == other.row:
        return SIDEWAYS if distance == 1 else 0
    return UPWARD if abs(key.row - other.row) == 1 and distance <= _REACH else 0


def _inscript(script: str) -> tuple[KeyLayer, ...]:
    offset, rare = INDIC_BLOCKS[script] - INDIC_BLOCKS["Devanagari"], _RARE.get(script, "")
    return tuple(_transposed_layer(layer, offset, rare) for layer in _INSCRIPT)


def _transposed_layer(layer: KeyLayer, offset: int, rare: str) -> KeyLayer:
    def key(char: str) -> str:
        shifted = chr(ord(char) + offset) if char not in rare + _NO_LETTER else _NO_LETTER
        # Unassigned, or a letter that NFC would take apart again.
        return shifted if script_of(shifted) and unicodedata.is_normalized("NFC", shifted) else _NO_LETTER

    numbers, top, home, bottom = (" ".join(map(key, row.split())) for row in layer)
    return numbers, top, home, bottom


def _flicks(offset: int) -> dict[str, Weighted]:
    table: dict[str, Weighted] = {}
    for key in _FLICKS.split():
        tap, *flicks = (chr(ord(char) + offset) for char in key)
        table[tap] = tuple((char, SIDEWAYS) for char in flicks)
        table.update((char, ((tap, SIDEWAYS),)) for char in flicks)
    return table
