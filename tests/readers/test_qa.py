"""SQuAD 1.1 and 2.0, XQuAD, MLQA and TyDiQA-GoldP: official layouts, the hub's shifted offsets, and real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, MissingData
from xfer.forms.base import build_form
from xfer.readers.base import Reader, Row
from xfer.readers.multilingual_qa import Mlqa, Tydiqa, Xquad
from xfer.readers.qa import Question, SquadV1, SquadV2, each_question, nearest_start
from xfer.readers.sources import data_revision, rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]

CAT = {"id": "c1", "question": "Who sleeps?", "answers": [{"text": "A cat", "answer_start": 0}]}
TWO = {
    "id": "c2",
    "question": "Where?",
    "answers": [{"text": "in a garden", "answer_start": 13}, {"text": "garden", "answer_start": 18}],
}
CONTEXT = "A cat sleeps in a garden."
NONE = {
    "id": "c3",
    "question": "When?",
    "answers": [],
    "is_impossible": True,
    "plausible_answers": [{"text": "garden", "answer_start": 18}],
}
ROWS = [
    {"id": "c1", "language": "en", "text": CONTEXT, "pair": "Who sleeps?", "answers": ["A cat"], "starts": [0]},
    {
        "id": "c2",
        "language": "en",
        "text": CONTEXT,
        "pair": "Where?",
        "answers": ["in a garden", "garden"],
        "starts": [13, 18],
    },
]
ANSWER = {"text": "猫", "answer_start": 1}


def tree(*asked: dict[str, Any], context: str = CONTEXT, title: str | None = "Cats") -> str:
    article = {"paragraphs": [{"context": context, "qas": list(asked)}]}
    return json.dumps({"version": "1.1", "data": [article | ({"title": title} if title else {})]})


@pytest.mark.parametrize("place", ["squad/", "SQuAD/", ""])
@pytest.mark.parametrize("split", ["train", "dev"])
def test_squad_v1(place: str, split: str, mirror: Mirror, read: Read) -> None:
    mirror(f"{place}{split}-v1.1.json", tree(CAT, TWO))
    assert read("squad_v1", split) == ROWS


def test_squad_v2_has_questions_without_answer(mirror: Mirror, read: Read) -> None:
    asked = {**NONE, "answers": [{"text": "garden", "answer_start": 18}]}  # impossible wins
    mirror("squad/dev-v2.0.json", tree({**CAT, "is_impossible": False}, NONE, asked, {**NONE, "is_impossible": False}))
    found = read("squad_v2", "dev")
    assert found[0] == ROWS[0]
    assert [(one["answers"], one["starts"]) for one in found[1:]] == [([], [])] * 3


@pytest.mark.parametrize(("reader", "split"), [("xquad", "train"), ("xquad", "dev"), ("mlqa", "train")])
def test_the_training_data_of_xquad_and_mlqa_is_squad(reader: str, split: str, mirror: Mirror, read: Read) -> None:
    mirror(f"squad/{split}-v1.1.json", tree(CAT, TWO))
    assert read(reader, split) == ROWS


def test_xquad_reads_one_file_a_language(mirror: Mirror, read: Read) -> None:
    asked = {"id": "x", "question": "谁？", "answers": [ANSWER]}
    mirror("xquad/xquad.zh.json", tree(asked, context="老猫睡觉"))
    mirror("xquad.de.json", tree(CAT))
    assert read("xquad", "test", "zh") == [
        {"id": "x", "language": "zh", "text": "老猫睡觉", "pair": "谁？", "answers": ["猫"], "starts": [1]}
    ]
    assert read("xquad", "test", "de") == [ROWS[0] | {"language": "de"}]
    with pytest.raises(MissingData, match="xquad test in ru"):
        read("xquad", "test", "ru")


def test_xquad_has_romanian_in_xtreme_r() -> None:
    assert len(Xquad().offered_languages("hub", "test")) == 11 and "ro" not in Xquad().offered_languages("hub", "test")
    assert len(Xquad(benchmark="xtreme_r").offered_languages("hub", "test")) == 12
    assert Xquad(benchmark="xtreme_r").offered_languages("hub", "dev") == ("en",)


@pytest.mark.parametrize("place", ["MLQA_V1", "mlqa/MLQA_V1", "mlqa"])
def test_mlqa_reads_pairs_of_languages(place: str, mirror: Mirror, read: Read) -> None:
    mirror(f"{place}/dev/dev-context-de-question-de.json", tree(CAT))
    mirror(f"{place}/dev/dev-context-de-question-es.json", tree({**CAT, "question": "¿Quién?"}))
    assert read("mlqa", "dev", "de") == [ROWS[0] | {"language": "de"}]
    crossed = {"type": "mlqa", "question": "es"}
    assert read(crossed, "dev", "de") == [ROWS[0] | {"language": "de", "pair": "¿Quién?"}]
    assert Mlqa.model_validate(crossed).hub_part("test", "de").config == "MLQA.de.es"


def test_scores_follow_the_rules_of_the_set() -> None:
    options = {
        name: Reader.model_validate(name).form_options() for name in ("squad_v1", "squad_v2", "xquad", "mlqa", "tydiqa")
    }
    assert {name: found["rules"] for name, found in options.items()} == {
        "squad_v1": "squad",
        "squad_v2": "squad_v2",
        "xquad": "squad",
        "mlqa": "mlqa",
        "tydiqa": "squad",
    }
    for name, found in options.items():
        assert Reader.model_validate(name).form == build_form("span", options=found).name == "span"


# TyDiQA


SWAHILI = {**CAT, "id": "swahili--12-0"}
ENGLISH = {**CAT, "id": "english-34-1"}


def test_tydiqa_reads_one_language_out_of_the_official_file(mirror: Mirror, read: Read) -> None:
    mirror("tydiqa/tydiqa-goldp-v1.1-train.json", tree(SWAHILI, ENGLISH, {**TWO, "id": "swahili-9-9"}))
    assert [one["id"] for one in read("tydiqa", "train", "sw")] == ["swahili--12-0", "swahili-9-9"]
    assert read("tydiqa", "train", "en") == [ROWS[0] | {"id": "english-34-1"}]
    with pytest.raises(MissingData, match="holds no question in telugu"):
        read("tydiqa", "train", "te")


def test_tydiqa_sees_a_file_that_changed(mirror: Mirror, read: Read) -> None:
    import os

    path = mirror("tydiqa/tydiqa-goldp-v1.1-dev.json", tree(SWAHILI, ENGLISH))
    assert len(read("tydiqa", "test", "sw")) == 1
    mirror("tydiqa/tydiqa-goldp-v1.1-dev.json", tree(SWAHILI, {**SWAHILI, "id": "swahili-3-3"}))
    os.utime(path, ns=(1, 1))
    assert len(read("tydiqa", "test", "sw")) == 2


@pytest.mark.parametrize("name", ["tydiqa.goldp.sw.dev.json", "tydiqa-goldp-dev-swahili.json"])
def test_tydiqa_reads_files_of_one_language(name: str, mirror: Mirror, read: Read) -> None:
    mirror(f"tydiqa/tydiqa-goldp-v1.1-dev/{name}", tree(SWAHILI))
    assert [one["id"] for one in read("tydiqa", "test", "sw")] == ["swahili--12-0"]


def test_the_same_number_in_xtremes_training_files_names_different_rows(mirror: Mirror, read: Read) -> None:
    mirror("tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", tree({**CAT, "id": "1"}, {**TWO, "id": "1"}))
    assert [one["id"] for one in read("tydiqa", "train")] == ["1-1", "1-2"]


def test_training_files_that_hold_all_languages_under_one_name_are_sorted_out(mirror: Mirror, read: Read) -> None:
    """As jiant writes them."""
    mirror("tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", tree(SWAHILI, ENGLISH))
    assert [one["id"] for one in read("tydiqa", "train")] == ["english-34-1"]


def test_an_id_without_language_in_the_file_of_all_is_told(mirror: Mirror, read: Read) -> None:
    mirror("tydiqa/tydiqa-goldp-v1.1-train.json", tree(ENGLISH, CAT))
    with pytest.raises(BadRow, match="the id 'c1' of question 2 does not name its language"):
        read("tydiqa", "train")


def test_tydiqa_trains_on_english_and_has_no_dev() -> None:
    assert Tydiqa().train_languages("hub") == ("en",) and Tydiqa().offered_languages("hub", "dev") == ()
    assert len(Tydiqa(languages="all").train_languages("hub")) == 9
    with pytest.raises(MissingData, match="tydiqa has no dev split"):
        next(rows(Tydiqa(), "mirror", "dev", "en"))


# what is withheld, and what cannot be


@pytest.mark.parametrize("answers", [[{"text": "", "answer_start": 0}], []])
def test_withheld_answers_are_none(answers: list[Any], mirror: Mirror, read: Read) -> None:
    """XTREME's test files of MLQA and TyDiQA hold one empty answer."""
    mirror("MLQA_V1/test/test-context-de-question-de.json", tree({**CAT, "answers": answers}))
    (found,) = read("mlqa", "test", "de")
    assert found["answers"] is None and found["starts"] is None
    build_form("span").check_row(found, "x", 1)


