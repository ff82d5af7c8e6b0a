"""Entities as seqeval reads them, on cases worked by hand; compared with seqeval itself where it is installed."""

from __future__ import annotations

import random

import numpy as np
import pytest

from xfer.metrics.tagging import entity_counts, entity_f1, extract_entities, f1_of, token_accuracy

UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("O O O", []),
        ("", []),
        ("B-PER I-PER O B-LOC", [("PER", 0, 1), ("LOC", 3, 3)]),
        ("B-PER B-PER", [("PER", 0, 0), ("PER", 1, 1)]),  # a second B- of one type ends the first
        ("B-PER B-LOC I-LOC", [("PER", 0, 0), ("LOC", 1, 2)]),
        ("O I-PER I-PER O", [("PER", 1, 2)]),  # I- without B-
        ("I-PER", [("PER", 0, 0)]),
        ("B-PER I-LOC", [("PER", 0, 0), ("LOC", 1, 1)]),  # another type within
        ("I-PER B-PER I-PER", [("PER", 0, 0), ("PER", 1, 2)]),
        ("B-PER O I-PER", [("PER", 0, 0), ("PER", 2, 2)]),
        ("O B-ORG", [("ORG", 1, 1)]),  # at the end of the sentence
        ("S-PER S-PER B-LOC E-LOC", [("PER", 0, 0), ("PER", 1, 1), ("LOC", 2, 3)]),
        ("E-PER E-PER", [("PER", 0, 0), ("PER", 1, 1)]),
        ("B-geo-pol I-geo-pol", [("geo-pol", 0, 1)]),
    ],
)
def test_entities_of_marked_tags(tags: str, wanted: list[tuple[str, int, int]]) -> None:
    assert extract_entities(tags.split()) == wanted


def test_a_tag_without_letters_or_without_a_type_is_read_as_well() -> None:
    assert extract_entities(["", "B-PER"]) == [("PER", 1, 1)]  # nothing is O
    assert extract_entities(["O", "B-"]) == [("", 1, 1)]


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("NOUN NOUN VERB", [("NOUN", 0, 1), ("VERB", 2, 2)]),
        ("NOUN NUM", [("NOUN", 0, 0), ("NUM", 1, 1)]),  # the same first letter
        ("CCONJ SCONJ", [("CCONJ", 0, 0), ("SCONJ", 1, 1)]),
        ("SCONJ SCONJ SYM", [("SCONJ", 0, 0), ("SCONJ", 1, 1), ("SYM", 2, 2)]),  # S is a whole entity
        ("INTJ INTJ PUNCT", [("INTJ", 0, 1), ("PUNCT", 2, 2)]),
        ("X", [("X", 0, 0)]),
        ("NOUN X X", [("NOUN", 0, 0), ("X", 1, 2)]),
        ("NOUN O NOUN", [("NOUN", 0, 0), ("NOUN", 2, 2)]),  # a tagger with 18 outputs may answer O
    ],
)
def test_runs_of_equal_bare_tags_are_one_entity(tags: str, wanted: list[tuple[str, int, int]]) -> None:
    assert extract_entities(tags.split()) == wanted


def test_f1_counts_entities_of_all_sentences_together() -> None:
    gold = [["B-PER", "I-PER", "O"], ["B-LOC", "O", "B-ORG"], ["O"]]
    predicted = [["B-PER", "O", "O"], ["B-LOC", "O", "B-LOC"], ["B-LOC"]]
    # right: LOC alone; predicted 4; gold 3
    assert entity_f1(gold, predicted) == pytest.approx({"f1": 2 / 7, "precision": 1 / 4, "recall": 1 / 3})
    assert entity_counts(gold, predicted).tolist() == [[0, 1, 1], [1, 2, 2], [0, 1, 0]]
    assert token_accuracy(gold, predicted) == pytest.approx(4 / 7)


def test_pos_f1_is_not_token_accuracy() -> None:
    gold, predicted = [["NOUN", "NOUN", "VERB", "PUNCT"]], [["NOUN", "ADJ", "VERB", "PUNCT"]]
    assert token_accuracy(gold, predicted) == 0.75
    assert entity_f1(gold, predicted)["f1"] == pytest.approx(2 * 2 / (4 + 3))


def test_an_entity_never_crosses_a_sentence() -> None:
    split, joined = [["B-PER"], ["I-PER"]], [["B-PER", "I-PER"]]
    assert entity_counts(split, split).sum(0).tolist() == [2, 2, 2]
    assert entity_counts(joined, joined).sum(0).tolist() == [1, 1, 1]


def test_the_f1_of_any_sentences_follows_from_their_counts() -> None:
    gold = [["B-PER", "O"], ["B-LOC", "I-LOC"], ["O", "B-ORG"]]
    predicted = [["B-PER", "O"], ["B-LOC", "O"], ["B-ORG", "B-ORG"]]
    counts = entity_counts(gold, predicted)
    for chosen in ([0, 1], [2], [0, 0, 2]):
        some = entity_f1([gold[i] for i in chosen], [predicted[i] for i in chosen])
        assert f1_of(counts[chosen]) == pytest.approx(tuple(some.values()))


def test_nothing_to_find_scores_zero_as_in_seqeval() -> None:
    assert entity_f1([["O", "O"]], [["O", "O"]]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    assert f1_of(np.zeros((0, 3), np.int64)) == (0.0, 0.0, 0.0)


def test_sentences_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="sentence 2: 2 gold tags against 1 predicted"):
        entity_f1([["O"], ["O", "O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="1 gold sentences against 2"):
        token_accuracy([["O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="no sentence"):
        entity_f1([], [])


@pytest.mark.parametrize("tags", [["O", *(f"{m}-{t}" for m in "BI" for t in ("PER", "LOC", "ORG"))], UPOS])
def test_the_same_as_seqeval_on_random_sentences(tags: list[str]) -> None:
    seqeval = pytest.importorskip("seqeval", reason="seqeval, a peer that xfer does without, is not installed")
    if tags is UPOS and hasattr(seqeval, "scheme"):
        pytest.skip("seqeval 1.x cuts the first letter off bare tags; XTREME's 0.0.12 did not")
    from seqeval.metrics import f1_score, precision_score, recall_score

    rng = random.Random(1)
    for _ in range(300):
        some = rng.sample(tags, rng.randint(2, 6))
        gold = [[rng.choice(some) for _ in range(rng.randint(1, 12))] for _ in range(3)]
        predicted = [[rng.choice([tag, rng.choice(some)]) for tag in sentence] for sentence in gold]
        theirs = (f1_score(gold, predicted), precision_score(gold, predicted), recall_score(gold, predicted))
        assert tuple(entity_f1(gold, predicted).values()) == pytest.approx(theirs)
