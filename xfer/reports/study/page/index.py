"""The index over all studies of a folder: questions, answers and links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from xfer.reports.study.page.html import answers, document
from xfer.reports.study.page.svg import escape, tag


def write_index(runs: Path) -> Path:
    """Writes ``index.html`` into the folder of all runs."""
    path = runs / "index.html"
    path.write_text(index(list(_studies(runs))), encoding="utf-8")
    return path


def _studies(runs: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(folder, study.json) of every study by name; a file that is torn or of something else is passed over."""
    for path in sorted(runs.glob("*/study.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and {"title", "question", "hypotheses", "cells"} <= set(found):
            yield path.parent.name, found


def index(studies: list[tuple[str, dict[str, Any]]]) -> str:
    """The page; ``studies`` are (folder, study.json)."""
    head = tag("header", tag("h1", "Studies"), tag("p", escape(f"{len(studies)} in this folder"), class_="meta"))
    body = "".join(_study(folder, found) for folder, found in studies)
    return document("Studies", head + tag("main", body or tag("p", "There is none yet."), id="main"), script=True)


def _study(folder: str, found: dict[str, Any]) -> str:
    cells = found["cells"]
    failed = sum(cell["state"] == "failed" for cell in cells)
    told = [
        f"{len(cells)} cells",
        f"{failed} without a result" if failed else "",
        f"scale: {found.get('scale') or 'full'}",
    ]
    return tag(
        "section",
        tag("h2", tag("a", escape(found["title"]), href=f"{quote(folder)}/index.html")),
        tag("p", escape(found["question"]), class_="question"),
        answers(found),
        tag("p", escape(" \u00b7 ".join(filter(None, told))), class_="meta"),
    )
