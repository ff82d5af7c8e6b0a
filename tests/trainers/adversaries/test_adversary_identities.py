"""What must hold between methods: nothing perturbed is plain training, FreeLB is a mean of PGD's points ..."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adversary_runs import NAMES, close, combine, gradients, make, network, rows, run
from tiny_runs import context, equal, settings, weights

from xfer.trainers.adversaries.base import Adversary
from xfer.trainers.loop.fit import TaskData, fit

NOTHING = [
    ("fgm", {"radius": 0}),
    ("fgm", {"weight": 0}),
    ("pgd", {"radius": 0}),
    ("pgd", {"steps": 0}),
    ("freelb", {"radius": 0}),
    ("freelb", {"steps": 0}),
    ("freelb", {"rate": 0, "start": 0}),
    ("freeat", {"radius": 0}),
    ("freeat", {"steps": 0}),
    ("smart", {"radius": 0, "proximal": 0}),
    ("smart", {"steps": 0, "proximal": 0}),
    ("smart", {"weight": 0, "proximal": 0}),
    ("alum", {"radius": 0}),
    ("alum", {"steps": 0}),
    ("vat", {"radius": 0}),
    ("vat", {"steps": 0}),
    ("r3f", {"size": 0}),
    ("r4f", {"size": 0}),
    ("smoothing", {"radius": 0}),
]


def trained(folder: Path, adversary: Adversary) -> dict[str, torch.Tensor]:
    """The weights after two steps on two tasks, with dropout and accumulation."""
    net = network("classify", "mask", dropout=0.1)
    chosen = settings(steps=2, adversary=adversary, accumulate=2, batch_size=6)
    tasks = [TaskData(kind, weight, rows(kind), None, ("en",)) for kind, weight in (("classify", 1.0), ("mask", 0.5))]
    fit(chosen, net, tasks, context(folder))
    return weights(net)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    return trained(tmp_path_factory.mktemp("plain"), make("none"))


@pytest.mark.parametrize(("name", "fields"), NOTHING, ids=str)
def test_without_a_perturbation_training_is_plain_to_the_bit(
    name: str, fields: dict[str, Any], plain: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    assert not make(name, **fields).is_active and make(name, **fields).replay_count == 1
    assert equal(trained(tmp_path, make(name, **fields)), plain)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "none"])
def test_with_its_defaults_every_method_trains_other_weights(
    name: str, plain: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    assert make(name).is_active
    assert not equal(trained(tmp_path, make(name)), plain)


def gradient(folder: Path, name: str, dropout: float = 0.1, **fields: Any) -> dict[str, torch.Tensor]:
    (found,) = gradients(run(folder, "classify", make(name, **fields), dropout))
    return found


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_one_freelb_step_adds_to_the_gradient_of_its_start_that_of_one_pgd_step(norm: str, tmp_path: Path) -> None:
    common: dict[str, Any] = {"norm": norm, "rate": 0.5, "start": 0.3, "radius": 0.6}
    both = gradient(tmp_path, "freelb", steps=1, **common)
    start = gradient(tmp_path, "pgd", steps=1, **common | {"rate": 0})
    pgd = gradient(tmp_path, "pgd", steps=1, **common)
    assert close(combine([2, -1], [both, start]), pgd)
    assert not close(start, pgd)


def test_freelb_is_the_mean_of_the_gradients_at_all_points_of_the_ascent(tmp_path: Path) -> None:
    common = {"rate": 0.5, "start": 0.3, "radius": 0.6}
    points = [gradient(tmp_path, "pgd", steps=1, **common | {"rate": 0})]
    points += [gradient(tmp_path, "pgd", steps=steps, **common) for steps in (1, 2, 3)]
    assert close(gradient(tmp_path, "freelb", steps=3, **common), combine([0.25] * 4, points))


def test_all_passes_of_freelb_have_one_dropout_mask(tmp_path: Path) -> None:
    """With another mask a pass, a perturbation of next to nothing would still change the gradient."""
    plain = gradient(tmp_path, "none", dropout=0.3)
    assert close(gradient(tmp_path, "freelb", dropout=0.3, steps=3, rate=1e-9, start=0), plain)


def test_r3f_passes_have_dropout_masks_of_their_own(tmp_path: Path) -> None:
    plain = gradient(tmp_path, "none", dropout=0.3)
    assert not close(gradient(tmp_path, "r3f", dropout=0.3, size=1e-9), plain)
    still = gradient(tmp_path, "none", dropout=0)
    assert close(gradient(tmp_path, "r3f", dropout=0, size=1e-9), still)


def test_fgm_adds_the_gradient_at_one_pgd_step_from_the_clean_point(tmp_path: Path) -> None:
    clean, moved = gradient(tmp_path, "none"), gradient(tmp_path, "pgd", steps=1, rate=0.7, start=0, radius=None)
    assert close(gradient(tmp_path, "fgm", radius=0.7, weight=0.5), combine([1, 0.5], [clean, moved]))


def test_free_training_updates_the_weights_at_as_many_points_as_it_has_steps(tmp_path: Path) -> None:
    """Without dropout: its masks differ from replay to replay."""
    common = {"rate": 0.5, "start": 0.3, "radius": 0.6}
    found = gradients(run(tmp_path, "classify", make("freeat", steps=2, **common)))
    assert len(found) == 2  # the weights stand still here: the optimiser only looks
    ours = [
        gradient(tmp_path, "pgd", 0, steps=1, **common | {"rate": 0}),
        gradient(tmp_path, "pgd", 0, steps=1, **common),
    ]
    assert all(close(mine, combine([1 / 3], [theirs])) for mine, theirs in zip(found, ours, strict=True))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("none", {}),
        ("fgm", {}),
        ("pgd", {"start": 0}),
        ("freelb", {"start": 0}),
        ("freelb", {"start": 0, "norm": "linf", "per": "token"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["classify", "choose", "tag", "span"])
def test_two_half_batches_give_the_gradient_of_the_whole(
    kind: str, name: str, fields: dict[str, Any], tmp_path: Path
) -> None:
    """Where nothing is drawn: draws are the micro-batch's own."""
    halves = run(tmp_path, kind, make(name, **fields), batch_size=5, accumulate=2)
    whole = run(tmp_path, kind, make(name, **fields), batch_size=10)
    index = [halves.feed.samplers[kind].batch_rows(i) for i in range(2)]
    whole.feed.samplers[kind].batch_rows = lambda number: np.concatenate(index)  # type: ignore[method-assign]
    assert close(gradients(halves)[0], gradients(whole)[0], 1e-5)


def test_the_draws_of_a_step_follow_from_seed_step_and_micro_batch_alone(tmp_path: Path) -> None:
    made = run(tmp_path, "classify", make("freelb"), accumulate=2, batch_size=4)
    batches = [made.task_batch("classify", 0)] * 2

    def drawn(step: int) -> list[torch.Tensor]:
        return [micro.uniform() for micro in made._micro_batches("classify", batches, step)]

    first, other = drawn(3), drawn(4)
    torch.rand(7)
    again = drawn(3)
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[1]) and not torch.equal(first[0], other[0])
