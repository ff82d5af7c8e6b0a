"""Words at known places: the same edits as TextAttack's slow text, and labels that follow every edit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.textattack import load as shim

WORDS = st.text(alphabet="abcdeäж", min_size=1, max_size=4)
GAPS = st.sampled_from([" ", "  ", ", ", " - ", "! ", "\n", " («"])
COLUMN = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=6).map(lambda found: "".join(w + g for w, g in found))
EDIT = st.tuples(st.sampled_from(["replace", "delete", "before", "after", "two"]), st.integers(0, 99), WORDS, WORDS)
QUICK = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def texts() -> Any:
    shim.load_textattack()
    from xfer.attackers.textattack import text as textattack_text

    return textattack_text


def edited(text: Any, edit: tuple[str, int, str, str]) -> Any:
    """One edit, as TextAttack's transformations make it."""
    kind, number, word, other = edit
    index = number % text.num_words
    if kind == "delete":
        return text.delete_word_at_index(index) if text.num_words > 1 else text
    if kind == "replace":
        return text.replace_word_at_index(index, word)
    if kind == "two":
        return text.replace_words_at_indices([index], [f"{word} {other}"])
    insert = text.insert_text_before_word_index if kind == "before" else text.insert_text_after_word_index
    return insert(index, word)


@QUICK
@given(columns=st.lists(COLUMN, min_size=1, max_size=2), edits=st.lists(EDIT, max_size=7))
def test_every_edit_is_textattacks_own(texts: Any, columns: list[str], edits: list[Any]) -> None:
    fast: Any = texts.SpanText.split(columns)
    slow = texts.plain_text(tuple(columns))
    for edit in edits:
        fast, slow = edited(fast, edit), edited(slow, edit)
        assert fast.fields == tuple(slow._text_input.values())
        assert fast.words == slow.words and fast.num_words == slow.num_words
        assert fast.text == slow.text and fast.tokenizer_input == slow.tokenizer_input
        assert fast.words_per_input == slow.words_per_input
        assert list(fast.attack_attrs["original_index_map"]) == list(slow.attack_attrs["original_index_map"])
        for name in ("modified_indices", "newly_modified_indices"):  # sets, whose order is that of their history
            assert set(fast.attack_attrs.get(name, ())) == set(slow.attack_attrs.get(name, ())), name
        assert [fast.fields[w.column][w.start : w.end] for w in fast.placed()] == fast.words
        window = fast.num_words // 2
        assert fast.text_window_around_index(window, 3).split() != []


SENTENCES = {
    "en": (
        ["U.S.", "troops", "left", "New", "York", "10 000", "times"],
        ["B-ORG", "O", "O", "B-LOC", "I-LOC", "O", "O"],
    ),
    "hi": (["मैंने", "दिल्ली", "में", "क्षत्रिय", "देखा", "।"], ["O", "B-LOC", "O", "B-PER", "O", "O"]),
    "th": (["น้ำ", "ท่วม", "กรุงเทพ", "มหานคร", "วันนี้"], ["O", "O", "B-LOC", "I-LOC", "O"]),
}


def tagged(language: str, tags: list[str] | None = None, **more: Any) -> EditableText:
    """A sentence of the data set, its words given."""
    words, own = SENTENCES[language]
    starts = [sum(len(word) + 1 for word in words[:i]) for i in range(len(words))]
    places = [(0, start, start + len(word)) for start, word in zip(starts, words, strict=True)]
    return EditableText([" ".join(words)], places, tags=tags or own, given=True, **more)


