"""What no field of a study shows: evaluations that no cell has, cells that cannot be told apart or compared.

Works on the tree of the file, so that each fault stands at its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from xfer.core import yaml
from xfer.core.errors import Fault, suggest
from xfer.core.yaml import Path, Tree
from xfer.recipe.benchmark import expand
from xfer.recipe.validation import at, fault

if TYPE_CHECKING:
    from xfer.recipe.study import Cell, Fit, Hypothesis, Levels, Study

OF_ATTACKS = ("drop", "relative", "gap_growth")  # measures that an evaluation without an attack does not have


def foreign(tree: Tree, names: Set[str]) -> Iterator[Fault]:
    """Fields of a recipe that stand in a study: written there, or of a recipe that it extends."""
    for name, (mark, _) in tree.value.items():
        if name in names:
            hint = f"recipe: names the file of one, and fixed: {{{name}: ...}} is laid over it"
            yield at(mark, (name,), "is a field of a recipe, not of a study", hint)


def not_of_cells(over: Iterable[Tree], names: Set[str]) -> Iterator[Fault]:
    """``--set`` options that name fields of the study."""
    for option in over:
        for name in option.value.keys() & {*names, "at", "extends"}:
            what = "is a field of the study, and --set is laid over the recipes of its cells"
            yield at(option.mark, (name,), what, "change it in the file")


def evaluations(varied: Tree) -> Iterator[tuple[str, bool]]:
    """The evaluations of one cell's tree, and whether each is attacked."""
    whole = expand(varied)
    block = yaml.plain(whole.value["evaluate"][1]) if "evaluate" in whole.value else None
    for name, about in block.items() if isinstance(block, dict) else ():
        yield name, isinstance(about, dict) and about.get("attacker") is not None


def unknown_evaluations(tree: Tree, study: Study, known: Mapping[str, bool], scaled: bool) -> Iterator[Fault]:
    """Evaluations that no cell has, and measures that those named do not have; ``known``: name -> attacked.

    A scale may leave out some of those that a hypothesis speaks of, but not all.
    """
    attacked = [name for name, is_attacked in known.items() if is_attacked]
    asked: list[tuple[Path, Hypothesis | Fit]] = [(("hypotheses", name), one) for name, one in study.hypotheses.items()]
    asked += [(("fits", i), one) for i, one in enumerate(study.fits)]
    for path, about in asked:
        strange = [(i, name) for i, name in enumerate(about.evaluations) if name not in known]
        if scaled and len(strange) < len(about.evaluations):
            strange = []
        for i, name in strange:
            mark = yaml.locate(tree, (*path, "evaluations", i))
            yield at(mark, (*path, "evaluations"), f"no cell has an evaluation '{name}'", suggest(name, known))
        if about.measure in OF_ATTACKS and not strange and not {*(about.evaluations or known)} & {*attacked}:
            hint = f"attacked: {', '.join(attacked)}" if attacked else "add an evaluation with an attacker"
            yield fault(tree, (*path, "measure"), f"only an attacked evaluation has a {about.measure}", hint)


def other_seeds(tree: Tree, cells: Sequence[Cell]) -> Iterator[Fault]:
    """The first cell with seeds of its own: what is compared is compared seed by seed."""
    cell = next((cell for cell in cells if cell.recipe.seeds != cells[0].recipe.seeds), None)
    if cell:
        axis = _differs(cell.levels, cells[0].levels)
        what = "gives other seeds than other cells, and these are compared seed by seed"
        yield fault(tree, ("vary", axis, cell.levels[axis]), what, "say seeds: in the study")


def same(tree: Tree, cells: Sequence[Cell]) -> Iterator[Fault]:
    """Levels that change nothing: cells of one recipe would be laid beside themselves."""
    seen: dict[str, Levels] = {}
    for cell in cells:
        other = seen.setdefault(cell.recipe.model_dump_json(), cell.levels)
        if other is not cell.levels:
            axis = _differs(cell.levels, other)
            rest = ", ".join(f"{name}: {level}" for name, level in cell.levels.items() if name != axis)
            what = f"gives the same recipe as {axis}: {other[axis]}" + (f" (with {rest})" if rest else "")
            yield fault(tree, ("vary", axis, cell.levels[axis]), what, "say what differs, or skip one of them")


def _differs(levels: Levels, other: Levels) -> str:
    """The first axis on which two cells differ."""
    return next(axis for axis, level in levels.items() if level != other[axis])
