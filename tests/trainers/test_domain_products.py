"""Every discriminator beside every form, under adversaries, accumulation and bf16: one step each."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from adversary_runs import FORMS, origin, rows
from domain_runs import NAMES, chosen, head
from domain_runs import rows as unlabelled
from tiny_runs import context

from xfer.forms.base import build_form
from xfer.models.domain.form import build_domain_form
from xfer.models.network import build_network
from xfer.recipe.checks.discriminators import conditioning_task
from xfer.trainers.adversaries.losses import FreeAt, FreeLb
from xfer.trainers.adversaries.smoothness import R3f, Smart
from xfer.trainers.loop.fit import Run, TaskData
from xfer.trainers.mixers import Joint

MAIN = {"classify", "tag"}
ADVERSARIES = [FreeLb(), FreeAt(), Smart(), R3f()]


def stage(folder: Path, name: str, kind: str, other: str = "mask", **fields: Any) -> Run:
    """``kind`` learns, ``other`` rows in two languages are judged, and masked words are learnt beside."""
    one = head(name, **({"states": "tokens"} if kind == "tag" else {}))
    forms: dict[str, Any] = {"main": build_form(kind, FORMS[kind]), "masked": build_form("mask")}
    tasks = [TaskData("main", 1.0, rows(kind), None, ("en",)), TaskData("masked", 0.5, rows("mask"), None, ("en",))]
    told = unlabelled(other)
    forms["language"] = build_domain_form(
        "language", build_form(other, FORMS[other]), one, conditioning_task(one, {"main": kind}), told
    )
    tasks.append(TaskData("language", 1.0, told, None, ("en", "fr")))
    network = build_network(origin(0.1), forms, 1)
    return Run(chosen(batch_size=4, accumulate=2, **fields), network, tasks, context(folder, mixer=Joint()))


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_step_of_every_form_under_an_adversary(name: str, kind: str, tmp_path: Path) -> None:
    if name == "cdan" and kind not in MAIN:
        pytest.skip(f"form {kind} has no class probabilities: xfer check says so")
    number = NAMES.index(name) + list(FORMS).index(kind)
    made = stage(tmp_path, name, kind, ("mask", "classify", "tag")[number % 3], adversary=ADVERSARIES[number % 4])
    before = {key: tensor.clone() for key, tensor in made.inner.named_weights().items()}
    for step in range(2):  # the ramp is 0 in the first
        assert math.isfinite(made.train_step(step)[0])
    moved = {key for key, tensor in made.inner.named_weights().items() if not torch.equal(tensor, before[key])}
    assert {key.split(".")[0] for key in moved} == {"heads", "judges"}


@pytest.mark.parametrize("name", NAMES)
def test_in_bf16_discriminators_are_read_in_full_precision(name: str, tmp_path: Path) -> None:
    made = stage(tmp_path, name, "classify", precision="bf16")
    seen: list[torch.dtype] = []
    judge: Any = made.inner.judges["language"]
    judge.layers[-1].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    assert math.isfinite(made.train_step(0)[0]) and math.isfinite(made.train_step(1)[0])
    assert set(seen) == {torch.float32}
