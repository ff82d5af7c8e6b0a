"""Answers in a length-sorted stream are those of each row alone, in the order of the rows."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import TEXTS, rows

from xfer.forms.base import build_form
from xfer.models import predictor
from xfer.models.base import Origin
from xfer.models.network import Network, build_network
from xfer.models.predictor import length_batches, predict_rows
from xfer.models.victims.build import build_victim


@pytest.fixture(scope="module")
def network(origin: Origin) -> Network:
    return build_network(origin, {"nli": build_form("classify", ["no", "maybe", "yes"]), "mlm": build_form("mask")}, 1)


def mixed(count: int = 50) -> dict[str, list[Any]]:
    return rows(Random(1).choices(TEXTS, k=count), Random(2).choices(TEXTS, k=count))


def part(columns: dict[str, list[Any]], index: int) -> dict[str, list[Any]]:
    return {name: values[index : index + 1] for name, values in columns.items()}


def test_batches_go_from_long_to_short_and_hold_the_budget() -> None:
    lengths = np.array([3, 9, 3, 5, 9, 1, 40])
    cuts = length_batches(lengths, 18)
    assert [cut.tolist() for cut in cuts] == [[6], [1, 4], [3, 0, 2], [5]]


def test_every_row_stands_in_exactly_one_batch() -> None:
    lengths = np.random.default_rng(3).integers(1, 60, 500)
    cuts = length_batches(lengths, 256)
    assert sorted(np.concatenate(cuts).tolist()) == list(range(500))
    assert all(len(cut) == 1 or len(cut) * lengths[cut].max() <= 256 for cut in cuts)
    assert len(cuts) < 1.1 * lengths.sum() / 256 + 5


def test_answers_equal_those_of_each_row_alone_and_come_in_row_order(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(predictor.BATCH_TOKENS, "cpu", 100)
    columns = mixed()
    found = predict_rows(network, "nli", columns, 40)["logits"]
    alone = np.concatenate([predict_rows(network, "nli", part(columns, i), 40)["logits"] for i in range(50)])
    assert found.shape == (50, 3)
    assert np.abs(found - alone).max() < 1e-5
    assert len(np.unique(found.round(5), axis=0)) > 20


def test_a_rows_masked_answer_depends_on_its_name_and_not_on_its_neighbours(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = mixed()
    whole = predict_rows(network, "mlm", columns, 40)["sums"]
    monkeypatch.setitem(predictor.BATCH_TOKENS, "cpu", 64)
    assert np.allclose(predict_rows(network, "mlm", columns, 40)["sums"], whole, atol=1e-3)
    assert np.allclose(predict_rows(network, "mlm", part(columns, 17), 40)["sums"][0], whole[17], atol=1e-3)
    renamed = predict_rows(network, "mlm", columns | {"id": [f"other {i}" for i in range(50)]}, 40)["sums"]
    assert not np.allclose(renamed, whole, atol=1e-3)


def test_long_rows_are_cut_as_in_training(network: Network) -> None:
    short, long = rows(["the old cat sleeps in a"]), rows(["the old cat sleeps in a garden while two birds sing"])
    words = len(network.tokenizer(short["text"][0])["input_ids"])
    assert np.allclose(
        predict_rows(network, "nli", long, words)["logits"], predict_rows(network, "nli", short, 40)["logits"]
    )


def test_progress_ends_at_all_rows(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(predictor.BATCH_TOKENS, "cpu", 100)
    seen: list[tuple[int, int]] = []
    predict_rows(network, "nli", mixed(20), 40, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (20, 20) and len(seen) > 2
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_predicting_leaves_training_as_it_was_and_without_dropout(network: Network) -> None:
    network.train()
    first, second = (
        predict_rows(network, "nli", mixed(), 40)["logits"],
        predict_rows(network, "nli", mixed(), 40)["logits"],
    )
    assert network.training
    assert np.array_equal(first, second)
    network.eval()
    predict_rows(network, "nli", mixed(4), 40)
    assert not network.training


def test_a_victim_answers_with_probabilities_of_the_labels(network: Network) -> None:
    columns = mixed(30)
    texts = list(zip(columns["text"], columns["pair"], strict=True))
    found = np.stack(build_victim(network, "nli", 40)(texts))
    assert found.shape == (30, 3) and found.dtype == np.float32
    assert np.abs(found.sum(1) - 1).max() < 1e-5
    logits = torch.from_numpy(predict_rows(network, "nli", columns, 40)["logits"])
    assert np.abs(found - torch.softmax(logits, 1).numpy()).max() < 1e-5


def test_a_victim_takes_single_texts_and_strange_ones(network: Network) -> None:
    victim = build_victim(network, "nli", 40)
    found = np.stack(victim([("the old cat",), ("",), ("\ud800",), ("✈" * 500,)]))
    assert found.shape == (4, 3) and np.isfinite(found).all()
    assert np.allclose(found[0], victim([("the old cat",)])[0], atol=1e-5)


def test_a_victim_that_is_asked_nothing_answers_nothing(network: Network) -> None:
    assert build_victim(network, "nli", 40)([]) == []
