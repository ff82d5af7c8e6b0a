"""Encoders without a head: vectors of any layer, carried between stages, shared with other tasks, saved and read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny_models import TEXTS, rows

from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.network import Network, build_network, load_network
from xfer.models.predictor import predict_rows

Local = Callable[[str], Path]


def searched(texts: list[str]) -> dict[str, list[Any]]:
    plain = rows(texts)
    return plain | {"side": ["candidate"] * len(texts), "gold": [None] * len(texts), "part": ["test"] * len(texts)}


def vectors(network: Network, task: str = "pairs", texts: list[str] = TEXTS) -> np.ndarray:
    found: np.ndarray = predict_rows(network, task, searched(texts), 40)["vectors"]
    return found


def plainly(folder: Path, layer: int, pooling: str = "mean") -> np.ndarray:
    """What transformers alone makes of each text by itself, so that nothing is padded."""
    network = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    found = []
    with torch.no_grad():
        for text in TEXTS:
            states = network(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states[layer][0]
            found.append({"mean": states.mean(0), "max": states.amax(0), "cls": states[0]}[pooling].numpy())
    return np.stack(found)


@pytest.mark.parametrize("name", ["bert", "deberta", "distilbert", "xlm"])
@pytest.mark.parametrize(("layer", "state"), [(None, 2), (0, 0), (1, 1), (2, 2)])
def test_every_layer_of_every_encoder_is_the_hidden_state_of_transformers(
    name: str, layer: int | None, state: int, local: Local
) -> None:
    network = build_network(Origin(local(name)), {"pairs": build_form("retrieve", (), {"layer": layer})}, 1)
    assert np.abs(vectors(network) - plainly(local(name), state)).max() < 1e-4


@pytest.mark.parametrize("pooling", ["mean", "max", "cls"])
def test_padding_is_never_pooled(pooling: str, local: Local) -> None:
    network = build_network(Origin(local("bert")), {"pairs": build_form("retrieve", (), {"pooling": pooling})}, 1)
    assert np.abs(vectors(network) - plainly(local("bert"), 2, pooling)).max() < 1e-4


def test_layer_0_are_the_embeddings(origin: Origin) -> None:
    network = build_network(origin, {"pairs": build_form("retrieve", (), {"layer": 0, "pooling": "cls"})}, 1).eval()
    encoder: Any = network.encoder
    with torch.no_grad():
        wanted = [encoder.embeddings(network.tokenizer(text, return_tensors="pt")["input_ids"])[0, 0] for text in TEXTS]
    assert np.abs(vectors(network) - torch.stack(wanted).numpy()).max() < 1e-5


def test_a_layer_beyond_the_encoder_is_a_fault(origin: Origin) -> None:
    network = build_network(origin, {"pairs": build_form("retrieve", (), {"layer": 3})}, 1)
    with pytest.raises(MissingPart, match="layer is 3, but the encoder has 2 layers"):
        vectors(network)


@pytest.mark.parametrize("name", ["classify", "mask", "span", "tag", "choose"])
def test_the_encoder_of_a_stage_of_any_form_gives_the_vectors(name: str, origin: Origin, tmp_path: Path) -> None:
    labels = ["no", "yes"] if name in ("classify", "tag") else []
    trained = build_network(origin, {"task": build_form(name, labels)}, 1)
    trained.save_tasks(tmp_path)
    network = build_network(Origin(tmp_path / "task"), {"pairs": build_form("retrieve")}, 2)
    mine, theirs = dict(network.encoder.state_dict()), dict(trained.encoder.state_dict())
    shared = [key for key in mine if "pooler" not in key]
    assert len(shared) > 30 and all(torch.equal(mine[key], theirs[key]) for key in shared)
    assert np.abs(vectors(network) - plainly(tmp_path / "task", 2)).max() < 1e-5


@pytest.mark.parametrize("name", ["classify", "mask", "retrieve"])
def test_a_dual_encoder_carries_its_encoder_to_a_stage_of_any_form(name: str, origin: Origin, tmp_path: Path) -> None:
    trained = build_network(origin, {"pairs": build_form("retrieve")}, 1)
    trained.save_tasks(tmp_path)
    following = build_network(
        Origin(tmp_path / "pairs"), {"next": build_form(name, ["no", "yes"] if name == "classify" else [])}, 2
    )
    mine, theirs = dict(following.encoder.state_dict()), dict(trained.encoder.state_dict())
    shared = [key for key in mine if "pooler" not in key]
    assert len(shared) > 30 and all(torch.equal(mine[key], theirs[key]) for key in shared)


def test_a_saved_dual_encoder_is_an_ordinary_encoder(origin: Origin, tmp_path: Path) -> None:
    network = build_network(origin, {"pairs": build_form("retrieve")}, 1)
    network.save_tasks(tmp_path)
    wanted = vectors(network)
    assert np.abs(wanted - plainly(tmp_path / "pairs", 2)).max() < 1e-5
    assert np.array_equal(vectors(load_network(tmp_path, "pairs", build_form("retrieve"))), wanted)


@pytest.mark.parametrize("name", ["bert", "distilbert", "fresh"])
@pytest.mark.parametrize("order", [("pairs", "nli"), ("nli", "pairs"), ("pairs", "mlm", "nli")])
def test_a_stage_with_other_forms_has_one_encoder(
    name: str, order: tuple[str, ...], origin: Origin, local: Local, tmp_path: Path
) -> None:
    kinds = {"pairs": build_form("retrieve"), "nli": build_form("classify", ["no", "yes"]), "mlm": build_form("mask")}
    start = origin if name == "fresh" else Origin(local(name))
    network = build_network(start, {task: kinds[task] for task in order}, 1)
    heads: Any = network.heads
    assert all(heads[task].base_model is heads["pairs"] for task in order)
    sizes = [parameter.numel() for parameter in heads["pairs"].parameters()]
    assert sum(p.numel() for p in network.parameters()) < 2 * sum(sizes)
    before = vectors(network)
    with torch.no_grad():
        for parameter in heads["nli"].base_model.parameters():
            parameter.mul_(1.5)
    after = vectors(network)
    assert np.abs(after - before).max() > 1e-3
    network.save_tasks(tmp_path)
    assert np.array_equal(vectors(load_network(tmp_path, "pairs", kinds["pairs"])), after)


def test_an_encoder_that_lacks_weights_is_a_fault(origin: Origin, tmp_path: Path) -> None:
    build_network(origin, {"pairs": build_form("retrieve")}, 1).save_tasks(tmp_path)
    path = tmp_path / "pairs" / "model.safetensors"
    tensors = load_file(path)
    save_file({name: value for name, value in tensors.items() if "layer.1.output.dense" not in name}, path)
    with pytest.raises(MissingPart, match="lack 2 parts of the encoder"):
        build_network(Origin(tmp_path / "pairs"), {"pairs": build_form("retrieve")}, 1)
