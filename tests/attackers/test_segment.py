"""Words of scripts without spaces: by ICU where it is installed, in pieces where not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_letters import TEXTS

from xfer.attackers import segment
from xfer.attackers.dictionaries import places
from xfer.attackers.scripts import is_mark
from xfer.attackers.textattack_words import spans
from xfer.attackers.units import cut

TEXT = st.text(st.sampled_from(sorted({char for text in TEXTS.values() for char in text} | set(" 𠀋\u200b。3"))))


def words(text: str) -> list[str]:
    return [text[word.start : word.end] for word in cut(text)]


@pytest.fixture(params=["icu", "pieces", "every letter"])
def found(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each segmenter there is, and one that would cut letters from their marks."""
    if request.param == "icu":
        pytest.importorskip("icu4py")
    else:
        every = None if request.param == "pieces" else lambda run: list(range(1, len(run) + 1))
        monkeypatch.setattr(segment, "_found", lambda: (request.param, every))
    segment.ends.cache_clear()
    yield request.param
    segment.ends.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("เด็กๆกำลังเล่น ๑๒๓", ["เด็กๆ", "กำลัง", "เล่น", "๑๒๓"]),
        ("ຂ້ອຍມັກກິນເຂົ້າຫນຽວ", ["ຂ້ອຍ", "ມັກ", "ກິນ", "ເຂົ້າ", "ຫນຽວ"]),
        ("ក្មេងលេងនៅក្នុងសួនច្បារ", ["ក្មេង", "លេង", "នៅក្នុង", "សួនច្បារ"]),
        ("ကလေးသည်ကျောင်းသို့သွားသည်", ["ကလေး", "သည်", "ကျောင်း", "သို့", "သွား", "သည်"]),
        ("他们在公园里谈论，iPhone用了", ["他们", "在", "公园", "里", "谈论", "iPhone", "用", "了"]),
        ("子どもたちはコーヒーを", ["子ども", "たち", "は", "コーヒー", "を"]),
        ("x𠀋狗𠀋", ["x", "𠀋", "狗", "𠀋"]),
        ("हिन्दी में می‌خواهم", ["हिन्दी", "में", "می‌خواهم"]),
    ],
)
def test_words_of_each_script(text: str, expected: list[str]) -> None:
    pytest.importorskip("icu4py")
    assert segment.segmenter().startswith("icu ")
    assert words(text) == expected
    assert [text[start:end] for start, end in spans(text)] == expected


@given(text=TEXT)
@settings(max_examples=60, deadline=None)
def _holds(text: str) -> None:
    for places_ in ([(word.start, word.end) for word in cut(text)], list(spans(text))):
        assert all(start < end and not is_mark(text[start]) for start, end in places_)
        assert all(one[1] <= two[0] for one, two in pairwise(places_))
        between = [0, *(place for span in places_ for place in span), len(text)]
        assert "".join(text[a:b] for a, b in pairwise(between)) == text
        gaps = "".join(text[end:start] for end, start in zip(between[::2], between[1::2], strict=True))
        assert not any(char.isalpha() for char in gaps)


def test_words_are_ordered_and_lose_nothing(found: str) -> None:
    _holds()


def test_a_hit_of_a_dictionary_is_made_of_whole_words() -> None:
    pytest.importorskip("icu4py")
    text = "他在公园里"
    hits = {"园里", "公园", "在公"}
    assert [word for _, word in places(text, hits.__contains__)] == ["公园"]


def test_without_a_segmenter_pieces_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "_found", lambda: (segment.PIECES, None))
    segment.ends.cache_clear()
    assert segment.segmenter() == "pieces" and words("他们在公园") == ["他们", "在公", "园"]
    segment.ends.cache_clear()
