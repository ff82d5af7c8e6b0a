"""Entities, contexts, stress tests and pairs across languages: labels, offsets and sources of what comes in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xfer.attackers.base import Attacker
from xfer.core.errors import MissingPart
from xfer.forms.texts import mentions
from xfer.readers.base import Reader
from xfer.text.edits import Edit, splice_edits
from xfer.text.sentences import before_stop, is_unspaced, sentence_bounds


def attacker(name: str, **fields: Any) -> Any:
    return Attacker.model_validate({"type": name, **fields})


def again(row: dict[str, Any], edits: list[dict[str, Any]], column: str) -> str:
    """The text of a row that its recorded edits make."""
    found = [Edit(**{k: v for k, v in edit.items() if k != "column"}) for edit in edits if edit["column"] == column]
    return splice_edits(row[column], found)


# entities

NAMED = [
    {"id": "1", "language": "en", "words": ["Anna", "sees", "New", "York"], "tags": ["B-PER", "O", "B-LOC", "I-LOC"]},
    {"id": "2", "language": "en", "words": ["Ivan", "the", "Great", "left"], "tags": ["B-PER", "I-PER", "I-PER", "O"]},
    {"id": "3", "language": "en", "words": ["Rome", "fell"], "tags": ["B-LOC", "O"]},
    {"id": "4", "language": "de", "words": ["Bonn"], "tags": ["B-LOC"]},
]
NAMED = [row | {"text": " ".join(row["words"])} for row in NAMED]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-A I-A O B-A", [(0, 2, "A"), (3, 4, "A")]), ("B-A B-A", [(0, 1, "A"), (1, 2, "A")]),
        ("I-A I-A I-B", [(0, 2, "A"), (2, 3, "B")]), ("O I-A", [(1, 2, "A")]), ("O O", []),
    ],
)  # fmt: skip
def test_mentions(tags: str, expected: Any) -> None:
    assert mentions(tags.split()) == expected


def test_names_are_swapped_within_type_and_language() -> None:
    swapper = attacker("entity_swap")
    known = swapper.prepare_state(NAMED)
    assert known == swapper.prepare_state(NAMED[::-1])
    assert swapper.further_split("test", ["en", "de"]) == ("test", ("en", "de"))
    assert attacker("entity_swap", donors="train").further_split("test", ["en"]) == ("train", ("en",))
    changed, edits = swapper.change(NAMED[0], "tag", known)
    assert changed["words"] == ["Ivan", "the", "Great", "sees", "Rome"]
    assert changed["tags"] == ["B-PER", "I-PER", "I-PER", "O", "B-LOC"]
    assert changed["text"] == " ".join(changed["words"]) == again(NAMED[0], edits, "text")
    assert swapper.change(NAMED[3], "tag", known)[0] == NAMED[3]  # no other German place


def test_names_of_your_own(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("PER\tGrace Hopper\nLOC\tOslo\nLOC\tNew York\n", "utf-8")
    swapper = attacker("entity_swap", folder=str(tmp_path))
    assert swapper.further_split("test", ["en"]) is None
    changed, _ = swapper.change(NAMED[0], "tag", None)
    assert changed["words"] == ["Grace", "Hopper", "sees", "Oslo"] and changed["tags"] == [
        "B-PER",
        "I-PER",
        "O",
        "B-LOC",
    ]
    assert swapper.file_digests(["en"], lambda path: path.name) == {"en": "en.txt"}
    with pytest.raises(MissingPart, match=r"de\.txt"):
        swapper.file_digests(["en", "de"], str)


def test_the_rate_of_names() -> None:
    words = [f"N{i}" for i in range(10)]
    row = {"id": "1", "language": "en", "text": " ".join(words), "words": words, "tags": ["B-PER"] * 10}
    for rate in (0.0, 0.25, 1.0):
        swapper = attacker("entity_swap", rate=rate)
        for number in range(10):
            changed, edits = swapper.change(row | {"id": str(number)}, "tag", swapper.prepare_state([row]))
            assert abs(len(edits) - 10 * rate) < 1 and changed["tags"] == row["tags"]
            assert sum(a != b for a, b in zip(words, changed["words"], strict=True)) == len(edits)


# sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]), ("J. Smith met 5. Then.", ["J. Smith met 5. Then."]),
        ("He said “no.” She left.", ["He said “no.” ", "She left."]),
        ("approx. five men. Six.", ["approx. five men. ", "Six."]),
        ("他来了。她走了！好", ["他来了。", "她走了！", "好"]), ("वह आया। वह गया।", ["वह आया। ", "वह गया।"]),
        ("هل جاء؟ نعم.", ["هل جاء؟ ", "نعم."]), ("เขามาแล้ว เธอไป", ["เขามาแล้ว เธอไป"]), ("a\n\nb", ["a\n\n", "b"]),
        ("3.5 is 1.2", ["3.5 is 1.2"]), ("", []),
    ],
)  # fmt: skip
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_bounds(text)] == expected


@given(st.text("ab. 。!A\n", max_size=40))
def test_sentences_are_the_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in sentence_bounds(text)) == text


@pytest.mark.parametrize(
    ("text", "place"),
    [("He left.", 7), ("他走了。", 3), ("ไป", 2), ("What?! ", 4), ('He said "no."', 11), ("वह गया।", 6), ("", 0)],
)
def test_before_stop(text: str, place: int) -> None:
    assert before_stop(text) == place


def test_unspaced() -> None:
    assert (
        is_unspaced("他走了 OK") and is_unspaced("เขามา") and not is_unspaced("He 他 left") and not is_unspaced("123")
    )


# contexts


def asked(name: str, text: str, question: str, *answers: str, language: str = "en") -> dict[str, Any]:
    row = {"id": name, "language": language, "text": text, "pair": question}
    return row | {"answers": list(answers), "starts": [text.index(answer) for answer in answers]}


ROWS = [
    asked(
        "1",
        "The Elbe flows through Dresden. Anna lives there.",
        "Which river flows through Dresden?",
        "Elbe",
        "The Elbe",
    ),
    asked("2", "The Rhine flows through Basel. It is long.", "Which river flows through Basel?", "Rhine"),
    asked("3", "Cows eat grass. The Elbe flows to the sea.", "What do cows eat?", "grass"),
]


def test_the_nearest_sentence_without_an_answer() -> None:
    adder = attacker("distractor")
    known = adder.prepare_state(ROWS)
    changed, edits = adder.change(ROWS[0], "span", known)
    assert changed["text"] == ROWS[0]["text"] + " The Rhine flows through Basel."
    assert changed["starts"] == ROWS[0]["starts"] and again(ROWS[0], edits, "text") == changed["text"]
    first, _ = attacker("distractor", place="start").change(ROWS[0], "span", known)
    assert first["text"] == "The Rhine flows through Basel. " + ROWS[0]["text"]
    assert first["starts"] == [start + 31 for start in ROWS[0]["starts"]]
    assert adder.change(ROWS[2], "span", known) == (ROWS[2], [])  # nobody else speaks of cows
    assert attacker("distractor", protect=["context"]).change(ROWS[0], "span", known) == (ROWS[0], [])


def test_no_sample_and_no_order_changes_a_distractor() -> None:
    for choice in ("near", "random"):
        adder = attacker("distractor", choice=choice)
        one, two = adder.prepare_state(ROWS), adder.prepare_state(ROWS[::-1])
        for row in ROWS:
            assert adder.change(row, "span", one) == adder.change(row, "span", two)
    random = [adder.change(row | {"id": f"{row['id']}{i}"}, "span", one)[0] for row in ROWS for i in range(20)]
    assert len({row["text"] for row in random}) > 6
    for row in random:
        assert all(row["text"].count(answer) == 1 for answer in row["answers"])


def test_a_distractor_in_text_without_spaces() -> None:
    rows = [
        asked("1", "易北河流过德累斯顿。", "哪条河流过德累斯顿？", "易北河", language="zh"),
        asked("2", "莱茵河流过巴塞尔。", "哪条河流过巴塞尔？", "莱茵河", language="zh"),
    ]
    adder = attacker("distractor", choice="random")
    assert (
        adder.change(rows[0], "span", adder.prepare_state(rows))[0]["text"] == "易北河流过德累斯顿。莱茵河流过巴塞尔。"
    )


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(["One.", "Two two!", "Then three?", "他来了。", "X. Y", "last"]), min_size=1, max_size=6),
    st.data(),
)
def test_answers_survive_a_shuffle(parts: list[str], data: Any) -> None:
    text = " ".join(parts)
    starts = data.draw(st.lists(st.integers(0, len(text) - 1), max_size=2))
    answers = [text[start : start + data.draw(st.integers(1, 8))] for start in starts]
    row = {
        "id": str(data.draw(st.integers(0, 99))),
        "language": "en",
        "text": text,
        "pair": "q",
        "answers": answers,
        "starts": starts,
    }
    changed, edits = attacker("context_shuffle").change(row, "span")
    for answer, start in zip(changed["answers"], changed["starts"], strict=True):
        assert changed["text"][start : start + len(answer.rstrip())] == answer.rstrip()
    assert sorted(changed["text"].replace(" ", "")) == sorted(text.replace(" ", ""))
    assert again(row, edits, "text") == changed["text"]


def test_a_shuffle_by_hand() -> None:
    row = asked("1", "One. Two. Three.", "?", "Three", "Two. Three")
    seen = {attacker("context_shuffle", seed=i).change(row, "span")[0]["text"] for i in range(20)}
    assert seen == {"One. Two. Three.", "Two. Three. One."}
    free = {
        attacker("context_shuffle", seed=i).change(row | {"answers": [], "starts": []}, "span")[0]["text"]
        for i in range(60)
    }
    assert len(free) == 6


# stress tests


@pytest.mark.parametrize(
    ("name", "fields", "language", "row", "expected"),
    [
        ("tautology", {}, "en", ("A.", "He sleeps."), ("A.", "He sleeps and true is true.")),
        ("tautology", {"test": "length"}, "en", ("A man", "B"), ("A man" + " and true is true" * 5, "B")),
        ("negation", {}, "en", ("A.", "Is he?"), ("A.", "Is he and false is not true?")),
        ("negation", {"phrases": {"zh": "而假不是真"}}, "zh", ("甲。", "他睡觉。"), ("甲。", "他睡觉而假不是真。")),
        ("negation", {"protect": ["hypothesis"]}, "en", ("A.", "B."), ("A.", "B.")),
    ],
)
def test_stress(name: str, fields: Any, language: str, row: Any, expected: Any) -> None:
    old = {"id": "1", "language": language, "text": row[0], "pair": row[1], "label": "neutral"}
    changed, edits = attacker(name, **fields).change(old)
    assert (changed["text"], changed["pair"]) == expected and changed["label"] == "neutral"
    assert bool(edits) == (row != expected)


def faults(name: str, reader: str, languages: list[str], **fields: Any) -> list[str]:
    found = attacker(name, **fields).compatibility_faults(Reader.model_validate(reader), languages)
    return [f"{field}: {what}; {hint}" for field, what, hint in found]


def test_stress_tests_need_inference_and_a_phrase() -> None:
    assert faults("tautology", "xnli", ["en"]) == []
    assert faults("tautology", "xnli", ["en", "sw"], phrases={"sw": "na kweli ni kweli"}) == []
    (line,) = faults("negation", "xnli", ["en", "sw", "de"])
    assert "no phrase in sw, de" in line and "phrases: {sw: ...}" in line
    (line,) = faults("negation", "pawsx", ["en"])
    assert "labels of inference" in line


# across languages


def test_the_other_side_is_the_translation_of_the_row() -> None:
    there = [{"id": "1", "language": "en", "text": "A", "pair": "B", "label": "x"},
             {"id": "3", "language": "en", "text": "E", "pair": "F", "label": "y"}]  # fmt: skip
    here = [{"id": str(i), "language": "de", "text": "a", "pair": "b", "label": "x"} for i in (1, 2, 3)]
    crosser = attacker("cross_language", other="en")
    known = crosser.prepare_state(there)
    assert crosser.further_split("test", ["de", "fr"]) == ("test", ("en",))
    changed, edits = crosser.change(here[0], "classify", known)
    assert changed == here[0] | {"pair": "B"} and again(here[0], edits, "pair") == "B"
    assert crosser.change(here[1], "classify", known) == (None, [])  # not there
    assert crosser.change(here[2], "classify", known) == (None, [])  # another label: no translation of this row
    assert attacker("cross_language", other="en", side="premise").change(here[0], "classify", known)[0]["text"] == "A"
    assert crosser.change(there[0], "classify", known) == (there[0], [])


def test_the_question_comes_in_another_language() -> None:
    row = asked("1", "Die Elbe.", "Welcher Fluss?", "Elbe", language="de")
    crosser = attacker("cross_language", other="en", side="question")
    changed, _ = crosser.change(row, "span", crosser.prepare_state([row | {"pair": "Which river?", "language": "en"}]))
    assert changed == row | {"pair": "Which river?"}


@pytest.mark.parametrize(
    ("reader", "fields", "message"),
    [
        ("xnli", {"other": "ja"}, "other: reader xnli has no test data in 'ja'; it has ar, bg"),
        ("xquad", {"other": "en", "side": "premise"}, "side: a context in another language"),
        ("xnli", {"other": "en", "side": "question"}, "side: a pair of sentences has no side 'question'"),
        ("xnli", {"other": "en", "protect": ["hypothesis"]}, "protect: protects the side"),
        ("mnli", {"other": "en"}, ": attacker cross_language cannot change mnli; it fits pawsx, xnli"),
    ],
)
def test_what_has_no_parallel_side(reader: str, fields: Any, message: str) -> None:
    assert any(line.startswith(message) for line in faults("cross_language", reader, ["de"], **fields))


# what every attacker says of itself

ALL = sorted(name for name in Attacker.known_names() if name != "textattack")


@pytest.mark.parametrize("name", ALL)
def test_every_attacker_says_what_it_preserves(name: str) -> None:
    leaf: Any = Attacker.find_class(name)
    facts = leaf.display_facts()
    assert facts["labels stay true in"] and "->" in facts["example"] and facts["needs"]
    for broken, why in [(key.removeprefix("not in "), why) for key, why in facts.items() if key.startswith("not in ")]:
        assert why and why[-1] != "."
        assert broken in leaf.forms or Reader.find_class(broken).form in leaf.forms


def test_some_orders_are_the_label() -> None:
    for reader in ("pawsx", "xnli", "udpos"):
        (line,) = faults("word_order", reader, ["en"])
        assert "does not keep the labels of" in line and "diagnostic: true" in line
        assert faults("word_order", reader, ["en"], diagnostic=True) == []
    assert faults("word_order", "panx", ["en"]) == []
    assert len(faults("distractor", "squad_v2", ["en"])) == 1 and faults("distractor", "xquad", ["en"]) == []
    assert len(faults("entity_swap", "udpos", ["en"])) == 1 and faults("entity_swap", "panx", ["en"]) == []
    assert "it fits tag" in faults("entity_swap", "xnli", ["en"], diagnostic=True)[0]  # nothing to run there


def test_a_side_that_is_not_there_is_told() -> None:
    assert faults("typos", "xnli", ["en"], protect=["premise", "pair"]) == []
    assert faults("typos", "xquad", ["en"], protect=["question"]) == []
    for reader, side in (("xnli", "question"), ("xnli", "premis"), ("panx", "hypothesis")):
        (line,) = faults("typos", reader, ["en"], protect=[side])
        assert line.startswith("protect: rows of form") and "known: text" in line
