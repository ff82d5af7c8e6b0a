"""Accuracy and macro F1 by hand, and against scikit-learn."""

from __future__ import annotations

from random import Random

import pytest
from sklearn.metrics import accuracy_score, f1_score

from xfer.metrics.classification import accuracy, binary_f1, macro_f1

LABELS = ["a", "b", "c"]


def test_accuracy_is_right_over_all() -> None:
    assert accuracy(["a", "b", "c", "a"], ["a", "b", "a", "b"]) == 0.5
    assert accuracy(["a"], ["a"]) == 1.0
    assert accuracy(["a"], ["b"]) == 0.0


def test_macro_f1_by_hand() -> None:
    # a: 1 right of 2 gold, 1 predicted: 2/3; b: 1 right of 1 gold, 2 predicted: 2/3; c: 1 of 1 and 1: 1
    assert macro_f1(["a", "a", "b", "c"], ["a", "b", "b", "c"], LABELS) == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_binary_f1_by_hand() -> None:
    # 1 right of 2 gold and 3 predicted
    assert binary_f1(["a", "a", "b", "b", "b"], ["a", "b", "a", "a", "b"], "a") == pytest.approx(2 * 1 / (2 + 3))
    assert binary_f1(["b"], ["b"], "a") == 0


def test_a_label_that_occurs_nowhere_counts_as_nothing() -> None:
    assert macro_f1(["a", "b"], ["a", "b"], LABELS) == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", range(20))
def test_both_agree_with_scikit_learn(seed: int) -> None:
    draw = Random(seed)
    size = draw.choice([1, 2, 7, 200])
    used = LABELS[: draw.choice([1, 2, 3])]
    gold, predicted = draw.choices(used, k=size), draw.choices(LABELS, k=size)
    assert accuracy(gold, predicted) == pytest.approx(accuracy_score(gold, predicted))
    wanted = f1_score(gold, predicted, labels=LABELS, average="macro", zero_division=0)
    assert macro_f1(gold, predicted, LABELS) == pytest.approx(wanted)
    wanted = f1_score(gold, predicted, labels=["a"], average="macro", zero_division=0)
    assert binary_f1(gold, predicted, "a") == pytest.approx(wanted)


@pytest.mark.parametrize(("gold", "predicted"), [(["a", "b"], ["a"]), (["a"], ["a", "b"]), ([], ["a"]), ([], [])])
def test_unequal_or_empty_lists_are_refused(gold: list[str], predicted: list[str]) -> None:
    wrong = f"{len(gold)} gold labels against {len(predicted)} predictions"
    with pytest.raises(ValueError, match=wrong):
        accuracy(gold, predicted)
    with pytest.raises(ValueError, match=wrong):
        macro_f1(gold, predicted, LABELS)
    with pytest.raises(ValueError, match=wrong):
        binary_f1(gold, predicted, "a")
