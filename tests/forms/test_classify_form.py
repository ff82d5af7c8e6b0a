"""``classify``: numbers of labels, loss, decoding by name, and rows whose label is withheld."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from xfer.core.errors import BadRow
from xfer.forms.base import build_form

LABELS = ["entailment", "neutral", "contradiction"]
ROWS: dict[str, list[Any]] = {
    "id": ["a", "b", "c", "d"],
    "language": ["en", "en", "de", "de"],
    "text": ["the cat", "two birds", "a garden", "nobody"],
    "pair": [None] * 4,
    "label": ["contradiction", "entailment", None, "neutral"],
}
LOGITS = np.array([[0.0, 1.0, 3.0], [2.0, 2.5, 0.0], [9.0, 0.0, 0.0], [0.0, 5.0, 0.0]], dtype=np.float32)


def test_targets_follow_the_order_of_the_labels_and_a_missing_one_is_ignored() -> None:
    assert build_form("classify", LABELS).loss_targets(ROWS).tolist() == [2, 0, -100, 1]
    assert build_form("classify", ["neutral", "contradiction", "entailment"]).loss_targets(ROWS).tolist() == [
        1,
        2,
        -100,
        0,
    ]


def test_the_config_names_the_outputs_in_the_order_of_the_labels() -> None:
    config = build_form("classify", LABELS).head_config()
    assert config["num_labels"] == 3
    assert config["id2label"] == {0: "entailment", 1: "neutral", 2: "contradiction"}
    assert config["label2id"] == {"entailment": 0, "neutral": 1, "contradiction": 2}


def test_losses_are_the_negative_log_probability_of_gold_and_zero_without_gold() -> None:
    kind = build_form("classify", LABELS)
    losses = kind.unit_losses(torch.from_numpy(LOGITS), {"labels": torch.from_numpy(kind.loss_targets(ROWS))})
    wanted = [
        math.log(1 + math.e + math.e**3) - 3,
        math.log(math.e**2 + math.e**2.5 + 1) - 2,
        0.0,
        math.log(2 + math.e**5) - 5,
    ]
    assert losses.tolist() == pytest.approx(wanted, abs=1e-6)


def test_a_batch_holds_the_chosen_rows_with_their_targets(tokenizer: Any) -> None:
    kind = build_form("classify", LABELS)
    encoded = kind.encode(ROWS, tokenizer, 32)
    batch = kind.build_batch(encoded, kind.loss_targets(ROWS), np.array([3, 0]), tokenizer)
    assert batch["labels"].tolist() == [1, 2]
    own = tokenizer(["nobody", "the cat"], padding=True)
    assert batch["input_ids"].tolist() == own["input_ids"]
    assert batch["attention_mask"].tolist() == own["attention_mask"]


def test_decoding_names_the_best_label_with_its_probability_and_credit() -> None:
    kind = build_form("classify", LABELS)
    found = kind.decode(kind.unit_answers(torch.from_numpy(LOGITS), {}), ROWS)
    assert found["predicted"] == ["contradiction", "neutral", "entailment", "neutral"]
    assert found["credit"] == [1.0, 0.0, None, 1.0]
    assert found["gold"] == ROWS["label"]
    assert found["id"] == ROWS["id"] and found["language"] == ROWS["language"]
    first = math.e**3 / (1 + math.e + math.e**3)
    assert found["score"][0] == pytest.approx(first, abs=1e-6)
    assert found["logits"][1] == pytest.approx([2.0, 2.5, 0.0])


def test_decoding_survives_huge_logits() -> None:
    kind = build_form("classify", ["no", "yes"])
    found = kind.decode({"logits": np.array([[1e30, -1e30]], np.float32)}, {name: v[:1] for name, v in ROWS.items()})
    assert found["predicted"] == ["no"] and found["score"] == [1.0]


def test_scores_by_hand_with_accuracy_first() -> None:
    gold, predicted = ["entailment", "entailment", "neutral", "neutral"], ["entailment", *["neutral"] * 3]
    scores = build_form("classify", LABELS).score({"gold": gold, "predicted": predicted})
    assert next(iter(scores)) == "accuracy"
    # entailment: 2 x 1 / (2 + 1); neutral: 2 x 2 / (2 + 3); contradiction never occurs
    assert scores == pytest.approx({"accuracy": 0.75, "macro_f1": (2 / 3 + 4 / 5 + 0) / 3})


def test_a_label_that_the_reader_does_not_know_is_a_bad_row() -> None:
    row = {"id": "7", "language": "en", "text": "the cat", "pair": None, "label": "maybe"}
    with pytest.raises(BadRow, match=r"train\.tsv:12: label 'maybe' is not one of entailment, neutral, contradiction"):
        build_form("classify", LABELS).check_row(row, "train.tsv", 12)


@pytest.mark.parametrize("text", ["", "  \t", None])
def test_a_row_without_text_is_a_bad_row(text: Any) -> None:
    row = {"id": "7", "language": "en", "text": text, "pair": None, "label": "neutral"}
    with pytest.raises(BadRow, match="row 7 has no text"):
        build_form("classify", LABELS).check_row(row, "train.tsv", 12)


def test_a_withheld_label_passes_the_check() -> None:
    build_form("classify", LABELS).check_row({"id": "7", "text": "the cat", "pair": None, "label": None}, "test.tsv", 1)
