"""What the loop does for discriminators: rates of their own, a critic's updates of its own, accuracies.

Their losses and networks stand in ``xfer.models.domain``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from xfer.core.errors import XferError
from xfer.models.network import Network
from xfer.trainers.adversaries.base import Plain
from xfer.trainers.adversaries.micro import Micro
from xfer.trainers.ranks import units

if TYPE_CHECKING:
    from xfer.trainers.run import Run


def judge_groups(network: Network, peak: float) -> list[dict[str, Any]]:
    """The optimiser's groups of discriminators; ``scale`` is the ratio of their rate to the stage's ``peak``."""
    groups = []
    for task, judge in network.judges.items():
        form: Any = network.forms[task]
        own = form.head.learning_rate
        scale = own / peak if own and peak else 1.0
        groups.append({"params": list(judge.parameters()), "weight_decay": 0.0, "scale": scale})
    return groups


def train_critics(run: Run, tasks: Sequence[str], step: int) -> None:
    """The updates of the discriminators alone that precede ``step``, each on the next batch of its task."""
    for task in tasks:
        head, judge = run.heads[task], run.inner.judges[task]
        for number in range(head.critic_steps):
            (batch,) = run.batches(task, 1, step)
            critic = {"critic": torch.ones((), device=run.accelerator.device)}
            name = (run.context.seed, step, -1 - number)  # the micro-batches of the step itself count from 0
            loss = 0.0
            if "labels" in batch:  # another process may have all of its rows
                about = task, batch | critic, units(batch), 1.0, name
                loss = float(Plain().backward(Micro(run.network, run.accelerator, *about, {})))
            run.ranks.add_up(list(judge.parameters()))
            if not math.isfinite(run.ranks.total([loss])[0]):
                what = f"the loss of the critic of {task} is not a number at step {step + 1}"
                raise XferError(f"{what}; lower the learning_rate of its head")
            for group in run.optimizer.param_groups:
                group["lr"] = run.rate(step) * group.get("scale", 1.0)
            run.optimizer.step()  # parameters without a gradient stay as they are, decay included
            run.optimizer.zero_grad(set_to_none=True)
            head.settle(judge)


def accuracies(run: Run) -> dict[str, dict[str, Any]]:
    """Of each discriminator on its dev rows: ``accuracy`` (None where there are none), ``chance``, share by value."""
    found: dict[str, dict[str, Any]] = {}
    for name in run.heads:
        form: Any = run.inner.forms[name]
        dev = run.tasks[name].dev
        decoded = run.decoded(name, dev) if dev is not None else {"gold": [], "credit": []}
        accuracy = form.score(decoded)["accuracy"] if decoded["gold"] else None
        found[name] = {"accuracy": accuracy, "chance": 1 / len(form.labels), "values": form.shares(decoded)}
    return found


def told_apart(curve: Sequence[Mapping[str, Any]], step: int) -> dict[str, Any]:
    """``domain``: the accuracies at the selected step, where the stage has discriminators."""
    found = [point["domain"] for point in curve if point["step"] == step and "domain" in point]
    return {"domain": found[0]} if found else {}