def test_a_file_without_answers_is_withheld_too(mirror: Mirror, read: Read) -> None:
    mirror("xquad/xquad.en.json", tree({"id": "1", "question": "Who?"}))
    assert read("xquad", "test")[0]["answers"] is None


def moved(start: Any) -> dict[str, Any]:
    return {**CAT, "answers": [{"text": "cat", "answer_start": start}]}


FAULTS: dict[str, tuple[str | bytes, int, str]] = {
    "answer elsewhere": (tree(CAT, moved(3)), 1, "article 1, paragraph 1, question 2 (c1): the answer 'cat' does not"),
    "answer before the start": (tree(moved(-23)), 1, "question 1 (c1): the answer 'cat' does not stand at -23"),
    "start is text": (tree(moved("2")), 1, "(c1): 'answer_start' is '2', a text in the place of a number"),
    "no start": (tree({**CAT, "answers": [{"text": "cat"}]}), 1, "'answer_start' is None, not a whole number"),
    "answer is a number": (tree({**CAT, "answers": [{"text": 3}]}), 1, "question 1 (c1): 'text' is 3, not text"),
    "answers are text": (tree({**CAT, "answers": ["A cat"]}), 1, "question 1 (c1) has no list 'answers' of objects"),
    "no question": (tree({"id": "1", "answers": []}), 1, "question 1: 'question' is None, not text"),
    "no id": (tree({"question": "Who?", "answers": []}), 1, "paragraph 1, question 1: 'id' is None"),
    "no context": ('{"data": [{"paragraphs": [{"qas": []}]}]}', 1, "article 1, paragraph 1: 'context' is None"),
    "no paragraphs": ('{"data": [{"paragraphs": []},\n {}]}', 2, "article 2 has no list 'paragraphs'"),
    "no data": ("{}", 1, "the file has no list 'data'"),
    "a list": ("[]", 1, "the file has no list 'data'"),
    "cut": ('{"data":\n [', 2, "is not JSON"),
    "empty": ("", 1, "is not JSON"),
    "deep": ('{"data": ' + "[" * 100_000, 0, "nests too deeply"),
    "not utf-8": (b'{"data":\n"\xff"}', 2, "is not UTF-8 (byte 11: 0xff)"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_files_that_cannot_be_are_told_with_the_place(name: str, mirror: Mirror, read: Read) -> None:
    content, line, words = FAULTS[name]
    path = mirror("squad/train-v1.1.json", content)
    with pytest.raises(BadRow) as caught:
        read("squad_v1", "train")
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert words in caught.value.message


def test_a_byte_order_mark_is_taken_off_and_blanks_are_kept(mirror: Mirror, read: Read) -> None:
    asked = {**CAT, "answers": [{"text": "A cat", "answer_start": 2}]}
    mirror("squad/train-v1.1.json", "\ufeff" + tree(asked, context="  " + CONTEXT))
    assert read("squad_v1", "train")[0]["text"] == "  " + CONTEXT


def test_offsets_count_code_points(mirror: Mirror, read: Read) -> None:
    asked = {**CAT, "answers": [{"text": "cat", "answer_start": 2}]}
    mirror("squad/train-v1.1.json", tree(asked, context="\U0001f431 cat"))
    assert read("squad_v1", "train")[0]["starts"] == [2]


# the hub


@pytest.mark.parametrize(
    ("context", "answer", "start", "wanted"),
    [
        ("a cat and a cat", "cat", 2, 2),
        ("a cat and a cat", "cat", 3, 2),
        ("a cat and a cat", "cat", 11, 12),
        ("a cat and a cat", "cat", 99, 12),
        ("a cat and a cat", "cat", -5, 2),
        ("aaa", "a", 1, 1),
        ("aXa", "a", 1, 0),
        ("a cat", "dog", 0, None),
    ],
)
def test_the_nearest_occurrence(context: str, answer: str, start: int, wanted: int | None) -> None:
    assert nearest_start(context, answer, start) == wanted


def stripped(*names: str, blanks: int = 2) -> dict[str, list[Any]]:
    """Rows whose context lost ``blanks`` leading characters while the offsets stayed."""
    context = "猫 in a garden, a 猫 on a roof."
    starts = [context.rindex("猫") + blanks]
    return {
        "id": list(names),
        "context": [context] * len(names),
        "question": ["Who?"] * len(names),
        "answers": [{"text": ["猫"], "answer_start": starts}] * len(names),
    }


HUB = {
    "squad_v1": ("rajpurkar/squad", "plain_text", "train", "train", "en"),
    "squad_v2": ("rajpurkar/squad_v2", "squad_v2", "validation", "dev", "en"),
    "xquad": ("google/xquad", "xquad.zh", "validation", "test", "zh"),
    "mlqa": ("google/xtreme", "MLQA.zh.zh", "test", "test", "zh"),
}


@pytest.mark.parametrize("name", HUB)
def test_shifted_offsets_of_the_hub_are_put_right(name: str, hub: Callable[..., None]) -> None:
    repository, config, part, split, language = HUB[name]
    hub(repository, {config: {part: stripped("1", "2")}})
    found = list(rows(Reader.model_validate(name), "hub", split, language))
    assert [one["id"] for one in found] == ["1", "2"]
    for one in found:
        assert one["starts"] == [one["text"].rindex("猫")] and one["language"] == language
        build_form("span").check_row(one, "x", 1)


@pytest.mark.parametrize(("reader", "answers"), [(SquadV2(), []), (SquadV1(), None)])
def test_no_answer_on_the_hub(reader: Reader, answers: Any, hub: Callable[..., None]) -> None:
    part = reader.hub_part("train", "en")
    columns = stripped("1") | {"answers": [{"text": [], "answer_start": []}]}
    columns["answers"][0] |= {"text": [""], "answer_start": [0]} if answers is None else {}
    hub(part.repository, {str(part.config): {"train": columns}})
    (found,) = rows(reader, "hub", "train", "en")
    assert found["answers"] == answers and found["starts"] == answers


def test_an_answer_that_is_not_in_its_context_is_told(hub: Callable[..., None]) -> None:
    columns = stripped("1", "2")
    columns["answers"][1] = {"text": ["dog"], "answer_start": [3]}
    hub("google/xquad", {"xquad.de": {"validation": columns}})
    with pytest.raises(BadRow, match="google/xquad test de:2: the answer 'dog' of question 2 is not in its context"):
        list(rows(Xquad(), "hub", "test", "de"))


def test_tydiqa_on_the_hub_is_told_apart_by_id(hub: Callable[..., None]) -> None:
    columns = stripped("swahili-1-1", "korean--2-0", "swahili--3-0")
    hub("google-research-datasets/tydiqa", {"secondary_task": {"train": columns, "validation": columns}})
    assert [one["id"] for one in rows(Tydiqa(), "hub", "train", "sw")] == ["swahili-1-1", "swahili--3-0"]
    assert [one["id"] for one in rows(Tydiqa(), "hub", "test", "ko")] == ["korean--2-0"]


def test_the_training_data_of_the_hub_has_its_own_revision() -> None:
    asked: list[str] = []

    def ask(repository: str) -> str:
        asked.append(repository)
        return repository

    for reader in (Xquad(), Mlqa()):
        data_revision(reader, "hub", "train", ("en",), str, ask)
        data_revision(reader, "hub", "test", ("en",), str, ask)
    assert asked == ["rajpurkar/squad", "google/xquad", "rajpurkar/squad", "google/xtreme"]


# cards


@pytest.mark.parametrize("reader", [SquadV1(), SquadV2(), Xquad(), Mlqa(), Tydiqa()])
def test_cards_are_complete(reader: Reader) -> None:
    card = reader.card
    assert all((card.title, card.hub, card.licence, card.citation, card.layout, reader.published.source))
    assert set(card.sizes) == set(card.splits)
    assert (reader.published.max_length, reader.published.epochs, reader.published.batch_size) == (384, 3, 32)


# real files


def own(reader: Reader, split: str, language: str, real: Path) -> list[Row]:
    try:
        return list(rows(reader, "mirror", split, language, real))
    except MissingData as missing:
        pytest.skip(str(missing))


def test_real_squad(real: Path) -> None:
    """Half of the articles: every answer stands where it should, or the reader would have said so."""
    train, dev = own(SquadV1(), "train", "en", real), own(SquadV1(), "dev", "en", real)
    assert (len(train), len(dev)) == (43_414, 5_665)
    assert all(len(one["answers"]) == 1 for one in train) and max(len(one["answers"]) for one in dev) > 2
    found = own(SquadV2(), "dev", "en", real)
    assert (len(found), sum(one["answers"] == [] for one in found)) == (5_303, 2_647)


def test_real_xquad_is_parallel(real: Path) -> None:
    found = {language: own(Xquad(), "test", language, real) for language in "ar de en es hi th tr zh".split()}
    names = [one["id"] for one in found["en"]]
    assert len(set(names)) == Xquad.card.sizes["test"]
    assert all([one["id"] for one in part] == names for part in found.values())
    assert all(len(one["answers"]) == 1 for part in found.values() for one in part)


@pytest.mark.parametrize(
    ("language", "size"), [("ar", 517), ("de", 512), ("en", 1148), ("es", 500), ("hi", 507), ("vi", 511), ("zh", 504)]
)
def test_real_mlqa_dev(language: str, size: int, real: Path) -> None:
    found = own(Mlqa(), "dev", language, real)
    assert len(found) == size
    crossed = own(Mlqa(question="en"), "dev", language, real)
    assert [one["id"] for one in crossed] == [one["id"] for one in found]
    assert [one["answers"] for one in crossed] == [one["answers"] for one in found]


@pytest.mark.parametrize(("language", "size"), [("en", 3696), ("ko", 1625), ("sw", 2755)])
def test_real_tydiqa_train(language: str, size: int, real: Path) -> None:
    found = own(Tydiqa(), "train", language, real)
    assert len(found) == len({one["id"] for one in found}) == size
    assert all(one["answers"] for one in found)


@pytest.mark.parametrize(("language", "size"), [("ar", 921), ("bn", 113), ("en", 440), ("fi", 782), ("ko", 276)])
def test_real_tydiqa_test_of_xtreme_has_no_answers(language: str, size: int, real: Path) -> None:
    found = own(Tydiqa(), "test", language, real)
    assert len(found) == size and all(one["answers"] is None for one in found)


def test_real_samples_of_the_official_files(real: Path) -> None:
    folder = real / "official_samples"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    inside = "1.0.0/dummy_data/mlqa-translate-train/zh_squad-translate-train-train-v1.1.json"
    samples = {
        "squad_v2/squad_v2/2.0.0/dummy_data/train-v2.0.json": True,
        "tydiqa/secondary_task/1.0.0/dummy_data/tydiqa-goldp-v1.1-dev.json": False,
        f"mlqa/mlqa-translate-train.zh/{inside}": False,
    }
    for name, impossible in samples.items():
        questions = list(each_question(folder / name, impossible))
        assert questions and all(isinstance(question, Question) for question in questions)


@pytest.mark.parametrize("language", ["ar", "hi", "th", "zh"])
def test_real_windows_hold_the_answers(language: str, real: Path) -> None:
    """In scripts without spaces or with marks: what the targets cut out of the context holds the answer."""
    from xfer.forms.span import SpanForm
    from xfer.models.tokenizer import train_tokenizer

    found = own(Xquad(), "test", language, real)[:120]
    columns = {name: [one[name] for one in found] for name in found[0]}
    tokenizer = train_tokenizer(columns["text"], 2000, 512)
    encoded = SpanForm().encode(columns, tokenizer, 384)
    seen = set()
    for unit, (start, end) in enumerate(encoded.kept["targets"].tolist()):
        row, first, offsets = encoded.kept["row"][unit], encoded.kept["places"][unit][0], encoded.kept["offsets"][unit]
        if start:
            cut = columns["text"][row][offsets[start - first, 0] : offsets[end - first, 1]]
            assert columns["answers"][row][0] in cut
            seen.add(int(row))
    assert len(seen) > 0.97 * len(found)  # a few stand at the border of every window
