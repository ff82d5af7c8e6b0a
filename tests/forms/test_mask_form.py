"""``mask``: which subwords are hidden, how, from which seed, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.network import build_network
from xfer.models.scratch import Scratch

WORDS = "the old cat sleeps in a garden while two birds sing on grey roofs and nobody hears them".split()
TEXTS = [" ".join(WORDS[i % 11 : i % 11 + 4 + i % 13]) for i in range(300)]


def rows(texts: Sequence[str] = tuple(TEXTS)) -> dict[str, list[Any]]:
    return {"id": [str(i) for i in range(len(texts))], "language": ["en"] * len(texts), "text": list(texts)}


def made(
    tokenizer: Any, seeds: Sequence[int], texts: Sequence[str] = tuple(TEXTS), rate: float = 0.15
) -> dict[str, Any]:
    kind, columns = build_form("mask", (), {"rate": rate}), rows(texts)
    encoded = kind.encode(columns, tokenizer, 64)
    return kind.build_batch(encoded, kind.loss_targets(columns), np.arange(len(texts)), tokenizer, seeds)


def original(tokenizer: Any, texts: Sequence[str] = tuple(TEXTS)) -> torch.Tensor:
    return tokenizer(list(texts), padding=True, return_tensors="pt")["input_ids"]


def test_the_same_seeds_hide_the_same_subwords_and_others_hide_others(tokenizer: Any) -> None:
    first, again, other = made(tokenizer, range(300)), made(tokenizer, range(300)), made(tokenizer, range(1, 301))
    assert torch.equal(first["input_ids"], again["input_ids"])
    assert torch.equal(first["positions"], again["positions"])
    assert not torch.equal(first["input_ids"], other["input_ids"])


def test_a_rows_mask_does_not_depend_on_the_rows_beside_it(tokenizer: Any) -> None:
    alone, among = made(tokenizer, [77], TEXTS[7:8]), made(tokenizer, [5, 77, 9], [TEXTS[3], TEXTS[7], TEXTS[12]])
    length = alone["input_ids"].shape[1]
    assert torch.equal(among["input_ids"][1, :length], alone["input_ids"][0])


def test_special_tokens_and_padding_are_never_predicted(tokenizer: Any) -> None:
    before = original(tokenizer).flatten()
    batch = made(tokenizer, range(300), rate=0.9)
    chosen = set(before[batch["positions"]].tolist())
    assert not chosen & set(tokenizer.all_special_ids)
    special = torch.isin(before, torch.tensor(tokenizer.all_special_ids))
    assert torch.equal(batch["input_ids"].flatten()[special], before[special])


def test_positions_and_labels_agree_with_the_original_subwords(tokenizer: Any) -> None:
    before, batch = original(tokenizer).flatten(), made(tokenizer, range(300))
    assert torch.equal(batch["labels"], before[batch["positions"]])
    assert len(set(batch["positions"].tolist())) == len(batch["positions"])
    outside = torch.ones_like(before, dtype=torch.bool)
    outside[batch["positions"]] = False
    assert torch.equal(batch["input_ids"].flatten()[outside], before[outside])


@pytest.mark.parametrize("rate", [0.15, 0.4])
def test_about_the_asked_share_of_long_rows_is_predicted(tokenizer: Any, rate: float) -> None:
    texts = [" ".join(WORDS)] * 400  # 19 words or more a row, so that the least of one subword does not matter
    batch = made(tokenizer, range(400), texts, rate)
    candidates = int((~torch.isin(original(tokenizer, texts), torch.tensor(tokenizer.all_special_ids))).sum())
    assert len(batch["positions"]) / candidates == pytest.approx(rate, rel=0.03)


def test_every_row_with_a_word_is_asked_for_one_subword_at_least(tokenizer: Any) -> None:
    batch = made(tokenizer, range(50), ["a"] * 50, 0.01)
    width = batch["input_ids"].shape[1]
    assert sorted((batch["positions"] // width).tolist()) == list(range(50))


def test_eighty_per_cent_become_the_mask_ten_any_subword_and_ten_stay(tokenizer: Any) -> None:
    batch = made(tokenizer, range(3000), TEXTS * 10, 0.5)
    shown = batch["input_ids"].flatten()[batch["positions"]]
    masked = (shown == tokenizer.mask_token_id).double().mean().item()
    kept = (shown == batch["labels"]).double().mean().item()
    by_chance = 0.1 / len(tokenizer)  # a random subword may be the mask, or the right one
    count = len(shown)
    assert count > 10_000
    assert masked == pytest.approx(0.8 + by_chance, abs=4 * math.sqrt(0.16 / count))
    assert kept == pytest.approx(0.1 + by_chance, abs=4 * math.sqrt(0.09 / count))
    drawn = shown[(shown != tokenizer.mask_token_id) & (shown != batch["labels"])]
    assert len(set(drawn.tolist())) > len(tokenizer) * 0.8


def test_a_row_without_a_subword_has_nothing_to_predict_and_no_credit(tokenizer: Any) -> None:
    kind, batch = build_form("mask"), made(tokenizer, [1, 2], ["the cat", "\u200b"])
    width = batch["input_ids"].shape[1]
    assert set((batch["positions"] // width).tolist()) == {0}
    logits = torch.zeros(len(batch["labels"]), len(tokenizer))
    found = kind.decode(kind.unit_answers(logits, batch), rows(["the cat", "\u200b"]))
    assert found["credit"][1] is None and found["units"][1] == 0


@pytest.fixture(scope="module")
def origin() -> Origin:
    return Scratch(layers=2, width=32, heads=2, vocabulary=400, positions=40, dropout=0.0).load_origin(lambda: TEXTS)


def test_the_loss_equals_a_direct_computation_from_all_places(origin: Origin) -> None:
    network = build_network(origin, {"mlm": build_form("mask")}, 1).eval()
    batch = made(origin.tokenizer, range(20), TEXTS[:20])
    with torch.no_grad():
        found = build_form("mask").unit_losses(network("mlm", batch), batch)
        everywhere = network.heads["mlm"](input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    labels = torch.full_like(batch["input_ids"], -100).flatten()
    labels[batch["positions"]] = batch["labels"]
    wanted = torch.nn.functional.cross_entropy(everywhere.flatten(0, 1), labels, ignore_index=-100, reduction="none")
    assert torch.allclose(found, wanted[batch["positions"]], atol=1e-5)
    assert found.mean().item() == pytest.approx(wanted.sum().item() / (labels != -100).sum().item(), abs=1e-5)


def test_answers_count_each_rows_own_subwords() -> None:
    kind = build_form("mask")
    batch = {
        "input_ids": torch.zeros(3, 4, dtype=torch.long),
        "positions": torch.tensor([1, 2, 9]),
        "labels": torch.tensor([0, 1, 1]),
    }
    logits = torch.log(torch.tensor([[0.75, 0.25], [0.75, 0.25], [0.4, 0.6]]))
    found = kind.decode(kind.unit_answers(logits, batch), rows(["a", "b", "c"]))
    assert found["units"] == [2, 0, 1]
    assert found["right"] == [1, 0, 1]
    assert found["loss"] == pytest.approx([math.log(4 / 3) + math.log(4), 0.0, math.log(5 / 3)], abs=1e-5)
    assert found["credit"] == [0.5, None, 1.0]


def test_scores_by_hand_with_accuracy_first() -> None:
    predictions = {"units": [2, 4], "right": [1, 4], "loss": [3.0, 1.0], "credit": [0.5, 1.0]}
    scores = build_form("mask").score(predictions)
    assert next(iter(scores)) == "accuracy"
    assert scores == pytest.approx({"accuracy": 0.75, "perplexity": math.exp(4 / 6)})


def test_an_endless_loss_is_a_huge_perplexity_and_not_an_error() -> None:
    score = build_form("mask").score({"units": [1], "right": [0], "loss": [1e9], "credit": [0.0]})
    assert score["perplexity"] > 1e300
