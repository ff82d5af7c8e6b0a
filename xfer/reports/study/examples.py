"""Attacked texts beside their originals, a few of each attack and language, from the reports of a study's cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xfer.recipe.study import Levels

EXAMPLES_SHOWN = 2  # of a data set, evaluation and language


def study_examples(reports: Iterable[tuple[Levels, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The first examples of the first cells that have some; ``reports`` are (levels, report.json).

    Model-free attacks change the same rows alike in every cell, so these show once.
    """
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for levels, report in reports:
        for table in report.get("tables", [report]):
            for name, attack in table.get("robustness", {}).get("attacks", {}).items():
                for language, rows in attack["examples"].items():
                    group = groups.setdefault((table["data"], name, language), [])
                    example_info = {"data": table["data"], "evaluation": name, "language": language, "levels": levels}
                    _add_examples(group, example_info, rows)
    return [row for _, rows in sorted(groups.items()) for row in rows]


def _add_examples(group: list[dict[str, Any]], example_info: dict[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
    seen_texts = [row["texts"] for row in group]
    for row in rows:
        if len(group) < EXAMPLES_SHOWN and row["texts"] and row["texts"] not in seen_texts:
            group.append(example_info | {"id": row["id"], "status": row["status"], "texts": row["texts"]})
