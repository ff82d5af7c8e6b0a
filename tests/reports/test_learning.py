"""Stages that learnt nothing, told from stored dev curves and gold, by hand and against real scores."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from xfer.forms.base import build_form
from xfer.forms.chance import baseline
from xfer.reports.learning import DevTask, learning_warnings

Rows = dict[str, list[Any]]
LABELS = ["a", "b", "c"]


def task(form: str = "classify", labels: Sequence[str] = LABELS, has_head: bool = False) -> DevTask:
    return DevTask(None if has_head else baseline(form, labels, {}), ["en"])


def dev(gold: str, language: str = "en") -> Rows:
    return {"id": [str(i) for i in range(len(gold))], "language": [language] * len(gold), "label": list(gold)}


def curve(*scores: dict[str, float]) -> dict[str, Any]:
    """The curve of one task, scored every ten steps, of which the last is selected."""
    points = [{"step": 10 * i, "dev": {"task": found}} for i, found in enumerate(scores, 1)]
    return {"curve": points, "selected": [10 * len(scores), None]}


def told(rows: Rows, *scores: dict[str, float], **about: Any) -> list[str]:
    return learning_warnings({"task": task(**about)}, curve(*scores), {"task": rows})


BALANCED = "abc" * 100 + "a" * 10  # chance is 110 / 310


def test_a_stage_that_learnt_is_not_mentioned() -> None:
    assert told(dev(BALANCED), {"en": 0.36}, {"en": 0.62}) == []


def test_a_dev_score_that_stays_at_chance() -> None:
    (one,) = told(dev(BALANCED), {"en": 0.3}, {"en": 0.37})
    assert one == "task: dev accuracy 37.0 cannot be told from chance (35.5) on 310 rows, at any step"
    level = 110 / 310
    margin = 2 * (level * (1 - level) / 310) ** 0.5
    assert told(dev(BALANCED), {"en": level + margin - 1e-6}) and not told(dev(BALANCED), {"en": level + margin + 1e-6})


def test_it_must_have_stayed_there() -> None:
    assert told(dev(BALANCED), {"en": 0.5}, {"en": 0.36}) == []


def test_one_answer_everywhere_is_named_by_its_score() -> None:
    (one,) = told(dev(BALANCED), {"en": 0.3}, {"en": 110 / 310})
    assert one == "task: dev accuracy 35.5 is what giving one answer ('a') to all 310 rows scores; chance is 35.5"
    (one,) = told(dev(BALANCED), {"en": 0.3}, {"en": 100 / 310})
    assert "('b' or 'c')" in one


def test_the_answer_must_be_the_same_in_every_language() -> None:
    both = {name: dev("aab" * 20)[name] + dev("abb" * 20, "de")[name] for name in dev("")}
    (one,) = told(both, {"en": 2 / 3, "de": 1 / 3})
    assert "giving one answer ('a')" in one and "60 rows" in one
    (one,) = told(both, {"en": 2 / 3, "de": 2 / 3})  # a here and b there: no collapse, but no more than chance
    assert "cannot be told from chance" in one


def test_only_the_languages_that_it_trains_on_are_held_against_chance() -> None:
    both = {name: dev(BALANCED)[name] + dev("aab" * 20, "de")[name] for name in dev("")}
    assert told(both, {"en": 0.8, "de": 0.5}) == []
    assert len(told(both, {"en": 0.36, "de": 0.9})) == 1


def test_gold_of_one_answer_alone_tells_nothing() -> None:
    assert not [one for one in told(dev("a" * 50), {"en": 1.0}) if "one answer" in one]


def test_a_score_that_is_no_number() -> None:
    assert told(dev(BALANCED), {"en": float("nan")}) == ["task: the dev score is not a number (NaN)"]


def test_no_dev_rows_or_no_dev_set() -> None:
    (one,) = learning_warnings({"task": task()}, curve({}), {"task": dev("")})
    assert one == "task: no dev row was held out of the training file, so that the last step is kept"
    assert learning_warnings({"task": task()}, curve({}), {}) == []


def test_discriminators_and_masked_words_have_no_chance_to_stay_at() -> None:
    assert told(dev(BALANCED), {"en": 0.3}, has_head=True) == []
    assert told(dev(BALANCED), {"en": 0.3}, form="mask") == []


TAGS = ["O", "B-PER", "I-PER"]


def rows_of(kind: str, count: int = 60) -> Rows:
    draw = Random(kind)
    rows: Rows = {"id": [str(i) for i in range(count)], "language": ["en"] * count}
    if kind == "tag":
        return rows | {"tags": [draw.choices(TAGS, k=draw.randrange(2, 8)) for _ in range(count)]}
    if kind == "choose":
        return rows | {"label": [draw.randrange(2) for _ in range(count)], "options": [["x", "y"]] * count}
    if kind == "span":
        return rows | {"answers": [[draw.choice(["sea", "sky", "sun"])] for _ in range(count)]}
    sides = {"side": ["query"] * count + ["candidate"] * count, "part": ["test"] * 2 * count}
    gold: Rows = {"gold": [[f"c{i}"] for i in range(count)] + [None] * count}
    return {name: values * 2 for name, values in rows.items()} | sides | gold


@pytest.mark.parametrize(
    ("kind", "good", "poor", "metric"),
    [
        ("tag", 0.9, 0.4, "f1"),
        ("choose", 0.9, 0.5, "accuracy"),
        ("span", 0.9, 0.3, "f1"),
        ("retrieve", 0.5, 1 / 60, "accuracy"),
    ],
)
def test_every_form_is_held_against_its_own_chance(kind: str, good: float, poor: float, metric: str) -> None:
    about = {"form": kind, "labels": TAGS if kind == "tag" else []}
    assert told(rows_of(kind), {"en": good}, **about) == []
    (one,) = told(rows_of(kind), {"en": poor}, **about)
    assert one.startswith(f"task: dev {metric} {100 * poor:.1f}")


@pytest.mark.parametrize("answer", LABELS)
def test_the_score_of_a_model_that_answers_one_class_is_recognised_to_the_last_digit(answer: str) -> None:
    draw = Random(answer)
    gold = [draw.choices(LABELS, [5, 3, 2])[0] for _ in range(487)]
    score = build_form("classify", LABELS).score({"gold": gold, "predicted": [answer] * 487})["accuracy"]
    (one,) = told(dev("".join(gold)), {"en": score})
    assert f"giving one answer ('{answer}')" in one
