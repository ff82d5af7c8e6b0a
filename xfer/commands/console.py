"""What a run looks like in a terminal (rich's progress), and, plain and sparse, in a pipe or a log file."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from xfer.core.store import Entry
    from xfer.graph.jobs import Job
    from xfer.graph.node import Node

LINE_INTERVAL = 30.0  # seconds between lines where nobody watches


class Console:
    """Tells on standard error what runs: a moving bar in a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self.bar: Progress | None = None
        self.task: TaskID | None = None
        self.begun = self.last = 0.0
        self.first: int | None = None
        if sys.stderr.isatty():
            self.bar = _progress_bar()

    def on_stored(self, node: Node[Job], entry: Entry) -> None:
        self._close()
        if node.kind in ("train", "attack", "report"):
            self._line("✓", node, f"in the store ({node.key[:6]})")

    def on_started(self, node: Node[Job]) -> None:
        self._close()
        self.begun, self.last, self.first = time.monotonic(), time.monotonic(), None
        if self.bar is not None:
            self.task = self.bar.add_task(f"● {node.kind:8}{node.label}", total=None, values="")
            self.bar.start()
        elif node.kind in ("train", "attack"):
            self._line("●", node, "")

    def on_progress(self, node: Node[Job], done: int, total: int, **values: Any) -> None:
        shown = "  ".join(map(_value_text, values.items()))
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=done, total=total, values=shown)
            return
        now = time.monotonic()
        if self.first is None and "doing" not in values:  # what is left is told by the speed of the work itself
            self.begun, self.first = now, done
        if now - self.last < LINE_INTERVAL:
            return
        self.last = now
        progressed = done - (self.first or 0)
        remaining = (now - self.begun) / progressed * (total - done) if progressed > 0 else None
        ends = f"{_duration_text(remaining)} left" if remaining is not None else ""
        self._line("●", node, "  ".join(filter(None, [f"{done:,}/{total:,}", shown, ends])))

    def on_finished(self, node: Node[Job], summary: dict[str, Any], seconds: float) -> None:
        self._close()
        told = {name: value for name, value in summary.items() if value is not None and name != "warnings"}
        self._line("✓", node, f"{'  '.join(map(_value_text, told.items()))}  {_duration_text(seconds)}")
        for warning in summary.get("warnings", ()):
            self._line("!", node, warning)

    def on_failed(self, node: Node[Job], message: str) -> None:
        self._close()
        self._line("✗", node, message)

    def on_waiting(self, node: Node[Job], holder: str) -> None:
        words = holder.split()
        self._line(
            "…", node, f"process {words[1]} on {words[0]} works on it" if len(words) > 1 else f"{holder} works on it"
        )

    def on_remote_progress(self, node: Node[Job], done: int, total: int, **values: Any) -> None:
        """How far another process is with a node that this one waits for."""
        shown = "  ".join(map(_value_text, values.items()))
        if self.bar is not None:
            if self.task is None:
                self.task = self.bar.add_task("", total=None, values="")
                self.bar.start()
            name = f"… {node.kind:8}{node.label}"
            self.bar.update(self.task, description=name, completed=done, total=total, values=shown)
        elif time.monotonic() - self.last >= LINE_INTERVAL:
            self.last = time.monotonic()
            self._line("…", node, f"{done:,}/{total:,}  {shown}")

    def _close(self) -> None:
        if self.bar is not None and self.task is not None:
            self.bar.stop()
            self.bar.remove_task(self.task)
            self.task = None

    def _line(self, sign: str, node: Node[Job], text: str) -> None:
        sys.stderr.write(f"{sign} {node.kind:8}{node.label}  {text}".rstrip() + "\n")
        sys.stderr.flush()


def _progress_bar() -> Progress:
    from rich.console import Console as Terminal  # late: 0.1 s that only a terminal needs
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.fields[values]}"))
    return Progress(*columns, TimeRemainingColumn(), console=Terminal(stderr=True), transient=True)


def _value_text(item: tuple[str, Any]) -> str:
    name, value = item
    if name == "rows_per_second":
        return f"{value:,.0f} rows/s"
    if isinstance(value, str):
        return value
    return f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value:,}"


def _duration_text(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
