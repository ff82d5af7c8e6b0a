"""Chance levels by brute force: against the metrics themselves on answers that are the same in every row."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations
from random import Random
from typing import Any

import pytest

from xfer.forms.base import build_form
from xfer.forms.chance import Baseline, baseline, pool_sizes, random_precision
from xfer.metrics.retrieval import average_precision
from xfer.metrics.tagging import entity_counts, entity_f1, token_accuracy

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
PARTS = ["NOUN", "VERB", "SYM", "SCONJ", "PUNCT"]


def of(name: str, labels: tuple[str, ...] = (), **options: Any) -> Baseline:
    found = baseline(name, labels, options)
    assert found is not None
    return found


def constant(name: str, labels: list[str], options: dict[str, Any], gold: list[Any], answer: Any) -> dict[str, float]:
    """The form's own scores of one answer in every row."""
    predictions = {"gold": gold, "predicted": [answer] * len(gold), "language": ["en"] * len(gold)}
    return build_form(name, labels, options).score(predictions)


@pytest.mark.parametrize("positive", [None, "yes"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_classify_takes_the_best_answer_for_each_metric(positive: str | None, share: float) -> None:
    draw, labels = Random(share), ["yes", "no"]
    gold = ["yes" if draw.random() < share else "no" for _ in range(60)]
    options = {"positive": positive} if positive else {}
    every = [constant("classify", labels, options, gold, label) for label in labels]
    found = of("classify", ("yes", "no"), **options).chance(gold, [], "en")
    assert list(found) == (["accuracy", "f1"] if positive else ["accuracy"])
    assert found == {metric: pytest.approx(max(scores[metric] for scores in every)) for metric in found}


def test_chance_on_three_balanced_labels_is_a_third() -> None:
    assert of("classify", ("a", "b", "c")).chance(["a", "b", "c"] * 5, [], "en") == {"accuracy": pytest.approx(1 / 3)}


def test_a_positive_label_that_never_occurs_has_no_f1() -> None:
    assert of("classify", ("a", "b"), positive="a").chance(["b", "b"], [], "en") == {"accuracy": 1.0, "f1": 0.0}


def test_choose_is_a_guess_among_the_options_of_each_row() -> None:
    rows = {"options": [["a", "b"], ["a", "b", "c", "d"]], "logits": [[0.1], [0.2]]}
    found = of("choose")
    assert found.chance([0, 3], found.choices(rows), "en") == {"accuracy": 0.375}
    assert found.choices({"logits": [[0.1, 0.2], [0.0, 0.0, 0.0]]}) == [2, 3]


@pytest.mark.parametrize(("labels", "longest"), [(TAGS, 4), (TAGS, 1), (PARTS, 4), (PARTS, 2)])
@pytest.mark.parametrize("seed", range(6))
def test_tag_takes_the_best_tag_on_every_word(labels: list[str], longest: int, seed: int) -> None:
    draw = Random(f"{labels} {longest} {seed}")
    gold = [[draw.choice(labels) for _ in range(draw.randrange(1, longest + 1))] for _ in range(25)]
    everywhere = {tag: [[tag] * len(sentence) for sentence in gold] for tag in labels}
    found = of("tag", tuple(labels)).chance(gold, [], "en")
    assert list(found) == ["f1", "accuracy"]
    assert found["f1"] == pytest.approx(max(entity_f1(gold, tags)["f1"] for tags in everywhere.values()))
    assert found["accuracy"] == pytest.approx(max(token_accuracy(gold, tags) for tags in everywhere.values()))
    each = of("tag", tuple(labels)).constants(gold, "en")
    assert {tag: scores["f1"] for tag, scores in each.items()} == {
        tag: pytest.approx(entity_f1(gold, tags)["f1"]) for tag, tags in everywhere.items()
    }


def test_no_entity_is_found_by_the_tag_o() -> None:
    gold = [["B-PER", "I-PER", "O"], ["O", "O"]]
    assert entity_counts(gold, [["O"] * 3, ["O"] * 2]).sum() == 1  # the gold one
    assert of("tag", tuple(TAGS)).constants(gold, "en")["O"] == {"f1": 0.0, "accuracy": 0.6}


def test_tags_that_are_scored_by_word_have_no_f1() -> None:
    assert of("tag", ("N", "V"), metric="accuracy").chance([["N", "N", "V"]], [], "en") == {"accuracy": 2 / 3}


@pytest.mark.parametrize("rules", ["squad", "squad_v2", "mlqa"])
def test_span_is_the_better_of_no_answer_and_the_most_frequent_one(rules: str) -> None:
    gold: list[list[str]] = [["blue sea"], ["red"], ["red", "a red"], ["sea"]]
    gold += [[], [], [], []] if rules == "squad_v2" else []
    found = of("span", rules=rules).chance(gold, [], "en")
    both = [constant("span", [], {"rules": rules}, gold, text) for text in ("", "red")]
    assert found == {metric: max(scores[metric] for scores in both) for metric in ("f1", "exact")}
    assert found == {"f1": 0.5, "exact": 0.5}


def test_a_question_without_an_answer_counts_as_nothing() -> None:
    assert list(of("span").units([["a", "b"], [], "text", ""])) == ["a", "", "text", ""]


@pytest.mark.parametrize(("relevant", "candidates", "k"), [(1, 1, 20), (1, 5, 20), (2, 5, 3), (3, 4, 2), (4, 6, 20)])
def test_the_expected_precision_of_a_random_order_is_the_mean_over_all_orders(
    relevant: int, candidates: int, k: int
) -> None:
    orders = list(permutations(range(candidates)))
    mean = sum(average_precision(order, set(range(relevant)), k) for order in orders) / len(orders)
    assert random_precision(relevant, candidates, k) == pytest.approx(mean)


def test_nothing_relevant_is_never_found() -> None:
    assert random_precision(0, 10) == 0.0


RETRIEVED = {
    "language": ["de", "de", "de", "en", "en", "en", "de"],
    "side": ["query", "candidate", "candidate", "query", "candidate", "query", "candidate"],
    "part": ["test", "test", "test", "test", "test", "tune", "tune"],
    "gold": [["a"], None, None, ["b", "c"], None, ["d"], None],
}


@pytest.mark.parametrize(("shared", "sizes"), [(False, {"de": 2, "en": 1}), (True, {"de": 3, "en": 3})])
def test_queries_choose_from_the_candidates_of_their_pool(shared: bool, sizes: dict[str, int]) -> None:
    assert pool_sizes(RETRIEVED, shared) == sizes
    found = of("retrieve", pool="shared" if shared else "own")
    assert found.graded(RETRIEVED) == [0, 3]
    assert [found.choices(RETRIEVED)[row] for row in (0, 3)] == [sizes["de"], sizes["en"]]


def test_retrieval_is_a_random_order_and_mining_extracts_nothing() -> None:
    gold = [["a"], ["b", "c"]]
    assert of("retrieve").chance(gold, [10, 10], "de") == {"accuracy": pytest.approx(0.15)}
    expected = (random_precision(1, 10) + random_precision(2, 10)) / 2
    assert of("retrieve", task="ranking").chance(gold, [10, 10], "de") == {"map@20": pytest.approx(expected)}
    assert of("retrieve", task="mining").chance(gold, [], "de") == {"f1": 0.0}
    assert of("retrieve").chance(gold, [], "de") == {}  # how many candidates there are is not known


def test_masked_language_modelling_has_no_known_chance() -> None:
    assert baseline("mask", (), {}) is None


def test_chance_levels_are_light() -> None:
    code = "import sys, xfer.forms.chance; sys.exit(bool({'torch', 'transformers', 'datasets'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("relevant", "candidates", "wanted"), [(1, 1, 1.0), (1, 2, 0.75), (2, 2, 1.0), (1, 3, 11 / 18)]
)
def test_the_precision_of_a_random_order_of_few_candidates(relevant: int, candidates: int, wanted: float) -> None:
    """By counting all orders: of one right among two, 1 and 1/2; among three, 1, 1/2 and 1/3."""
    assert random_precision(relevant, candidates) == pytest.approx(wanted)
