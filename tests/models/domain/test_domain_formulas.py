"""The formulas of discriminators: reversal, ramps, outer product, confusion, distance; by hand or another way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn.functional import cross_entropy

from xfer.core.errors import XferError
from xfer.models.domain import judge as formulas
from xfer.models.domain.base import Head, Reverse
from xfer.models.domain.judge import Judge


def make(name: str, **fields: Any) -> Any:
    return Head.model_validate({"type": name, **fields})


def judge(head: Any, size: int = 4, values: int = 3, seed: int = 0) -> Judge:
    torch.manual_seed(seed)
    return Judge(head, size, 5, values).eval()


FEATURES = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("strength", [0.0, 0.1, 0.3, 1.0, 2.5])
def test_the_reversed_gradient_is_minus_the_strength_times_the_plain_one_to_the_bit(strength: float) -> None:
    found, plain = FEATURES.clone().requires_grad_(), FEATURES.clone().requires_grad_()
    turned = formulas.reverse_gradient(found, torch.tensor(strength))
    assert torch.equal(turned, FEATURES)
    turned.sin().sum().backward()
    plain.sin().sum().backward()
    assert found.grad is not None and plain.grad is not None
    assert torch.equal(found.grad, plain.grad * -strength)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, [0.0, 0.2449187, 0.4621172, 0.8482836, 0.9866143, 0.9999092]),
        ({"peak": 0.1}, [0.0, 0.02449187, 0.04621172, 0.08482836, 0.09866143, 0.09999092]),
        ({"ramp": "linear", "peak": 2}, [0.0, 0.1, 0.2, 0.5, 1.0, 2.0]),
        ({"ramp": "constant", "peak": 0.3}, [0.3] * 6),
        ({"peak": 0}, [0.0] * 6),
    ],
)
def test_ramps_by_hand(fields: dict[str, Any], wanted: list[float]) -> None:
    """2 / (1 + e^-p10) - 1 is the hyperbolic tangent of 5p: tanh(0.25) = 0.2449187, tanh(0.5) = 0.4621172 ..."""
    found = [Reverse(**fields).at(progress) for progress in (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)]
    assert found == pytest.approx(wanted, abs=1e-7)


def test_defaults_are_the_published_ones() -> None:
    assert make("domain").reverse.model_dump() == make("cdan").reverse.model_dump() == {"peak": 1.0, "ramp": "dann"}
    for name in ("confusion", "wasserstein"):
        assert make(name).reverse.model_dump() == {"peak": 0.01, "ramp": "constant"}
    adan = make("wasserstein")
    assert (adan.critic_steps, adan.clip, adan.learning_rate) == (5, 0.01, 5e-4)
    published = make("adan")
    assert (published.critic_steps, published.clip, published.learning_rate, published.dropout) == (5, 0.01, 5e-4, 0.2)
    assert published.reverse == adan.reverse and published.depth == 2
    assert [make(name).critic_steps for name in ("domain", "cdan", "confusion")] == [0, 0, 0]


def test_the_outer_product_by_hand() -> None:
    features, chances = torch.tensor([[1.0, 2.0], [3.0, -1.0]]), torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    wanted = [[0.25, 0.5, 0.75, 1.5], [3.0, -1.0, 0.0, 0.0]]
    assert formulas.outer_product(features, chances).tolist() == wanted


def test_units_that_the_task_is_sure_of_weigh_more_in_their_domain() -> None:
    """1 + e^-H is 2 where H is 0 and 1.5 where H is the logarithm of 2; the mean is 1.75."""
    chances = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    found = formulas.certainty_weights(chances, torch.tensor([1, 1]))
    assert found.tolist() == pytest.approx([2 / 1.75, 1.5 / 1.75], abs=1e-4)
    assert formulas.certainty_weights(chances, torch.tensor([0, 1])).tolist() == pytest.approx([1, 1])
    three = formulas.certainty_weights(chances[[0, 1, 0]], torch.tensor([0, 0, 2]))  # each domain has half of 3
    assert three.tolist() == pytest.approx([1.5 * 2 / 3.5, 1.5 * 1.5 / 3.5, 1.5], abs=1e-4)
    unknown = formulas.certainty_weights(chances, torch.tensor([0, -100]))
    assert unknown.tolist() == pytest.approx([2, 0])


def test_the_divergence_from_uniform_is_nothing_at_uniform_and_right_elsewhere() -> None:
    assert formulas.uniform_divergence(torch.full((3, 7), 2.5)).abs().max() < 1e-6
    chances = torch.tensor([0.7, 0.2, 0.1])
    by_hand = sum(math.log((1 / 3) / p) / 3 for p in chances.tolist())
    assert formulas.uniform_divergence(chances.log()[None] + 4).tolist() == pytest.approx([by_hand], abs=1e-6)


def test_the_distance_is_inside_minus_outside_of_each_score() -> None:
    scores = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    labels = torch.tensor([0, 1, 1, 0, -100, 1])  # no unit has value 2, and one has none
    table, known = scores.numpy(), np.array([0, 1, 1, 0, -1, 1])
    wanted = sum(table[known == k, k].mean() - table[(known >= 0) & (known != k), k].mean() for k in (0, 1))
    found = formulas.domain_distance(scores, labels)
    assert found.mean().item() == pytest.approx(wanted, abs=1e-6)
    assert found[4] == 0
    assert formulas.domain_distance(scores, torch.zeros(6, dtype=torch.long)).tolist() == [0.0] * 6


def test_the_penalty_is_that_of_the_slope() -> None:
    """A linear critic has the same slope everywhere: its weights."""
    layer = torch.nn.Linear(4, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 0.0, 4.0, 0.0], [0.6, 0.0, 0.0, 0.8]]))
    found = formulas.slope_penalty(layer, FEATURES[:2], torch.tensor([0, 1]))
    assert found.item() in (pytest.approx(16.0), 0.0)  # (5 - 1)^2 + 0; nothing if each row was paired with itself
    torch.manual_seed(0)
    assert formulas.slope_penalty(layer, FEATURES, LABELS).item() == pytest.approx(16.0, rel=1e-5)
    assert formulas.slope_penalty(layer, FEATURES, torch.zeros(6, dtype=torch.long)).item() == 0


def seen(name: str, features: torch.Tensor, **batch: Any) -> tuple[Any, dict[str, Any], torch.Tensor]:
    """The head's discriminator, the batch, and the mean loss on features."""
    head = make(name)
    batch = {"labels": LABELS, "strength": torch.tensor(0.5), **batch}
    size = 4 * 2 if head.conditional else 4
    one = judge(head, size)
    return one, batch, head.unit_losses(head.judge_features(one, features, batch), batch).mean()


