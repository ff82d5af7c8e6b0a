"""Cheap dropout means what ``nn.Dropout`` means: same distribution, right gradients, plain in eval mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    PreTrainedModel,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

from xfer.models.dropout import Attention, Dropout, attention_forward, keep_mask, use_fast_dropout

SIZES = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
    "num_labels": 3,
}


def xlmr(**options: object) -> PreTrainedModel:
    torch.manual_seed(0)
    return XLMRobertaForSequenceClassification(XLMRobertaConfig(**SIZES, **options))


def bert() -> PreTrainedModel:
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(**SIZES))


def deberta() -> PreTrainedModel:
    torch.manual_seed(0)
    relative = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}
    return DebertaV2ForSequenceClassification(DebertaV2Config(**SIZES, **relative))


MODELS = [xlmr, bert, deberta]


def batch() -> dict[str, Tensor]:
    torch.manual_seed(1)
    mask = torch.ones(4, 7, dtype=torch.long)
    mask[1, 4:] = 0
    words = torch.randint(5, 60, (4, 7)) * mask + (1 - mask)
    return {"input_ids": words, "attention_mask": mask, "labels": torch.tensor([0, 1, 2, 0])}


def gradients(model: nn.Module, seed: int) -> list[Tensor]:
    inputs = batch()
    torch.manual_seed(seed)
    model.zero_grad()
    model(**inputs).loss.backward()
    return [each.grad.clone() for each in model.parameters() if each.grad is not None]


def same(left: list[Tensor], right: list[Tensor]) -> bool:
    return all(torch.equal(one, other) for one, other in zip(left, right, strict=True))


def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The masks that attention draws from now on."""
    masks: list[Tensor] = []

    def record(shape: torch.Size, p: float, dtype: torch.dtype) -> Tensor:
        masks.append(keep_mask(shape, p, dtype))
        return masks[-1].clone()

    monkeypatch.setattr("xfer.models.dropout.keep_mask", record)
    return masks


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5, 0.9])
def test_keep_probability_and_scale(p: float) -> None:
    torch.manual_seed(3)
    size = 400_001
    mask = keep_mask(torch.Size([size]), p, torch.float32)
    kept = (mask != 0).double().mean().item()
    assert abs(kept - (1 - p)) < 5 * (p * (1 - p) / size) ** 0.5 + 1 / 65536
    assert mask.unique().tolist() == pytest.approx([0.0, 1 / (1 - p)], rel=2e-4)
    assert abs(mask.double().mean().item() - 1) < 5 * (p / (1 - p) / size) ** 0.5


def test_neighbours_that_share_a_draw_are_independent() -> None:
    torch.manual_seed(3)
    dropped = (keep_mask(torch.Size([200_000, 4]), 0.5, torch.float32) == 0).double()
    assert (torch.corrcoef(dropped.T) - torch.eye(4)).abs().max() < 0.012


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (2, 3, 5)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    assert Dropout(0.5)(torch.ones(shape)).shape == shape


def test_module_expectation_and_gradient() -> None:
    torch.manual_seed(3)
    values = torch.randn(200, 300, requires_grad=True)
    weight = torch.randn(200, 300)
    torch.manual_seed(4)
    mask = keep_mask(values.shape, 0.1, values.dtype)
    torch.manual_seed(4)
    result = Dropout(0.1)(values)
    (result * weight).sum().backward()
    assert torch.equal(result, values * mask)
    assert values.grad is not None
    assert torch.equal(values.grad, weight * mask)
    assert result.mean().item() == pytest.approx(values.mean().item(), abs=0.01)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_types_are_kept(dtype: torch.dtype) -> None:
    assert Dropout(0.1)(torch.ones(8, dtype=dtype)).dtype == dtype


def test_p_zero_is_identity_without_draws_and_p_one_is_zero() -> None:
    values = torch.randn(5, 5)
    state = torch.get_rng_state()
    assert torch.equal(Dropout(0.0)(values), values)
    assert torch.equal(Dropout(0.5).eval()(values), values)
    assert torch.equal(torch.get_rng_state(), state)
    assert not Dropout(1.0)(values).any()


