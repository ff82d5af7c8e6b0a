"""``scratch`` and ``pretrained``: what they build, count, depend on, and refuse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from tiny_models import TEXTS
from transformers import AutoModel

from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models.network import build_network
from xfer.models.pretrained import Pretrained
from xfer.models.scratch import Scratch

Local = Callable[[str], Path]


def no_texts() -> list[str]:
    raise AssertionError("a pretrained model needs no text")


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def without_weights(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    (to / "model.safetensors").unlink()
    return to


def test_scratch_builds_an_xlm_r_of_the_asked_size() -> None:
    model = Scratch(layers=3, width=48, heads=6, feedforward=80, vocabulary=300, positions=30, dropout=0.2)
    origin = model.load_origin(lambda: TEXTS)
    config = origin.config
    assert origin.folder is None and config.model_type == "xlm-roberta"
    assert (config.num_hidden_layers, config.hidden_size, config.num_attention_heads) == (3, 48, 6)
    assert config.intermediate_size == 80 and config.vocab_size == len(origin.tokenizer) <= 300
    assert config.hidden_dropout_prob == config.attention_probs_dropout_prob == 0.2
    assert origin.tokenizer.model_max_length == 30
    assert (config.pad_token_id, config.bos_token_id, config.eos_token_id) == (1, 0, 2)


def test_the_longest_input_of_a_scratch_model_fits() -> None:
    origin = Scratch(layers=1, width=16, heads=2, vocabulary=300, positions=30).load_origin(lambda: TEXTS)
    network = AutoModel.from_config(origin.config).eval()
    ids = torch.full((1, 30), 7)
    with torch.no_grad():
        assert network(input_ids=ids).last_hidden_state.shape == (1, 30, 16)


def test_scratch_counts_its_parameters() -> None:
    model = Scratch(layers=2, width=32, heads=2, vocabulary=300, positions=40)
    origin = model.load_origin(lambda: TEXTS)
    inside = sum(p.numel() for p in AutoModel.from_config(origin.config, add_pooling_layer=False).parameters())
    asked = inside + (300 - len(origin.tokenizer)) * 32  # as if the text had filled the vocabulary
    assert model.parameter_count() == pytest.approx(asked, rel=0.01)


def test_a_width_that_the_heads_cannot_share_is_a_fault() -> None:
    with pytest.raises(ValidationError, match="width 250 cannot be split among 4 heads"):
        Scratch(width=250, heads=4)


@pytest.mark.parametrize("name", ["bert", "distilbert"])
def test_a_local_folder_is_an_origin(name: str, local: Local) -> None:
    model = Pretrained(name=str(local(name)))
    assert model.load_origin(no_texts).folder == local(name)
    count = sum(p.numel() for p in AutoModel.from_pretrained(local(name)).parameters())
    assert count <= int(model.parameter_count() or 0) * 1.2


def test_a_local_model_depends_on_the_contents_of_its_files(local: Local, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(local("bert"), folder)
    (folder / "notes.md").write_text("of no interest")
    model, seen = Pretrained(name=str(folder)), []

    def digest(path: Path) -> str:
        seen.append(path.name)
        return path.read_bytes().hex()[:4000]

    first = model.weights_revision(digest, digest)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(seen)
    assert "notes.md" not in seen
    assert model.weights_revision(digest, digest) == first
    config = folder / "config.json"
    config.write_text(config.read_text() + "\n ")
    assert model.weights_revision(lambda path: path.read_bytes().hex(), digest) != first


def test_a_hub_model_depends_on_its_commit() -> None:
    def never(path: Path) -> str:
        raise AssertionError("nothing local to hash")

    model = Pretrained(name="FacebookAI/xlm-roberta-base")
    asked = model.weights_revision(never, lambda name: f"newest of {name}")
    assert asked == {"commit": "newest of FacebookAI/xlm-roberta-base"}
    pinned = Pretrained(name="FacebookAI/xlm-roberta-base", commit="abc")
    assert pinned.weights_revision(never, never) == {"commit": "abc"}
    assert model.parameter_count() is None


def test_pickled_weights_are_refused_in_one_line_and_never_opened(local: Local, tmp_path: Path) -> None:
    folder, mark = without_weights(local("bert"), tmp_path / "old"), tmp_path / "unpickled"
    torch.save(Bomb(mark), folder / "pytorch_model.bin")
    model = Pretrained(name=str(folder))
    for ask in (lambda: model.load_origin(no_texts), lambda: model.weights_revision(lambda path: "", lambda path: "")):
        with pytest.raises(MissingPart, match=r"no safetensors weights, and pickled ones are never loaded") as caught:
            ask()
        assert len(caught.value.message_lines()) == 1
    assert not mark.exists()
    torch.load(folder / "pytorch_model.bin", weights_only=False)  # it would have gone off
    assert mark.exists()


def test_a_folder_without_a_config_and_no_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    save_file({"x": torch.ones(1)}, tmp_path / "empty/model.safetensors")
    with pytest.raises(MissingPart, match="holds no config"):
        Pretrained(name=str(tmp_path / "empty")).load_origin(no_texts)
    with pytest.raises(MissingPart, match="which is not a folder"):
        Pretrained(name=str(tmp_path / "nowhere")).weights_revision(lambda path: "", lambda path: "")


def test_code_that_comes_with_a_model_never_runs(local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is anybody asked whether it may."""
    folder, mark = tmp_path / "foreign", tmp_path / "has run"
    shutil.copytree(local("bert"), folder)
    foreign = {"model_type": "mystery", "auto_map": {"AutoConfig": "code.Config", "AutoModel": "code.Model"}}
    (folder / "config.json").write_text(json.dumps(foreign))
    (folder / "code.py").write_text(f"from pathlib import Path\nPath({str(mark)!r}).touch()\n")
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(MissingPart, match=f"{folder} cannot be used without code of its own"):
        build_network(
            Pretrained(name=str(folder)).load_origin(no_texts), {"nli": build_form("classify", ["no", "yes"])}, 1
        )
    assert not mark.exists()
