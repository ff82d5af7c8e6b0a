"""How the labels of each form follow when its texts are edited: by hand, and by property for any edits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xfer.forms.texts import apply_edits, editable_texts
from xfer.text.edits import Edit, length_growth, minimal_edits, splice_edits

TAGGED = {
    "id": "1", "language": "en", "text": "Anna lives in New York .",
    "words": ["Anna", "lives", "in", "New", "York", "."], "tags": ["B-PER", "O", "O", "B-LOC", "I-LOC", "O"],
}  # fmt: skip
ASKED = {
    "id": "1", "language": "en", "text": "Anna lives in New York .", "pair": "Where does Anna live?",
    "answers": ["New York", "York"], "starts": [14, 18],
}  # fmt: skip


def at(start: int, end: int, new: str) -> Edit:
    return Edit(start, end, new, "k")


@pytest.mark.parametrize(
    ("form", "row", "protect", "expected"),
    [
        ("classify", {"text": "a", "pair": "b"}, (), {"text": "a", "pair": "b"}),
        ("classify", {"text": "a", "pair": None}, (), {"text": "a"}),
        ("classify", {"text": "a", "pair": "b"}, ("premise",), {"pair": "b"}),
        ("classify", {"text": "a", "pair": "b"}, ("pair",), {"text": "a"}),
        ("span", {"text": "a", "pair": "b"}, ("question",), {"text": "a"}),
        ("span", {"text": "a", "pair": "b"}, ("context",), {"pair": "b"}),
        ("choose", {"text": "a", "question": "q", "options": ["x", "y"]}, (),
         {"text": "a", "question": "q", "options/0": "x", "options/1": "y"}),
        ("choose", {"text": "a", "question": "q", "options": ["x", "y"]}, ("options", "question"), {"text": "a"}),
        ("tag", {"text": "?", "words": ["a", "b"]}, (), {"text": "a b"}),
        ("retrieve", {"text": "a", "pair": None, "side": "query", "part": "test"}, (), {"text": "a"}),
        ("retrieve", {"text": "a", "pair": "b", "side": "candidate", "part": "test"}, (), {}),
        ("retrieve", {"text": "a", "pair": None, "side": "query", "part": "tune"}, (), {}),
    ],
)  # fmt: skip
def test_texts(form: str, row: Any, protect: Any, expected: Any) -> None:
    assert editable_texts(form, row, protect) == expected


def test_options_change_each_on_its_own() -> None:
    row = {"text": "a", "question": None, "options": ["cat", "dog"], "label": 1}
    changed, _ = apply_edits("choose", row, {"options/1": [at(0, 1, "f")]})
    assert changed == row | {"options": ["cat", "fog"]} and row["options"] == ["cat", "dog"]


# tags


@pytest.mark.parametrize(
    ("edits", "words", "tags"),
    [
        ([at(1, 2, "m")], ["Amna", "lives", "in", "New", "York", "."], TAGGED["tags"]),
        ([at(14, 17, "Neu")], ["Anna", "lives", "in", "Neu", "York", "."], TAGGED["tags"]),
        ([at(0, 4, "Anna Maria")], ["Anna", "Maria", *TAGGED["words"][1:]], ["B-PER", "I-PER", *TAGGED["tags"][1:]]),
        ([at(18, 22, "Y ork")], ["Anna", "lives", "in", "New", "Y", "ork", "."], [*TAGGED["tags"][:5], "I-LOC", "O"]),
        ([at(5, 10, "is at")], ["Anna", "is", "at", *TAGGED["words"][2:]], ["B-PER", "O", *TAGGED["tags"][1:]]),
        ([at(3, 6, "x")], TAGGED["words"], TAGGED["tags"]),  # across two words
        ([at(0, 4, "")], TAGGED["words"], TAGGED["tags"]),  # no word may go
        ([at(0, 4, " ")], TAGGED["words"], TAGGED["tags"]),
        ([at(4, 5, "")], TAGGED["words"], TAGGED["tags"]),  # nor two become one
        ([at(4, 4, "s")], ["Annas", *TAGGED["words"][1:]], TAGGED["tags"]),
    ],
)  # fmt: skip
def test_words_and_tags_stay_aligned(edits: list[Edit], words: list[str], tags: list[str]) -> None:
    changed, done = apply_edits("tag", TAGGED, {"text": edits})
    assert changed == TAGGED | {"words": words, "tags": tags, "text": " ".join(words)}
    assert bool(done) == (words != TAGGED["words"])


def test_a_part_of_speech_is_of_one_word() -> None:
    row = TAGGED | {"tags": ["PROPN", "VERB", "ADP", "PROPN", "PROPN", "PUNCT"]}
    changed, done = apply_edits("tag", row, {"text": [at(0, 4, "Anna Maria"), at(5, 10, "lebt")]})
    assert changed is not None and changed["words"] == ["Anna", "lebt", *TAGGED["words"][2:]]
    assert changed["tags"] == row["tags"] and done == {"text": [at(5, 10, "lebt")]}


def test_withheld_tags_keep_the_number_of_words() -> None:
    changed, done = apply_edits("tag", TAGGED | {"tags": None}, {"text": [at(0, 4, "Anna Maria"), at(5, 6, "L")]})
    assert changed is not None and changed["tags"] is None and done == {"text": [at(5, 6, "L")]}
    assert changed["words"] == ["Anna", "Lives", *TAGGED["words"][2:]]


def test_a_word_that_holds_a_space_stays_one() -> None:
    row = TAGGED | {"words": ["10\u00a0000", "men"], "tags": ["O", "O"]}
    changed, _ = apply_edits("tag", row, {"text": [at(0, 1, "2")]})
    assert changed is not None and changed["words"] == ["20\u00a0000", "men"] and changed["tags"] == ["O", "O"]


# answers


@pytest.mark.parametrize("blank", ["", "\xa0", "\u3000"])
@pytest.mark.parametrize("tags", [["B-LOC", "I-LOC", "O"], ["DET", "X", "NOUN"]])
def test_a_blank_word_stays(blank: str, tags: list[str]) -> None:
    row = {"text": f"a {blank} b", "words": ["a", blank, "b"], "tags": tags}
    end = 2 + len(blank)
    edits = [Edit(0, 1, "A", ""), Edit(2, end, "new", ""), Edit(end + 1, end + 2, "B", "")]
    changed, done = apply_edits("tag", row, {"text": edits})
    assert changed == {"text": f"A {blank} B", "words": ["A", blank, "B"], "tags": tags}
    assert done == {"text": [edits[0], edits[2]]}


def test_answers_move_with_what_stands_before() -> None:
    changed, done = apply_edits(
        "span", ASKED, {"text": [at(0, 4, "Annabel"), at(22, 24, "!")], "pair": [at(0, 5, "Were")]}
    )
    assert changed is not None and changed["text"] == "Annabel lives in New York!"
    assert changed["starts"] == [17, 21] and changed["answers"] == ASKED["answers"]
    assert changed["pair"] == "Were does Anna live?" and set(done) == {"text", "pair"}


@pytest.mark.parametrize("edit", [at(15, 16, "u"), at(13, 15, "x"), at(18, 22, "Yorck"), at(16, 20, "")])
def test_noise_leaves_answers_alone(edit: Edit) -> None:
    assert apply_edits("span", ASKED, {"text": [edit]}) == (ASKED, {})


def test_another_writing_changes_answers_too() -> None:
    changed, done = apply_edits(
        "span", ASKED, {"text": [at(0, 4, "АННА"), at(14, 17, "Нью"), at(18, 22, "Йоркк")]}, True
    )
    assert changed is not None and changed["answers"] == ["Нью Йоркк", "Йоркк"] and changed["starts"] == [14, 18]
    assert len(done["text"]) == 3
    crossing = [at(13, 15, "x"), at(16, 20, "-"), at(14, 22, "N.Y.")]  # of one of the two answers at least
    for edit in crossing:
        assert apply_edits("span", ASKED, {"text": [edit]}, True) == (ASKED, {})


def test_text_put_in_at_the_border_of_an_answer_is_no_part_of_it() -> None:
    changed, _ = apply_edits(
        "span",
        ASKED | {"answers": ["New York"], "starts": [14]},
        {"text": [at(14, 14, "old "), at(22, 22, "er")]},
        True,
    )
    assert changed is not None and changed["text"] == "Anna lives in old New Yorker ." and changed["starts"] == [18]
    assert changed["answers"] == ["New York"]


def test_an_answer_that_is_lost_drops_the_row() -> None:
    row = ASKED | {"answers": ["."], "starts": [23]}
    assert apply_edits("span", row, {"text": [at(23, 24, " ")]}, True)[0] is None
    assert apply_edits("span", row, {"text": [at(23, 24, "")]}, True)[0] is None


def test_no_answer_and_a_withheld_one_leave_the_text_free() -> None:
    for row in (ASKED | {"answers": [], "starts": []}, ASKED | {"answers": None, "starts": None}):
        changed, _ = apply_edits("span", row, {"text": [at(0, 24, "x")]})
        assert changed == row | {"text": "x"}


# any edits


@st.composite
def a_row_and_edits(draw: Any) -> tuple[str, list[Edit], list[tuple[int, int]]]:
    text = draw(st.text("abc d", min_size=3, max_size=30))
    points = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edits = [at(a, b, draw(st.text("xy ", max_size=3))) for a, b in zip(points[::2], points[1::2], strict=False)]
    spans = draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, 6)), max_size=3))
    return text, edits, [(start, min(len(text), start + size)) for start, size in spans]


@settings(max_examples=300)
@given(a_row_and_edits(), st.booleans())
def test_answers_stand_where_they_are_said_to(made: Any, inside: bool) -> None:
    text, edits, spans = made
    answers, starts = [text[a:b] for a, b in spans], [a for a, _ in spans]
    if not all(answer.strip() for answer in answers):
        return
    row = {"text": text, "pair": "q", "answers": answers, "starts": starts}
    changed, done = apply_edits("span", row, {"text": edits}, inside)
    if changed is None:
        assert inside
        return
    for answer, start in zip(changed["answers"], changed["starts"], strict=True):
        assert answer.strip() and changed["text"][start : start + len(answer)] == answer
    assert changed["text"] == splice_edits(text, done.get("text", []))
    if not inside:
        assert changed["answers"] == answers
    if not answers:
        assert changed["text"] == splice_edits(text, edits)


@settings(max_examples=300)
@given(a_row_and_edits(), st.sampled_from(["entities", "words", "withheld"]))
def test_every_word_has_a_tag(made: Any, kind: str) -> None:
    text, edits, _ = made
    words = text.split()
    if not words:
        return
    names = {"entities": ["B-A", "I-A", "O"], "words": ["NOUN", "VERB"]}.get(kind, [""])
    tags = None if kind == "withheld" else [names[i % len(names)] for i in range(len(words))]
    edits = [edit for edit in edits if edit.end <= len(" ".join(words))]
    changed, done = apply_edits("tag", {"words": words, "tags": tags, "text": text}, {"text": edits})
    assert changed is not None and all(changed["words"]) and changed["text"] == " ".join(changed["words"])
    assert changed["text"].split() == splice_edits(" ".join(words), done.get("text", [])).split()
    if tags is None or kind == "words":
        assert len(changed["words"]) == len(words) and changed["tags"] == tags
    else:
        assert len(changed["tags"]) == len(changed["words"])
        assert [tag for tag in changed["tags"] if tag == "B-A"] == [tag for tag in tags if tag == "B-A"]


def test_growth_and_the_smallest_edit() -> None:
    edits = [at(0, 1, "abc"), at(4, 6, "")]
    assert [length_growth(edits, n) for n in (0, 1, 5, 6)] == [0, 2, 2, 0]
    assert minimal_edits("the cat sat", 4, 7, "cart", "k") == [at(6, 6, "r")]
    assert minimal_edits("the cat sat", 4, 7, "cat", "k") == []
    assert minimal_edits("aa", 0, 2, "a", "k") == [at(1, 2, "")]
