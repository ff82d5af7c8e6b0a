"""The mixer ``joint``: every step trains all tasks on the sum of their gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_runs import Stop, context, equal, network, rows, run, settings, stopping, task, weights

from xfer.trainers.adversaries.losses import FreeAt, FreeLb
from xfer.trainers.loop.fit import Run, TaskData, fit
from xfer.trainers.mixers import Joint, Proportional

TASKS = [task("nli", 2.0), task("mlm", 0.5)]


def joint(folder: Path, dropout: float = 0.0, **fields: Any) -> Run:
    fields = {"clip": 0} | fields
    return Run(settings(**fields), network(("nli", "mlm"), dropout), TASKS, context(folder, mixer=Joint()))


def gradients(made: Run) -> list[dict[str, torch.Tensor]]:
    """The gradients of each update of the first step."""
    seen: list[dict[str, torch.Tensor]] = []

    def look() -> None:
        seen.append({n: p.grad.clone() for n, p in made.inner.named_parameters() if p.grad is not None})

    made.optimizer.step = look
    made.train_step(0)
    return seen


def alone(folder: Path, one: TaskData, **fields: Any) -> list[dict[str, torch.Tensor]]:
    return gradients(run(folder, network(("nli", "mlm"), 0.0), one, **{"clip": 0} | fields))


@pytest.mark.parametrize(
    "fields", [{}, {"accumulate": 3}, {"adversary": FreeLb(start=0)}, {"adversary": FreeAt(start=0)}]
)
def test_the_gradient_is_the_sum_of_the_tasks_own_with_their_weights(fields: dict[str, Any], tmp_path: Path) -> None:
    together = gradients(joint(tmp_path, **fields))
    parts = [alone(tmp_path, each, **fields) for each in TASKS]
    assert len(together) == (2 if "adversary" in fields and isinstance(fields["adversary"], FreeAt) else 1)
    for found, nli, mlm in zip(together, *parts, strict=True):
        assert found.keys() == nli.keys() | mlm.keys() and nli.keys() != mlm.keys()
        for name, gradient in found.items():
            wanted = sum(part[name] for part in (nli, mlm) if name in part)
            assert torch.allclose(gradient, wanted, atol=1e-6, rtol=1e-4), name  # type: ignore[arg-type]


def test_the_loss_of_a_step_is_the_weighted_sum(tmp_path: Path) -> None:
    nli, mlm = (run(tmp_path, network(("nli", "mlm"), 0.0), each).train_step(0)[0] for each in TASKS)
    loss, seen = joint(tmp_path).train_step(0)
    assert loss == pytest.approx(2.0 * nli + 0.5 * mlm, rel=1e-5)
    assert seen == 16


def test_every_task_moves_on_by_one_batch_a_step_and_accumulation(tmp_path: Path) -> None:
    made = joint(tmp_path, accumulate=2)
    for step in range(3):
        made.train_step(step)
    assert made.state["counts"] == {"nli": 6, "mlm": 6}


def test_tasks_of_a_step_have_dropout_masks_of_their_own(tmp_path: Path) -> None:
    made = joint(tmp_path, dropout=0.5)
    names = [
        micro.names
        for one in made.tasks
        for micro in made._micro_batches(one, made.next_batches(one, 1, 0), 0, one == "mlm")
    ]
    assert names == [(1, 0, 0), (1, 0, 1)]


@pytest.mark.parametrize(("accumulate", "steps"), [(1, 12), (2, 6)])
def test_an_epoch_is_one_of_the_longest_task(accumulate: int, steps: int, tmp_path: Path) -> None:
    tasks = [task("nli", count=20), TaskData("mlm", 1.0, rows(48), None, ("en",))]
    about = {"epochs": 1, "batch_size": 4, "accumulate": accumulate}
    made = Run(settings(**about), network(("nli", "mlm")), tasks, context(tmp_path, mixer=Joint()))
    assert made.steps == steps
    drawn = Run(settings(**about), network(("nli", "mlm")), tasks, context(tmp_path, mixer=Proportional()))
    assert drawn.steps == 17 // accumulate + 17 % accumulate


def test_one_task_alone_is_trained_as_under_any_mixer(tmp_path: Path) -> None:
    nets = [network() for _ in range(2)]
    for net, mixer in zip(nets, (Joint(), Proportional()), strict=True):
        fit(settings(steps=4), net, [task()], context(tmp_path / mixer.type_name, mixer=mixer))
    assert equal(*map(weights, nets))


@pytest.mark.parametrize("at", [3, 8, 11])
def test_a_run_that_is_stopped_and_continued_equals_an_unbroken_one(at: int, tmp_path: Path) -> None:
    def trained(folder: Path, *progress: Any) -> dict[str, torch.Tensor]:
        net = network(("nli", "mlm"))
        chosen = settings(steps=12, evaluate_every=4, accumulate=2, adversary=FreeLb())
        fit(chosen, net, TASKS, context(folder, 1, None, *progress, mixer=Joint()))
        return weights(net)

    whole = trained(tmp_path / "whole")
    with pytest.raises(Stop):
        trained(tmp_path / "broken", stopping(at))
    assert equal(trained(tmp_path / "broken"), whole)
