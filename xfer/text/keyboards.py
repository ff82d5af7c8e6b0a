"""Which letters lie next to each other on the keyboards of languages. The layouts stand in ``data/keyboards.json``.

A layout is a list of layers (plain, shifted); a layer is four rows of keys. Neighbours follow from geometry, so the
relation is symmetric. May import: character_data, scripts, standard library. Randomness has no place here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from xfer.text.character_data import character_data
from xfer.text.scripts import INDIC_BLOCKS, KATAKANA_OFFSET, letter_class, script_of

KeyLayer = Sequence[str]  # four rows: numbers, top, home, bottom
Weighted = tuple[tuple[str, int], ...]

# Fingers slip sideways far more often than up or down (9 : 1 in the typo literature).
SIDEWAYS, SHIFTED, UPWARD = 9, 3, 1
_STAGGER = (-1.0, 0.5, 0.75, 0.25)
_REACH = 0.75
_NO_LETTER = "·"


class _Key(NamedTuple):
    char: str
    layer: int
    row: int
    x: float


@lru_cache(maxsize=4096)
def layout_for(language: str, script: str) -> str:
    """The layout that a writer of ``language`` uses for ``script``; "" where a script has none."""
    data = character_data("keyboards")
    writers: dict[str, list[str]] = data["languages"]
    for name, codes in writers.items():
        if language in codes and layout_script(name) == script:
            return name
    return str(data["script_default"].get(script, ""))


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
    layers = _inscript(script) if kind == "inscript" else character_data("keyboards")["layouts"][layout]
    keys = list(_keys(layers))
    table = {key.char: tuple(_adjacent_keys(key, keys)) for key in keys}
    return {char: weights for char, weights in table.items() if weights}


def key_neighbours(char: str, language: str) -> Weighted:
    """The letters next to ``char`` (lower case) on the keyboard of ``language``, with their weights."""
    layout = layout_for(language, script_of(char))
    return layout_neighbours(layout).get(char, ()) if layout else ()


def _keys(layers: Sequence[KeyLayer]) -> Iterator[_Key]:
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


def _inscript(script: str) -> list[KeyLayer]:
    data, offset = character_data("keyboards"), INDIC_BLOCKS[script] - INDIC_BLOCKS["Devanagari"]
    return [_transposed_layer(layer, offset, data["rare"].get(script, "")) for layer in data["inscript"]]


def _transposed_layer(layer: KeyLayer, offset: int, rare: str) -> KeyLayer:
    def key(char: str) -> str:
        shifted = chr(ord(char) + offset) if char not in rare + _NO_LETTER else _NO_LETTER
        # Unassigned, or a letter that NFC would take apart again.
        return shifted if script_of(shifted) and unicodedata.is_normalized("NFC", shifted) else _NO_LETTER

    return [" ".join(map(key, row.split())) for row in layer]


def _flicks(offset: int) -> dict[str, Weighted]:
    table: dict[str, Weighted] = {}
    for key in character_data("keyboards")["flicks"]:
        tap, *flicks = (chr(ord(char) + offset) for char in key)
        table[tap] = tuple((char, SIDEWAYS) for char in flicks)
        table.update((char, ((tap, SIDEWAYS),)) for char in flicks)
    return table
