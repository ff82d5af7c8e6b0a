"""Words of scripts without spaces: by ICU where it is installed, in pieces where not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_texts import TEXTS

from xfer.attackers.base import Attacker
from xfer.attackers.lexicons.dictionaries import find_words
from xfer.graph.compile import compile_graph
from xfer.graph.compiling import Resolver
from xfer.recipe.recipe import Recipe
from xfer.text import segment
from xfer.text.scripts import is_mark
from xfer.text.words import counted_words, searchable_words

INSTALLED = segment._segmenter  # before conftest puts pieces in its place
TEXT = st.text(st.sampled_from(sorted({char for text in TEXTS.values() for char in text} | set(" 𠀋\u200b。3"))))


def words(text: str) -> list[str]:
    return [text[word.start : word.end] for word in counted_words(text)]


@pytest.fixture
def icu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is installed, where that is ICU."""
    pytest.importorskip("icu4py")
    monkeypatch.setattr(segment, "_segmenter", INSTALLED)
    segment.word_ends.cache_clear()
    yield
    segment.word_ends.cache_clear()


@pytest.fixture
def every_letter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A segmenter that would cut letters from their marks."""
    monkeypatch.setattr(
        segment,
        "_segmenter",
        lambda: ("every letter", lambda run: list(range(1, len(run.encode("utf-16-le")) // 2 + 1))),
    )
    segment.word_ends.cache_clear()
    yield
    segment.word_ends.cache_clear()


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
def test_words_of_each_script(icu: None, text: str, expected: list[str]) -> None:
    assert segment.segmenter_name().startswith("icu ")
    assert words(text) == expected
    assert [text[start:end] for start, end in searchable_words(text)] == expected


@pytest.mark.parametrize("found", ["icu", "every_letter", "pieces"])
@given(text=TEXT)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the same for all examples
def test_words_are_ordered_and_lose_nothing(found: str, request: pytest.FixtureRequest, text: str) -> None:
    request.getfixturevalue(found)
    for places_ in ([(word.start, word.end) for word in counted_words(text)], list(searchable_words(text))):
        assert all(start < end and not is_mark(text[start]) for start, end in places_)
        assert all(one[1] <= two[0] for one, two in pairwise(places_))
        between = [0, *(place for span in places_ for place in span), len(text)]
        assert "".join(text[a:b] for a, b in pairwise(between)) == text
        gaps = "".join(text[end:start] for end, start in zip(between[::2], between[1::2], strict=True))
        assert not any(char.isalpha() for char in gaps)


def test_a_hit_of_a_dictionary_is_made_of_whole_words(icu: None) -> None:
    text = "他在公园里"
    hits = {"园里", "公园", "在公"}
    assert [word for _, word in find_words(text, hits.__contains__)] == ["公园"]


def test_without_a_segmenter_pieces_stay() -> None:
    assert segment.segmenter_name() == "pieces" and words("他们在公园") == ["他们", "在公", "园"]


def test_the_segmenter_is_a_part_of_the_key(every_letter: None) -> None:
    assert Attacker.find_class("typos").display_facts()["words without spaces"] == "every letter"
    recipe = {"name": "t", "model": {"type": "scratch"}, "stages": {"xnli": {"reader": "xnli"}}, "source": "miniature"}
    tested = {
        "typos": {"stage": "xnli", "attacker": {"type": "typos", "rate": 0.1}},
        "crossed": {"stage": "xnli", "attacker": {"type": "cross_language", "other": "de"}},
    }
    graph = compile_graph(Recipe.model_validate(recipe | {"evaluate": tested}), Resolver(lambda path: "", _no_hub))
    said = {node.label: node.job.hashed_data().get("words") for node in graph.nodes.values() if node.kind == "attack"}
    assert said == {"typos": "every letter", "crossed": None}


def _no_hub(repository: str, kind: str) -> str:
    raise AssertionError(f"{repository} was asked for")
