"""Layers without padding give what padded ones give: losses, gradients, perturbations, states of inner layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import domain_runs
import pytest
import torch
import transformers
from adversary_runs import FORMS, close, deltas, gradients, make, run

from xfer.models import packed
from xfer.models.dropout import use_fast_dropout


@pytest.fixture
def packing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Encoders pack from now on, by the plain kernel; gives how many subwords each attention saw."""
    seen: list[int] = []

    def watched(*words: Any) -> torch.Tensor:
        seen.append(len(words[0]))
        return packed.plain_attention(*words)

    monkeypatch.setattr(packed, "attention_kernel", lambda states: watched)
    return seen


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("name", ["none", "freelb"])
def test_gradients_and_perturbations_are_those_of_padded_rows(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def look(folder: Path) -> Any:
        moves = deltas(run(folder, kind, make(name)), monkeypatch)
        return gradients(run(folder, kind, make(name)))[0], moves, run(folder, kind, make(name)).train_step(0)[0]

    grads, moves, loss = look(tmp_path / "padded")
    seen: list[int] = request.getfixturevalue("packing")
    found, moved, own = look(tmp_path / "packed")
    mask = run(tmp_path, kind, make(name)).task_batch(kind, 0)["attention_mask"]
    assert seen and set(seen) == {int(mask.sum())} and int(mask.sum()) < mask.numel()
    # last digits differ by processor, and the climbing steps of retrieval, whose gradients are large, add to them
    largest = max(float(gradient.abs().max()) for gradient in grads.values())
    assert close(grads, found, max(1e-6, 1e-5 * largest)) and own == pytest.approx(loss, rel=1e-5)
    assert len(moves) == len(moved) == (3 if name == "freelb" else 0)
    for (micro, delta), (_, other) in zip(moves, moved, strict=True):
        assert other.shape == delta.shape == (*micro.batch["input_ids"].shape, 16)
        assert torch.allclose(delta, other, atol=1e-6)


@pytest.mark.parametrize("layer", [None, 1])
def test_discriminators_and_inner_layers_see_padded_rows(layer: int | None, tmp_path: Path, request: Any) -> None:
    one = domain_runs.head("domain", dropout=0.0, states="tokens", layer=layer)
    padded = domain_runs.alone(domain_runs.run(tmp_path / "padded", one), 3)
    request.getfixturevalue("packing")
    assert close(padded, domain_runs.alone(domain_runs.run(tmp_path / "packed", one), 3))


def test_recomputed_activations_are_packed_too(tmp_path: Path, request: Any) -> None:
    padded = gradients(run(tmp_path / "padded", "tag", make("freelb")))[0]
    request.getfixturevalue("packing")
    saving = run(tmp_path / "packed", "tag", make("freelb"), gradient_checkpointing=True)
    assert close(padded, gradients(saving)[0])


SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
CONFIGS = [
    transformers.BertConfig(vocab_size=20, **SIZES),
    transformers.CamembertConfig(vocab_size=20, **SIZES),
    transformers.RobertaConfig(vocab_size=20, **SIZES),
    transformers.XLMRobertaXLConfig(vocab_size=20, **SIZES),
    transformers.DistilBertConfig(vocab_size=20, dim=16, n_layers=2, n_heads=2, hidden_dim=16),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: str(config.model_type))
def test_families(config: Any, packing: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each packs to the same answers, wherever the padding stands; one that is not of ours stays padded."""
    model = transformers.AutoModelForTokenClassification.from_config(config).eval()
    use_fast_dropout(model)
    packed.enable_packing(model)
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]])
    batch = {"input_ids": torch.where(mask.bool(), torch.arange(5, 20).view(3, 5), 1), "attention_mask": mask}
    inside = mask.bool()
    with torch.no_grad():
        found = model(**batch, output_hidden_states=True)
        assert set(packing) == (set() if config.model_type == "distilbert" else {10})
        monkeypatch.setattr(packed, "attention_kernel", lambda states: None)
        wanted = model(**batch, output_hidden_states=True)
    assert torch.allclose(found.logits[inside], wanted.logits[inside], atol=1e-5)
    for mine, other in zip(found.hidden_states, wanted.hidden_states, strict=True):
        assert torch.allclose(mine[inside], other[inside], atol=1e-5)


def test_a_processor_never_packs_and_saved_names_stay() -> None:
    assert packed.attention_kernel(torch.zeros(1)) is None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert packed.attention_kernel(torch.zeros(1)) is None
    model = transformers.AutoModel.from_config(CONFIGS[0])
    before = set(model.state_dict())
    packed.enable_packing(model)
    packed.enable_packing(model)
    assert set(model.state_dict()) == before and len(model.encoder._forward_pre_hooks) == 1
