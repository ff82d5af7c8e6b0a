"""Passages with questions: layouts, parallel languages, and that each question has one answer."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from xfer.forms.base import build_form
from xfer.miniature import LANGUAGES
from xfer.miniature.choice import seeded_stream
from xfer.miniature.meaning import Meaning
from xfer.miniature.passages import (
    ASKED,
    MLQA,
    TYDIQA,
    XQUAD,
    Passage,
    SlotQuestion,
    could_answer,
    draw_passages,
    tell_passage,
    word_question,
)
from xfer.readers.base import Reader
from xfer.readers.sources import rows

DRAWN = draw_passages(seeded_stream(7, "test"), 120)


def read(reader: Any, split: str, language: str, world: Path) -> list[dict[str, Any]]:
    return list(rows(Reader.model_validate(reader), "miniature", split, language, world))


def test_readers_find_every_split_in_every_language(world: Path) -> None:
    """The form checks that each answer stands where it should."""
    for name in ("squad_v1", "squad_v2", "xquad", "mlqa", "tydiqa"):
        reader, check = Reader.model_validate(name), build_form("span").check_row
        for split in reader.card.splits:
            for language in reader.offered_languages("miniature", split):
                found = read(name, split, language, world)
                assert len({row["id"] for row in found}) == len(found) >= 120
                for number, row in enumerate(found):
                    check(row, name, number)
                    assert unicodedata.is_normalized("NFC", row["text"] + row["pair"])
                    assert "  " not in row["text"] + row["pair"] and row["pair"] == row["pair"].strip()


def test_the_languages_are_those_of_the_sets() -> None:
    for name, codes in (("xquad", XQUAD), ("mlqa", MLQA), ("tydiqa", tuple(TYDIQA))):
        assert Reader.model_validate(name).offered_languages("miniature", "test") == codes


def test_only_squad_v2_has_questions_without_answer(world: Path) -> None:
    rows_of = {name: read(name, "dev", "en", world) for name in ("squad_v1", "squad_v2")}
    counts = {name: [len(row["answers"]) for row in found] for name, found in rows_of.items()}
    assert set(counts["squad_v1"]) == {1}
    assert counts["squad_v2"].count(0) * 2 == counts["squad_v2"].count(1) == len(counts["squad_v1"])


def test_the_languages_of_xquad_are_parallel(world: Path) -> None:
    found = {code: read("xquad", "test", code, world) for code in XQUAD}
    names = [row["id"] for row in found["en"]]
    assert all([row["id"] for row in part] == names for part in found.values())
    assert len({row["text"] for part in found.values() for row in part}) == 10 * len({r["text"] for r in found["en"]})


def test_mlqa_crosses_contexts_and_questions(world: Path) -> None:
    crossed = read({"type": "mlqa", "question": "en"}, "test", "zh", world)
    assert [row["text"] for row in crossed] == [row["text"] for row in read("mlqa", "test", "zh", world)]
    assert [row["pair"] for row in crossed] == [row["pair"] for row in read("mlqa", "test", "en", world)]


def test_no_test_passage_is_trained_on(world: Path) -> None:
    trained = {row["text"] for row in read("squad_v1", "train", "en", world)}
    held_out = {
        row["text"]
        for name, split in (("squad_v1", "dev"), ("xquad", "test"), ("mlqa", "test"))
        for row in read(name, split, "en", world)
    }
    assert len(trained) > 2000 and len(held_out) > 400
    assert len(trained & held_out) < 0.01 * len(held_out)


@pytest.mark.parametrize("code", LANGUAGES)
def test_slots_stand_where_they_are_said(code: str) -> None:
    for passage in DRAWN:
        text, places = tell_passage(passage, code)
        last = 0
        for i, sentence in enumerate(passage.sentences):
            spans = [places[i, slot] for slot in ASKED if (i, slot) in places]
            assert len(spans) == sum(bool(getattr(sentence, slot)) for slot in ASKED)
            assert min(spans)[0] >= last
            last = max(end for _, end in spans)
            assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_question_does_not_say_its_answer(code: str) -> None:
    for passage in DRAWN:
        text, places = tell_passage(passage, code)
        for one in passage.questions:
            said = word_question(one, code)
            assert len(said.split()) >= 2
            if one.answered >= 0:
                start, end = places[one.answered, one.slot]
                assert f" {text[start:end].lower()} " not in f" {said.lower()} "


def test_one_sentence_answers_and_for_the_last_question_none() -> None:
    for passage in DRAWN:
        assert [one.answered >= 0 for one in passage.questions] == [True, True, False]
        for one in passage.questions:
            answering = [i for i, other in enumerate(passage.sentences) if could_answer(one.event, one.slot, other)]
            assert answering == ([one.answered] if one.answered >= 0 else [])


def test_every_kind_of_question_is_asked() -> None:
    for place in range(3):
        assert {passage.questions[place].slot for passage in DRAWN} == set(ASKED)


CAT = Meaning("dog", "sleep", place="garden", time="night")
EAT = Meaning("anna", "eat", object="apple", number=2, place="house")
WORDING = {
    ("en", "agent"): "Who sleeps in the garden at night?",
    ("en", "place"): "Where does the dog sleep at night?",
    ("en", "object"): "What does Anna eat in the house?",
    ("de", "time"): "Wann schläft der Hund im Garten?",
    ("es", "place"): "¿Dónde duerme el perro por la noche?",
    ("el", "place"): "Πού κοιμάται ο σκύλος τη νύχτα;",
    ("ru", "object"): "Что Анна ест в доме?",
    ("ar", "place"): "أين ينام الكلب في الليل؟",
    ("tr", "place"): "Köpek geceleyin nerede uyuyor?",
    ("hi", "object"): "अन्ना घर में क्या खाती है?",
    ("sw", "object"): "Anna anakula nini nyumbani?",
    ("th", "place"): "สุนัข นอนหลับ ที่ไหน ตอน กลางคืน",
    ("zh", "object"): "安娜 在 房子 里 吃 什么？",
}


@pytest.mark.parametrize(("code", "slot"), WORDING)
def test_wording(code: str, slot: str) -> None:
    event = EAT if slot == "object" else CAT
    assert word_question(SlotQuestion(event, slot, 0), code) == WORDING[code, slot]


def test_silence_is_asked_for_with_is() -> None:
    asked = SlotQuestion(Meaning("maria", "be_silent", place="school"), "place", 0)
    assert word_question(asked, "en") == "Where is Maria silent?"


def test_the_same_seed_draws_the_same_passages() -> None:
    assert draw_passages(seeded_stream(7, "test"), 120) == DRAWN != draw_passages(seeded_stream(8, "test"), 120)


def test_capital_letters_do_not_move_offsets() -> None:
    meaning = Meaning("ivan", "run")
    text, places = tell_passage(Passage((meaning, meaning), ()), "tr")
    assert [text[slice(*places[i, "agent"])] for i in (0, 1)] == ["İvan", "İvan"]


def test_files_are_json_of_squads_format(world: Path) -> None:
    data = json.loads((world / "squad" / "dev-v2.0.json").read_text("utf-8"))
    (article,) = data["data"]
    assert data["version"] == "v2.0" and set(article) == {"title", "paragraphs"}
    for paragraph in article["paragraphs"]:
        assert set(paragraph) == {"context", "qas"}
        for qa in paragraph["qas"]:
            assert set(qa) == {"id", "question", "answers", "is_impossible"}
            assert qa["is_impossible"] == (not qa["answers"])
