"""Whether an encoder that is trained against a discriminator really hides what a later one looks for.

The problem is one where that can be done: points of two domains that differ in the mean of one number, and a linear
encoder with fewer outputs than inputs. With that number's weights near nothing the others' noise covers what is left.
Strengths of 3 and more hide it here, 1 a little, the published 0.01 not at all: a critic of three clipped layers is
nearly flat. (Of a tiny text encoder on two languages without a common word it hid little from a discriminator that
scales its inputs: the distance of the means falls, but there is no noise to cover the rest.)
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from xfer.forms.base import build_form
from xfer.models.domain.base import Head
from xfer.models.domain.form import build_domain_form
from xfer.models.network import seeded_torch

INPUTS, OUTPUTS, APART = 4, 3, 4.0  # the mean of the last number differs by four standard deviations


def points(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Inputs [2 count, 4], their domains, and what the task asks: the sign of the first number."""
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randn(2 * count, INPUTS, generator=draw)
    domains = torch.arange(2).repeat_interleave(count)
    inputs[:, -1] += APART * domains
    return inputs, domains, (inputs[:, 0] > 0).float()


def trained(peak: float) -> tuple[torch.nn.Module, torch.nn.Module]:
    """A linear encoder and its task's head, as the loop trains them beside a critic; of the task the first domain."""
    block: dict[str, Any] = {"type": "wasserstein", "dropout": 0.0, "width": 16}
    head = Head.model_validate(block | {"reverse": {"peak": peak, "ramp": "constant"}})
    rows = {"id": ["0", "1"], "language": ["en", "fr"], "text": ["a", "b"]}
    kind: Any = build_domain_form("language", build_form("mask"), head, None, rows)
    with seeded_torch(1):
        encoder, task, judge = torch.nn.Linear(INPUTS, OUTPUTS), torch.nn.Linear(OUTPUTS, 1), kind.judge(OUTPUTS, 1)
    own = torch.optim.Adam([*encoder.parameters(), *task.parameters()], 5e-3)
    critic = torch.optim.Adam(judge.parameters(), 5e-3)
    strength, turn = torch.tensor(head.reverse.at(0.5)), torch.ones(())
    for step in range(400):
        for number in range(head.critic_steps):
            inputs, labels, _ = points(64, 10 * step + number)
            batch = {"labels": labels, "critic": turn}
            critic.zero_grad()
            head.unit_losses(head.judge_features(judge, encoder(inputs), batch), batch).sum().div(
                len(labels)
            ).backward()
            critic.step()
            head.constrain_weights(judge)
        inputs, labels, signs = points(64, 10 * step + 9)
        states, batch = encoder(inputs), {"labels": labels, "strength": strength}
        loss = binary_cross_entropy_with_logits(task(states[:64])[:, 0], signs[:64])
        own.zero_grad()
        (loss + head.unit_losses(head.judge_features(judge, states, batch), batch).sum() / len(labels)).backward()
        own.step()
    return encoder, task


def found(encoder: torch.nn.Module) -> float:
    """The accuracy of a fresh discriminator, trained on states that stand still, on points it has not seen."""
    with seeded_torch(2):
        judge = torch.nn.Sequential(torch.nn.Linear(OUTPUTS, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))
    optimizer = torch.optim.Adam(judge.parameters(), 1e-2)
    inputs, labels, _ = points(1000, 1)
    with torch.no_grad():
        states = encoder(inputs)
        mean, spread = states.mean(0), states.std(0)
    for _ in range(200):
        optimizer.zero_grad()
        cross_entropy(judge((states - mean) / spread), labels).backward()
        optimizer.step()
    inputs, labels, _ = points(1000, 2)
    with torch.no_grad():
        return float((judge((encoder(inputs) - mean) / spread).argmax(1) == labels).float().mean())


def test_a_wasserstein_critic_hides_what_can_be_hidden_and_the_task_is_learnt() -> None:
    for peak, low, high in ((0.0, 0.9, 1.0), (10.0, 0.4, 0.65)):
        encoder, task = trained(peak)
        accuracy = found(encoder)
        inputs, _, signs = points(1000, 3)
        with torch.no_grad():
            learnt = float(((task(encoder(inputs))[:1000, 0] > 0) == (signs[:1000] > 0)).float().mean())
        assert low <= accuracy <= high and learnt > 0.9
