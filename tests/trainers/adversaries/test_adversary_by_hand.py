"""A linear model whose adversaries can be worked out on paper; divergences and slow weights against numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from adversary_runs import FORMS, make, micro, network, run
from scipy.special import rel_entr
from tiny_runs import equal, weights

from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.losses.divergences import kl_divergence, symmetric_kl


class Encoder(torch.nn.Module):
    """Words 0 to 2; word 0 is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.words = torch.nn.Embedding(3, 2)
        self.words.weight.data = torch.tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0]])

    def get_input_embeddings(self) -> torch.nn.Embedding:
        return self.words


class Toy:
    """A form whose loss is minus the score."""

    def unit_losses(self, scores: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return -scores


class Linear(torch.nn.Module):
    """One score a row: the direction (3, 4) times the mean of the row's embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.direction = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
        self.forms = {"toy": Toy()}

    def forward(self, task: str, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        mask = batch["attention_mask"][:, :, None]
        mean = (self.encoder.words(batch["input_ids"]) * mask).sum(1) / mask.sum(1)
        return mean @ self.direction


IDS = torch.tensor([[1, 1, 2, 2], [1, 0, 0, 0]])  # scores (3 + 4) / 2 = 3.5 and 3


def toy() -> tuple[Linear, MicroBatch]:
    net: Any = Linear()
    batch = {"input_ids": IDS, "attention_mask": (IDS != 0).long()}
    return net, MicroBatch(net, Accelerator(cpu=True), "toy", batch, 2, 1.0, (1, 0, 0), {})


def moves(adversary: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[list[torch.Tensor], float, Linear]:
    """The perturbations of one micro-batch, the loss, and the network with its gradients."""
    net, found = toy()
    seen: list[torch.Tensor] = []
    real = MicroBatch._pass

    def watched(self: MicroBatch, inner: Any, delta: torch.Tensor | None, dropout: int, site: Any) -> torch.Tensor:
        seen.extend([] if delta is None else [delta.detach().clone()])
        return real(self, inner, delta, dropout, site)

    with monkeypatch.context() as patched:
        patched.setattr(MicroBatch, "_pass", watched)
        loss = float(adversary.backward(found))
    return seen, loss, net


def test_fgm_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of n subwords has the gradient -(3, 4) / n, so a row's has the norm 5 / root n, and a perturbation of norm
    2 is -2 (3, 4) / (5 root n) everywhere: it raises the loss by 2 * 5 / root n."""
    seen, loss, net = moves(make("fgm", radius=2), monkeypatch)
    assert torch.allclose(seen[-1][0], torch.tensor([-0.6, -0.8]).expand(4, 2))
    assert torch.allclose(seen[-1][1], torch.tensor([[-1.2, -1.6], [0, 0], [0, 0], [0, 0]]))
    clean = -(3.5 + 3) / 2
    assert loss == pytest.approx(clean + clean + (5 + 10) / 2)
    # of -mean(e) in the direction: clean, and again with what the perturbation adds
    wanted = -2 * np.array([0.5 + 1, 0.5 + 0]) / 2 - np.array([-0.6 - 1.2, -0.8 - 1.6]) / 2
    assert net.direction.grad is not None
    assert net.direction.grad.tolist() == pytest.approx(wanted.tolist())


def test_fgm_by_hand_with_a_norm_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, _, _ = moves(make("fgm", radius=2, per="token"), monkeypatch)
    assert torch.allclose(seen[-1][0], torch.tensor([-1.2, -1.6]).expand(4, 2))
    seen, _, _ = moves(make("fgm", radius=2, per="token", norm="linf"), monkeypatch)
    assert torch.allclose(seen[-1][1], torch.tensor([[-1.5, -2.0], [0, 0], [0, 0], [0, 0]]))


def test_pgd_and_freelb_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps of 0.75 end at the radius of 1; the loss rises by norm * 5 / root n at each point."""
    fields = {"steps": 2, "rate": 0.75, "start": 0, "radius": 1}
    seen, loss, _ = moves(make("pgd", **fields), monkeypatch)
    assert [round(float(delta[0].norm()), 6) for delta in seen] == [0, 0.75, 1]
    clean = -(3.5 + 3) / 2
    assert loss == pytest.approx(clean + (1 * 5 / 2 + 1 * 5) / 2)
    seen, loss, _ = moves(make("freelb", **fields), monkeypatch)
    assert [round(float(delta[1].norm()), 6) for delta in seen] == [0, 0.75, 1]
    assert loss == pytest.approx(clean + (0 + 0.75 + 1) / 3 * (5 / 2 + 5) / 2)


def test_a_network_is_as_before_when_its_embeddings_were_moved() -> None:
    net, found = toy()
    before = found.logits()
    moved = found.logits(torch.ones(2, 4, 2))
    assert (moved - before).tolist() == pytest.approx([7.0, 7.0])
    assert torch.equal(found.logits(), before) and not net.encoder.words._forward_hooks


# divergences


def distributions(*shape: int) -> np.ndarray:
    made = np.random.default_rng(0).random(shape) + 0.05
    return made / made.sum(-1, keepdims=True)  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", [(5, 3), (5, 2, 7)])
def test_divergences_against_scipy(shape: tuple[int, ...]) -> None:
    both = distributions(2, *shape)
    first, second = torch.tensor(np.log(both))
    forth, back = rel_entr(both[0], both[1]).sum(-1), rel_entr(both[1], both[0]).sum(-1)
    if len(shape) == 3:
        forth, back = forth.mean(1), back.mean(1)
    assert kl_divergence(first, second).numpy() == pytest.approx(forth)
    assert symmetric_kl(first, second).numpy() == pytest.approx(forth + back)


@pytest.mark.parametrize("kind", FORMS)
def test_chances_are_the_distribution_that_the_loss_is_taken_from(kind: str, tmp_path: Path) -> None:
    found = micro(run(tmp_path, kind, make("none"), batch_size=12))
    logits = found.logits()
    chances, labels = found.chances(logits), found.batch["labels"]
    assert torch.isfinite(chances).all()
    assert torch.allclose(chances.exp().sum(-1), torch.ones(chances.shape[:-1]), atol=1e-5)
    gold = -chances.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    gold = gold.mean(1) if gold.ndim == 2 else gold
    assert torch.allclose(gold, found.form.unit_losses(logits, found.batch), atol=1e-5)
    assert len(chances) == len(labels)


@pytest.mark.parametrize("kind", FORMS)
def test_divergences_of_every_form_and_their_gradients_are_numbers(kind: str, tmp_path: Path) -> None:
    found = micro(run(tmp_path, kind, make("none"), batch_size=12))
    delta = (0.5 * found.normal() * found.mask()).requires_grad_()
    apart = symmetric_kl(found.chances(found.logits(delta)), found.chances(found.logits()))
    assert (apart >= -1e-6).all() and apart.sum() > 0
    found.backward(found.mean(apart))
    assert delta.grad is not None and torch.isfinite(delta.grad).all() and delta.grad.any()
    inside = found.batch["attention_mask"] == 1
    if kind != "span":  # its mask of scores leaves a trace of nothing on padding
        assert not delta.grad[~inside].any()
    assert all(torch.isfinite(p.grad).all() for p in found.inner.parameters() if p.grad is not None)


# state


def test_slow_weights_of_smart_are_the_moving_average(tmp_path: Path) -> None:
    made = run(tmp_path, "classify", make("smart", momentum=(0.5, 0.9)), steps=20)
    name = next(name for name in made.kept if name.endswith("word_embeddings.weight"))
    wanted = made.kept[name].clone().double()
    assert equal(made.kept, weights(made.inner))
    for step, share in enumerate((0.5, 0.5, 0.9, 0.9)):  # a tenth of 20 steps is 2
        made.train_step(step)
        wanted = share * wanted + (1 - share) * made.inner.named_weights()[name].double()
    assert torch.allclose(made.kept[name].double(), wanted, atol=1e-7)
    assert not torch.equal(made.kept[name], made.inner.named_weights()[name])


def test_the_slow_network_answers_with_its_own_weights_and_without_dropout(tmp_path: Path) -> None:
    made = run(tmp_path, "classify", make("smart"), dropout=0.5)
    other = network("classify", seed=7, dropout=0.5).eval()
    found = micro(made)
    with torch.no_grad():
        wanted = other("classify", found.batch)
    before = weights(made.inner)
    assert torch.allclose(found.twin(other.named_weights()), wanted, atol=1e-6)
    assert equal(weights(made.inner), before) and made.inner.training


def test_smart_without_a_proximal_term_keeps_no_weights(tmp_path: Path) -> None:
    assert run(tmp_path, "classify", make("alum")).kept == {}


@pytest.mark.parametrize("kind", ["classify", "choose", "tag", "span"])
def test_the_largest_singular_value_of_r4fs_head_is_one_after_every_update(kind: str, tmp_path: Path) -> None:
    def largest(name: str) -> list[float]:
        made = run(tmp_path, kind, make(name))
        head: Any = made.inner.heads[kind]
        outer = [module for name, module in head.named_children() if name != head.base_model_prefix]
        weight = [m for part in outer for m in part.modules() if isinstance(m, torch.nn.Linear)][-1].weight
        weight.data.mul_(50)
        found = []
        for step in range(4):
            made.train_step(step)
            found.append(float(np.linalg.svd(weight.detach().numpy(), compute_uv=False)[0]))
        return found

    assert largest("r4f") == pytest.approx([1] * 4, abs=1e-5) and max(largest("r3f")) > 2


@pytest.mark.parametrize("scale", [0.1, 40])
def test_a_small_weight_is_divided_as_a_large_one_and_an_evaluation_reads_what_is_saved(
    scale: float, tmp_path: Path
) -> None:
    made = run(tmp_path, "classify", make("r4f"))
    head: Any = made.inner.heads["classify"]
    head.classifier.out_proj.weight.data.mul_(scale)
    made.adversary.after_update(made.inner, {}, 0.5)
    batch = made.task_batch("classify", 0)
    trained = made.inner("classify", batch)
    assert torch.allclose(made.inner.eval()("classify", batch), trained, atol=1e-6)
    head.classifier.out_proj.weight.data.mul_(2)
    assert torch.allclose(made.inner.train()("classify", batch), trained, atol=1e-6)
    assert not torch.allclose(made.inner.eval()("classify", batch), trained, atol=1e-2)


def test_r4f_leaves_a_vocabulary_that_the_encoder_shares_alone(tmp_path: Path) -> None:
    made = run(tmp_path, "mask", make("r4f"))
    before = weights(made.inner)
    made.adversary.after_update(made.inner, {}, 0.5)
    assert equal(weights(made.inner), before)
