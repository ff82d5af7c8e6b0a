"""One run by several processes that torchrun or ``accelerate launch`` started: they train each stage together.

Process 0 walks the graph, writes to the store and prints; it does alone whatever is no training. The others wait for
stages and take part in them. They read the recipe's results from the store, which must be a folder they all see.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xfer.core.errors import UsageError
from xfer.core.store import Entry
from xfer.graph.compile import Node

if TYPE_CHECKING:
    from xfer.trainers.distributed import Processes

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
def lead_processes() -> Iterator[Callable[..., dict[str, Any]] | None]:
    """Gives what does a node, with the help of the other processes; None, the default, where there are none."""
    if launched_processes() == 1:
        yield None
        return
    from xfer.steps.steps import work as alone

    with joined_group() as processes:

        def work(node: Node, parents: Mapping[str, Entry], folder: Path, progress: Any) -> dict[str, Any]:
            if node.kind != "train":
                return alone(node, parents, folder, progress)
            _broadcast((_node_to_send(node), dict(parents), folder), processes)
            with processes.together():
                return alone(node, parents, folder, progress, processes)

        try:
            yield work
        except Exception:
            _dismiss_followers(processes)
            raise
        _dismiss_followers(processes)


def _node_to_send(node: Node) -> Node:
    """What a stage needs: its own job, that of the stage it starts from, and no more of the graph behind them."""
    start_parents = {
        role: Node(p.kind, p.label, p.job, {}, p.seed) for role, p in node.parents.items() if role == "start"
    }
    return Node(node.kind, node.label, node.job, start_parents, node.seed, node.spec)


def take_part() -> None:
    """What every process but the first does: train stages until there are no more. Writes and says nothing.

    Raises ``ProcessLost`` where another process has ended.
    """
    from xfer.core.errors import XferError
    from xfer.steps.steps import work

    with joined_group() as processes:
        while (message := _broadcast(None, processes)) is not None:
            node, parents, folder = message
            with suppress(XferError), processes.together():  # process 0 has the error too, and tells it
                work(node, parents, folder, lambda *_, **__: None, processes)


def follow_leader() -> None:
    """``take_part`` for a command, which ends with a status and no word."""
    from xfer.trainers import distributed as ranks  # late: imports torch

    try:
        take_part()
    except ranks.ProcessLost:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def joined_group() -> Iterator[Processes]:
    """Inside, this process belongs to the group; gives all that fit networks together.

    The group outlives the block, as a script may run several recipes: one that is made a second time would look for
    the processes at the places of the first.
    """
    import torch
    from torch import distributed

    from xfer.trainers import distributed as ranks

    if not distributed.is_initialized():
        gpus = torch.cuda.is_available()
        if gpus:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK") or 0))
        distributed.init_process_group("nccl" if gpus else "gloo")
        atexit.register(_leave_group)
    try:
        yield ranks.Processes(distributed.new_group(backend="gloo", timeout=PATIENCE))
    except BaseException:
        atexit.unregister(_leave_group)  # it might wait for processes that are gone
        raise


def _leave_group() -> None:
    from torch import distributed

    if distributed.is_initialized():
        distributed.destroy_process_group()


def _broadcast(message: Any, processes: Processes) -> Any:
    """What process 0 sends to all, in each of them."""
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
