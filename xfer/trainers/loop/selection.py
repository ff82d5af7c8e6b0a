"""Dev scores of a run, the weights that they select, and when patience is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from xfer.models import adapt
from xfer.trainers.batches.feed import TaskData
from xfer.trainers.loop import averaging, checkpoint
from xfer.trainers.loop.discriminators import accuracies
from xfer.trainers.loop.run import Run


@contextmanager
def _shown(run: Run, folder: Path) -> Iterator[None]:
    """Inside, the network has the weights that are scored and kept, which may be a mean, or merged."""
    settings, steps = run.settings, [*(point["step"] for point in run.state["curve"]), run.state["step"]]
    mean = averaging.averaged(settings.average, run.moving, run.inner, folder, steps)
    with mean, adapt.merged(run.inner, settings.adapt):
        yield


def judge(run: Run, kept: Path) -> bool:
    """Scores the dev sets and selects (see ``_select``), done by the main process for all of them."""

    def find() -> tuple[bool, dict[str, Any]]:
        with _shown(run, kept):
            stopped = _select(run, kept)
        return stopped, {name: run.state[name] for name in ("best", "oracle", "since", "curve")}

    with run.shards.whole(run) if run.shards else nullcontext():
        stopped, found = run.ranks.told(find)
    run.state |= found
    return stopped


def _select(run: Run, kept: Path) -> bool:
    """Scores the dev sets, keeps the weights that are best so far, and says whether patience is over."""
    state, scores = run.state, run.dev()
    step = state["step"]
    told = {"domain": accuracies(run)} if run.heads else {}
    state["curve"].append({"step": step, "dev": scores} | told)
    own = _mean(scores, run.tasks, lambda task, language: language in task.languages)
    other = _mean(scores, run.tasks, lambda task, language: language not in task.languages)
    if own is None or state["best"] is None or own > state["best"][1]:
        state["best"], state["since"] = [step, own], 0
        checkpoint.keep(kept, "selected", step, run.inner)
    else:
        state["since"] += 1
    if run.settings.oracle and other is not None and (state["oracle"] is None or other > state["oracle"][1]):
        state["oracle"] = [step, other]
        checkpoint.keep(kept, "oracle", step, run.inner)
    return run.settings.patience is not None and state["since"] >= run.settings.patience


def _mean(scores: dict[str, dict[str, float]], tasks: dict[str, TaskData], chosen: Callable[..., bool]) -> float | None:
    means = []
    for name, found in scores.items():
        values = [value for language, value in found.items() if chosen(tasks[name], language)]
        means += [float(np.mean(values))] if values else []
    return float(np.mean(means)) if means else None
