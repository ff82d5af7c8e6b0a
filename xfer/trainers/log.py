"""What a run writes while it goes, and shows to whoever watches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xfer.trainers.listeners import listen


class Log:
    """One JSON object a line; lines after the step a run resumes from are dropped first. Live views get the same."""

    def __init__(self, folder: Path, name: str, step: int) -> None:
        key = folder.name.removeprefix("train-")
        self.listeners = listen(name or folder.name, key, step)
        self.path = path = folder / "log.jsonl"
        text = path.read_text() if path.is_file() else ""
        lines = text[: text.rfind("\n") + 1].splitlines()  # a kill may have cut the last one short
        whole = [line for line in lines if json.loads(line)["step"] <= step]
        path.write_text("".join(line + "\n" for line in whole))

    def write(self, record: dict[str, Any]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(record, sort_keys=True) + "\n")
        self.listeners.tell(record)

    def close(self) -> None:
        self.listeners.close()