@pytest.mark.parametrize("language", SENTENCES)
@QUICK
@given(edits=st.lists(EDIT, max_size=8))
def test_tags_stay_with_their_words(language: str, edits: list[Any]) -> None:
    text = tagged(language)
    words, tags = SENTENCES[language]
    for kind, number, word, other in edits:
        index = number % text.num_words
        if kind == "delete" and text.num_words > 1:
            text = text.deleted(index)
        elif kind in ("before", "after"):
            text = text.inserted(index, f"new{word}", after=kind == "after")  # of two equal words either is the old one
        elif kind != "delete":
            text = text.replaced(index, word if kind == "replace" else f"{word} {other}")
        assert text.tags is not None and len(text.tags) == len(text.words) == text.num_words
        assert text.fields == (" ".join(text.words),)
        assert [text.fields[0][w.start : w.end] for w in text.placed()] == text.words
        for before, tag in zip(["O", *text.tags], text.tags, strict=False):
            assert tag[:2] != "I-" or before[2:] == tag[2:], "an entity has lost its beginning"
        for i, now in enumerate(text.origin):
            assert now < 0 or text.tags[now][2:] == tags[i][2:], "a word has another's tag"
        if not edits:
            assert text.words == words


def test_words_of_the_data_set_are_never_split() -> None:
    text = tagged("en")
    assert text.replaced(5, "10 0000").words[5:] == ["10 0000", "times"]
    assert text.replaced(0, "U.K.").words[:2] == ["U.K.", "troops"]
    assert text.replaced(3, "Big Old").tags == ["B-ORG", "O", "O", "B-LOC", "I-LOC", "I-LOC", "O", "O"]
    assert text.deleted(3).tags == ["B-ORG", "O", "O", "B-LOC", "O", "O"]
    assert text.inserted(4, "new") == text and text.inserted(3, "new", after=True) == text  # would part an entity
    assert text.inserted(1, "new").tags == ["B-ORG", "O", "O", "O", "B-LOC", "I-LOC", "O", "O"]


def test_nothing_is_inserted_among_parts_of_speech() -> None:
    text = tagged("th", ["NOUN", "VERB", "PROPN", "PROPN", "ADV"])
    for refused in (text.inserted(1, "ab"), text.replaced(1, "ab cd"), text.replaced(1, "ab ท่วม")):
        assert refused == text and refused.tags == text.tags
    assert text.deleted(1).tags == ["NOUN", "PROPN", "PROPN", "ADV"]
    assert text.deleted(1) != text


def test_equal_lines_of_other_words_are_other_texts() -> None:
    one, two = (
        EditableText(["a b c"], [(0, 0, 3), (0, 4, 5)], given=True),
        EditableText(["a b c"], [(0, 0, 1), (0, 2, 5)], given=True),
    )
    assert one != two and EditableText.split(["a b c"]) == EditableText.split(["a b c"])


CONTEXTS = (
    "Hier, in Berlin (1990), war es kalt.",
    "ในปี 1990 กรุงเทพมหานครหนาวมาก",
    "1990年北京很冷，没有人出门。",
    "\u202bשלום 1990 עולם",
)


@pytest.mark.parametrize("context", CONTEXTS)
@QUICK
@given(edits=st.lists(EDIT, max_size=8), length=st.integers(2, 6))
def test_answers_survive_every_edit(context: str, edits: list[Any], length: int) -> None:
    start = context.index("1990")
    places = [(0, start, start + 4), (0, start + 2, start + length)]
    wanted = [context[first:past] for _, first, past in places]
    text = EditableText.split([context, "wann war das?"], answers=places)
    for kind, number, word, other in edits:
        index = number % text.num_words
        if kind == "delete":
            text = text.deleted(index)
        elif kind in ("before", "after"):
            text = text.inserted(index, word, after=kind == "after")
        else:
            text = text.replaced(index, word if kind == "replace" else f"{word} {other}")
        assert [text.fields[0][place.start : place.end] for place in text.answers] == wanted


def test_frozen_words_stay_frozen_when_others_move() -> None:
    text = EditableText.split(["one two three four"], frozen={1, 3})
    for index in (1, 3):
        assert text.replaced(index, "x") == text.deleted(index) == text.inserted(index, "x") == text
    moved = text.deleted(0).inserted(1, "new new")
    assert moved.fields == ("two new new three four",) and sorted(moved.frozen) == [0, 4]
    assert moved.replaced(4, "x") == moved != moved.replaced(3, "x")