def test_a_domain_head_descends_what_the_encoder_climbs() -> None:
    features = FEATURES.clone().requires_grad_()
    one, _, loss = seen("domain", features)
    loss.backward()
    own = FEATURES.clone().requires_grad_()
    other = judge(make("domain"))
    plain = cross_entropy(other.layers(own), LABELS)
    plain.backward()
    assert loss.item() == pytest.approx(plain.item(), abs=1e-6)
    assert features.grad is not None and own.grad is not None
    assert torch.allclose(features.grad, -0.5 * own.grad, atol=1e-7) and own.grad.abs().max() > 1e-3
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        assert mine.grad is not None and theirs.grad is not None and torch.allclose(mine.grad, theirs.grad, atol=1e-7)


CHANCES = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.6, 0.4], [1.0, 0.0], [0.3, 0.7]])


def test_cdan_sees_the_outer_product_and_weights_its_loss() -> None:
    one, _, loss = seen("cdan", FEATURES, chances=CHANCES)
    joined = torch.stack([torch.outer(c, f).flatten() for c, f in zip(CHANCES, FEATURES, strict=True)])
    sure = np.array([1 + math.prod(p**p for p in row) for row in CHANCES.double().tolist()])  # e^-H is prod p^p
    each, domain = cross_entropy(one.layers(joined), LABELS, reduction="none").detach().numpy(), LABELS.numpy()
    wanted = np.mean([np.average(each[domain == k], weights=sure[domain == k]) for k in range(3)])
    assert loss.item() == pytest.approx(wanted, abs=1e-4)


def test_cdan_e_is_equal_to_its_authors_in_double_precision() -> None:
    """thuml/CDAN: weights over their domain's sum, which stands still; both reversed, the product without a gradient
    in the probabilities. Two domains: their loss is half the sum of the two weighted means."""
    draw = torch.Generator().manual_seed(4)
    features, scores = (torch.randn(6, n, generator=draw, dtype=torch.float64).requires_grad_() for n in (4, 3))
    labels = torch.tensor([0, 1, 1, 0, 1, 1])
    head = make("cdan", dropout=0)
    one = judge(head, 12, 2).double()
    batch = {"labels": labels, "strength": torch.tensor(0.3).double(), "chances": scores.softmax(-1)}
    head.unit_losses(head.judge_features(one, features, batch), batch).mean().backward()
    own_features, own_scores = (x.detach().clone().requires_grad_() for x in (features, scores))
    chances = own_scores.softmax(-1)
    weights = 1 + torch.exp((chances * torch.log(chances + 1e-5)).sum(-1))
    product = torch.bmm(chances.detach()[:, :, None], own_features[:, None]).flatten(1)
    each = cross_entropy(one.layers(product), labels, reduction="none")
    halves = [(weights * each)[labels == k].sum() / weights[labels == k].sum().detach() for k in (0, 1)]
    wanted = torch.autograd.grad(sum(halves) / 2, [own_features, own_scores, *one.parameters()])  # type: ignore[arg-type]
    assert features.grad is not None and scores.grad is not None and min(g.abs().max() for g in wanted) > 1e-5
    assert (features.grad + 0.3 * wanted[0]).abs().max() < 1e-6 and (scores.grad + 0.3 * wanted[1]).abs().max() < 1e-6
    for parameter, gradient in zip(one.parameters(), wanted[2:], strict=True):
        assert parameter.grad is not None and (parameter.grad - gradient).abs().max() < 1e-6


