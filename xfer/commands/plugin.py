"""The ``pyproject.toml`` beside what ``xfer new`` writes: with it ``pip install -e`` makes plug-ins known by name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

FIRST_LINE = "# Plug-ins of xfer, written by `xfer new`, which adds to this file while this line stands."

EntryPoints = dict[str, dict[str, str]]  # group -> name -> "module:attribute"


def add_entry_point(folder: Path, group: str, name: str, target: str, modules: tuple[str, ...]) -> str:
    """Adds an entry point to the project of ``folder``; returns a line for people that says where it stands.

    A ``pyproject.toml`` of somebody else stays as it is: the line then says what to add to it.
    """
    path = folder / "pyproject.toml"
    if path.exists() and not path.read_text(encoding="utf-8").startswith(FIRST_LINE):
        return f'add to {path}, below [project.entry-points."{group}"]: {name} = "{target}"'
    project = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    points: EntryPoints = project.get("project", {}).get("entry-points", {})
    points = points | {group: points.get(group, {}) | {name: target}}
    known = project.get("tool", {}).get("setuptools", {}).get("py-modules", [])
    path.write_text(_project_text(folder, sorted({*known, *modules}), points), encoding="utf-8")
    return f"in {path}: {name}, by entry point; pip install -e {folder} makes it known everywhere"


def _project_text(folder: Path, modules: list[str], points: Mapping[str, Mapping[str, str]]) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "my"
    blocks = [
        [FIRST_LINE],
        ["[build-system]", 'requires = ["setuptools >= 61"]', 'build-backend = "setuptools.build_meta"'],
        ["[project]", f'name = "{name}-plugins"', 'version = "0.1"', 'dependencies = ["xfer"]'],
        ["[tool.setuptools]", f"py-modules = [{', '.join(map(_quoted, modules))}]"],
    ]
    for group, targets in sorted(points.items()):
        lines = [f"{name} = {_quoted(target)}" for name, target in sorted(targets.items())]
        blocks.append([f'[project.entry-points."{group}"]', *lines])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _quoted(text: str) -> str:
    return f'"{text}"'
