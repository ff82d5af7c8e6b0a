"""Metrics that one evaluation alone has: a vote's certified shares."""

from __future__ import annotations

from typing import Any

import pytest

from xfer.reports.summary import build_report


def scored(**further: Any) -> dict[str, Any]:
    kept = {"id": list("1234"), "language": ["en"] * 4, "accuracy": [1.0, 1.0, 1.0, 0.0], "accuracy.of": [1.0] * 4}
    return kept | further


def test_a_metric_that_one_evaluation_has_stands_in_its_own_column() -> None:
    sure = {"certified@0.1": [1.0, 0.0, 0.0, 0.0], "certified@0.1.of": [1.0] * 4}
    stored = {"clean/selected/1": scored(), "voted/selected/1": scored(**sure)}
    order = ["clean", "voted"]
    part = {"data": "xnli", "reader": "xnli", "made_up": True, "order": order, "compare": "clean", "baseline": None}
    tested = {name: {"stage": "s", "attacker": None, "trained": ["en"], "rows": "xnli"} for name in order}
    about = {"name": "hand", "seeds": [1], "order": order, "tables": [part], "benchmark": None, "against": None}
    row = build_report(about | {"evaluations": tested}, stored)["languages"]["en"]
    assert row["voted.certified@0.1"]["value"] == pytest.approx(25)
    assert row["voted"]["value"] == pytest.approx(75) and "clean.certified@0.1" not in row
