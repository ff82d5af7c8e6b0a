"""Added parts: nothing at first, alone in training, merged where weights are scored and saved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tiny_runs import context, equal, network, run, settings, task, weights

from xfer.core.errors import MissingPart
from xfer.models import adapt
from xfer.models.network import Network
from xfer.trainers.loop.fit import fit
from xfer.trainers.options import Adapt

peft = pytest.importorskip("peft")
METHODS: list[dict[str, Any]] = [
    {"method": "lora", "rank": 4},
    {"method": "lora", "targets": "all", "rank": 2},
    {"method": "dora", "rank": 4},
    {"method": "ia3"},
    {"method": "ia3", "targets": ("value", "dense")},
]
BASE = "heads.nli.roberta.encoder.layer.0"


def logits(net: Network, folder: Path) -> torch.Tensor:
    batch = run(folder, network()).task_batch("nli", 0)
    with torch.no_grad():
        found: torch.Tensor = net.eval()("nli", batch)
    return found


def stirred(net: Network) -> None:
    """As if something had been learnt: no part is at its start any more."""
    draw = torch.Generator().manual_seed(3)
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=draw)
        assert parameter.requires_grad or ".roberta." in name


@pytest.mark.parametrize("fields", METHODS, ids=str)
def test_parts_add_nothing_at_first_and_merging_changes_no_answer(fields: dict[str, Any], tmp_path: Path) -> None:
    net, chosen = network(dropout=0), Adapt(**fields)
    before, first = weights(net), logits(net, tmp_path)
    adapt.inject_adapters(net, chosen, 1)
    assert torch.allclose(logits(net, tmp_path), first, atol=1e-6)
    stirred(net)
    learnt = logits(net, tmp_path)
    assert not torch.allclose(learnt, first, atol=1e-2)
    with adapt.merged_adapters(net, chosen):
        assert torch.allclose(logits(net, tmp_path), learnt, atol=1e-5)
        assert weights(net).keys() == before.keys()
    assert torch.equal(logits(net, tmp_path), learnt)  # outside, the parts are what they were
    adapt.remove_adapters(net, chosen)
    after = weights(net)
    assert all(torch.equal(before[n], after[n]) for n in before if ".roberta." in n)


def test_the_parts_are_drawn_from_the_seed() -> None:
    made = []
    for seed in (1, 1, 2):
        net = network()
        torch.manual_seed(len(made))
        adapt.inject_adapters(net, Adapt(), seed)
        made.append(weights(net))
    assert equal(made[0], made[1]) and not equal(made[0], made[2])


def test_what_is_saved_is_an_ordinary_folder(tmp_path: Path) -> None:
    net = network()
    before = weights(net)
    fit(settings(steps=6, learning_rate=1e-2, adapt={"rank": 4}), net, [task()], context(tmp_path))
    net.save_tasks(tmp_path / "saved")
    auto = transformers.AutoModelForSequenceClassification
    plain, info = auto.from_pretrained(tmp_path / "saved" / "nli", output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    after = {f"heads.nli.{name}": tensor for name, tensor in plain.state_dict().items()}
    moved = {name for name in before if name in after and not torch.equal(before[name], after[name])}
    inside = {name for name in moved if ".roberta." in name}
    assert inside == {f"{BASE[:-1]}{i}.attention.self.{part}.weight" for i in (0, 1) for part in ("query", "value")}
    assert "heads.nli.classifier.out_proj.weight" in moved
    batch = run(tmp_path / "other", network()).task_batch("nli", 0)
    names = ("input_ids", "attention_mask")
    with torch.no_grad():
        found = plain.eval()(**{name: batch[name] for name in names}).logits
    assert torch.allclose(found, logits(net, tmp_path / "more"), atol=1e-5)


def test_layers_that_an_encoder_does_not_have_are_named_in_one_line() -> None:
    with pytest.raises(MissingPart, match=r"trainer.adapt: .*valeu"):
        adapt.inject_adapters(network(), Adapt(targets=("valeu",)), 1)


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingPart, match=r"xfer\[peft\]"):
        adapt.inject_adapters(network(), Adapt(), 1)
