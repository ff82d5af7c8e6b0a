"""Which evaluations of a recipe stand in one table of its report: those that test one data set."""

from __future__ import annotations

from typing import Any

from xfer.core.seeds import json_digest
from xfer.readers.base import Reader
from xfer.recipe.benchmark import task_names
from xfer.recipe.recipe import Recipe


def data_set_id(reader: Reader) -> str:
    """A name for what a reader tests on, whatever it trains on and in whichever languages."""
    ignored = {"languages", "test_languages", "train", *(["dev"] if getattr(reader, "test", None) else [])}
    return json_digest({name: value for name, value in reader.identity().items() if name not in ignored})


def table_groups(recipe: Recipe) -> list[dict[str, Any]]:
    """One part of a report a data set: its reader and title, its evaluations in order, the one that others are
    compared with (the named one, else the first clean one) and the baseline."""
    names_by_data: dict[str, list[str]] = {}
    for name, evaluation in recipe.evaluate.items():
        reader = recipe.reader_of(evaluation)
        names_by_data.setdefault(f"{data_set_id(reader)} {recipe.source_of(reader)}", []).append(name)
    readers = [recipe.reader_of(recipe.evaluate[names[0]]).type_name for names in names_by_data.values()]
    tables = []
    for reader_name, names in zip(readers, names_by_data.values(), strict=True):
        baseline = next((name for name in names if name in recipe.report.named("baseline")), None)
        clean = [name for name in names if recipe.evaluate[name].attacker is None]
        clean = [name for name in clean if name != baseline] or clean
        compared = [name for name in names if name in recipe.report.named("compare")]
        table: dict[str, Any] = {"reader": reader_name, "order": names, "baseline": baseline}
        table["data"] = reader_name if readers.count(reader_name) == 1 else f"{reader_name} ({names[0]})"
        table["compare"] = next(iter(compared or clean), None)
        table["made_up"] = recipe.source_of(recipe.reader_of(recipe.evaluate[names[0]])) == "miniature"
        tables.append(table)
    return tables


def benchmark_tasks(recipe: Recipe) -> dict[str, Any] | None:
    """The recipe's benchmark and the evaluation of each of its tasks, both by their official names."""
    if recipe.benchmark is None:
        return None
    official_names = task_names(recipe.benchmark.name)
    tasks = {official_names[task]: task for task in recipe.benchmark.chosen_tasks if task in recipe.evaluate}
    return {"name": recipe.benchmark.name.replace("_", "-"), "tasks": tasks}
