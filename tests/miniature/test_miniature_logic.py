"""Hand-judged pairs, and that every drawn label is the one the logic gives."""

import pytest

from xfer.miniature.choice import seeded_stream
from xfer.miniature.logic import RELATION_LABELS, are_exclusive, concept_subsumes, pair_relation
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import draw_triple

DOG = Meaning("dog", "sleep", quality="big", place="garden", time="night")


@pytest.mark.parametrize(
    ("premise", "hypothesis", "label"),
    [
        (DOG, Meaning("animal", "rest", place="outside"), "entailment"),
        (DOG, Meaning("dog", "sleep"), "entailment"),
        (DOG, Meaning("dog", "run"), "contradiction"),
        (DOG, Meaning("dog", "sleep", quality="small"), "contradiction"),
        (DOG, Meaning("dog", "sleep", place="kitchen"), "contradiction"),
        (DOG, Meaning("dog", "sleep", time="noon"), "contradiction"),
        (DOG, Meaning("dog", "sleep", quality="old"), "neutral"),
        (DOG, Meaning("dog", "sleep", reason="rain"), "neutral"),
        (DOG, Meaning("dog", "sleep", negated=True), "contradiction"),
        (DOG, Meaning("dog", "sleep", place="kitchen", negated=True), "entailment"),
        (DOG, Meaning("dog", "sleep", reason="rain", negated=True), "neutral"),
        (Meaning("animal", "rest"), Meaning("dog", "rest"), "neutral"),
        (Meaning("doctor", "work"), Meaning("physician", "work"), "entailment"),
        (Meaning("physician", "work"), Meaning("doctor", "work"), "entailment"),
        (
            Meaning("anna", "buy", object="apple", number=2),
            Meaning("woman", "buy", object="apple", number=3),
            "contradiction",
        ),
        (Meaning("someone", "sleep", negated=True), Meaning("anna", "sleep"), "contradiction"),
        (Meaning("anna", "sleep"), Meaning("someone", "sleep", negated=True), "contradiction"),
        (Meaning("anna", "sleep"), Meaning("someone", "work"), "neutral"),
        (Meaning("anna", "rest", negated=True), Meaning("anna", "sleep"), "contradiction"),
        (Meaning("anna", "sleep", negated=True), Meaning("anna", "rest"), "neutral"),
        (Meaning("anna", "rest", negated=True), Meaning("anna", "sleep", place="house", negated=True), "entailment"),
    ],
)
def test_hand_judged_pairs(premise: Meaning, hypothesis: Meaning, label: str) -> None:
    assert pair_relation(premise, hypothesis) == label


def test_a_thing_is_never_exclusive_with_what_it_is() -> None:
    assert concept_subsumes("house", "kitchen") and not are_exclusive("house", "kitchen")
    assert are_exclusive("kitchen", "bedroom") and are_exclusive("kitchen", "street")
    assert not concept_subsumes("kitchen", "house") and not are_exclusive("red", "night")


def test_triples_share_a_hypothesis_and_hold_their_labels() -> None:
    rng = seeded_stream(5, "test")
    for _ in range(500):
        group = draw_triple(rng)
        assert [pair.label for pair in group] == list(RELATION_LABELS)
        assert len({pair.hypothesis for pair in group}) == 1
        for pair in group:
            assert pair_relation(pair.premise, pair.hypothesis) == pair.label
            assert pair.premise != pair.hypothesis


def test_no_denial_gives_a_reason_or_counts() -> None:
    """ "not because of the rain" and "not two apples" would be open to two readings."""
    rng = seeded_stream(6, "test")
    meanings = [m for _ in range(600) for p in draw_triple(rng) for m in (p.premise, p.hypothesis)]
    denied = [meaning for meaning in meanings if meaning.negated]
    assert len(denied) > 100
    assert not any(meaning.reason or meaning.number for meaning in denied)
