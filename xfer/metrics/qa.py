"""Exact match and F1 of extracted answers, by the rules of SQuAD v1.1, SQuAD v2.0 and MLQA.

SQuAD's rules (Rajpurkar et al. 2016, section 6.1) are English ones and XTREME applies them to XQuAD and TyDiQA
in every language; MLQA has rules a language (Lewis et al. 2020, section 4.2). Scores are shares of one.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

AnswerSets = Sequence[Sequence[str]]  # the answers of each question, any of which is right
PredictedAnswers = Sequence[str | None]  # None: the system gave no prediction
Tokens = tuple[str, ...]

_ASCII = str.maketrans("", "", string.punctuation)
_ENGLISH = re.compile(r"\b(?:a|an|the)\b")
# The Arabic rule takes the two letters of the article off everywhere, inside words too: published
# scores were made with it, so that it stays as it is.
_ARTICLES = {
    "ar": re.compile(r"\sال^|ال"),
    "de": re.compile(r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "en": _ENGLISH,
    "es": re.compile(r"\b(?:un|una|unos|unas|el|la|los|las)\b"),
    "hi": None,
    "vi": re.compile(r"\b(?:của|là|cái|chiếc|những)\b"),
    "zh": None,
}
_HAN = re.compile(r"([\u4e00-\u9fa5])")


class QuestionMarks(NamedTuple):
    """The marks of one question, each the best over its gold answers."""

    f1: float
    exact: float


def score_squad(gold: AnswerSets, predicted: PredictedAnswers) -> dict[str, float]:
    """Mean ``f1`` and ``exact`` by the rules of SQuAD v1.1."""
    return _mean_marks(squad_marks(gold, predicted))


def score_squad_v2(gold: AnswerSets, predicted: PredictedAnswers) -> dict[str, float]:
    """Mean ``f1`` and ``exact`` by the rules of SQuAD v2.0, where no gold answer calls for an empty prediction.

    The parts over questions with and without an answer, which are told by whether the file gives one at all (the
    official script's make_qid_to_has_ans), are added where both kinds occur.
    """
    marks = squad_v2_marks(gold, predicted)
    parts: dict[str, list[QuestionMarks]] = {"has_answer": [], "no_answer": []}
    for mark, answers in zip(marks, gold, strict=True):
        parts["has_answer" if answers else "no_answer"].append(mark)
    means = _mean_marks(marks)
    if all(parts.values()):
        means |= {
            f"{kind}_{name}": value
            for kind, kind_marks in parts.items()
            for name, value in _mean_marks(kind_marks).items()
        }
    return means


def score_mlqa(gold: AnswerSets, predicted: PredictedAnswers, language: str) -> dict[str, float]:
    """Mean ``f1`` and ``exact`` by MLQA's rules for the language of the answers."""
    return _mean_marks(mlqa_marks(gold, predicted, language))


def squad_marks(gold: AnswerSets, predicted: PredictedAnswers) -> list[QuestionMarks]:
    """The marks of each question by the rules of SQuAD v1.1."""
    return [_best_marks(answers, text, squad_tokens) for answers, text in zip(gold, predicted, strict=True)]


def squad_v2_marks(gold: AnswerSets, predicted: PredictedAnswers) -> list[QuestionMarks]:
    """The marks of each question by the rules of SQuAD v2.0."""
    return [
        _best_marks(_answerable(answers) or [""], text, squad_tokens, empty=1.0)
        for answers, text in zip(gold, predicted, strict=True)
    ]


def mlqa_marks(gold: AnswerSets, predicted: PredictedAnswers, language: str) -> list[QuestionMarks]:
    """The marks of each question by MLQA's rules for the language of the answers."""
    if language not in _ARTICLES:
        raise ValueError(f"MLQA has no rules for '{language}'; it has them for {', '.join(_ARTICLES)}")
    return [
        _best_marks(answers, text, lambda text: mlqa_tokens(text, language))
        for answers, text in zip(gold, predicted, strict=True)
    ]


@lru_cache(maxsize=65536)
def squad_tokens(text: str) -> Tokens:
    """The words of an answer without case, ASCII punctuation and English articles."""
    return tuple(_ENGLISH.sub(" ", text.lower().translate(_ASCII)).split())


@lru_cache(maxsize=65536)
def mlqa_tokens(text: str, language: str) -> Tokens:
    """The words of an answer without case, punctuation of any script and the articles of its language.

    In Chinese every Han character is a word of its own.
    """
    text = text.lower().translate(_punctuation())
    articles = _ARTICLES[language]
    text = articles.sub(" ", text) if articles else text
    return tuple((_HAN.sub(r" \1 ", text) if language == "zh" else text).split())


@cache
def _punctuation() -> dict[int, None]:
    marks = (i for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)).startswith("P"))
    return dict.fromkeys([*marks, *map(ord, string.punctuation)])


def _answerable(answers: Sequence[str]) -> list[str]:
    """The gold answers that are more than articles and punctuation, as the official script filters them."""
    return [answer for answer in answers if squad_tokens(answer)]


def _best_marks(
    answers: Sequence[str], text: str | None, tokens: Callable[[str], Tokens], empty: float = 0.0
) -> QuestionMarks:
    """``empty`` is the F1 of two answers without any word: 0 in the scripts of SQuAD v1.1 and MLQA, 1 in v2.0."""
    if text is None or not answers:
        return QuestionMarks(0.0, 0.0)
    predicted = tokens(text)
    golds = [tokens(answer) for answer in answers]
    return QuestionMarks(
        max(_token_f1(gold, predicted, empty) for gold in golds), max(float(gold == predicted) for gold in golds)
    )


def _token_f1(gold: Tokens, predicted: Tokens, empty: float) -> float:
    if not gold and not predicted:
        return empty
    common = sum((Counter(gold) & Counter(predicted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def _mean_marks(marks: Sequence[QuestionMarks]) -> dict[str, float]:
    count = max(len(marks), 1)
    return {"f1": sum(mark.f1 for mark in marks) / count, "exact": sum(mark.exact for mark in marks) / count}
