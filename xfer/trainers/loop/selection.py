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
from xfer.trainers.loop.discriminators import discriminator_accuracies
from xfer.trainers.loop.run import Run


@contextmanager
def _selection_weights(run: Run, folder: Path) -> Iterator[None]:
    """Inside, the network has the weights that are scored and kept, which may be a mean, or merged."""
    settings, steps = run.settings, [*(point["step"] for point in run.state["curve"]), run.state["step"]]
    mean = averaging.averaged_weights(settings.average, run.moving, run.inner, folder, steps)
    with mean, adapt.merged_adapters(run.inner, settings.adapt):
        yield


def evaluate_and_select(run: Run, kept: Path) -> bool:
    """Scores the dev sets and selects (see ``_select``), done by the main process for all of them."""

    def find() -> tuple[bool, dict[str, Any]]:
        with _selection_weights(run, kept):
            stopped = _select_weights(run, kept)
        return stopped, {name: run.state[name] for name in ("best", "oracle", "since", "curve")}

    with run.shards.whole(run) if run.shards else nullcontext():
        stopped, selection = run.processes.broadcast_result(find)
    run.state |= selection
    return stopped


def _select_weights(run: Run, kept: Path) -> bool:
    """Scores the dev sets, keeps the weights that are best so far, and says whether patience is over."""
    state, scores = run.state, run.dev_scores()
    step = state["step"]
    domain_accuracies = {"domain": discriminator_accuracies(run)} if run.heads else {}
    state["curve"].append({"step": step, "dev": scores} | domain_accuracies)
    own_mean = _mean_score(scores, run.tasks, lambda task, language: language in task.languages)
    other_mean = _mean_score(scores, run.tasks, lambda task, language: language not in task.languages)
    takes_last = run.settings.select == "last"
    if takes_last or own_mean is None or state["best"] is None or own_mean > state["best"][1]:
        state["best"], state["since"] = [step, own_mean], 0
        checkpoint.keep_weights(kept, "selected", step, run.inner)
    else:
        state["since"] += 1
    if run.settings.oracle and other_mean is not None and (state["oracle"] is None or other_mean > state["oracle"][1]):
        state["oracle"] = [step, other_mean]
        checkpoint.keep_weights(kept, "oracle", step, run.inner)
    return run.settings.patience is not None and state["since"] >= run.settings.patience


def _mean_score(
    scores: dict[str, dict[str, float]], tasks: dict[str, TaskData], counts: Callable[..., bool]
) -> float | None:
    means = []
    for name, task_scores in scores.items():
        values = [value for language, value in task_scores.items() if counts(tasks[name], language)]
        means += [float(np.mean(values))] if values else []
    return float(np.mean(means)) if means else None
