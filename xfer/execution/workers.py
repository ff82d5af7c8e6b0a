"""Further processes on this machine that take nodes of the same recipe; the store's locks share the work out.

A node is done by whichever process comes first, and its bytes do not depend on which: seeds come from names.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from xfer.core.children import child_command, child_environment
from xfer.core.store import Store
from xfer.execution.needed import needed_nodes
from xfer.execution.walk import Silent
from xfer.graph.jobs import Job
from xfer.graph.node import Node

NOTE_INTERVAL = 1.0  # seconds between notes of how far a node is


@contextmanager
def further_workers(count: int, arguments: Sequence[str], verb: str = "train") -> Iterator[None]:
    """Inside, ``count`` more processes run ``xfer VERB`` with these arguments; they end with this one, in any case.

    Each sees one GPU where there are several.
    """
    command = child_command("xfer", verb, *arguments, "--worker")
    silent = subprocess.DEVNULL
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(1, count + 1):
            environment = child_environment(visible_gpus(number, _gpu_names()))
            process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=silent, stderr=silent)
            started.append(process)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def helper_count(nodes: Sequence[Node[Job]], store: Store, workers: int) -> int:
    """How many further processes are worth their start, of ``workers`` in all."""
    unfinished = sum(not store.holds(node.kind, node.key) for node in needed_nodes(nodes, store))
    return min(workers, unfinished) - 1 if unfinished else 0


def visible_gpus(number: int, gpus: Sequence[str]) -> dict[str, str]:
    """What the environment of a worker says of GPUs: worker 0 is the process that was started by hand."""
    return {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if len(gpus) > 1 else {}


def _gpu_names() -> list[str]:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name for name in named.split(",") if name]
    import torch  # late: slow, and only several workers need it here

    return [str(number) for number in range(torch.cuda.device_count())]


class ProgressNoter(Silent):
    """A watcher that notes in the store how far a node is, so that the process started by hand can show it."""

    def __init__(self, store: Store) -> None:
        self.store, self.last = store, 0.0

    def on_progress(self, node: Node[Job], done: int, total: int, **values: Any) -> None:
        if time.monotonic() - self.last > NOTE_INTERVAL:
            self.last = time.monotonic()
            self.store.note_progress(node.key, {"done": done, "total": total, **values})

    def on_finished(self, node: Node[Job], summary: dict[str, Any], seconds: float) -> None:
        self.store.note_progress(node.key, None)

    def on_failed(self, node: Node[Job], message: str) -> None:
        self.store.note_progress(node.key, None)
