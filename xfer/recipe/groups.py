"""Which evaluations of a recipe stand in one table of its report: those that test one data set."""

from __future__ import annotations

from typing import Any

from xfer.core.seeds import digest
from xfer.readers.base import Reader
from xfer.recipe.benchmark import task_names
from xfer.recipe.recipe import Recipe


def data_set(reader: Reader) -> str:
    """A name for what a reader tests on, whatever it trains on and in whichever languages."""
    aside = {"languages", "test_languages", "train", *(["dev"] if getattr(reader, "test", None) else [])}
    return digest({name: value for name, value in reader.identity().items() if name not in aside})


def groups(recipe: Recipe) -> list[dict[str, Any]]:
    """One part of a report a data set: its reader and title, its evaluations in order, the one that others are
    compared with (the named one, else the first clean one) and the baseline."""
    found: dict[str, list[str]] = {}
    for name, evaluation in recipe.evaluate.items():
        reader = recipe.reader_of(evaluation)
        found.setdefault(f"{data_set(reader)} {recipe.source_of(reader)}", []).append(name)
    readers = [recipe.reader_of(recipe.evaluate[names[0]]).type_name for names in found.values()]
    parts = []
    for reader_name, names in zip(readers, found.values(), strict=True):
        baseline = next((name for name in names if name in recipe.report.named("baseline")), None)
        clean = [name for name in names if recipe.evaluate[name].attacker is None]
        clean = [name for name in clean if name != baseline] or clean
        named = [name for name in names if name in recipe.report.named("compare")]
        part: dict[str, Any] = {"reader": reader_name, "order": names, "baseline": baseline}
        part["data"] = reader_name if readers.count(reader_name) == 1 else f"{reader_name} ({names[0]})"
        part["compare"] = next(iter(named or clean), None)
        part["made_up"] = recipe.source_of(recipe.reader_of(recipe.evaluate[names[0]])) == "miniature"
        parts.append(part)
    return parts


def benchmark_tasks(recipe: Recipe) -> dict[str, Any] | None:
    """The recipe's benchmark and the evaluation of each of its tasks, both by their official names."""
    if recipe.benchmark is None:
        return None
    known = task_names(recipe.benchmark.name)
    tasks = {known[task]: task for task in recipe.benchmark.chosen if task in recipe.evaluate}
    return {"name": recipe.benchmark.name.replace("_", "-"), "tasks": tasks}
