"""Scores as a run stores them, made by the real step from predictions, and the job of a report over them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from xfer.graph.jobs import RowForm, ScoreJob
from xfer.reports.summary import build_report
from xfer.steps.rows import read_rows, write_rows
from xfer.steps.steps import score_step

Rows = dict[str, list[Any]]
Part = tuple[str, dict[str, Any], list[Rows]]  # reader, the form's job, predictions of each seed


def scored(folder: Path, job: dict[str, Any], predictions: Rows) -> tuple[dict[str, Any], Rows]:
    """scores.json and credit.parquet of predictions."""
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    write_rows(folder / "in" / "predictions.parquet", predictions)
    form = RowForm(job["form"], tuple(job.get("labels", ())), job.get("options", {}))
    score_job = ScoreJob(label="test", form=form, smoothing=None)
    score_step(score_job, {"predict": SimpleNamespace(out=folder / "in")}, folder, lambda *_: None)  # type: ignore[dict-item]
    stored = SimpleNamespace(out=folder / "out")
    return json.loads((folder / "out" / "scores.json").read_text()), read_rows(stored, "credit.parquet")  # type: ignore[arg-type]


def job(parts: dict[str, str], seeds: int = 1, **more: Any) -> dict[str, Any]:
    """A report node's job; ``parts`` maps each evaluation to its reader. All are clean and trained on English."""
    readers = dict.fromkeys(parts.values())
    tables = []
    for reader in readers:
        order = [name for name, found in parts.items() if found == reader]
        table = {"data": reader, "reader": reader, "made_up": False, "order": order}
        tables.append(table | {"compare": order[0], "baseline": None})
    clean = {"stage": "s", "attacker": None, "trained": ["en"]}
    evaluations = {name: clean | {"rows": reader} for name, reader in parts.items()}
    about = {"name": "hand", "seeds": list(range(1, seeds + 1)), "order": list(parts), "tables": tables}
    return about | {"benchmark": None, "against": None, "evaluations": evaluations} | more


def report(folder: Path, parts: dict[str, Part], **more: Any) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The report over evaluations, and scores.json of each by seed."""
    credit, scores = {}, dict[str, list[dict[str, Any]]]()
    for name, (_, form, seeds) in parts.items():
        for number, predictions in enumerate(seeds, 1):
            found, rows = scored(folder / f"{name}-{number}", form, predictions)
            credit[f"{name}/selected/{number}"] = rows
            scores.setdefault(name, []).append(found)
    count = max(len(seeds) for _, _, seeds in parts.values())
    return build_report(job({name: reader for name, (reader, _, _) in parts.items()}, count, **more), credit), scores
