"""How strong the attacks of a study were: the share of the words that each asked for, and what it really changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xfer.reports.study.collapsed import Reports

StrengthRow = dict[str, Any]


def attack_strengths(reports: Reports) -> list[StrengthRow]:
    """A row an evaluation, data set and attacker, over all cells that have it.

    ``asked`` and ``changed`` (the mean over cells and languages), ``lowest`` and ``highest`` (of one language in one
    cell) are in percent of the words, of entities where these are swapped; ``asked`` is None for attackers that are
    not given a share.
    """
    grouped: dict[tuple[str, str, str, float | None], list[Mapping[str, Any]]] = {}
    for _, report in reports:
        for table in report.get("tables", [report]):
            for name, attack in table.get("robustness", {}).get("attacks", {}).items():
                evaluation = table["evaluations"][name]
                asked = evaluation.get("asked", {}).get("share")
                key = name, table["data"], evaluation["attacker"]["type"], asked
                grouped.setdefault(key, []).append(attack["languages"])
    rows = []
    for (name, data, attacker, asked), cells in grouped.items():
        shares = [[row["portion"]["value"] for row in cell.values() if "portion" in row] for cell in cells]
        means = [sum(cell) / len(cell) for cell in shares if cell]
        every = [share for cell in shares for share in cell]
        if every:
            row = {"evaluation": name, "data": data, "attacker": attacker, "cells": len(cells)}
            row |= {"asked": None if asked is None else 100 * asked, "changed": sum(means) / len(means)}
            rows.append(row | {"lowest": min(every), "highest": max(every)})
    return rows
