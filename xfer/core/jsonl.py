"""Files of one JSON object a line that grow while work goes on, and may be cut short by a kill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def whole_lines(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a file; a last one that was cut short is taken off the file. None: an empty list."""
    if not path.is_file():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if whole != raw:
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def add_line(path: Path, found: Mapping[str, Any]) -> None:
    """Adds one line, whole unless the process ends within."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(found, ensure_ascii=True) + "\n")
