"""Mirrors of a few small files, for tests of what reads $XFER_DATA."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest


def write_mirror(root: Path, files: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Writes ``files`` (name -> text) under ``root`` and makes that the mirror."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setenv("XFER_DATA", str(root))
    return root
