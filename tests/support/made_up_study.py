"""A study without training: made-up credits through the functions that a real study takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from xfer.recipe.study import Study
from xfer.reports.study.found import FinishedCell, size_fits, study_comparisons, study_records
from xfer.reports.study.measures import CellMeasures
from xfer.reports.study.verdicts import hypothesis_verdicts

LANGUAGES = {"xnli": ["de", "en", "th"], "pawsx": ["de", "en"]}
METHODS = ("standard", "freelb", "pgd", "smoothing", "r3f")
STUDY = {
    "name": "made_up",
    "title": "A made-up study",
    "question": "Does it work?",
    "description": "Nothing was trained.",
    "papers": ["Nobody 2020, <i>Nothing</i> & more"],
    "recipe": "x.yaml",
    "vary": {"method": {name: {} for name in METHODS}, "target": {name: {} for name in LANGUAGES}},
    "compare": {"against": {"method": "standard"}},
    "hypotheses": {
        "clean": {"claim": "Scores rise.", "against": {"method": "standard"}, "evaluations": "clean"},
        "robust": {"claim": "Costs rise.", "against": {"method": "standard"}, "measure": "drop"},
        "never": {"claim": "Untested.", "against": {"method": "standard"}, "evaluations": "nothing"},
    },
    "fits": [{"axis": "method", "evaluations": ["clean"]}],
}


def _about(target: str) -> dict[str, Any]:
    def told(attacker: dict[str, str] | None) -> dict[str, Any]:
        return {"stage": "target", "attacker": attacker, "trained": ["en"], "rows": target}

    evaluations = {"clean": told(None), "typos": told({"type": "typos"})}
    table = {"data": target.upper(), "reader": target, "order": list(evaluations)}
    return {"seeds": [1, 2], "order": list(evaluations), "tables": [table], "evaluations": evaluations}


def _credits(method: int, target: str) -> dict[str, dict[str, list[Any]]]:
    rng, found = np.random.default_rng([method, len(target)]), {}
    for name, cost in (("clean", 0.0), ("typos", 0.25 - 0.05 * method)):
        for seed in (1, 2):
            rows: dict[str, list[Any]] = {"id": [], "language": [], "accuracy": [], "accuracy.of": []}
            for language in LANGUAGES[target]:
                share = 0.5 + 0.08 * method + 0.1 * (language == "en") - cost
                rows["id"] += [f"{language}{i}" for i in range(60)]
                rows["language"] += [language] * 60
                rows["accuracy"] += (rng.random(60) < share).astype(float).tolist()
                rows["accuracy.of"] += [1.0] * 60
            found[f"{name}/selected/{seed}"] = rows
    return found


FAILED = {"method": "r3f", "target": "pawsx"}


@cache
def done() -> list[FinishedCell]:
    """The finished cells: all but one."""
    found = []
    for levels in Study.model_validate(STUDY).level_combinations():
        number = METHODS.index(levels["method"])
        if levels != FAILED:
            numbers = CellMeasures(_about(levels["target"]), _credits(number, levels["target"]))
            found.append(FinishedCell(levels, numbers, 1_000_000 * 4**number))
    return found


@cache
def _made() -> dict[str, Any]:
    study = Study.model_validate(STUDY)
    cells = []
    for levels in study.level_combinations():
        number = METHODS.index(levels["method"])
        cell = {"levels": levels, "state": "done", "why": "", "report": f"r{number}", "trained": {"target seed 1": "k"}}
        cells.append(cell | {"recipe": {"name": "x"}, "notes": [], "discriminators": []})
        if levels == FAILED:
            cells[-1] |= {"state": "failed", "why": "train target: no memory"}
    cells[0]["discriminators"] = [
        {
            "stage": "middle",
            "task": "language",
            "of": "language",
            "accuracy": [31.0, 35.0],
            "mean": 33.0,
            "chance": 25.0,
        }
    ]
    row = {"task": "xnli", "metric": "accuracy", "ours": 50.5, "languages": 3, "of": 15, "published": {"XLM-R": 79.2}}
    rows = [row | {"language": "mean"}, row | {"language": "de"}, row | {"language": "mean", "ours": None}]
    cells[0]["against"] = {"title": "A paper", "models": ["XLM-R", "mBERT"], "rows": rows, "made_up": True}
    text = {"original": [["ein ", False], ["Haus", True]], "changed": [["ein ", False], ["Hsau", True]]}
    about = {
        "data": "XNLI",
        "evaluation": "typos",
        "levels": study.level_combinations()[0],
        "id": "1",
        "status": "changed",
    }
    return {
        **{key: STUDY[key] for key in ("name", "title", "question", "description", "papers")},
        "scale": "miniature",
        "axes": {axis: list(levels) for axis, levels in study.vary.items()},
        "compare": {"against": {"method": "standard"}, "test": "bootstrap", "adjust": "holm"},
        "cells": cells,
        "records": study_records(done()),
        "comparisons": study_comparisons(done(), study.compare) if study.compare else [],
        "hypotheses": hypothesis_verdicts(done(), study),
        "fits": size_fits(done(), study.fits),
        "examples": [about | {"language": code, "texts": {"text": text}} for code in ("de", "ar")],
        "provenance": {
            "data": {"xnli test": {"source": "miniature", "at": {"world": "w1"}, "key": "d1"}},
            "versions": {"xfer": ["0.4.0"]},
        },
    }


def made_up() -> dict[str, Any]:
    """``study.json`` as plain data, which the caller must not change in place."""
    return dict(_made())
