"""Translated training data of question answering, TyDiQA's own languages, and answers that XTREME keeps apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer import miniature
from xfer.core.errors import BadRow, MissingData
from xfer.forms.base import build_form
from xfer.readers.base import Reader, Row
from xfer.readers.sources import rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]


def squad(name: str, context: str = "A cat sat.", answer: str | None = "cat") -> str:
    answers = [{"text": answer, "answer_start": context.find(answer)}] if answer is not None else []
    asked = {"id": name, "question": "Who?", "answers": answers}
    return json.dumps(
        {"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": context, "qas": [asked]}]}]}
    )


def reader(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": name} | fields


def test_mlqas_own_translations_come_before_xtremes(mirror: Mirror, read: Read) -> None:
    mirror("squad/train-v1.1.json", squad("en"))
    mirror("SQuAD/translate-train/squad.translate.train.en-de.json", squad("xtreme"))
    assert read("mlqa", "train", "de")[0]["id"] == "xtreme"
    mirror("mlqa-translate-train/de_squad-translate-train-train-v1.1.json", squad("mlqa", "Eine Katze", "Katze"))
    assert [(row["id"], row["language"], row["answers"]) for row in read("mlqa", "train", "de")] == [
        ("mlqa", "de", ["Katze"])
    ]
    assert read("mlqa", "train", "en")[0]["id"] == "en"


def test_xtremes_translations_of_squad_are_xquads_training_data(mirror: Mirror, read: Read) -> None:
    mirror("SQuAD/translate-train/squad.translate.train.en-el.json", squad("t"))
    mirror("xtreme_translations/SQuAD/translate-dev/squad.translate.dev.en-el.json", squad("d"))
    assert [read("xquad", split, "el")[0]["id"] for split in ("train", "dev")] == ["t", "d"]
    with pytest.raises(MissingData, match=r"SQuAD/translate-train/squad\.translate\.train\.en-th\.json"):
        read("xquad", "train", "th")


def test_xquad_is_trained_in_english_unless_asked_for_more() -> None:
    plain: Any = Reader.model_validate("xquad")
    assert plain.train_languages("mirror") == ("en",) and plain.offered_languages("mirror", "dev") == ("en",)
    more: Any = Reader.model_validate(reader("xquad", languages=["de", "ar"]))
    assert more.train_languages("mirror") == ("de", "ar") and more.offered_languages("mirror", "dev") == (
        "ar",
        "de",
        "en",
    )
    every: Any = Reader.model_validate(reader("xquad", languages="all"))
    assert every.train_languages("mirror") == tuple("ar de el en es hi ru th tr vi zh".split())
    assert every.train_languages("hub") == ("en",)
    with pytest.raises(MissingData, match="use source: mirror"):
        every.hub_part("train", "de")


def test_mlqas_translations_on_the_hub(hub: Callable[..., None]) -> None:
    columns = {
        "id": ["1"], "context": ["Eine Katze"], "question": ["Wer?"],
        "answers": [{"text": ["Katze"], "answer_start": [5]}],
    }  # fmt: skip
    hub("facebook/mlqa", {"mlqa-translate-train.de": {"train": columns}})
    (row,) = rows(Reader.model_validate("mlqa"), "hub", "train", "de")
    assert (row["answers"], row["starts"]) == (["Katze"], [5])


def test_tydiqa_in_its_own_languages_or_translated(mirror: Mirror, read: Read) -> None:
    mirror("tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.sw.train.json", squad("7"))
    mirror("TyDiQA-GoldP/translate-train/tydiqa.translate.train.en-sw.json", squad("english-12-1"))
    mirror("tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", squad("english-12-1"))
    assert [row["id"] for row in read("tydiqa", "train", "sw")] == ["7-1"]
    translated = reader("tydiqa", translated=True)
    assert [row["id"] for row in read(translated, "train", "sw")] == ["english-12-1"]
    assert [row["language"] for row in read(translated, "train", "en")] == ["en"]
    with pytest.raises(MissingData, match="use source: mirror"):
        Reader.model_validate(translated).hub_part("train", "sw")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("tydiqa", "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.sw.dev.json"),
        ("mlqa", "mlqa/MLQA_V1/test/test-context-de-question-de.json"),
    ],
)
def test_answers_that_xtreme_keeps_apart_are_put_back(name: str, file: str, mirror: Mirror, read: Read) -> None:
    language = "sw" if name == "tydiqa" else "de"
    mirror(file, squad("swahili-1", answer=""))
    assert read(name, "test", language)[0]["answers"] is None
    labels = mirror(f"labels/{name}/test-{language}.json", squad("swahili-1", answer="sat"))
    (row,) = read(name, "test", language)
    assert (row["answers"], row["starts"]) == (["sat"], [6])
    build_form("span").check_row(row, "file", 1)
    mirror(f"labels/{name}/test-{language}.json", squad("another"))
    assert read(name, "test", language)[0]["answers"] is None
    mirror(f"labels/{name}/test-{language}.json", squad("swahili-1", "A dog ran.", "dog"))
    with pytest.raises(BadRow, match="the answer 'dog' of question swahili-1 is not in its context") as caught:
        read(name, "test", language)
    assert caught.value.file == str(labels)


def test_answers_kept_apart_go_to_the_questions_of_one_id_in_turn(mirror: Mirror, read: Read) -> None:
    def asked(*answers: str) -> str:
        qas = [{"id": "q", "question": "?", "answers": [{"text": text, "answer_start": 0}]} for text in answers]
        return json.dumps({"data": [{"paragraphs": [{"context": "A cat sat.", "qas": qas}]}]})

    mirror("mlqa/MLQA_V1/test/test-context-de-question-de.json", asked("", "", ""))
    mirror("labels/mlqa/test-de.json", asked("cat", "sat"))
    assert [row["answers"] for row in read("mlqa", "test", "de")] == [["cat"], ["sat"], None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    miniature.write(folder, parts=["passages"])
    return folder


@pytest.mark.parametrize(
    ("block", "split"),
    [
        (reader("xquad", languages="all"), "train"),
        (reader("xquad", languages="all"), "dev"),
        (reader("mlqa", languages="all"), "train"),
        (reader("tydiqa", languages="all", translated=True), "train"),
        (reader("tydiqa", languages="all"), "train"),
    ],
)
def test_miniature_has_them_and_they_are_parallel(block: dict[str, Any], split: str, world: Path) -> None:
    built: Any = Reader.model_validate(block)
    languages = built.offered_languages("miniature", split)
    assert {"en", "ar"} < set(languages)
    check = build_form("span").check_row
    found = {language: list(rows(built, "miniature", split, language, world, None, check)) for language in languages}
    for language, these in found.items():
        assert len(these) > 100 and all(row["answers"] and row["language"] == language for row in these)
    if built.type_name != "tydiqa" or built.translated:
        first = {language: [row["id"] for row in these[:200]] for language, these in found.items()}
        assert all(ids == first["en"] for ids in first.values())
        assert found["ar"][0]["text"] != found["en"][0]["text"]


def test_mlqa_has_no_english_copy_among_its_translations(world: Path) -> None:
    names = sorted(path.name for path in (world / "mlqa-translate-train").iterdir())
    assert names == [
        f"{code}_squad-translate-train-{split}-v1.1.json"
        for code in ("ar", "de", "es", "hi", "zh")
        for split in ("dev", "train")
    ]
