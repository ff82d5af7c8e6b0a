"""Several processes that fit one network together: what they add up, agree on and share out.

No wrapper stands around the network. Each process has some rows of every batch and divides by the units of the whole
batch, and gradients are added up once before each update, however many passes an adversary makes and whichever heads
a step touches: the sum is one process's gradient, and all processes take the same step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import distributed

from xfer.core.errors import XferError
from xfer.forms.base import EncodedUnits, Tensors

BUCKET = 1 << 24  # numbers that are added up in one go: few messages, and little memory beside the gradients
T = TypeVar("T")


class ProcessFailed(XferError):
    """What went wrong in one of the processes, as all of them raise it."""


class ProcessLost(ProcessFailed):
    """Another process has ended, or cannot be reached any more."""


@contextmanager
def guard_messages() -> Iterator[None]:
    """Around whatever is sent: torch's errors there are long, and say nothing that helps. Raises ProcessLost."""
    try:
        yield
    except RuntimeError as error:
        what = "another process of this run is gone (killed, or out of memory?)"
        raise ProcessLost(f"{what}; start all of them again: the stage goes on from its last checkpoint") from error


class Processes:
    """The processes of this run, or this one alone (then nothing is sent, and nothing costs time).

    ``control`` is a group of gloo, for words and numbers on the CPU; gradients go the way of their device.
    """

    def __init__(self, control: distributed.ProcessGroup | None = None) -> None:
        self.control = control
        self.parted = False  # whether the run's weights are spread: gradients are added up in each pass, by all
        self.rank, self.count = (distributed.get_rank(), distributed.get_world_size()) if control else (0, 1)

    @property
    def main(self) -> bool:
        """Whether this process writes, and tests on dev sets."""
        return self.rank == 0

    def agree(self, error: Exception | None = None) -> None:
        """Raises ProcessFailed in every process if one of them comes with an error. Precedes all else that is sent."""
        if not self.control:
            return
        failed = torch.tensor([int(error is not None)])
        _sum_in_place(failed, self.control)
        if not failed.item():
            return
        messages: list[str | None] = [None] * self.count
        with guard_messages():
            distributed.all_gather_object(messages, _error_text(error) if error else None, group=self.control)
        failures = {rank: words for rank, words in enumerate(messages) if words}
        rank, words = next(iter(failures.items()))
        everywhere = len(failures) == self.count and len(set(failures.values())) == 1
        raise ProcessFailed(words if everywhere or rank == 0 else f"process {rank}: {words}") from error

    @contextmanager
    def together(self) -> Iterator[None]:
        """Inside, a failure of one process is that of all; they leave at the same time."""
        try:
            yield
        except ProcessFailed:
            raise
        except Exception as error:
            self.agree(error)
            raise
        self.agree()

    def add_up(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Gives every process the sum of all gradients; None stays where no process has one."""
        if not self.control:
            return
        self.agree()
        if self.parted:
            return
        gradient_counts = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.int32)
        _sum_in_place(gradient_counts, self.control)
        bucket: list[torch.Tensor] = []
        for parameter, count in zip(parameters, gradient_counts.tolist(), strict=True):
            if count:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                bucket.append(parameter.grad)
                if sum(each.numel() for each in bucket) >= BUCKET:
                    _reduce_bucket(bucket)
                    bucket = []
        if bucket:
            _reduce_bucket(bucket)

    def total(self, values: Sequence[float]) -> list[float]:
        """The sums of numbers over the processes."""
        if not self.control:
            return list(values)
        self.agree()
        sums = torch.tensor(values, dtype=torch.float64)
        _sum_in_place(sums, self.control)
        return [float(value) for value in sums]

    def broadcast_result(self, compute: Callable[[], T]) -> T:
        """What ``compute`` gives in the main process, which alone calls it. Plain data."""
        if not self.control:
            return compute()
        broadcast: list[Any] = [None]
        if self.main:
            with self.together():
                broadcast[0] = compute()
        else:
            self.agree()
        with guard_messages():
            distributed.broadcast_object_list(broadcast, src=0, group=self.control)
        result: T = broadcast[0]
        return result

    def share(
        self, make: Callable[[np.ndarray], Tensors], encoded: EncodedUnits, index: np.ndarray, number: int | None
    ) -> tuple[Tensors, Tensors]:
        """This process's rows of a batch, and what it must know of the whole of it (see ``batch_context``).

        ``index`` [units] numbers the batch's units; ``make`` gives ``input_ids`` [sequences, length] of some of them.
        Rows stand by length, so that each process takes every nth; a process may be left without any. Batches whose
        rows depend on each other come with their ``number``, and go to one process after another.
        """
        whole = make(index)  # by all: nobody else can tell how many units it has
        if not self.control:
            return whole, {}
        positions = np.arange(len(index))[self.rank :: self.count]
        if number is not None:
            positions = np.arange(len(index) if number % self.count == self.rank else 0)
        if self.parted and not len(positions):  # a pass needs everybody's parts of the weights: it does not count here
            positions = np.arange(len(index) if number is not None else 1)
            shard = whole if number is not None else make(index[positions])
            return shard, batch_context(encoded, index, positions, whole) | {"idle": torch.ones(())}
        shard = whole if len(positions) == len(index) else make(index[positions]) if len(positions) else {}
        return shard, batch_context(encoded, index, positions, whole)


def batch_context(encoded: EncodedUnits, index: np.ndarray, mine: np.ndarray, whole: Tensors) -> Tensors:
    """What a process must know of the ``whole`` batch beside its own rows ``mine``; stays on the CPU.

    ``whole`` [4]: units, rows, sequences and longest sequence. ``mine`` [sequences]: their numbers in the whole batch.
    """
    sequences, longest = whole["input_ids"].shape
    if encoded.groups is None:
        numbers = mine
    else:
        counts = np.diff(encoded.groups)[index]
        starts = np.cumsum(counts) - counts
        numbers = np.concatenate([np.arange(starts[i], starts[i] + counts[i]) for i in [*mine]] or [mine])
    size = [len(whole["labels"]), len(index), sequences, longest]
    return {"whole": torch.tensor(size), "mine": torch.from_numpy(numbers)}


def total_units(batch: Tensors) -> int:
    """Units of the whole batch, by ``whole`` [4]; without it this process has all, ``labels`` [units, ...]."""
    return int(batch["whole"][0]) if "whole" in batch else len(batch["labels"])


def total_rows(batch: Tensors) -> int:
    """Rows of the whole batch, by ``whole`` [4], else ``options`` [rows, options] or ``input_ids`` [rows, length]."""
    return int(batch["whole"][1]) if "whole" in batch else len(batch.get("options", batch["input_ids"]))


def _reduce_bucket(gradients: Sequence[torch.Tensor]) -> None:
    """Adds gradients of any shape up over the processes, in place and in one message."""
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    _sum_in_place(flat)
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()


def _sum_in_place(numbers: torch.Tensor, group: distributed.ProcessGroup | None = None) -> None:
    """Adds numbers of any shape up over the processes of ``group``. Raises ProcessLost."""
    with guard_messages():
        distributed.all_reduce(numbers, group=group)


def _error_text(error: Exception) -> str:
    text = " ".join(str(error).split("\n"))
    return text if isinstance(error, XferError) else f"{type(error).__name__}: {text}"
