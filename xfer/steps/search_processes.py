"""The rows of one search shared out over processes of this machine, each with its own hub and its own victim.

A row's result depends on the row alone, so that nobody can tell how many processes there were. Each computes with one
thread: the number of threads would show in the last bits. This process hands out rows and collects results as they
come; it loads no model.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from queue import Queue
from typing import Any

from xfer.core.children import child_command, child_environment
from xfer.core.errors import XferError
from xfer.graph.jobs import AttackJob
from xfer.steps.rows import Parents
from xfer.steps.searches import SearchedRow, search_results

COMMAND = child_command("xfer.steps.search_processes")
KEPT_NOTE = "what is finished is kept: run the same command again"
WORTH_SECONDS = 60.0  # seconds of search from which a further process pays: it takes some ten to start
# Guessed seconds of one core a row and byte of weights: 30 queries of 48 subwords at 50 GFLOP/s.
SECONDS_PER_BYTE = 30 * 48 * 2 / 4 / 50e9
MOST_PROCESSES = 8  # each holds the model
LONG_SEARCH = 16  # rows of a model of unknown size that are worth it

SearchRow = dict[str, Any]


def process_count(parents: Parents, rows: Sequence[SearchRow]) -> int:
    """How many processes search these rows: this one alone, where the work is short or a GPU does it."""
    import torch  # late: slow

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if torch.cuda.is_available() or cores == 1 or len(rows) < 2:
        return 1
    trained = parents.get("train")
    size = max((path.stat().st_size for path in trained.out.rglob("*.safetensors")), default=0) if trained else 0
    worth = len(rows) * size * SECONDS_PER_BYTE > WORTH_SECONDS if size else len(rows) >= LONG_SEARCH
    return min(cores, len(rows), MOST_PROCESSES) if worth else 1


def run_search_processes(
    job: AttackJob, parents: Parents, rows: Sequence[SearchRow], processes: int = 0
) -> Iterator[SearchedRow]:
    """What the search makes of each row, in the order in which they end.

    ``process_count`` says how many processes there are; ``processes`` overrules it. Raises XferError, once what came
    before has been given, if a process reports one or dies.
    """
    processes = processes or process_count(parents, rows)
    if processes == 1:
        yield from search_results(job, parents, rows)
        return
    order = sorted(range(len(rows)), key=lambda i: -len(str(rows[i])))  # long ones first, so that all end together
    lines: Queue[tuple[int, str | None]] = Queue()
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(processes):
            share = [rows[i] for i in order[number::processes]]
            started.append(_start_process(pickle.dumps((job, dict(parents), share)), number, lines))
        yield from _collect_results(job.label, started, lines)
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()
            assert process.stdin and process.stdout
            process.stdin.close()
            process.stdout.close()


def _start_process(work: bytes, number: int, lines: Queue[tuple[int, str | None]]) -> subprocess.Popen[bytes]:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    pipe, silent = subprocess.PIPE, subprocess.DEVNULL
    process = subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=silent, env=child_environment(one_thread))

    def feed() -> None:
        assert process.stdin and process.stdout
        try:
            process.stdin.write(struct.pack("<q", len(work)) + work)
            process.stdin.flush()  # stays open: it closes when this process ends, whatever the reason
        except OSError:
            pass  # it is dead, and its end is told below
        for line in process.stdout:
            lines.put((number, line.decode("ascii")))
        lines.put((number, None))

    threading.Thread(target=feed, daemon=True).start()
    return process


def _collect_results(
    label: str, started: Sequence[subprocess.Popen[bytes]], lines: Queue[tuple[int, str | None]]
) -> Iterator[SearchedRow]:
    """What the processes report, line by line; ``label`` names their attack in errors."""
    living, done = len(started), set[int]()
    while living:
        number, line = lines.get()
        if line is None:
            living -= 1
            if number not in done:
                code = started[number].wait()
                how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
                raise XferError(f"attack {label}: process {number + 1} of {len(started)} {how}; {KEPT_NOTE}")
            continue
        message: dict[str, Any] = json.loads(line)
        if "result" in message:
            yield SearchedRow(message["result"], message["unsteady_shapes"])
        elif "error" in message:
            raise XferError(f"attack {label}: {message['error']}")
        else:
            done.add(number)


def _run_worker() -> None:
    """What a further process does: reads its share from stdin, writes results to stdout as lines of JSON."""
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever a library prints is no result
    (size,) = struct.unpack("<q", sys.stdin.buffer.read(8))
    job, parents, rows = pickle.loads(sys.stdin.buffer.read(size))  # from our own process, over a pipe
    end_with_parent()

    def tell(message: Mapping[str, Any]) -> None:
        out.write(json.dumps(message, ensure_ascii=True) + "\n")
        out.flush()

    try:
        for outcome in search_results(job, parents, rows):
            tell({"result": outcome.row, "unsteady_shapes": outcome.unsteady_shapes})
        tell({"done": True})
    except XferError as error:
        tell({"error": error.message_lines()[0]})
    except Exception as error:
        tell({"error": " ".join(f"{type(error).__name__}: {error}".split())})


def end_with_parent() -> None:
    """Ends this process when the one that started it is gone: the pipe between them closes, whatever the reason."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    _run_worker()
