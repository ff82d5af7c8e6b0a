"""Runs whose rows are changed each time they are drawn, on tiny networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adversary_runs import network, rows
from tiny_runs import context, settings

from xfer.trainers.augmenting import Augment
from xfer.trainers.batches.augmented import Augmentation, Augmenter
from xfer.trainers.loop.fit import Run, TaskData

TYPOS: dict[str, Any] = {"attacker": {"type": "typos", "rate": 0.5}}
CUT: dict[str, Any] = {"subwords": {"drop": 0.5}}


def augmentation_of(*steps: dict[str, Any], **more: Any) -> Augmentation:
    """These steps of ``trainer.augment``, one after the other."""
    return Augmentation(tuple((Augment.model_validate(step), None) for step in steps), **more)


def augmented_run(folder: Path, kind: str, augmented: Augmentation | None, seed: int = 1, **fields: Any) -> Run:
    task = TaskData(kind, 1.0, rows(kind), None, ("en",), augmentation=augmented)
    return Run(settings(batch_size=6, **fields), network(kind, dropout=0.1), [task], context(folder, seed))


def augmenter_of(run: Run) -> Augmenter:
    """What draws the changed rows of a run with one task."""
    (augmenter,) = run.feed.views.values()
    return augmenter
