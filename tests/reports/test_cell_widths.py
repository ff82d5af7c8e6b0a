"""How many columns of a terminal texts of each script take, counted by hand: letters 1, marks 0, wide characters 2."""

from __future__ import annotations

import pytest
import regex

from xfer.reports.beside import cluster_width, side_by_side
from xfer.text.edits import Edit

WIDTHS = {
    "Thai, marks above and below": ("ผู้ที่", 2),
    "Thai, sara am stands beside its letter": ("น้ำ", 2),
    "Hindi, a conjunct shows both letters": ("क्ष", 2),
    "Hindi, vowel signs belong to their letters": ("नमस्ते", 4),
    "Hindi, a joiner within a conjunct": ("क्\u200dष", 2),
    "Sinhala, a joiner within a conjunct": ("ශ්\u200dරී", 2),
    "Bengali": ("বাংলা", 2),
    "Persian, a non-joiner": ("می\u200cخواهم", 7),
    "Arabic, with vowel marks": ("بِكُم", 3),
    "Hebrew, with points": ("שָׁלוֹם", 4),
    "Chinese": ("你好，世界", 10),
    "katakana of both widths": ("カﾅ", 3),
    "Hangul, whole and in jamo": ("한\u1112\u1161\u11ab", 4),
    "Latin, a combining accent": ("cafe\u0301", 4),
    "full-width letters": ("ＡＢ", 4),
    "an emoji with a skin tone": ("👍🏽", 2),
    "a family of emoji": ("👩\u200d👩\u200d👧", 2),
    "a flag": ("🇩🇪", 2),
    "a heart as text and as an emoji": ("❤❤\ufe0f", 3),
    "marks of direction": ("\u2068a\u2069", 1),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_columns_of_a_text(name: str) -> None:
    text, columns = WIDTHS[name]
    assert sum(map(cluster_width, regex.findall(r"\X", text))) == columns


@pytest.mark.parametrize(("text", "columns"), [("น้ำ", 2), ("你好", 4), ("क्ष", 2), ("🇩🇪", 2)])
def test_the_right_side_begins_in_one_column_whatever_the_script_of_the_left(text: str, columns: int) -> None:
    (line,) = side_by_side(text, [Edit(0, len(text), "x", "k")], 81)
    left, _, right = line.partition(" │ ")
    assert left == f"[-{text}-]" + " " * (39 - columns - 4)
    assert right == "{+x+}"
