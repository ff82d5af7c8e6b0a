"""The index over all studies of a folder: questions, answers and links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from xfer.reports.study.page.html import answer_list, html_document
from xfer.reports.study.page.svg import escape_markup, make_tag


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
    head = make_tag(
        "header",
        make_tag("h1", "Studies"),
        make_tag("p", escape_markup(f"{len(studies)} in this folder"), class_="meta"),
    )
    body = "".join(_study_section(folder, study) for folder, study in studies)
    return html_document(
        "Studies", head + make_tag("main", body or make_tag("p", "There is none yet."), id="main"), script=True
    )


def _study_section(folder: str, study: dict[str, Any]) -> str:
    cells = study["cells"]
    failed = sum(cell["state"] == "failed" for cell in cells)
    notes = [
        f"{len(cells)} cells",
        f"{failed} without a result" if failed else "",
        f"scale: {study.get('scale') or 'full'}",
    ]
    return make_tag(
        "section",
        make_tag("h2", make_tag("a", escape_markup(study["title"]), href=f"{quote(folder)}/index.html")),
        make_tag("p", escape_markup(study["question"]), class_="question"),
        answer_list(study),
        make_tag("p", escape_markup(" \u00b7 ".join(filter(None, notes))), class_="meta"),
    )
