"""Checkpointed and compiled layers train the same weights under the same names."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tiny_runs import context, equal, network, rows, settings, task, weights

from xfer.core.errors import MissingPart
from xfer.models.network import Network
from xfer.trainers.loop import memory
from xfer.trainers.loop.fit import fit

FREELB = {"type": "freelb", "steps": 1, "rate": 0.3, "start": 0.2}


def trained(folder: Path, dropout: float, several: bool = True, **fields: Any) -> tuple[list[float], Network]:
    losses: list[float] = []

    def progress(step: int, total: int, loss: float | None = None, **_: Any) -> None:
        losses.extend([] if loss is None else [loss])

    net = network(("nli", "mlm") if several else ("nli",), dropout)
    tasks = [task("nli", dev=rows(8)), task("mlm", 0.5)] if several else [task()]
    fit(settings(**{"steps": 6, "evaluate_every": 3} | fields), net, tasks, context(folder, progress=progress))
    return losses, net


@pytest.mark.parametrize("more", [{}, {"adversary": FREELB}, {"freeze_encoder": True}, {"mixup": 0.3}])
def test_checkpointed_layers_change_no_bit_and_run_twice(
    more: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, net = trained(tmp_path / "plain", 0.1, **more)
    runs = 0
    forward = transformers.models.xlm_roberta.modeling_xlm_roberta.XLMRobertaSelfAttention.forward

    def counted(self: Any, *words: Any, **named: Any) -> Any:
        nonlocal runs
        runs += self.training
        return forward(self, *words, **named)

    monkeypatch.setattr(type(_attention(net)), "forward", counted)
    trained(tmp_path / "counted", 0.1, **more)
    once, runs = runs, 0
    losses, other = trained(tmp_path / "again", 0.1, gradient_checkpointing=True, **more)
    assert once > 0
    assert runs == 2 * once
    assert losses == plain and len(set(losses)) > 3
    assert equal(weights(other), weights(net))


def _attention(net: Network) -> torch.nn.Module:
    return next(m for m in net.modules() if type(m).__name__ == "XLMRobertaSelfAttention")


def test_an_encoder_without_checkpointing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network()
    monkeypatch.setattr(type(net.encoder), "supports_gradient_checkpointing", False)
    with pytest.raises(MissingPart, match="type xlm-roberta have no gradient checkpointing; leave trainer"):
        memory.enable_checkpointing(net)


@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler here")
def test_compiled_layers_give_the_same_losses_and_names(tmp_path: Path) -> None:
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    plain, net = trained(tmp_path / "plain", 0.0, False, steps=3, adversary=FREELB)
    assert not torch._dynamo.utils.counters["stats"]
    losses, other = trained(tmp_path / "compiled", 0.0, False, steps=3, adversary=FREELB, compile=True)
    assert torch._dynamo.utils.counters["stats"]["calls_captured"] > 10
    assert losses == pytest.approx(plain, rel=1e-3)
    assert weights(other).keys() == weights(net).keys()
    for name, tensor in weights(other).items():
        assert torch.allclose(tensor, weights(net)[name], atol=2e-3), name
    other.save_tasks(tmp_path / "saved")
    assert (tmp_path / "saved" / "nli" / "model.safetensors").is_file()


def test_what_cannot_compile_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("No working C++ compiler found\nand more")

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.raises(MissingPart, match=r"\(No working C\+\+ compiler found\); leave it out"):
        memory.compile_layers(network())
