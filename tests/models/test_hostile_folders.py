"""Folders of strangers: nothing outside them is read, no code of theirs is run, nothing without end is built."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from encoder_zoo import save_family

from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.folders import load_config, read_weights
from xfer.models.network import build_network, load_network
from xfer.models.pretrained import Pretrained


def edit_config(folder: Path, **settings: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


@pytest.mark.parametrize(
    "name", ["../other/model.safetensors", "sub/model.safetensors", "gone.safetensors", "/etc/passwd"]
)
def test_an_index_names_files_of_its_own_folder(name: str, tmp_path: Path) -> None:
    save_family("bert", tmp_path / "model")
    save_family("bert", tmp_path / "other")
    save_family("bert", tmp_path / "model" / "sub")
    (tmp_path / "model" / "model.safetensors").unlink()
    (tmp_path / "model" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(MissingPart, match="which is no file of this folder"):
        read_weights(tmp_path / "model")


@pytest.mark.timeout(30)
def test_weights_that_are_a_pipe_are_no_weights(tmp_path: Path) -> None:
    save_family("bert", tmp_path)
    (tmp_path / "model.safetensors").unlink()
    os.mkfifo(tmp_path / "model.safetensors")
    os.mkfifo(tmp_path / "more.json")
    model = Pretrained(name=str(tmp_path))
    assert model.parameter_count() == 0
    with pytest.raises(MissingPart, match="has no safetensors weights"):
        model.load_origin(lambda: [])


@pytest.mark.timeout(30)
def test_more_layers_than_any_encoder_has_are_not_built(tmp_path: Path) -> None:
    save_family("bert", tmp_path)
    edit_config(tmp_path, num_hidden_layers=10_000_000)
    with pytest.raises(MissingPart, match="claims 10,000,000 layers; 1,000 at most are built"):
        build_network(Origin(tmp_path), {"t": build_form("classify", ("a", "b"))}, 0)
    with pytest.raises(MissingPart, match="claims 10,000,000 layers"):
        Pretrained(name=str(tmp_path)).check_form("classify", ("a", "b"), {})


@pytest.mark.parametrize("name", ["attn_implementation", "_attn_implementation", "experts_implementation"])
def test_a_kernel_that_a_config_names_is_not_asked_for(name: str, tmp_path: Path) -> None:
    save_family("bert", tmp_path)
    edit_config(tmp_path, **{name: "stranger/kernel"})
    config = load_config(tmp_path)
    assert config._attn_implementation is None and config._experts_implementation is None
    network = build_network(Origin(tmp_path), {"t": build_form("classify", ("a", "b"))}, 0)
    network.save_tasks(tmp_path / "saved")
    edit_config(tmp_path / "saved" / "t", **{name: "stranger/kernel"})
    loaded = load_network(tmp_path / "saved", "t", network.forms["t"])
    assert "stranger" not in str(loaded.encoder.config._attn_implementation)
