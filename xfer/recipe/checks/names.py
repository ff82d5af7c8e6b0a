"""Names of stages, tasks and evaluations that point nowhere, or in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xfer.core.errors import suggest_name
from xfer.core.yaml import KeyPath
from xfer.recipe.groups import data_set_id
from xfer.recipe.partial import Mistyped, PartialRecipe, PathFault


def unknown_name(path: KeyPath, name: str | None, known_names: Iterable[str], what: str) -> Iterator[PathFault]:
    """A name that is not among ``known_names``; ``what`` it would be, such as a stage."""
    if name is not None and not isinstance(name, Mistyped) and name not in known_names:
        yield path, f"there is no {what} '{name}'", suggest_name(name, known_names)


def start_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """Starts that are not there, of the recipe, its benchmark and its stages; and stages that wait for themselves."""
    stages = recipe.stages
    yield from unknown_name(("start",), recipe.start, stages, "stage")
    yield from unknown_name(("benchmark", "start"), recipe.benchmark_start, stages, "stage")
    for name, stage in stages.items():
        path = (*stage.path, "start")
        yield from unknown_name(path, stage.start, stages, "stage")
        chain = _start_chain(recipe, name)
        if chain[-1] == name and len(chain) > 1:
            yield path, f"goes in a circle: {' -> '.join(chain)}", "start one from the model"


def _start_chain(recipe: PartialRecipe, name: str) -> list[str]:
    """``name``, the stage that it continues, and so on up to the first without a start or one that comes again."""
    chain = [name]
    while (start := recipe.stages[chain[-1]].start) in recipe.stages and start is not None:
        chain.append(start)
        if start in chain[:-1]:
            break
    return chain


def report_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """Evaluations of the report that are not there, attacked ones to compare with, and two that would share a table."""
    for field, names in recipe.report_names.items():
        names_by_data: dict[str, str] = {}
        for path, name in names:
            yield from unknown_name(path, name, recipe.evaluations, "evaluation")
            evaluation = recipe.evaluations.get(name)
            if evaluation is None:
                continue
            if field == "compare" and evaluation.is_attacked:
                yield path, "names an attacked evaluation", "attacks are measured against a clean one"
            reader = recipe.tested_reader(evaluation)
            if reader and (other := names_by_data.setdefault(data_set_id(reader), name)) != name:
                yield path, f"'{name}' and '{other}' test one data set", "name one evaluation a data set"
