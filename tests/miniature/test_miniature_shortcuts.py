"""Labels cannot be read off the hypothesis, nor off plain word overlap."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from math import log

import pytest

from xfer.miniature.grammar import render_sentence
from xfer.miniature.pairs import InferencePair
from xfer.miniature.writing import draw_splits


@pytest.fixture(scope="module")
def splits() -> dict[str, list[InferencePair]]:
    return draw_splits(0)


def naive_bayes(train: Iterable[tuple[set[str], str]], test: list[tuple[set[str], str]]) -> float:
    """Accuracy of a Bernoulli-style naive Bayes over present features, 0 to 1."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for features, label in train:
        counts[label].update(features)
        totals[label] += 1
    correct = 0
    for features, label in test:
        scores = {
            other: log(totals[other])
            + sum(log((counts[other][feature] + 1) / (totals[other] + 2)) for feature in features)
            for other in sorted(totals)
        }
        correct += max(scores, key=scores.__getitem__) == label
    return correct / len(test)


def accuracy(splits: dict[str, list[InferencePair]], features: Callable[[str, str], set[str]]) -> float:
    def rows(split: str) -> list[tuple[set[str], str]]:
        return [
            (features(render_sentence(p.premise, "en"), render_sentence(p.hypothesis, "en")), p.label)
            for p in splits[split]
        ]

    held_out = rows("test") + rows("dev_matched") + rows("dev_mismatched")
    return naive_bayes(rows("train"), held_out)


def word_set(sentence: str) -> set[str]:
    return set(sentence.lower().rstrip(".").split())


def test_the_classifier_learns_where_there_is_something_to_learn(splits: dict[str, list[InferencePair]]) -> None:
    label_of = {
        (render_sentence(p.premise, "en"), render_sentence(p.hypothesis, "en")): p.label
        for pairs in splits.values()
        for p in pairs
    }
    assert accuracy(splits, lambda one, two: {label_of[one, two]}) > 0.95


def test_the_hypothesis_alone_tells_nothing(splits: dict[str, list[InferencePair]]) -> None:
    assert accuracy(splits, lambda _, hypothesis: word_set(hypothesis)) < 0.38


def test_word_overlap_alone_tells_little(splits: dict[str, list[InferencePair]]) -> None:
    def overlap(premise: str, hypothesis: str) -> set[str]:
        one, two = word_set(premise), word_set(hypothesis)
        return {f"new {len(two - one)}", f"dropped {len(one - two)}"}

    # Chance is 1/3; most pairs differ by one detail, so the count of new words helps, but is not all.
    assert accuracy(splits, overlap) < 0.8


def test_the_premise_alone_tells_little(splits: dict[str, list[InferencePair]]) -> None:
    assert accuracy(splits, lambda premise, _: word_set(premise)) < 0.5
