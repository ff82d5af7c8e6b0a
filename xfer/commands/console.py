"""What a run looks like in a terminal, and, plain and sparse, in a pipe or a log file."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

SPARSE = 30.0  # seconds between lines where nobody watches


class Console:
    """Tells on standard error what runs: one moving line in a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.start = self.last = 0.0
        self.resumed: tuple[float, int] | None = None
        self.open = False

    def found(self, node: Any, entry: Any) -> None:
        if node.kind in ("train", "attack", "report"):
            self._line(f"✓ {node.kind:8}{node.label}  in the store ({node.key[:6]})")

    def started(self, node: Any) -> None:
        self.start, self.resumed = time.monotonic(), None
        self.last = self.start if not self.live else 0.0
        if not self.live and node.kind in ("train", "attack"):
            self._line(f"● {node.kind:8}{node.label}")

    def moved(self, node: Any, done: int, total: int, **values: Any) -> None:
        now = time.monotonic()
        self.resumed = self.resumed or (now, done)
        if now - self.last < (0.1 if self.live else SPARSE):
            return
        self.last = now
        shown = [f"{'●'} {node.kind:8}{node.label}", f"{done:,}/{total:,}", *map(_value, values.items())]
        begun, first = self.resumed
        if done > first:
            shown.append(f"{_time((now - begun) / (done - first) * (total - done))} left")
        self._line("  ".join(shown), stays=not self.live)

    def finished(self, node: Any, summary: dict[str, Any], seconds: float) -> None:
        values = "  ".join(_value(item) for item in summary.items() if item[1] is not None)
        self._line(f"✓ {node.kind:8}{node.label}  {values}  {_time(seconds)}")

    def failed(self, node: Any, message: str) -> None:
        self._line(f"✗ {node.kind:8}{node.label}  {message}")

    def waiting(self, node: Any, holder: str) -> None:
        words = holder.split()
        who = f"process {words[1]} on {words[0]}" if len(words) > 1 else holder
        self._line(f"… {node.kind:8}{node.label}  {who} works on it")

    def _line(self, text: str, stays: bool = True) -> None:
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\033[K" + (text if stays else text[:width]) + ("\n" if stays else ""))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _value(item: tuple[str, Any]) -> str:
    name, value = item
    if name == "rows_per_second":
        return f"{value:,.0f} rows/s"
    return f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value:,}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