def normalised(layers: Any, features: torch.Tensor) -> torch.Tensor:
    """ADAN's critic written out for one language: linear, batch norm over its units, relu; twice, and a linear one."""
    for linear, norm in ((layers[1], layers[2]), (layers[5], layers[6])):
        features = features @ linear.weight.T + linear.bias
        spread = features - features.mean(0)
        features = (spread / (spread.square().mean(0) + 1e-5).sqrt() * norm.weight + norm.bias).clamp(min=0)
    return (features @ layers[8].weight.T + layers[8].bias)[:, 0]


def test_adan_is_equal_to_its_authors_in_double_precision() -> None:
    """ccsasuke/adan: the critic, its weights clipped, climbs mean Q(en) - mean Q(zh), each language in a pass of its
    own; the encoder descends 0.01 times that."""
    draw = torch.Generator().manual_seed(4)
    features = (3 * torch.randn(7, 4, generator=draw, dtype=torch.float64)).requires_grad_()
    labels, head = torch.tensor([0, 1, 1, 0, 1, 0, 0]), make("adan", dropout=0)
    one = judge(head, 4, 2).double().train()
    batch = {"labels": labels, "critic": torch.ones(())}
    head.unit_losses(head.judge_features(one, features, batch), batch).mean().backward()
    assert features.grad is None and max(p.abs().max().item() for p in one.parameters()) <= 0.01
    distance = (
        normalised(one.layers, features[labels == 0]).mean() - normalised(one.layers, features[labels == 1]).mean()
    )
    features_grad, *wanted = torch.autograd.grad(distance, [features, *one.parameters()])
    for parameter, gradient in zip(one.parameters(), wanted, strict=True):
        assert parameter.grad is not None and (parameter.grad + gradient).abs().max() < 1e-6
    assert max(g.abs().max() for g in wanted) > 1e-4 and features_grad.abs().max() > 1e-9
    one.zero_grad()
    batch = {"labels": labels, "strength": torch.tensor(1e6).double()}
    head.unit_losses(head.judge_features(one, features, batch), batch).mean().backward()
    assert features.grad is not None and (features.grad - 1e6 * features_grad).abs().max() < 1e-6
    assert all(not parameter.grad.any() for parameter in one.parameters() if parameter.grad is not None)


def test_adan_of_several_languages_lowers_half_the_sum_in_one_pass() -> None:
    head = make("adan", dropout=0)
    one, labels = judge(head).train(), torch.tensor([0, 0, 1, 1, 2, -100])
    features = FEATURES.clone().requires_grad_()
    batch = {"labels": labels, "strength": torch.tensor(1.0)}
    outputs = head.judge_features(one, features, batch)
    assert torch.allclose(outputs["logits"], one.layers(features), atol=1e-6) and outputs["logits"].shape == (6, 3)
    loss = head.unit_losses(outputs, batch).mean().item()
    assert loss == pytest.approx(formulas.domain_distance(outputs["logits"], labels).mean().item() / 2)


def test_adans_lone_units_have_no_score_and_dev_rows_are_normalised_by_running_means() -> None:
    head = make("adan", dropout=0)
    one, labels = judge(head, values=2).train(), torch.tensor([0, 0, 0, 1, -100, -100])
    features = FEATURES.clone().requires_grad_()
    batch = {"labels": labels, "strength": torch.tensor(1.0)}
    found = head.judge_features(one, features, batch)["logits"]
    assert found[:3].any() and not found[3:].any() and torch.equal(found[:, 0], -found[:, 1])
    alone = head.judge_features(one, features, batch | {"labels": torch.tensor([0, 1, *[-100] * 4])})["logits"]
    assert alone.shape == (6, 2) and not alone.any()
    still = head.judge_features(one.eval(), features, {"labels": labels})["logits"]
    first = head.judge_features(one, features[:1], {"labels": labels[:1]})["logits"]
    assert torch.allclose(still[:1], first, atol=1e-6)


