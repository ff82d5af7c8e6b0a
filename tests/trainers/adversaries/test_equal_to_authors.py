"""Each method's update written out again from its paper or its authors' algorithm: gradients equal in double precision.

Noise is drawn once and handed to both. Nothing here calls the code under test but for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adversary_runs import close, combine, gradients, make, run
from toy_network import IDS, MASK, WIDTH, Toy, Weights, cross_entropy, formula, toy_micro, toy_weights

TOLERANCE = 1e-6
LENGTHS = MASK.sum((1, 2)).view(-1, 1, 1)


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def found_gradients(adversary: Any, network: Toy | None = None, kept: Weights | None = None) -> Weights:
    network = network or Toy()
    adversary.perturbed_backward(toy_micro(network, kept))
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


def same(found: Weights, weights: Weights, loss: torch.Tensor) -> None:
    """The gradients that the code has are those of the loss that was written out."""
    wanted = dict(zip(weights, torch.autograd.grad(loss, list(weights.values()), allow_unused=True), strict=True))
    for name, gradient in wanted.items():
        assert gradient is not None and gradient.abs().max() > 1e-4, name
        assert (found[name] - gradient).abs().max() < TOLERANCE, name


def slope_at(delta: torch.Tensor, loss: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    delta = delta.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(delta), delta)
    return gradient


def unit(values: torch.Tensor) -> torch.Tensor:
    """At norm 1 a sequence."""
    return values / values.flatten(1).norm(dim=1).view(-1, 1, 1)


def clipped(values: torch.Tensor, radius: float) -> torch.Tensor:
    return values * (radius / values.flatten(1).norm(dim=1).view(-1, 1, 1)).clamp(max=1)


def kl(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """KL(first || second), the mean over rows, of log-probabilities."""
    return (first.exp() * (first - second)).sum(-1).mean()


# The ascent of the task's loss

ASCENT: dict[str, Any] = {"steps": 3, "rate": 0.5, "start": 0.3, "radius": 0.6}


def ascent_points(weights: Weights, count: int) -> list[torch.Tensor]:
    """delta_0, ..., delta_count as zhuchen03/FreeLB has them: U(-1, 1) * start / sqrt(numbers), then unit steps."""
    noise = toy_micro(Toy()).uniform() * MASK
    points = [noise * ASCENT["start"] / (LENGTHS * WIDTH).sqrt()]
    for _ in range(count):
        slope = slope_at(points[-1], lambda delta: cross_entropy(formula(weights, delta)))
        points.append(clipped(points[-1] + ASCENT["rate"] * unit(slope), ASCENT["radius"]))
    return points


def test_fgm_is_equal_to_its_formula() -> None:
    weights = toy_weights(Toy())
    slope = slope_at(torch.zeros(*IDS.shape, WIDTH), lambda delta: cross_entropy(formula(weights, delta)))
    loss = cross_entropy(formula(weights)) + 0.7 * cross_entropy(formula(weights, 0.4 * unit(slope)))
    same(found_gradients(make("fgm", radius=0.4, weight=0.7)), weights, loss)


def test_pgd_is_equal_to_its_formula() -> None:
    weights = toy_weights(Toy())
    loss = cross_entropy(formula(weights, ascent_points(weights, 3)[-1]))
    same(found_gradients(make("pgd", **ASCENT)), weights, loss)


def test_freelb_is_equal_to_its_formula() -> None:
    weights = toy_weights(Toy())
    passes = [cross_entropy(formula(weights, point)) for point in ascent_points(weights, 3)]
    same(found_gradients(make("freelb", **ASCENT)), weights, torch.stack(passes).mean())


def test_free_training_replays_as_often_as_it_ascends_and_divides_by_one_more() -> None:
    adversary, network = make("freeat", **ASCENT), Toy()
    assert adversary.replay_count == 3
    micro, weights = toy_micro(network), toy_weights(network)
    for point in ascent_points(weights, 2):  # the weights stand still here
        network.zero_grad()
        adversary.perturbed_backward(micro)
        found = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
        same(found, weights, cross_entropy(formula(weights, point)) / 4)


def test_replays_of_free_training_have_dropout_masks_of_their_own(tmp_path: Path) -> None:
    torch.set_default_dtype(torch.float32)
    still = {"rate": 1e-9, "start": 0, "steps": 2}
    first, second = gradients(run(tmp_path, "classify", make("freeat", **still), 0.3))
    assert not close(first, second)
    first, second = gradients(run(tmp_path, "classify", make("freeat", **still), 0.0))
    (plain,) = gradients(run(tmp_path, "classify", make("none"), 0.0))
    assert close(first, second) and close(combine([1 / 3], [plain]), first)


def test_smoothing_is_equal_to_its_formula() -> None:
    """Uniform in a ball of d dimensions: a normal's direction, at the radius times the d-th root of a uniform draw."""
    micro, weights = toy_micro(Toy()), toy_weights(Toy())
    direction, share = unit(micro.normal() * MASK), (micro.uniform()[:, :1, :1] + 1) / 2
    delta = 0.8 * direction * share ** (1 / (LENGTHS * WIDTH))
    same(found_gradients(make("smoothing", radius=0.8)), weights, cross_entropy(formula(weights, delta)))


