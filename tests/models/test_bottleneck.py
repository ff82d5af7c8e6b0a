"""Bottleneck adapters: nothing at first, alone in training, saved beside the encoder, read back by later stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from pydantic import ValidationError
from safetensors.torch import load_file
from tiny_models import CONFIGS
from tiny_runs import Stop, context, equal, network, rows, run, settings, stopping, task, weights

from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models import adapt, bottleneck
from xfer.models.base import Origin
from xfer.models.network import Network, build_network, load_network
from xfer.trainers.loop.fit import fit
from xfer.trainers.options import Adapt

METHODS = ("houlsby", "pfeiffer")
COUNT = {"houlsby": 4, "pfeiffer": 2}  # in two layers
NLI = build_form("classify", ["no", "yes"])


def logits(net: Network, folder: Path) -> torch.Tensor:
    batch = run(folder, network()).task_batch("nli", 0)
    with torch.no_grad():
        found: torch.Tensor = net.eval()("nli", batch)
    return found


def trained(folder: Path, method: str, *progress: Any) -> Network:
    net, chosen = network(), settings(steps=6, evaluate_every=2, learning_rate=1e-2, adapt={"method": method})
    fit(chosen, net, [task(dev=rows(12))], context(folder, 1, None, *progress))
    return net


@pytest.mark.parametrize("method", METHODS)
def test_they_add_nothing_at_first_and_only_they_and_heads_move(method: str, tmp_path: Path) -> None:
    fresh, net = network(), network()
    adapt.inject_adapters(net, Adapt(method=method, rank=3), 1)
    assert torch.equal(logits(net, tmp_path), logits(fresh, tmp_path))
    assert sum(isinstance(m, bottleneck.Bottleneck) for m in net.modules()) == COUNT[method]
    before, after = weights(fresh), weights(trained(tmp_path / "run", method))
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    norms = {name for name in before if ".roberta." in name and "LayerNorm" in name}
    assert len(norms) == 10 and moved > norms if method == "houlsby" else moved and not moved & norms
    assert all(".roberta." not in name for name in moved - norms)
    added = {name for name in after if bottleneck.ADAPTERS_INFIX in name}
    assert len(added) == 4 * COUNT[method] and set(after) == set(before) | added
    assert all(after[name].any() for name in added)


@pytest.mark.parametrize("method", METHODS)
def test_a_saved_task_and_a_later_stage_have_them(method: str, tmp_path: Path) -> None:
    net = trained(tmp_path / "run", method)
    wanted = logits(net, tmp_path)
    net.save_tasks(tmp_path)
    kept = load_file(tmp_path / "nli" / bottleneck.ADAPTERS_FILE)
    assert len(kept) == 4 * COUNT[method]
    assert torch.equal(logits(load_network(tmp_path, "nli", NLI), tmp_path), wanted)
    plain, info = transformers.AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "nli", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    assert all(torch.equal(tensor, weights(net)[f"heads.nli.{n}"]) for n, tensor in plain.named_parameters())
    later = build_network(Origin(tmp_path / "nli"), {"nli": NLI, "mlm": build_form("mask")}, 2)
    assert all(torch.equal(later.encoder.get_parameter(name), tensor) for name, tensor in kept.items())
    adapt.inject_adapters(later, Adapt(method=method), 2)  # after those that are there, which stay as they are
    assert sum(isinstance(m, bottleneck.Bottleneck) for m in later.encoder.modules()) == 2 * COUNT[method]
    later.save_tasks(tmp_path / "later")
    again = load_network(tmp_path / "later", "nli", NLI)
    assert torch.equal(logits(again, tmp_path), logits(later, tmp_path))


def test_a_stopped_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        trained(tmp_path / "broken", "houlsby", stopping(3))
    assert equal(weights(trained(tmp_path / "broken", "houlsby")), weights(trained(tmp_path / "whole", "houlsby")))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["bert", "deberta", "distilbert"])
def test_other_encoders(kind: str, method: str) -> None:
    encoder = transformers.AutoModel.from_config(CONFIGS[kind](vocab_size=30)).eval()
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        before = encoder(ids).last_hidden_state
    stack = next(module for module in encoder.modules() if isinstance(module, torch.nn.ModuleList))
    bottleneck.add_bottlenecks(encoder, stack, method, 4)
    adapters = [m for m in encoder.modules() if isinstance(m, bottleneck.Bottleneck)]
    assert len(adapters) == COUNT[method] and torch.equal(encoder(ids).last_hidden_state, before)
    adapters[-1].up.bias.data.add_(torch.linspace(-1, 1, before.shape[-1]))
    assert not torch.allclose(encoder(ids).last_hidden_state, before, atol=1e-2)


def layer_norm(states: torch.Tensor, norm: Any) -> torch.Tensor:
    centred = states - states.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_is_equal_to_its_authors_formula_in_double_precision(method: str) -> None:
    """adapter-bert: LN(x + h + A(h)), h behind the dropout, gelu by tanh. AdapterHub: LN(s + A(LN(s))), s = h + x."""
    torch.manual_seed(2)
    encoder = transformers.AutoModel.from_config(CONFIGS["bert"](vocab_size=30)).double().eval()
    (layer, *_), width = encoder.encoder.layer, encoder.config.hidden_size
    bottleneck.add_bottlenecks(encoder, encoder.encoder.layer, method, 3)
    (adapter,) = (m for m in layer.output.modules() if isinstance(m, bottleneck.Bottleneck))
    for parameter in adapter.parameters():
        torch.nn.init.normal_(parameter)
    adapter.double()
    inner, states = torch.randn(2, 3, encoder.config.intermediate_size), torch.randn(2, 3, width)
    inner, states, factor = inner.double(), states.double().requires_grad_(), torch.randn(2, 3, width).double()
    down, up, norm = adapter.down, adapter.up, layer.output.LayerNorm
    part = inner @ layer.output.dense.weight.T + layer.output.dense.bias
    if method == "houlsby":
        low = part @ down.weight.T + down.bias
        low = 0.5 * low * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (low + 0.044715 * low**3)))
        wanted = layer_norm(states + part + low @ up.weight.T + up.bias, norm)
    else:
        low = (layer_norm(part + states, norm) @ down.weight.T + down.bias).clamp(min=0)
        wanted = layer_norm(part + states + low @ up.weight.T + up.bias, norm)
    leaves = [states, *adapter.parameters(), *layer.output.dense.parameters(), *norm.parameters()]
    found = torch.autograd.grad((layer.output(inner, states) * factor).sum(), leaves)
    for mine, theirs in zip(found, torch.autograd.grad((wanted * factor).sum(), leaves), strict=True):
        assert theirs.abs().max() > 1e-3 and (mine - theirs).abs().max() < 1e-6


def test_houlsbys_adapters_stand_behind_the_dropout() -> None:
    encoder = transformers.AutoModel.from_config(CONFIGS["bert"](vocab_size=30))
    bottleneck.add_bottlenecks(encoder, encoder.encoder.layer, "houlsby", 3)
    holders = {name for name, m in encoder.named_modules() if hasattr(m, "adapters")}
    assert {name.split("layer.0.")[-1] for name in holders} >= {"attention.output.dropout", "output.dropout"}


def test_what_cannot_be_is_said_in_one_line() -> None:
    with pytest.raises(MissingPart, match="houlsby knows no place"):
        bottleneck.add_bottlenecks(torch.nn.Linear(2, 2), [torch.nn.Linear(2, 2)], "houlsby", 4)
    with pytest.raises(MissingPart, match="single stack"):
        bottleneck.add_bottlenecks(torch.nn.Linear(2, 2), None, "pfeiffer", 4)
    with pytest.raises(ValidationError, match="places of its own"):
        Adapt(method="pfeiffer", targets="all")
