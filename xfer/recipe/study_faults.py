"""What no field of a study shows: evaluations that no cell has, cells that cannot be told apart or compared.

Works on the tree of the file, so that each fault stands at its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from xfer.core import yaml
from xfer.core.errors import Fault, suggest_name
from xfer.core.yaml import KeyPath, Tree
from xfer.recipe.benchmark import expand_benchmark
from xfer.recipe.validation import mark_fault, path_fault

if TYPE_CHECKING:
    from xfer.recipe.study import Fit, Hypothesis, Levels, Study, StudyCell

# Measures that an evaluation without an attack does not have.
ATTACK_MEASURES = ("drop", "relative", "cost_above_chance", "gap_growth")


def foreign_fields(tree: Tree, names: Set[str]) -> Iterator[Fault]:
    """Fields of a recipe that stand in a study: written there, or of a recipe that it extends."""
    for name, (mark, _) in tree.value.items():
        if name in names:
            hint = f"recipe: names the file of one, and fixed: {{{name}: ...}} is laid over it"
            yield mark_fault(mark, (name,), "is a field of a recipe, not of a study", hint)


def study_field_options(option_trees: Iterable[Tree], names: Set[str]) -> Iterator[Fault]:
    """``--set`` options that name fields of the study."""
    for option in option_trees:
        for name in option.value.keys() & {*names, "at", "extends"}:
            what = "is a field of the study, and --set is laid over the recipes of its cells"
            yield mark_fault(option.mark, (name,), what, "change it in the file")


def cell_evaluations(varied: Tree) -> Iterator[tuple[str, bool]]:
    """The evaluations of one cell's tree, and whether each is attacked."""
    expanded = expand_benchmark(varied)
    block = yaml.plain_data(expanded.value["evaluate"][1]) if "evaluate" in expanded.value else None
    for name, evaluation in block.items() if isinstance(block, dict) else ():
        yield name, isinstance(evaluation, dict) and evaluation.get("attacker") is not None


def unknown_evaluations(
    tree: Tree, study: Study, attacked_by_name: Mapping[str, bool], scaled: bool
) -> Iterator[Fault]:
    """Evaluations that no cell has, and measures that those named do not have; ``known``: name -> attacked.

    A scale may leave out some of those that a hypothesis speaks of, but not all.
    """
    attacked = [name for name, is_attacked in attacked_by_name.items() if is_attacked]
    statements: list[tuple[KeyPath, Hypothesis | Fit]] = [
        (("hypotheses", name), entry) for name, entry in study.hypotheses.items()
    ]
    statements += [(("fits", i), entry) for i, entry in enumerate(study.fits)]
    for path, statement in statements:
        missing = [(i, name) for i, name in enumerate(statement.evaluations) if name not in attacked_by_name]
        if scaled and len(missing) < len(statement.evaluations):
            missing = []
        for i, name in missing:
            mark = yaml.locate_mark(tree, (*path, "evaluations", i))
            yield mark_fault(
                mark,
                (*path, "evaluations"),
                f"no cell has an evaluation '{name}'",
                suggest_name(name, attacked_by_name),
            )
        if (
            statement.measure in ATTACK_MEASURES
            and not missing
            and not {*(statement.evaluations or attacked_by_name)} & {*attacked}
        ):
            hint = f"attacked: {', '.join(attacked)}" if attacked else "add an evaluation with an attacker"
            yield path_fault(tree, (*path, "measure"), f"only an attacked evaluation has a {statement.measure}", hint)


def other_seeds(tree: Tree, cells: Sequence[StudyCell]) -> Iterator[Fault]:
    """The first cell with seeds of its own: what is compared is compared seed by seed."""
    cell = next((cell for cell in cells if cell.recipe.seeds != cells[0].recipe.seeds), None)
    if cell:
        axis = _differing_axis(cell.levels, cells[0].levels)
        what = "gives other seeds than other cells, and these are compared seed by seed"
        yield path_fault(tree, ("vary", axis, cell.levels[axis]), what, "say seeds: in the study")


def same_recipes(tree: Tree, cells: Sequence[StudyCell]) -> Iterator[Fault]:
    """Levels that change nothing: cells of one recipe would be laid beside themselves."""
    seen: dict[str, Levels] = {}
    for cell in cells:
        other = seen.setdefault(cell.recipe.model_dump_json(), cell.levels)
        if other is not cell.levels:
            axis = _differing_axis(cell.levels, other)
            rest = ", ".join(f"{name}: {level}" for name, level in cell.levels.items() if name != axis)
            what = f"gives the same recipe as {axis}: {other[axis]}" + (f" (with {rest})" if rest else "")
            yield path_fault(tree, ("vary", axis, cell.levels[axis]), what, "say what differs, or skip one of them")


def _differing_axis(levels: Levels, other: Levels) -> str:
    """The first axis on which two cells differ."""
    return next(axis for axis, level in levels.items() if level != other[axis])