# Predictions that are kept where they are


def mt_dnn_divergence(answers: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """``stable_kl`` without its mean: sum of 2 p (log odds p - log odds q), the odds without a gradient."""
    p, q = answers.exp(), clean.exp()
    odds = [-(1 / (x.detach() + 1e-6) - 1 + 1e-6).log() for x in (p, q)]
    return (2 * p * (odds[0] - odds[1])).sum()


def mt_dnn_delta(weights: Weights, noise: torch.Tensor, rate: float, steps: int, per: Any = -1) -> torch.Tensor:
    clean, delta = formula(weights).detach(), noise
    for _ in range(steps):
        slope = slope_at(delta, lambda x: mt_dnn_divergence(formula(weights, layer=x), clean))
        moved = (delta + rate * slope) * MASK
        delta = moved / (moved.abs().amax(per, keepdim=True) + 1e-6)
    return delta


def smart_loss(weights: Weights, delta: torch.Tensor, weight: float) -> torch.Tensor:
    clean, moved = formula(weights), formula(weights, layer=delta)
    return cross_entropy(clean) + weight * (kl(clean.detach(), moved) + kl(moved.detach(), clean))


@pytest.mark.parametrize(("steps", "rate"), [(1, 1e-5), (1, 1e-3), (2, 0.5)])
def test_alum_is_equal_to_mt_dnn(steps: int, rate: float) -> None:
    weights = toy_weights(Toy())
    delta = mt_dnn_delta(weights, 1e-5 * toy_micro(Toy()).normal() * MASK, rate, steps)
    largest = delta.abs().amax(-1)[IDS != 0]
    assert largest.min() > 0.5 and largest.max() < 1  # far from an infinitesimal step
    assert make("alum").weight == 10 and make("alum").rate == 1e-5
    same(found_gradients(make("alum", steps=steps, rate=rate)), weights, smart_loss(weights, delta, 10))


def test_the_norm_of_a_whole_sequence_is_mt_dnns_other_level() -> None:
    weights = toy_weights(Toy())
    delta = mt_dnn_delta(weights, 1e-5 * toy_micro(Toy()).normal() * MASK, 1e-3, 1, (1, 2))
    found = found_gradients(make("alum", rate=1e-3, per="sequence", weight=2))
    same(found, weights, smart_loss(weights, delta, 2))


def test_smart_adds_the_proximal_term() -> None:
    weights, slow = toy_weights(Toy()), {name: p.detach() * 1.3 for name, p in Toy().named_parameters()}
    delta = mt_dnn_delta(weights, 1e-5 * toy_micro(Toy()).normal() * MASK, 1e-5, 1)
    clean, other = formula(weights), formula(slow)
    loss = smart_loss(weights, delta, 1) + 0.6 * (kl(clean, other) + kl(other, clean))
    same(found_gradients(make("smart", proximal=0.6), kept=slow), weights, loss)


def test_vat_is_equal_to_its_formula() -> None:
    weights = toy_weights(Toy())
    clean, direction = formula(weights).detach(), unit(toy_micro(Toy()).normal() * MASK)
    for _ in range(2):
        direction = unit(slope_at(0.1 * direction, lambda delta: kl(clean, formula(weights, delta))))
    loss = cross_entropy(formula(weights)) + 1.5 * kl(clean, formula(weights, 0.9 * direction))
    same(found_gradients(make("vat", steps=2, radius=0.9, weight=1.5)), weights, loss)


def r3f_loss(weights: Weights, singular: Any = 1.0) -> torch.Tensor:
    noise = 0.4 * toy_micro(Toy()).uniform() * MASK
    clean = formula(weights, singular=singular)
    moved = formula(weights, noise, constant=True, singular=singular)
    return cross_entropy(clean) + 2 * (kl(clean, moved) + kl(moved, clean))


def test_r3f_is_equal_to_fairseq() -> None:
    """Word embeddings of the second pass are constants there."""
    weights = toy_weights(Toy())
    same(found_gradients(make("r3f", size=0.4, weight=2)), weights, r3f_loss(weights))


@pytest.mark.parametrize("scale", [0.05, 1, 30])
def test_r4f_divides_the_head_by_its_largest_singular_value_always(scale: float) -> None:
    """As torch's spectral_norm in fairseq's head, the gradient goes through the value too."""
    adversary, network = make("r4f", size=0.4, weight=2), Toy()
    network.heads["toy"].weight.data.mul_(scale)
    adversary.attach_modules(network, 1)
    adversary.initial_state(network)
    weights = toy_weights(network)
    head = weights["heads.toy.weight"]
    assert np.linalg.svd(head.detach().numpy(), compute_uv=False)[0] == pytest.approx(1, abs=1e-12)
    left, _, right = torch.linalg.svd(head)
    value = left[:, 0].detach() @ head @ right[0].detach()  # singular vectors stand still, as there
    same(found_gradients(adversary, network), weights, r3f_loss(weights, value))
