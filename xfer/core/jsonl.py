"""Files of one JSON object a line that grow while work goes on, and may be cut short by a kill."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any


def read_whole_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file up to the first that is no whole object: that and what follows is taken off the file, and is
    made again. Says so but for a last line that a kill cut short. None: an empty list."""
    if not path.is_file():
        return []
    raw = path.read_bytes()
    lines = raw[: raw.rfind(b"\n") + 1].splitlines(keepends=True)
    records = list(takewhile(lambda record: record is not None, map(_parse_line, lines)))
    if len(records) < len(lines):
        sys.stderr.write(f"note: {path}:{len(records) + 1}: is damaged; what stood from there on is made again\n")
    whole = b"".join(lines[: len(records)])
    if whole != raw:
        path.write_bytes(whole)
    return [record for record in records if record is not None]


def _parse_line(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def add_line(path: Path, record: Mapping[str, Any]) -> None:
    """Adds one line, whole unless the process ends within."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=True) + "\n")
