"""Accuracy and F1 for labels. XTREME's accuracy is right / all, of lists of equal length (its evaluate.py)."""

from __future__ import annotations

from collections.abc import Sequence


def accuracy(gold: Sequence[object], predicted: Sequence[object]) -> float:
    """The share of equal pairs, in [0, 1]. Raises ValueError unless both have the same, positive length."""
    if len(gold) != len(predicted) or not gold:
        raise ValueError(f"{len(gold)} gold labels against {len(predicted)} predictions")
    return sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold)


def binary_f1(gold: Sequence[str], predicted: Sequence[str], positive: str) -> float:
    """2TP / (2TP + FP + FN) of the label ``positive``; 0 where it occurs on neither side.

    Raises ValueError as ``accuracy`` does.
    """
    return macro_f1(gold, predicted, [positive])


def macro_f1(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> float:
    """The unweighted mean over ``labels`` of 2TP / (2TP + FP + FN); a label that never occurs counts as 0.

    Raises ValueError as ``accuracy`` does.
    """
    if len(gold) != len(predicted) or not gold:
        raise ValueError(f"{len(gold)} gold labels against {len(predicted)} predictions")
    total = 0.0
    for label in labels:
        both = sum(g == label == p for g, p in zip(gold, predicted, strict=True))
        either = sum(g == label for g in gold) + sum(p == label for p in predicted)
        total += 2 * both / either if either else 0.0
    return total / len(labels)
