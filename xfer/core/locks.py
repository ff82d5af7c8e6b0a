"""Locks of the store: files that a live process holds, on this machine or on another, without any common clock."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

HEARTBEAT = 5.0  # seconds between signs of life
STALE_AFTER = 60.0  # seconds without one, by the clock of who waits, after which a lock of elsewhere is dead


class Busy(Exception):
    """Another process works on this node."""


class SeenLock(NamedTuple):
    """What a lock of another place was like, and when by our own clock we first saw it so."""

    state: tuple[str, int]  # its holder and its last sign of life, in whatever clock that bears
    since: float  # seconds of time.monotonic


@contextmanager
def held_lock(path: Path, watched: dict[Path, SeenLock]) -> Iterator[Callable[[], bool]]:
    """Holds the lock file at ``path``; inside, what it gives says whether it still does. Raises Busy.

    ``watched`` are the locks of elsewhere as this process last saw them change, which it keeps from try to try.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = f"{process_space()} {os.getpid()} {_start_time(os.getpid())} {time.monotonic_ns()}"
    _take(path, holder, watched)
    stop = threading.Event()
    heartbeat = threading.Thread(target=_keep_alive, args=(path, stop), daemon=True)
    heartbeat.start()

    def held() -> bool:
        return path.is_file() and path.read_text() == holder

    try:
        yield held
    finally:
        stop.set()
        heartbeat.join()
        with suppress(OSError):
            if held():
                path.unlink()


@cache
def process_space() -> str:
    """Where a process number means one process: host name, boot and PID namespace, which containers do not share."""
    parts = [socket.gethostname().replace(" ", "_")]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return "/".join(parts)


def _take(path: Path, holder: str, watched: dict[Path, SeenLock]) -> None:
    """Creates the lock file, moving a dead one away. Raises Busy."""
    import fcntl  # late: a POSIX call that only locking needs

    with (path.parent / ".guard").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # one process of this machine at a time looks and takes
        with suppress(FileNotFoundError):
            if _is_alive(path, watched):
                raise Busy(path.read_text())
            path.rename(path.with_name(f".stale-{path.name}-{time.time_ns()}"))
        for old in path.parent.glob(f".stale-{path.name}-*"):
            old.unlink(missing_ok=True)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            raise Busy("another machine") from None
        with os.fdopen(descriptor, "w") as file:
            file.write(holder)


def _is_alive(path: Path, watched: dict[Path, SeenLock]) -> bool:
    """Whether the holder of a lock lives: its process where we see it, else any sign of life in the last minute.

    Clocks of machines differ, so that no time of a file is compared with ours: a lock of elsewhere is dead once it has
    stayed the same for a minute that this process has waited.
    """
    text = path.read_text()
    words = text.split()
    if len(words) >= 3 and words[0] == process_space() and words[1].isdigit():
        return _start_time(int(words[1])) == words[2]
    state, now = (text, path.stat().st_mtime_ns), time.monotonic()
    seen = watched.get(path)
    if seen is None or seen.state != state:
        watched[path] = seen = SeenLock(state, now)
    return now - seen.since < STALE_AFTER


def _start_time(pid: int) -> str:
    """When a process started (clock ticks since boot), so that a reused number is told apart; '-' if it is gone."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "-" if status[0] in "ZX" else status[19]
    except OSError:
        pass
    try:  # no /proc (macOS): the number alone must do
        os.kill(pid, 0)
    except OSError as error:
        return "?" if error.errno == errno.EPERM else "-"
    return "?"


def _keep_alive(path: Path, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT):
        with suppress(OSError):
            os.utime(path)
