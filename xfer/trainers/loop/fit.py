"""The loop of ``finetune``: steps, dev scores, checkpoints, exact resume."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xfer.core.errors import XferError
from xfer.models import adapt
from xfer.models.network import Network
from xfer.trainers.batches.feed import TaskData
from xfer.trainers.loop import averaging, checkpoint
from xfer.trainers.loop.discriminators import selected_accuracies
from xfer.trainers.loop.logging import RunLog
from xfer.trainers.loop.refresh import RefreshedTasks, attacked_summary
from xfer.trainers.loop.run import Context, Run
from xfer.trainers.loop.selection import evaluate_and_select
from xfer.trainers.settings import FinetuneSettings

__all__ = ["Context", "Run", "TaskData", "fit"]


def fit(settings: FinetuneSettings, network: Network, tasks: Sequence[TaskData], context: Context) -> dict[str, Any]:
    """Trains ``network`` and leaves it with the selected weights.

    Selection is by the mean over tasks of the mean dev score over the languages trained on; the oracle
    is the step that the other languages' dev sets would choose, kept as ``checkpoint/oracle-<step>``.
    Returns the steps of both, the dev curve and what later nodes must know.
    """
    run = Run(settings, network, tasks, context)
    kept = context.folder / "checkpoint"
    restored = checkpoint.restore_checkpoint(kept, run.inner, run.optimizer.optimizer, run.kept | run.moving)
    run.state = restored or run.state
    log = RunLog(context.folder, context.name, run.state["step"]) if run.processes.main else None
    try:
        return _run_steps(run, kept, log)
    finally:
        if log:
            log.close()


def _run_steps(run: Run, kept: Path, log: RunLog | None) -> dict[str, Any]:
    """The steps that are left. Only the process with a log writes."""
    settings, context = run.settings, run.context
    every = settings.evaluate_every or max(1, run.steps // 10)
    saved, run_rows, started = time.monotonic(), 0, time.monotonic()
    run.network.train()
    stopped = bool(run.state.get("stopped"))
    refreshed = RefreshedTasks(run, kept)
    if run.shards and refreshed.tasks:
        raise XferError("rows cannot be attacked anew by a network in parts; set trainer.shard: false, or drop refresh")
    while run.state["step"] < run.steps and not stopped:
        refreshed.before(lambda: _checkpoint(run, kept, stopped=False))
        loss, rows = run.train_step(run.state["step"])
        run.state["step"] += 1
        step, run_rows = run.state["step"], run_rows + rows
        speed = run_rows / (time.monotonic() - started)
        context.progress(step, run.steps, loss=loss, rows_per_second=speed)
        if step % every == 0 or step == run.steps:
            stopped = evaluate_and_select(run, kept)
            if log:
                log.write({"loss": loss, "rate": run.learning_rate(step - 1)} | run.state["curve"][-1])
        elif log and step % max(1, every // 10) == 0:
            log.write(
                {"step": step, "loss": loss, "rate": run.learning_rate(step - 1), "rows_per_second": round(speed, 1)}
            )
        due = step % every == 0 or time.monotonic() - saved > settings.checkpoint_seconds
        if _agree_due(run, due) if run.shards else log and due:
            _checkpoint(run, kept, stopped)
            saved = time.monotonic()
    return _finish(run, kept)


def _agree_due(run: Run, due: bool) -> bool:
    """What process 0 says: the clocks of the others may differ, and they all have parts of a checkpoint."""
    return run.processes.broadcast_result(lambda: due)


def _checkpoint(run: Run, kept: Path, stopped: bool) -> None:
    step = run.state["step"]
    state = run.state | {"stopped": stopped}
    moving = run.kept | run.moving
    checkpoint.save_checkpoint(kept, step, run.inner, run.optimizer.optimizer, state, moving, writes=run.processes.main)
    if not run.processes.main:
        return
    averaging.forget_recent(run.settings.average, kept, [point["step"] for point in state["curve"]])
    for name, best in (("selected", run.state["best"]), ("oracle", run.state["oracle"])):
        if best:
            checkpoint.forget_weights(kept, name, best[0])


def _finish(run: Run, kept: Path) -> dict[str, Any]:
    state = run.state
    if state["best"] is None:  # no step was ever due for a dev score
        evaluate_and_select(run, kept)
    adapt.remove_adapters(run.inner, run.settings.adapt)
    if run.shards:
        run.shards.end(run)
    if run.processes.main:
        checkpoint.restore_weights(kept, "selected", state["best"][0], run.inner)
    run.accelerator.free_memory()
    outcome = {
        "steps": state["step"],
        "planned": run.steps,
        "selected": state["best"],
        "oracle": state["oracle"],
        "curve": state["curve"],
        "max_length": run.max_length,
        "precision": run.precision,
        "rows": run.feed.sizes,
        "batches": state["counts"],
    }
    return outcome | selected_accuracies(state["curve"], state["best"][0]) | attacked_summary(run)