def test_confusion_teaches_the_discriminator_on_features_that_stand_still_and_the_encoder_through_one_that_does() -> (
    None
):
    features = FEATURES.clone().requires_grad_()
    one, _, loss = seen("confusion", features)
    loss.backward()
    other, own = judge(make("confusion")), FEATURES.clone().requires_grad_()
    cross_entropy(other.layers(own), LABELS).backward()
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        assert mine.grad is not None and theirs.grad is not None and torch.allclose(mine.grad, theirs.grad, atol=1e-7)
    own.grad = None
    uniform = torch.full((6, 3), 1 / 3)
    apart = torch.nn.functional.kl_div(other.layers(own).log_softmax(-1), uniform, reduction="batchmean")
    (0.5 * apart).backward()
    assert features.grad is not None and own.grad is not None
    assert torch.allclose(features.grad, own.grad, atol=1e-7) and own.grad.abs().max() > 1e-4


def test_a_critic_climbs_the_distance_and_the_encoder_lowers_it_with_its_strength() -> None:
    features = FEATURES.clone().requires_grad_()
    one, batch, loss = seen("wasserstein", features)
    loss.backward()
    assert all(parameter.grad is None for parameter in one.parameters())
    own = FEATURES.clone().requires_grad_()
    distance = formulas.domain_distance(one.layers(own), LABELS).mean()
    distance.backward()
    assert features.grad is not None and own.grad is not None
    assert torch.allclose(features.grad, 0.5 * own.grad, atol=1e-7) and loss.item() == pytest.approx(
        0.5 * distance.item()
    )
    slopes = [parameter.grad.clone() for parameter in one.parameters() if parameter.grad is not None]
    one.zero_grad()
    features.grad, head = None, make("wasserstein")
    batch = batch | {"critic": torch.ones(())}
    head.unit_losses(head.judge_features(one, features, batch), batch).mean().backward()
    assert features.grad is None
    for parameter, slope in zip(one.parameters(), slopes, strict=True):
        assert parameter.grad is not None and torch.allclose(parameter.grad, -slope, atol=1e-7)


def test_a_critic_is_clipped_or_penalised() -> None:
    one = judge(make("wasserstein"))
    before = [parameter.detach().clone() for parameter in one.parameters()]
    make("wasserstein", bound="penalty").constrain_weights(one)
    assert all(torch.equal(a, b) for a, b in zip(before, one.parameters(), strict=True))
    make("wasserstein").constrain_weights(one)
    assert max(parameter.abs().max().item() for parameter in one.parameters()) == pytest.approx(0.01)
    head, batch = make("wasserstein", bound="penalty"), {"labels": LABELS, "critic": torch.ones(())}
    torch.manual_seed(3)
    found = head.judge_features(one, FEATURES, batch)
    torch.manual_seed(3)
    assert found["penalty"].item() == pytest.approx(10 * formulas.slope_penalty(one.layers, FEATURES, LABELS).item())
    plain = make("wasserstein").unit_losses({"logits": found["logits"]}, batch)
    assert torch.allclose(head.unit_losses(found, batch), plain + found["penalty"])


def test_a_critic_of_states_that_do_not_learn_is_an_error() -> None:
    with pytest.raises(XferError, match="not trained"):
        seen("wasserstein", FEATURES)


def test_a_critics_scores_are_compared_around_their_midpoints() -> None:
    scores = np.array([[5.0, 11.0], [6.0, 10.0], [4.0, 12.0], [3.0, 13.0]])
    gold = np.array([0, 0, 1, 1])
    assert (scores.argmax(1) == [1, 1, 1, 1]).all()
    found = make("wasserstein").centre_scores(scores, gold)  # midpoints 4.5 and 11.5
    assert found.tolist() == [[0.5, -0.5], [1.5, -1.5], [-0.5, 0.5], [-1.5, 1.5]]
    assert (make("domain").centre_scores(scores, gold) == scores).all()


def test_sizes_follow_the_head() -> None:
    plain = judge(make("domain", depth=0))
    assert [tuple(p.shape) for p in plain.parameters()] == [(3, 4), (3,)]
    deep = judge(make("domain", depth=2, width=7))
    assert [tuple(p.shape) for p in deep.parameters() if p.ndim == 2] == [(7, 4), (7, 7), (3, 7)]
    assert [tuple(p.shape) for p in judge(make("domain", depth=1)).parameters() if p.ndim == 2] == [(5, 4), (3, 5)]


@pytest.mark.parametrize("fields", [{"reverse": {"peak": -1}}, {"states": "all"}, {"critic": 3}, {"dropout": 1}])
def test_what_a_head_does_not_take(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make("domain", **fields)
