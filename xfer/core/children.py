"""Processes that xfer starts of itself: the same interpreter and the same xfer, and nothing out of the working folder.

``python -m`` puts the working folder before all others, where a stranger's ``click.py`` may lie: ``-P`` leaves it out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def child_command(module: str, *arguments: str) -> list[str]:
    """What runs a module of xfer as a process of its own."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment of such a process: this one's, with the folder that xfer was imported from and ``changes``."""
    folders = (str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH"))
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders))} | dict(changes)
