"""Short runs for ``test_processes.py``; also a program for torchrun: ``process_runs.py FOLDER``.

It runs every case once, then a stop of both processes after a step with the rest, then failures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import adversary_runs as every
import domain_runs
import swap_search
import tiny_runs
from tiny_runs import context, network, rows, settings, task

from xfer.core.errors import XferError
from xfer.execution.distributed import joined_group
from xfer.models.network import Network
from xfer.trainers.attacked import AttackedTraining
from xfer.trainers.augmenting import Augment
from xfer.trainers.batches.attacked import AttackedData
from xfer.trainers.batches.augmented import Augmentation
from xfer.trainers.distributed import Processes
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Run, TaskData, fit
from xfer.trainers.losses.consistency import Consistency
from xfer.trainers.mixers import Joint, Proportional

Made = tuple[Network, list[TaskData], Finetune, Any]
FREELB = {"type": "freelb", "steps": 2, "rate": 0.3, "start": 0.2, "radius": 0.5}


def two_tasks(dropout: float = 0.0, **fields: Any) -> Made:
    """A classifier and masked words, with dev rows. 41 rows: a last batch that leaves a process without any."""
    tasks = [task("nli", dev=rows(12, ("en", "de")), count=41), task("mlm", 0.5, count=41)]
    return network(("nli", "mlm"), dropout), tasks, settings(steps=14, evaluate_every=7, **fields), Proportional()


def classifier(dropout: float = 0.0, **fields: Any) -> Made:
    return network(dropout=dropout), [task(dev=rows(12))], settings(steps=8, evaluate_every=4, **fields), Proportional()


def augmented(kind: str, copies: bool = False, **fields: Any) -> Made:
    """Rows that are changed as they are drawn, and the views of them."""
    steps = ({"attacker": {"type": "typos", "rate": 0.5}, "share": 0.7}, {"subwords": {"drop": 0.5}})
    told = Augmentation(
        tuple((Augment.model_validate(step), None) for step in steps), None, Consistency(weight=1, copies=copies)
    )
    tasks = [TaskData(kind, 1.0, every.rows(kind), None, ("en",), augmentation=told)]
    return every.network(kind), tasks, settings(steps=4, evaluate_every=2, **fields), Proportional()


def attacked_anew() -> Made:
    """Rows that are attacked before steps 3 and 6, by a search of the network in training."""
    block = AttackedTraining(attacker=swap_search.Swap(), refresh=3, share=0.5, keep="all")
    changes = AttackedData(1.0, True, {name: [] for name in rows()}, (), block)
    tasks = [TaskData("nli", 1.0, rows(), None, ("en",), attacked=changes)]
    return network(dropout=0), tasks, settings(steps=8, evaluate_every=4), Proportional()


def judged(name: str, main: str = "classify", head: Any = None, **fields: Any) -> Made:
    one = domain_runs.head(name, dropout=0.0, **head or {})
    stage, tasks = domain_runs.stage(one, "mask", main, dev=True)
    return stage, tasks, domain_runs.chosen(steps=6, evaluate_every=3, **fields), Joint()


CASES: dict[str, Callable[[], Made]] = {
    "plain": two_tasks,
    "plain, by tokens, two batches a step": lambda: two_tasks(batch_tokens=64, accumulate=2),
    "freelb": lambda: two_tasks(adversary=FREELB),
    "freeat": lambda: classifier(adversary={"type": "freeat", "steps": 1, "start": 0.1}),
    "smart": lambda: classifier(adversary={"type": "smart", "rate": 0.1, "start": 0.1}),
    "views of tags, two batches a step": lambda: augmented("tag", accumulate=2),
    "views of copies of tags": lambda: augmented("tag", copies=True),
    "views of rows, freelb": lambda: augmented("classify", adversary=FREELB),
    "mixup, with dropout": lambda: classifier(dropout=0.1, mixup=0.4),
    "dann": lambda: judged("domain"),
    "dann over tags, freelb": lambda: judged("domain", "tag", adversary=FREELB),
    "cdan": lambda: judged("cdan", accumulate=2),
    "wasserstein": lambda: judged("wasserstein"),
    "average": lambda: classifier(average={"last": 2}),
    "rows attacked anew": attacked_anew,
    "unfreeze": lambda: classifier(freeze_encoder=True, unfreeze={"at": 0.5}),
    "plain, in parts": lambda: two_tasks(shard=True),
    "freelb, in parts": lambda: two_tasks(adversary=FREELB, shard=True),
    "r3f recomputed, in parts": lambda: classifier(
        adversary={"type": "r3f", "size": 0.1}, shard=True, gradient_checkpointing=True
    ),
    "mixup, in parts": lambda: classifier(mixup=0.4, shard=True),
    "dann, in parts": lambda: judged("domain", shard=True),
    "penalty, in parts": lambda: judged("wasserstein", shard=True, head={"bound": "penalty"}),
    "unfreeze, in parts": lambda: classifier(freeze_encoder=True, unfreeze={"at": 0.5}, shard=True),
}


def curve(folder: Path, made: Made, stop: int = 0, processes: Processes | None = None) -> dict[str, Any]:
    """The loss of every step, the dev curve, and sums of the weights at the end."""
    losses: list[float] = []

    def progress(step: int, total: int, loss: float | None = None, **_: Any) -> None:
        if loss is not None:
            losses.append(loss)
        if stop and step == stop:
            raise tiny_runs.Stop

    net, tasks, chosen, mixer = made
    found = fit(chosen, net, tasks, context(folder, progress=progress, mixer=mixer, processes=processes))
    sums = (
        [float(tensor.double().abs().sum()) for tensor in net.named_weights().values()]
        if processes is None or processes.main
        else []
    )
    return {"losses": losses, "curve": found["curve"], "selected": found["selected"], "sums": sums}


def _resumed(folder: Path, processes: Processes, **fields: Any) -> dict[str, Any]:
    """Both processes end after step 9 without tidying up, and go on."""
    with suppress(tiny_runs.Stop):
        curve(folder / "broken", two_tasks(0.1, **fields), 9, processes)
    return {name: curve(folder / name, two_tasks(0.1, **fields), 0, processes) for name in ("broken", "whole")}


def _held(folder: Path, processes: Processes) -> list[int]:
    """How many numbers of the weights this process has of a network in parts, and how many there are."""
    net, tasks, chosen, mixer = classifier(shard=True)
    parts: Any = list(Run(chosen, net, tasks, context(folder, mixer=mixer, processes=processes)).inner.parameters())
    return [sum(part.to_local().numel() for part in parts), sum(part.numel() for part in parts)]


def _faults(folder: Path, processes: Processes) -> list[str]:
    """What each process is told when the second fails in a step, when both do, and what comes of the run after that."""
    told: list[str] = []

    def failing(where: set[int]) -> Any:
        def progress(step: int, total: int, **_: Any) -> None:
            if step == 2 and processes.rank in where:
                raise ValueError("out of luck")

        return progress

    for number, where in enumerate(({1}, {0}, {0, 1})):
        net, tasks, chosen, mixer = classifier()
        try:
            with processes.together():
                about = context(folder / str(number), progress=failing(where), mixer=mixer, processes=processes)
                fit(chosen, net, tasks, about)
        except XferError as error:
            told.append(str(error))
    told.append(str(len(curve(folder / "after", classifier(), 0, processes)["losses"])))
    return told


if __name__ == "__main__":
    target = Path(sys.argv[1])
    with joined_group() as group:
        answer: dict[str, Any] = {name: curve(target / name, make(), 0, group) for name, make in CASES.items()}
        answer |= {"resumed": _resumed(target, group), "parts": _resumed(target / "parts", group, shard=True)}
        answer |= {"held": _held(target / "held", group), "faults": _faults(target, group)}
        (target / f"{group.rank}.json").write_text(json.dumps(answer))
