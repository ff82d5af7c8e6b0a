"""Heads that are given a vector of a text as the recipe's model, or its folder, pools it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from encoder_matrix import matrix_rows
from encoder_zoo import FAMILIES, save_family

from xfer.forms.base import build_form
from xfer.forms.pooling import pooled_states
from xfer.models.base import Origin
from xfer.models.head_vectors import given_vectors
from xfer.models.network import Network, build_network, load_network
from xfer.models.predictor import predict_rows
from xfer.trainers.losses.mixup import Mixup

LABELS = ("yes", "no", "maybe")


def pooled_network(folder: Path, form: str, pooling: str | None) -> Network:
    labels = LABELS if form == "classify" else ()
    network = build_network(Origin(folder), {"t": build_form(form, labels, {"pooling": pooling})}, 0)
    return network.eval()


def whole_batch(network: Network, form: str = "classify") -> dict[str, torch.Tensor]:
    rows, settings = matrix_rows(form), network.forms["t"]
    encoded = settings.encode(rows, network.tokenizer, 64)
    return settings.build_batch(encoded, settings.loss_targets(rows), np.arange(7), network.tokenizer, None)


def last_states(network: Network, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    names = ("input_ids", "attention_mask", "token_type_ids")
    states: torch.Tensor = network.encoder(**{n: batch[n] for n in names if n in batch}).last_hidden_state
    return states


@pytest.mark.parametrize("pooling", ["mean", "max", "last", "cls"])
def test_the_head_of_bert_reads_the_vector_and_its_pooler_the_first_state_alone(pooling: str, tmp_path: Path) -> None:
    save_family("bert", tmp_path)
    network = pooled_network(tmp_path, "classify", pooling)
    batch = whole_batch(network)
    head: Any = network.heads["t"]
    vectors = pooled_states(last_states(network, batch), batch["attention_mask"], pooling)
    given = head.bert.pooler(vectors[:, None]) if pooling == "cls" else vectors
    expected = head.classifier(given)
    assert torch.allclose(network("t", batch), expected, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "max", "last", "cls"])
def test_the_head_of_xlm_r_reads_the_vector_in_place_of_the_first_state(pooling: str, tmp_path: Path) -> None:
    save_family("xlm-roberta", tmp_path)
    network = pooled_network(tmp_path, "classify", pooling)
    batch = whole_batch(network)
    classifier: Any = network.heads["t"].classifier
    vectors = pooled_states(last_states(network, batch), batch["attention_mask"], pooling)
    expected = classifier.out_proj(torch.tanh(classifier.dense(vectors)))
    assert torch.allclose(network("t", batch), expected, atol=1e-6)


def test_options_are_pooled_each_by_its_own_mask(tmp_path: Path) -> None:
    save_family("bert", tmp_path)
    network = pooled_network(tmp_path, "choose", "mean")
    batch = whole_batch(network, "choose")
    head: Any = network.heads["t"]
    vectors = pooled_states(last_states(network, batch), batch["attention_mask"], "mean")
    expected = head.classifier(vectors)[:, 0][batch["options"]]
    assert torch.allclose(network("t", batch), expected, atol=1e-6)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "mt5"])
def test_the_vector_of_a_text_does_not_hang_on_the_texts_beside_it(family: str, tmp_path: Path) -> None:
    save_family(family, tmp_path)
    mean, plain = (pooled_network(tmp_path, "classify", pooling) for pooling in ("mean", None))
    rows = matrix_rows("classify")
    together = predict_rows(mean, "t", rows, 64)["logits"]
    alone = [
        predict_rows(mean, "t", {name: values[i : i + 1] for name, values in rows.items()}, 64)["logits"][0]
        for i in range(7)
    ]
    assert np.allclose(together, np.stack(alone), atol=1e-5)
    assert not np.allclose(together, predict_rows(plain, "t", rows, 64)["logits"], atol=1e-4)
    mean.save_tasks(tmp_path / "saved")
    loaded = load_network(tmp_path / "saved", "t", mean.forms["t"])
    assert np.allclose(predict_rows(loaded, "t", rows, 64)["logits"], together, atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "albert", "xlm-roberta"])
def test_states_of_layers_stay_what_they_are(family: str, tmp_path: Path) -> None:
    save_family(family, tmp_path)
    network = pooled_network(tmp_path, "classify", "mean")
    batch = whole_batch(network)
    inputs = {n: batch[n] for n in ("input_ids", "attention_mask", "token_type_ids") if n in batch}
    head: Any = network.heads["t"]
    plain = head(**inputs, output_hidden_states=True)
    with given_vectors(head, network.forms["t"], batch["attention_mask"]):
        pooled = head(**inputs, output_hidden_states=True)
    assert all(torch.equal(a, b) for a, b in zip(plain.hidden_states, pooled.hidden_states, strict=True))
    assert not torch.allclose(plain.logits, pooled.logits)
    assert torch.equal(head(**inputs).logits, plain.logits)  # nothing is left behind


@pytest.mark.parametrize("family", ["bert", "xlm-roberta"])
def test_the_lines_of_the_documents_load_a_saved_head_in_plain_transformers(family: str, tmp_path: Path) -> None:
    save_family(family, tmp_path)
    network = pooled_network(tmp_path, "classify", "mean")
    rows = matrix_rows("classify")
    expected = predict_rows(network, "t", rows, 64)["logits"][0]
    network.save_tasks(tmp_path / "saved")
    page = (Path(__file__).parents[2] / "docs" / "encoders.md").read_text(encoding="utf-8")
    lines = textwrap.dedent(page.split("  ```python\n")[1].split("  ```")[0])
    names: dict[str, Any] = {"folder": str(tmp_path / "saved" / "t"), "text": rows["text"][0], "pair": rows["pair"][0]}
    names |= {name: getattr(transformers, name) for name in ("AutoModelForSequenceClassification", "AutoTokenizer")}
    exec(lines, names)
    assert names["model"].config.xfer_pooling == "mean"
    assert np.allclose(names["logits"].detach().numpy().ravel(), expected, atol=1e-5)


@pytest.mark.parametrize("family", ["xlm-roberta", "bert"])
def test_mixup_mixes_the_vectors(family: str, tmp_path: Path) -> None:
    save_family(family, tmp_path)
    network = pooled_network(tmp_path, "classify", "mean")
    batch = whole_batch(network)
    partner, classifier = torch.tensor([3, 0, 6, 1, 5, 2, 4]), network.heads["t"].classifier
    vectors = pooled_states(last_states(network, batch), batch["attention_mask"], "mean")
    for share in (0.0, 0.3, 1.0):
        mixing = batch | {"partner": partner, "share": torch.tensor(share)}
        with Mixup().around_pass(network, mixing):
            logits = network("t", mixing)
        mixed: Any = share * vectors + (1 - share) * vectors[partner]
        given = mixed if family == "bert" else mixed[:, None]
        assert torch.allclose(logits, classifier(given), atol=1e-6)
