"""One run by several processes that torchrun or ``accelerate launch`` started: they train each stage together.

Process 0 walks the graph, writes to the store and prints; it does alone whatever is no training. The others wait for
stages and take part in them. They read the recipe's results from the store, which must be a folder they all see.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xfer.core.errors import UsageError
from xfer.core.store import Entry
from xfer.graph.jobs import Job
from xfer.graph.node import Node
from xfer.graph.training import TrainJob
from xfer.steps.rows import NodeWork, Parents, ProgressFunction

if TYPE_CHECKING:
    from xfer.trainers.distributed import Processes

StageMessage = tuple[TrainJob, dict[str, Entry], Path]  # what the other processes are to train, from what, and where

PATIENCE = timedelta(days=30)  # for process 0, which may attack and predict for days between two stages


def launched_processes() -> int:
    """How many processes were started together; 1 where nobody says so. Raises UsageError for a launcher's trap."""
    environment = os.environ
    if "RANK" in environment:
        return int(environment.get("WORLD_SIZE") or 1)
    if environment.get("ACCELERATE_USE_CPU", "").lower() == "true" and "MASTER_PORT" in environment:
        # it sets a meeting point for several processes, and then starts one
        what = "accelerate launch --cpu starts one process, whatever --num_processes says"
        raise UsageError(f"{what}; use --multi_gpu in its place (on a CPU as well), or torchrun --nproc-per-node N")
    return 1


def is_leader() -> bool:
    """Whether this process is the one that walks."""
    return launched_processes() == 1 or os.environ["RANK"] == "0"


@contextmanager
def lead_processes() -> Iterator[NodeWork | None]:
    """Gives what does a node, with the help of the other processes; None, the default, where there are none."""
    if launched_processes() == 1:
        yield None
        return
    from xfer.steps import steps

    with joined_group() as processes:

        def work(node: Node[Job], parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
            if not isinstance(node.job, TrainJob):
                return steps.work(node, parents, folder, progress)
            _broadcast((node.job, dict(parents), folder), processes)
            with processes.together():
                return steps.train_together(node.job, parents, folder, progress, processes)

        try:
            yield work
        except Exception:
            _dismiss_followers(processes)
            raise
        _dismiss_followers(processes)


def take_part() -> None:
    """What every process but the first does: train stages until there are no more. Writes and says nothing.

    Raises ``ProcessLost`` where another process has ended.
    """
    from xfer.core.errors import XferError
    from xfer.steps.steps import train_together

    with joined_group() as processes:
        while (message := _broadcast(None, processes)) is not None:
            with suppress(XferError), processes.together():  # process 0 has the error too, and reports it
                train_together(*message, lambda *_, **__: None, processes)


def follow_leader() -> None:
    """``take_part`` for a command, which ends with a status and no word."""
    from xfer.trainers.distributed import ProcessLost  # late: imports torch

    try:
        take_part()
    except ProcessLost:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def joined_group() -> Iterator[Processes]:
    """The processes of the group; inside, this one belongs to it.

    The group outlives the block, as a script may run several recipes: one that is made a second time would look for
    the processes at the places of the first.
    """
    import torch
    from torch import distributed

    from xfer.trainers.distributed import Processes

    if not distributed.is_initialized():
        gpus = torch.cuda.is_available()
        if gpus:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK") or 0))
        distributed.init_process_group("nccl" if gpus else "gloo")
        atexit.register(_leave_group)
    control = distributed.new_group(backend="gloo", timeout=PATIENCE)
    try:
        yield Processes(control)
    except BaseException:
        atexit.unregister(_leave_group)  # it might wait for processes that are gone
        raise


def _leave_group() -> None:
    from torch import distributed

    if distributed.is_initialized():
        distributed.destroy_process_group()


def _broadcast(message: StageMessage | None, processes: Processes) -> StageMessage | None:
    """What process 0 sends to all, in each of them; None where there is no stage left."""
    from torch import distributed

    from xfer.trainers.distributed import guard_messages

    box = [message]
    with guard_messages():
        distributed.broadcast_object_list(box, src=0, group=processes.control)
    return box[0]


def _dismiss_followers(processes: Processes) -> None:
    from xfer.trainers.distributed import ProcessLost

    with suppress(ProcessLost):  # told already, as why a stage failed
        _broadcast(None, processes)
