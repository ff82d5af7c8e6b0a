"""A study whose truth is known: rows and trainings are drawn, and methods are better or worse by so much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xfer.recipe.study import Study
from xfer.reports.study.found import FinishedCell
from xfer.reports.study.measures import CellMeasures

BASE, METHODS, TARGETS = "standard", ("freelb", "pgd", "smoothing", "r3f"), ("xnli", "pawsx")
ROWS, LANGUAGES, DEVIATION = 400, ("de", "en"), 0.01  # rows a language; deviation between trainings, a share


def simulated_study(**hypothesis: Any) -> Study:
    """One hypothesis: the methods raise the clean score."""
    claim = {"claim": "Methods help.", "against": {"method": BASE}, "evaluations": "clean"} | hypothesis
    levels = {"method": {name: {} for name in (BASE, *METHODS)}, "target": {name: {} for name in TARGETS}}
    fields = {"name": "simulated", "question": "q", "recipe": "x.yaml", "vary": levels, "hypotheses": {"help": claim}}
    return Study.model_validate(fields | {"compare": {"against": {"method": BASE}}})


def simulated_cells(
    effects: Mapping[str, float], seeds: int, draw: int = 0, rows: int = ROWS, names: Mapping[str, str] | None = None
) -> list[FinishedCell]:
    """Every cell of the study; ``effects`` are shares that a method adds under its name, or ``method target``.

    ``names`` are those of the evaluations by target, where it is not ``clean``.
    """
    rng = np.random.default_rng([20, draw])
    difficulty = {target: rng.uniform(0.25, 0.85, rows * len(LANGUAGES)) for target in TARGETS}
    cells = []
    for method in (BASE, *METHODS):
        for target in TARGETS:
            effect = effects.get(method, 0.0) + effects.get(f"{method} {target}", 0.0)
            chances = difficulty[target] + effect + DEVIATION * rng.normal(size=(seeds, 1))
            right = rng.random(chances.shape) < chances
            cells.append(_cell({"method": method, "target": target}, right, (names or {}).get(target, "clean")))
    return cells


def _cell(levels: dict[str, str], right: np.ndarray, name: str) -> FinishedCell:
    seeds, rows = right.shape
    each = rows // len(LANGUAGES)
    evaluation = {"stage": "target", "attacker": None, "trained": ["en"], "rows": levels["target"]}
    table = {"data": levels["target"], "reader": levels["target"], "order": [name]}
    job = {"seeds": list(range(seeds)), "order": [name], "tables": [table], "evaluations": {name: evaluation}}
    columns = {
        "id": [str(i) for i in range(each)] * len(LANGUAGES),
        "language": [code for code in LANGUAGES for _ in range(each)],
        "accuracy.of": [1.0] * rows,
    }
    credits = {
        f"{name}/selected/{seed}": columns | {"accuracy": right[seed].astype(float).tolist()} for seed in range(seeds)
    }
    return FinishedCell(levels, CellMeasures(job, credits), None)
