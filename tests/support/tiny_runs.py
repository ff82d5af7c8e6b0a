"""Runs of a few steps that the tests of this folder share; also a program: ``tiny_runs.py FOLDER STEP`` dies there."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch

from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.network import Network, build_network
from xfer.models.scratch import Scratch
from xfer.trainers.distributed import Processes
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, Run, TaskData, fit
from xfer.trainers.mixers import Proportional

WORDS = "the old cat sleeps in a garden while two birds sing on grey roofs and nobody hears them".split()
TEXTS = [" ".join([*WORDS[i % 11 : i % 11 + 1 + i * 5 % 12], ("rain", "sun")[i * 7 % 3 == 0]]) for i in range(48)]
RESULT = dict[str, Any]


def rows(count: int = 48, languages: tuple[str, ...] = ("en",)) -> dict[str, list[Any]]:
    """The same texts in each language; the last word says the label."""
    made: dict[str, list[Any]] = {name: [] for name in ("id", "language", "text", "pair", "label")}
    for language in languages:
        made["id"] += [str(i) for i in range(count)]
        made["language"] += [language] * count
        made["text"] += TEXTS[:count]
        made["pair"] += [None] * count
        made["label"] += ["yes" if text.endswith("sun") else "no" for text in TEXTS[:count]]
    return made


@cache
def origin(dropout: float) -> Origin:
    return Scratch(layers=2, width=32, heads=2, vocabulary=300, positions=40, dropout=dropout).load_origin(
        lambda: TEXTS
    )


def network(tasks: tuple[str, ...] = ("nli",), dropout: float = 0.1, seed: int = 1) -> Network:
    """A fresh network; a task named ``mlm...`` is masked, any other classifies."""
    forms = {
        task: build_form("mask") if task.startswith("mlm") else build_form("classify", ["no", "yes"]) for task in tasks
    }
    return build_network(origin(dropout), forms, seed)


def task(name: str = "nli", weight: float = 1.0, dev: Any = None, count: int = 48) -> TaskData:
    return TaskData(name, weight, rows(count), dev, ("en",))


def settings(**fields: Any) -> Finetune:
    usual = {"learning_rate": 1e-3, "weight_decay": 0.01, "warmup": 0.1, "max_length": 32, "precision": "fp32"}
    sizes = {} if {"steps", "epochs"} & set(fields) else {"steps": 20}
    sizes |= {} if {"batch_size", "batch_tokens"} & set(fields) else {"batch_size": 8}
    return Finetune(**usual | sizes | fields)


def context(
    folder: Path,
    seed: int = 1,
    limit: int | None = None,
    progress: Callable[..., None] = lambda *_, **__: None,
    mixer: Any = None,
    processes: Processes | None = None,
) -> Context:
    folder.mkdir(parents=True, exist_ok=True)
    return Context(folder, seed, limit, mixer or Proportional(), progress, processes=processes)


def run(folder: Path, net: Network, *tasks: TaskData, seed: int = 1, **fields: Any) -> Run:
    return Run(settings(**fields), net, tasks or [task()], context(folder, seed))


class Stop(Exception):
    """Ends a run as a kill would: at once, with nothing tidied up."""


def stopping(at: int) -> Callable[..., None]:
    """A progress callback that ends the run after step ``at``."""

    def progress(step: int, total: int, **_: Any) -> None:
        if step == at:
            raise Stop

    return progress


def twenty(
    folder: Path, progress: Callable[..., None] = lambda *_, **__: None, **fields: Any
) -> tuple[Network, RESULT]:
    """Two tasks with dropout, 20 steps, dev scores and a checkpoint every five."""
    net = network(("nli", "mlm"))
    dev = rows(12, ("en", "de"))
    chosen = settings(steps=20, evaluate_every=5, **fields)
    return net, fit(chosen, net, [task("nli", dev=dev), task("mlm", 0.5)], context(folder, progress=progress))


def weights(net: Network) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in net.named_weights().items()}


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def _killed(folder: Path, at: int) -> None:
    def progress(step: int, total: int, **_: Any) -> None:
        if step == at:
            os.kill(os.getpid(), signal.SIGKILL)

    twenty(folder, progress)


if __name__ == "__main__":
    _killed(Path(sys.argv[1]), int(sys.argv[2]))
