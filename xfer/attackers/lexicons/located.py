"""Where the lists lie that an attacker is told to read."""

from __future__ import annotations

import os
from pathlib import Path

from xfer.core.errors import BadRow

MINIATURE = "miniature"  # the source, and in place of a folder the words of its own world


def located(name: str) -> Path:
    """The file or folder of this name: as it is if absolute or in the working folder, else under $XFER_DATA."""
    path, data = Path(name).expanduser(), os.environ.get("XFER_DATA")
    return path if not data or path.is_absolute() or path.exists() else Path(data).expanduser() / path


def filled(file: Path) -> Path:
    """The file. Raises BadRow where no line of it holds anything."""
    with file.open("rb") as lines:
        if not any(line.removeprefix(b"\xef\xbb\xbf").strip() for line in lines):
            raise BadRow(str(file), 0, "is an empty list: no line of it holds anything")
    return file
