"""How a model's own folder makes one vector of a text. Light: reads the JSON files of sentence-transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

POOLING_FLAGS = {  # of 1_Pooling/config.json -> ours; the mean over the root of the length has the same direction
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}
POOLING_NAMES = {"cls": "cls", "mean": "mean", "mean_sqrt_len_tokens": "mean", "max": "max", "lasttoken": "last"}
WITHOUT_EFFECT = ("Transformer", "Pooling", "Normalize")  # cosines do not ask for the length of a vector


class PoolingHabit(NamedTuple):
    """How a model makes one vector of a text, and the modules after its pooling that are left out here.

    Where it is ``said``, by the recipe's model or the model's folder, heads that read one vector are given it as well.
    """

    pooling: str | None = None
    left_out: tuple[str, ...] = ()
    said: bool = False


def read_habit(folder: Path) -> PoolingHabit:
    """What ``modules.json`` of a folder says; nothing where there is none, or it cannot be read."""
    modules = _read_json(folder / "modules.json")
    if not isinstance(modules, list):
        return PoolingHabit()
    modules = [module for module in modules if isinstance(module, dict)]
    named = [(str(m.get("type", "")).rsplit(".", 1)[-1], str(m.get("path", ""))) for m in modules]
    pooled = [path for kind, path in named if kind == "Pooling"]
    left_out = tuple(path or kind for kind, path in named if kind not in WITHOUT_EFFECT)
    settings = _read_json(folder / pooled[0] / "config.json") if pooled and ".." not in pooled[0] else None
    pooling = _named_pooling(settings) if isinstance(settings, dict) else None
    return PoolingHabit(pooling, left_out if pooling or not pooled else (*pooled, *left_out), pooling is not None)


def _named_pooling(settings: Mapping[str, Any]) -> str | None:
    """The one way to pool that is switched on, if we have it."""
    if isinstance(settings.get("pooling_mode"), str):
        return POOLING_NAMES.get(settings["pooling_mode"])
    modes = [name for name, value in settings.items() if name.startswith("pooling_mode_") and value is True]
    return POOLING_FLAGS.get(modes[0]) if len(modes) == 1 else None


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
