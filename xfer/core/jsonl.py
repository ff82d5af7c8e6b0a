"""Files of one JSON object a line that grow while work goes on, and may be cut short by a kill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_whole_lines(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a file; a last one that was cut short is taken off the file. None: an empty list."""
    if not path.is_file():
        return []
    raw = path.read_bytes()
    complete = raw[: raw.rfind(b"\n") + 1]
    if complete != raw:
        path.write_bytes(complete)
    return [json.loads(line) for line in complete.splitlines()]


def add_line(path: Path, record: Mapping[str, Any]) -> None:
    """Adds one line, whole unless the process ends within."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=True) + "\n")
