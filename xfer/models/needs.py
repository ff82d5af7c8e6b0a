"""Packages that a network's parts need. Light: a recipe is told what is missing before any of it runs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from xfer.core.errors import MissingPart

PEFT = "trainer.adapt needs the package peft; run: pip install 'xfer[peft]'"


def missing_package(trainer: Any) -> MissingPart | None:
    """Which package the settings of a trainer lack here, if any."""
    adapt = getattr(trainer, "adapt", None)
    return MissingPart(PEFT) if adapt and not adapt.bottleneck and find_spec("peft") is None else None
