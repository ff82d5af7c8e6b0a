"""Perturbations stay in their ball and off the padding; norms against numpy and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adversary_runs import FORMS, deltas, make, micro, run

from xfer.trainers.adversaries import norm_balls

RADIUS = 0.05
# method -> fields under which every perturbation has at most the norm RADIUS
WITHIN: dict[str, dict[str, Any]] = {
    "fgm": {"radius": RADIUS},
    "pgd": {"radius": RADIUS, "rate": 0.04, "start": 0.1, "steps": 3},
    "freelb": {"radius": RADIUS, "rate": 0.04, "start": 0.1, "steps": 3},
    "freeat": {"radius": RADIUS, "rate": 0.04, "start": 0.1, "steps": 3},
    "smart": {"radius": RADIUS, "rate": 0.04, "start": 1e-4, "steps": 3},
    "alum": {"radius": RADIUS, "rate": 0.04, "start": 1e-4, "steps": 3},
    "vat": {"radius": RADIUS, "probe": RADIUS, "steps": 2},
    "smoothing": {"radius": RADIUS},
}


def norms(delta: np.ndarray, norm: str, per: str) -> np.ndarray:
    flat = delta.reshape(len(delta), -1) if per == "sequence" else delta.reshape(-1, delta.shape[-1])
    return np.linalg.norm(flat.astype(np.float64), 2 if norm == "l2" else np.inf, axis=1)


@pytest.mark.parametrize("per", ["sequence", "token"])
@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("name", WITHIN)
def test_perturbations_stay_in_their_ball_and_off_the_padding(
    name: str, norm: str, per: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run(tmp_path, "classify", make(name, norm=norm, per=per, **WITHIN[name]), 0.1)
    seen = deltas(made, monkeypatch)
    largest = 0.0
    for found, delta in seen:
        assert delta.dtype == torch.float32
        padding = found.batch["attention_mask"] == 0
        assert padding.any() and not delta[padding].any()
        largest = max(largest, norms(delta.numpy(), norm, per).max())
    assert largest <= RADIUS * (1 + 1e-5)
    assert largest >= RADIUS * 0.9 or (name, norm, per) == ("smoothing", "l2", "token")


@pytest.mark.parametrize("name", [*WITHIN, "r3f", "r4f"])
def test_special_tokens_are_left_alone_where_the_recipe_says_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for special in (True, False):
        seen = deltas(run(tmp_path, "classify", make(name, special=special)), monkeypatch)
        found, delta = seen[-1]
        ids = torch.isin(found.batch["input_ids"], torch.tensor(found.inner.tokenizer.all_special_ids))
        outer = ids & (found.batch["attention_mask"] == 1)
        assert outer.sum() == 2 * len(ids)
        assert bool(delta[outer].any()) == special
        assert delta[~ids].any()


@pytest.mark.parametrize("kind", FORMS)
def test_every_form_is_perturbed_in_all_its_subwords(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = deltas(run(tmp_path, kind, make("freelb")), monkeypatch)
    assert len(seen) == 3
    for found, delta in seen:
        assert delta.shape[:2] == found.batch["input_ids"].shape
        assert torch.equal(delta.abs().amax(-1) > 0, found.batch["attention_mask"] == 1)


@pytest.mark.parametrize("name", ["r3f", "r4f"])
def test_noise_of_r3f_has_its_size(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ((found, delta),) = deltas(run(tmp_path, "classify", make(name, size=0.5), batch_size=24), monkeypatch)
    inside = delta[found.batch["attention_mask"] == 1]
    assert inside.abs().max() <= 0.5 and inside.std() == pytest.approx(0.5 / 3**0.5, rel=0.05)
    ((found, delta),) = deltas(
        run(tmp_path, "classify", make(name, size=0.5, noise="normal"), batch_size=24), monkeypatch
    )
    inside = delta[found.batch["attention_mask"] == 1]
    assert inside.std() == pytest.approx(0.5, rel=0.05) and inside.abs().max() > 1


def test_freelb_starts_with_its_size_over_the_root_of_the_numbers(tmp_path: Path) -> None:
    """Uniform in a cube whose corners have the norm ``start``: the norm is about a root of three smaller."""
    adversary: Any = make("freelb", start=0.5, radius=None)
    found = micro(run(tmp_path, "classify", adversary, batch_size=24))
    delta = adversary.first_delta(found)
    counts = found.batch["attention_mask"].sum(1).numpy() * delta.shape[-1]
    bound = 0.5 / np.sqrt(counts)
    assert (delta.abs().amax((1, 2)).numpy() <= bound).all()
    assert norms(delta.numpy(), "l2", "sequence") == pytest.approx(np.full(len(counts), 0.5 / 3**0.5), rel=0.2)


def test_projection_and_unit_by_hand() -> None:
    delta = torch.tensor([[[3.0, 4.0], [0.0, 12.0]]])
    assert norm_balls.delta_norms(delta, "l2", "sequence").flatten().tolist() == [13.0]
    assert norm_balls.delta_norms(delta, "l2", "token").flatten().tolist() == [5.0, 12.0]
    assert norm_balls.delta_norms(delta, "linf", "sequence").flatten().tolist() == [12.0]
    assert norm_balls.project_to_ball(delta, 6.5, "l2", "sequence").tolist() == [[[1.5, 2.0], [0.0, 6.0]]]
    assert norm_balls.project_to_ball(delta, 10.0, "l2", "token").tolist() == [[[3.0, 4.0], [0.0, 10.0]]]
    assert norm_balls.project_to_ball(delta, 3.5, "linf", "token").tolist() == [[[3.0, 3.5], [0.0, 3.5]]]
    assert norm_balls.project_to_ball(delta, None, "l2", "token") is delta
    assert norm_balls.to_unit_norm(delta, "l2", "token").flatten().tolist() == pytest.approx([0.6, 0.8, 0.0, 1.0])
    assert norm_balls.to_unit_norm(delta, "linf", "token").flatten().tolist() == pytest.approx([0.75, 1.0, 0.0, 1.0])


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_the_direction_of_a_tiny_gradient_is_kept_and_nothing_stays_nothing(norm: str) -> None:
    tiny = torch.tensor([[[3e-25, -4e-25]], [[0.0, 0.0]]])
    found = norm_balls.to_unit_norm(tiny, norm, "sequence")
    assert found[0].flatten().tolist() == pytest.approx([0.6, -0.8] if norm == "l2" else [0.75, -1.0])
    assert not found[1].any()


def test_draws_in_the_ball_are_uniform(tmp_path: Path) -> None:
    """The distance from the centre of a ball of d dimensions has the distribution function t^d."""
    found = micro(run(tmp_path, "classify", make("smoothing"), batch_size=24))
    mask = torch.zeros_like(found.mask())
    mask[:, 1] = 1
    lengths = [norm_balls.uniform_in_ball(found, mask, 2.0, "l2", "token")[:, 1].norm(dim=-1) / 2 for _ in range(60)]
    share = torch.cat(lengths).double() ** 16  # d is the width: this is uniform from 0 to 1
    assert share.mean() == pytest.approx(0.5, abs=0.03) and share.std() == pytest.approx(12**-0.5, abs=0.02)
    assert norm_balls.uniform_in_ball(found, mask, 2.0, "linf", "token").abs().max() <= 2
