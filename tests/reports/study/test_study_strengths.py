"""What a study says of the strength of its attacks, by hand."""

from __future__ import annotations

from typing import Any

from xfer.reports.study.page.evidence import strength_grid
from xfer.reports.study.strengths import attack_strengths


def report(asked: float | None, **portions: float) -> dict[str, Any]:
    evaluation = {"attacker": {"type": "code_mixing"}} | ({"asked": {"share": asked, "of": "words"}} if asked else {})
    rows = {code: {"portion": {"value": value}} for code, value in portions.items()} | {"xx": {}}
    attacks = {"mixed": {"languages": rows}}
    return {"data": "xnli", "evaluations": {"mixed": evaluation}, "robustness": {"attacks": attacks}}


def test_what_was_changed_is_the_mean_over_cells_and_languages_beside_what_was_asked() -> None:
    cells = [({"a": "1"}, report(0.3, de=10.0, sw=2.0)), ({"a": "2"}, {"tables": [report(0.3, de=6.0)]})]
    (row,) = attack_strengths(cells)
    assert (row["asked"], row["changed"], row["lowest"], row["highest"], row["cells"]) == (30.0, 6.0, 2.0, 10.0, 2)
    assert strength_grid({"strengths": [row]}).rows[0][-2] == "under half"


def test_attackers_without_a_share_and_cells_without_an_attack() -> None:
    clean = {"data": "xnli", "evaluations": {"clean": {"attacker": None}}}
    (row,) = attack_strengths([({"a": "1"}, report(None, de=10.0)), ({"a": "2"}, clean)])
    assert row["asked"] is None and strength_grid({"strengths": [row]}).rows[0][-2] == ""
