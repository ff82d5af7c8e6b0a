"""Tables of characters that stand in ``data/*.json``; each file says in ``about`` where it comes from and how to read
it. May import: the standard library.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def character_data(name: str) -> dict[str, Any]:
    """What ``data/<name>.json`` holds, read once a process; whoever asks must not change it."""
    data: dict[str, Any] = json.loads((files("xfer.text") / "data" / f"{name}.json").read_text(encoding="utf-8"))
    return data
