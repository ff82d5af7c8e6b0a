"""Exact match and F1 of answers: hand-worked cases, and official predictions with known scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xfer.metrics.qa import (
    mlqa_marks,
    mlqa_tokens,
    score_mlqa,
    score_squad,
    score_squad_v2,
    squad_marks,
    squad_tokens,
    squad_v2_marks,
)


def test_squad_takes_off_case_punctuation_articles_and_spaces() -> None:
    assert squad_tokens(" The  Cat's (a) hat, an-other! ") == ("cats", "hat", "another")
    assert squad_tokens("theatre anand") == ("theatre", "anand")


def test_squad_keeps_punctuation_that_is_not_ascii() -> None:
    assert squad_tokens("猫。") == ("猫。",)
    assert squad_marks([["猫"]], ["猫。"]) == [(0.0, 0.0)]


def test_squad_rules_are_english_in_every_language() -> None:
    assert squad_tokens("die Katze") == ("die", "katze")


def test_f1_counts_words_as_often_as_both_have_them() -> None:
    ((f1, exact),) = squad_marks([["red red cat"]], ["red cat sat"])
    assert f1 == pytest.approx(2 / 3) and exact == 0.0  # 2 shared of 3 and of 3
    ((f1, _),) = squad_marks([["red"]], ["red red red"])
    assert f1 == pytest.approx(2 * (1 / 3) * 1 / (1 / 3 + 1))


def test_the_best_of_several_gold_answers_counts_for_each_mark() -> None:
    ((f1, exact),) = squad_marks([["in the north", "north", "far north east"]], ["North"])
    assert (f1, exact) == (1.0, 1.0)
    ((f1, exact),) = squad_marks([["far north east", "in the north"]], ["North"])
    assert f1 == pytest.approx(2 * 1 * 0.5 / 1.5) and exact == 0.0


def test_no_prediction_counts_as_wrong() -> None:
    assert score_squad([["a cat"], ["dog"]], [None, "dog"]) == {"f1": 0.5, "exact": 0.5}
    assert score_squad_v2([["dog"], []], ["dog", None])["f1"] == 0.5


def test_answers_of_articles_alone_match_exactly_but_share_no_word_in_v1() -> None:
    """As the official script has it: EM compares strings, F1 counts shared words."""
    assert squad_marks([["The"]], ["the"]) == [(0.0, 1.0)]
    assert squad_marks([["The"]], [""]) == [(0.0, 1.0)]


def test_no_gold_answer_is_wrong_in_v1() -> None:
    assert squad_marks([[]], [""]) == [(0.0, 0.0)]


def test_v2_wants_an_empty_prediction_where_there_is_no_answer() -> None:
    assert squad_v2_marks([[], [], ["cat"], ["cat"]], ["", "cat", "", "the cat"]) == [
        (1.0, 1.0),
        (0.0, 0.0),
        (0.0, 0.0),
        (1.0, 1.0),
    ]


def test_v2_answers_without_a_word_are_no_answers() -> None:
    assert squad_v2_marks([["the"], ["...", "cat"]], ["", "cat"]) == [(1.0, 1.0), (1.0, 1.0)]


def test_v2_tells_both_kinds_of_question_apart() -> None:
    found = score_squad_v2([["red cat"], [], []], ["cat", "", "dog"])
    assert found["has_answer_f1"] == pytest.approx(2 / 3) and found["has_answer_exact"] == 0.0
    assert found["no_answer_f1"] == found["no_answer_exact"] == 0.5
    assert found["f1"] == pytest.approx((2 / 3 + 1) / 3)
    assert set(score_squad_v2([["cat"]], ["cat"])) == {"f1", "exact"}
    bare = score_squad_v2([["the"], []], ["", "x"])  # the file gives an answer, though it holds no word
    assert (bare["has_answer_exact"], bare["no_answer_exact"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("en", "The “old” cat’s hat", ("old", "cats", "hat")),
        ("en", "der Hund", ("der", "hund")),
        ("de", "Der Hund, einem Mann", ("hund", "mann")),
        ("de", "keine the", ("keine", "the")),
        ("es", "¿El perro de los unos?", ("perro", "de")),
        ("vi", "Những cái mèo của tôi", ("mèo", "tôi")),
        ("hi", "एक बिल्ली।", ("एक", "बिल्ली")),
        ("ar", "القطة والكلب؟", ("قطة", "و", "كلب")),
        ("ar", "سؤال", ("سؤ",)),  # inside a word too
        ("zh", "黑猫。ABC 12只", ("黑", "猫", "abc", "12", "只")),
        ("zh", "the 《书》", ("the", "书")),
        ("zh", "カタ猫", ("カタ", "猫")),  # kana are no Han characters
    ],
)
def test_mlqa_has_rules_of_each_language(language: str, text: str, wanted: tuple[str, ...]) -> None:
    assert mlqa_tokens(text, language) == wanted


def test_mlqa_chinese_is_compared_by_characters() -> None:
    ((f1, exact),) = mlqa_marks([["北京大学"]], ["北京"], "zh")
    assert f1 == pytest.approx(2 / 3) and exact == 0.0
    assert mlqa_marks([["北京 大学"]], ["北京大学。"], "zh") == [(1.0, 1.0)]
    assert squad_marks([["北京大学"]], ["北京"]) == [(0.0, 0.0)]


def test_thai_without_spaces_is_one_word_for_squad() -> None:
    assert squad_marks([["แมวดำ"]], ["แมว"]) == [(0.0, 0.0)]
    assert squad_marks([["แมว ดำ"]], ["แมว"])[0].f1 == pytest.approx(2 / 3)


def test_mlqa_arabic_article_makes_no_difference() -> None:
    assert score_mlqa([["القطة"]], ["قطة"], "ar") == {"f1": 1.0, "exact": 1.0}
    assert score_squad([["القطة"]], ["قطة"]) == {"f1": 0.0, "exact": 0.0}


def test_mlqa_without_rules_for_a_language_says_which_it_has() -> None:
    with pytest.raises(ValueError, match=r"'th'.*ar, de, en, es, hi, vi, zh"):
        score_mlqa([["a"]], ["a"], "th")


def test_different_lengths_are_an_error() -> None:
    for score in (score_squad, score_squad_v2):
        with pytest.raises(ValueError, match="zip"):
            score([["a"]], ["a", "b"])


# official predictions


def questions(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        pytest.skip(f"no {path}")
    data = json.loads(path.read_text("utf-8"))["data"]
    return [qa for article in data for paragraph in article["paragraphs"] for qa in paragraph["qas"]]


@pytest.mark.parametrize(
    ("data", "system", "score", "exact", "f1"),
    [
        ("squad/dev-v1.1.json", "v1.1_BERT_ensemble", score_squad, 86.196, 91.982),
        ("squad/dev-v1.1.json", "v1.1_LogisticRegression", score_squad, 39.788, 50.553),
        ("xquad/xquad.en.json", "v1.1_BERT_ensemble", score_squad, 74.874, 86.325),
        ("squad/dev-v2.0.json", "v2.0_BERT_single", score_squad_v2, 77.862, 81.120),
    ],
)
def test_official_predictions_score_as_known(
    data: str, system: str, score: Any, exact: float, f1: float, real: Path
) -> None:
    asked = questions(real / data)
    predicted = json.loads((real / f"squad/predictions/pred_{system}.json").read_text("utf-8"))
    gold = [[answer["text"] for answer in qa["answers"]] for qa in asked]
    found = score(gold, [predicted.get(qa["id"]) for qa in asked])
    assert (round(100 * found["exact"], 3), round(100 * found["f1"], 3)) == (exact, f1)
