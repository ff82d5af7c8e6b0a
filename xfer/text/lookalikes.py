"""Letters that look alike: to a reader (homoglyphs of other scripts) and to a scanner (OCR).

The groups and pairs stand in ``data/lookalikes.json``. May import: character_data, scripts, the standard library.
"""

from __future__ import annotations

from functools import lru_cache

from xfer.text.character_data import character_data
from xfer.text.scripts import script_of

_KANA_SCRIPTS = ("Hiragana", "Katakana")


@lru_cache(maxsize=1)
def homoglyph_table() -> dict[str, str]:
    """For each letter, all letters of the same shape."""
    return {char: group.replace(char, "") for group in character_data("lookalikes")["homoglyphs"] for char in group}


@lru_cache(maxsize=1)
def misread_table() -> dict[str, tuple[str, ...]]:
    """For each letter or pair of letters, what a scanner may read instead."""
    data, misreads = character_data("lookalikes"), dict[str, list[str]]()
    for pair in data["misread"]:
        shape, other = pair.replace(">", " ").split()
        if shape not in data["spared"] and other not in data["spared"]:
            misreads.setdefault(shape, []).append(other)
            if not other.isdigit() and ">" not in pair:
                misreads.setdefault(other, []).append(shape)
    return {char: tuple(others) for char, others in misreads.items()}


def word_misreadings(word: str, language: str) -> list[tuple[int, int, str]]:
    """(start, end, new) of each place of ``word`` that may be misread, in order; as kana in Japanese alone."""
    table = misread_table()
    return [
        (start, start + size, new)
        for start in range(len(word))
        for size in (1, 2)
        for new in table.get(word[start : start + size], ())
        if start + size <= len(word) and (language == "ja" or script_of(new[0]) not in _KANA_SCRIPTS)
    ]
