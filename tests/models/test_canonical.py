"""Answers that do not depend on the company: bit for bit, for every form under search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from xfer.forms.base import build_form
from xfer.models.canonical import CanonicalPredictor
from xfer.models.network import Network, build_network
from xfer.models.predictor import predict_rows
from xfer.models.scratch import Scratch
from xfer.models.shapes import canonical_batches, row_count

WORDS = "the old man never saw a green house near some very quiet water today and nobody asked him why".split()
LONGEST = 60


def sentence(draw: np.random.Generator, most: int) -> list[str]:
    return list(draw.choice(WORDS, size=draw.integers(1, most)))


def rows(name: str, count: int) -> dict[str, list[Any]]:
    """Rows of a form, of many lengths."""
    draw = np.random.default_rng(3)
    made: dict[str, list[Any]] = {"id": [str(i) for i in range(count)], "language": ["en"] * count}
    texts = [sentence(draw, 40) for _ in range(count)]
    made["text"] = [" ".join(text) for text in texts]
    pairs = [" ".join(sentence(draw, 9)) for _ in range(count)]
    if name == "classify":
        made |= {"pair": [pair if i % 3 else None for i, pair in enumerate(pairs)], "label": ["a"] * count}
    elif name == "tag":
        made |= {"words": texts, "tags": [["A"] * len(text) for text in texts]}
    elif name == "span":
        made |= {"pair": pairs, "answers": [[text[0]] for text in texts], "starts": [[0]] * count}
    elif name == "choose":
        choices = [[" ".join(sentence(draw, 9)) for _ in range(2 + i % 3)] for i in range(count)]
        made |= {"question": pairs, "options": choices, "label": [0] * count}
    return made


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    labels = {"classify": ["a", "b", "c"], "tag": ["A", "B"], "span": [], "choose": []}
    options = {"span": {"stride": 16, "question": 16}}
    origin = Scratch(layers=2, width=48, heads=3, vocabulary=300, positions=LONGEST + 4).load_origin(lambda: WORDS * 9)
    return {
        name: build_network(origin, {name: build_form(name, known, options.get(name))}, 0).eval()
        for name, known in labels.items()
    }


@pytest.mark.parametrize("name", ["classify", "tag", "span", "choose"])
def test_an_answer_is_the_same_in_any_company(networks: dict[str, Network], name: str) -> None:
    network, every = networks[name], rows(name, 40)
    together = CanonicalPredictor(network, name, LONGEST)
    whole = together(every)
    plain = predict_rows(network, name, every, LONGEST)
    order = np.random.default_rng(1).permutation(40)
    parts = [order[:1], order[1:4], order[4:15], order[15:]]
    kinds = sorted(set(whole) - set(canonical_kept(network, name, every)))
    assert kinds and set(whole) == set(plain)
    for part in parts:
        some = {key: [values[i] for i in part] for key, values in every.items()}
        apart = CanonicalPredictor(network, name, LONGEST)
        alone = apart(some)
        # some processors mix rows in some shapes, which is told: there the last digits are not promised
        steady = not together.unsteady and not apart.unsteady
        units = np.concatenate([np.flatnonzero(unit_rows(whole, every) == i) for i in part])
        for kind in kinds:
            for one, two in zip(alone[kind], [whole[kind][i] for i in units], strict=True):
                assert np.array_equal(one, two) if steady else np.allclose(one, two, atol=1e-6)
    for kind in kinds:  # places of spans that tie are left out
        for one, two in zip(whole[kind], plain[kind], strict=True) if kind != "spans" else ():
            np.testing.assert_allclose(one, two, atol=1e-5)


def canonical_kept(network: Network, name: str, every: dict[str, list[Any]]) -> Any:
    return network.forms[name].encode(every, network.tokenizer, LONGEST).kept


def unit_rows(answers: dict[str, Any], every: dict[str, list[Any]]) -> np.ndarray:
    """The row of each unit."""
    return np.asarray(answers["row"]) if "row" in answers else np.arange(len(every["id"]))


def test_shapes_follow_from_the_length_alone() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, size=300)
    found = list(canonical_batches(lengths, "cpu", 97))
    shapes: dict[int, set[Any]] = {}
    for batch in found:
        assert 0 < batch.own <= len(batch.items) == row_count(batch.length, "cpu")
        for number in batch.items[: batch.own]:
            shapes.setdefault(int(lengths[number]), set()).add((len(batch.items), batch.length))
        assert all(lengths[i] <= batch.length <= max(97, lengths[i]) for i in batch.items)
    assert all(len(each) == 1 for each in shapes.values())
    assert sorted(i for batch in found for i in batch.items[: batch.own]) == list(range(300))


def test_a_device_that_mixes_rows_is_noticed(networks: dict[str, Network], monkeypatch: pytest.MonkeyPatch) -> None:
    network, every = networks["classify"], rows("classify", 12)
    fine = CanonicalPredictor(network, "classify", LONGEST)
    fine(every)
    assert fine.tried and fine.unsteady < fine.tried  # some processors mix rows in some shapes without our doing
    plain = Network.forward

    def drifting(self: Any, task: str, batch: Any) -> Any:
        logits = plain(self, task, batch)
        return logits + 1e-7 * torch.arange(len(logits))[:, None]  # as if a row's place counted

    monkeypatch.setattr(Network, "forward", drifting)
    odd = CanonicalPredictor(network, "classify", LONGEST)
    odd(every)
    assert odd.unsteady == odd.tried == fine.tried