@pytest.mark.parametrize("masked", [False, True])
def test_attention_equals_the_plain_formula_under_its_mask(masked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(5)
    masks = drawn(monkeypatch)
    query, key, value = (torch.randn(2, 3, n, 4, dtype=torch.float64, requires_grad=True) for n in (5, 6, 6))
    bias = torch.randn(2, 1, 5, 6, dtype=torch.float64) if masked else None
    weight = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    ours = Attention.apply(query, key, value, bias, 0.3, 0.5)
    scores = query @ key.transpose(2, 3) * 0.5 + (0 if bias is None else bias)
    plain = (scores.softmax(-1) * masks[0].view(2, 3, 5, 6)) @ value
    assert torch.allclose(ours, plain)
    found = torch.autograd.grad((ours * weight).sum(), (query, key, value))
    wanted = torch.autograd.grad((plain * weight).sum(), (query, key, value))
    assert all(torch.allclose(one, other) for one, other in zip(found, wanted, strict=True))


def test_attention_gradient_by_finite_differences() -> None:
    inputs = [torch.randn(1, 2, 4, 3, dtype=torch.float64, requires_grad=True) for _ in range(3)]

    def seeded(*each: Tensor) -> Tensor:
        torch.manual_seed(6)
        return Attention.apply(*each, None, 0.25, 0.7)

    assert torch.autograd.gradcheck(seeded, inputs)


def test_attention_ignores_padding() -> None:
    module = nn.Module()
    query, key, value = (torch.randn(1, 2, 3, 4) for _ in range(3))
    mask = torch.tensor([True, True, False]).expand(1, 1, 3, 3)
    torch.manual_seed(7)
    first, _ = attention_forward(module, query, key, value, mask, dropout=0.5)
    key[:, :, 2], value[:, :, 2] = 9, 9
    torch.manual_seed(7)
    second, _ = attention_forward(module, query, key, value, mask, dropout=0.5)
    assert first.shape == (1, 3, 2, 4)
    assert torch.equal(first, second)


def test_causal_attention_is_left_to_sdpa() -> None:
    query, key, value = (torch.randn(1, 2, 5, 4) for _ in range(3))
    output, _ = attention_forward(nn.Module(), query, key, value, None, dropout=1e-9, is_causal=True)
    assert torch.allclose(output[:, 0], value[:, :, 0], atol=1e-5)


@pytest.mark.parametrize("build", MODELS)
def test_quicken_replaces_and_eval_is_bit_equal(build: Callable[[], PreTrainedModel]) -> None:
    plain, quick = build().eval(), build()
    modules = list(quick.modules())
    use_fast_dropout(quick.eval())
    assert list(quick.modules()) == modules
    assert not any(type(each) is nn.Dropout for each in modules)
    assert quick.config._attn_implementation == ("eager" if build is deberta else "xfer")
    assert list(quick.state_dict()) == list(plain.state_dict())
    assert torch.equal(plain(**batch()).logits, quick(**batch()).logits)


def test_without_dropout_training_is_bit_equal() -> None:
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    plain, quick = xlmr(**none).train(), xlmr(**none).train()
    use_fast_dropout(quick)
    assert same(gradients(plain, 1), gradients(quick, 1))


@pytest.mark.parametrize("build", MODELS)
def test_seed_decides(build: Callable[[], PreTrainedModel]) -> None:
    model = build().train()
    use_fast_dropout(model)
    assert same(gradients(model, 1), gradients(model, 1))
    assert not same(gradients(model, 1), gradients(model, 2))


def test_mean_over_draws_matches_plain_dropout() -> None:
    plain, quick = xlmr().train(), xlmr().train()
    use_fast_dropout(quick)
    inputs = {name: each.repeat(500, *[1] * (each.dim() - 1)) for name, each in batch().items()}
    with torch.no_grad():
        one, other = (model(**inputs).logits.unflatten(0, (500, 4)) for model in (plain, quick))
    error = (one.var(0) / 500 + other.var(0) / 500).sqrt()
    assert ((one.mean(0) - other.mean(0)).abs() < 5 * error).all()
    assert torch.allclose(one.std(0), other.std(0), rtol=0.25)


def test_eager_choice_is_kept() -> None:
    model = xlmr()
    model.set_attn_implementation("eager")
    use_fast_dropout(model)
    assert model.config._attn_implementation == "eager"


def test_parts_of_a_larger_module_and_other_dropouts() -> None:
    parts, encoder = [nn.Dropout(0.1), nn.Dropout(0.1, inplace=True), nn.Dropout1d(0.1)], xlmr()
    use_fast_dropout(nn.Sequential(*parts, encoder))
    assert [type(each) for each in parts] == [Dropout, nn.Dropout, nn.Dropout1d]
    assert encoder.config._attn_implementation == "xfer"


def test_saved_model_is_a_plain_one(tmp_path: Path) -> None:
    plain, quick = xlmr(), xlmr()
    use_fast_dropout(quick)
    plain.save_pretrained(tmp_path / "plain")
    quick.save_pretrained(tmp_path / "quick")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "quick" / name).read_bytes()
    loaded = XLMRobertaForSequenceClassification.from_pretrained(tmp_path / "quick")
    assert loaded.config._attn_implementation == "sdpa"
    assert torch.equal(loaded.eval()(**batch()).logits, plain.eval()(**batch()).logits)


def test_autocast() -> None:
    model = xlmr().train()
    use_fast_dropout(model)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(**batch()).loss.backward()
    assert all(each.grad.isfinite().all() for each in model.parameters() if each.grad is not None)


def test_tiny_model_trains() -> None:
    model = xlmr().train()
    use_fast_dropout(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, fused=True)
    losses = []
    for _ in range(40):
        loss = model(**batch()).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert sum(losses[-5:]) / 5 < 0.5 * losses[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_keeps_plain_dropout() -> None:
    plain, quick = xlmr().cuda().train(), xlmr().cuda().train()
    use_fast_dropout(quick)
    inputs = {name: each.cuda() for name, each in batch().items()}
    torch.manual_seed(2)
    expected = plain(**inputs).logits
    torch.manual_seed(2)
    assert torch.equal(quick(**inputs).logits, expected)
