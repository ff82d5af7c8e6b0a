"""The index over all studies of a folder: questions, answers and links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xfer.reports.study.page.render import render_page


def write_index(runs: Path) -> Path:
    """Writes ``index.html`` into the folder of all runs."""
    path = runs / "index.html"
    path.write_text(index_page(list(_studies(runs))), encoding="utf-8")
    return path


def _studies(runs: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(folder, study.json) of every study by name; a file that is torn or of something else is passed over."""
    for path in sorted(runs.glob("*/study.json")):
        try:
            study = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(study, dict) and {"title", "question", "hypotheses", "cells"} <= set(study):
            yield path.parent.name, study


def index_page(studies: list[tuple[str, dict[str, Any]]]) -> str:
    """The page; ``studies`` are (folder, study.json)."""
    return render_page("index.html", title="Studies", studies=studies)
