"""Reads a study and every recipe it stands for, or raises all their faults at once. Touches no data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xfer.core import yaml
from xfer.core.errors import Fault, RecipeError
from xfer.core.yaml import Tree
from xfer.recipe.load import checked, options, read_tree, scale_file
from xfer.recipe.recipe import Recipe
from xfer.recipe.study import Cell, Levels, LoadedStudy, Study, meant
from xfer.recipe.study_faults import evaluations, foreign, not_of_cells, other_seeds, same, unknown_evaluations
from xfer.recipe.validation import at, fault, validate


def load_study(path: str | Path, scale: str | None = None, sets: Sequence[str] = ()) -> LoadedStudy:
    """Reads a study and the recipe of each of its cells; ``sets`` are laid over each of these.

    A cell is the recipe, then the overlay of ``scale``, what is ``fixed``, each axis in the order of the file, and
    ``sets``. What stands in the study under ``at: {miniature: ...}`` is laid over the study itself at that scale.
    Raises RecipeError with the faults of the study and of all cells.
    """
    path = Path(path)
    tree = _scaled(_study_tree(path), scale, path)
    study = _study(tree)
    whole = _base(tree, path.parent / study.recipe, scale)
    over, bad = options(sets)
    bad += not_of_cells(over, Study.model_fields.keys() - {"seeds"})
    if bad:
        raise RecipeError(bad)
    cells, known = [], dict[str, bool]()
    for levels in study.combinations():
        varied = _varied(whole, tree, levels, study, over)
        for name, attacked in evaluations(varied):
            known[name] = attacked or known.get(name, False)
        if meant(levels, study.only):
            try:
                cells.append(Cell(levels, checked(varied)))
            except RecipeError as error:
                bad += error.faults
    if not bad:
        bad += other_seeds(tree, cells)
        bad += [] if cells else [fault(tree, ("skip",), "no cell is left", "skip fewer combinations")]
    if not bad and not sets:  # --set may level what the file tells apart, and take evaluations away
        bad += [*unknown_evaluations(tree, study, known, bool(scale)), *same(tree, cells)]
    if bad:
        raise RecipeError(bad)
    return LoadedStudy(study, tuple(cells), path, scale)


def _study_tree(path: Path) -> Tree:
    """The tree of a study's file. Raises RecipeError for a recipe, or a study with a recipe's fields."""
    tree = read_tree(path)
    if _is_recipe(tree):
        what, way = "is a recipe and no study", "xfer train runs it; a study names it as recipe: and varies it"
        raise RecipeError([at(tree.mark, (), what, way)])
    strange = list(foreign(tree, Recipe.model_fields.keys() - Study.model_fields.keys()))
    if strange:
        raise RecipeError(strange)
    return tree


def _is_recipe(tree: Tree) -> bool:
    return "vary" not in tree.value and bool(tree.value.keys() & {"stages", "evaluate", "benchmark"})


def _study(tree: Tree) -> Study:
    """The study of a whole tree. Raises RecipeError with all faults."""
    data, faults = yaml.resolve(tree)
    # ${...} in what is laid over the recipe speaks of the recipe, and is resolved there.
    faults = [one for one in faults if not one.path.startswith(("vary.", "fixed."))]
    study, invalid = validate(data, tree, Study)
    if study is None or faults:
        raise RecipeError([*faults, *invalid])
    return study


def _base(tree: Tree, path: Path, scale: str | None) -> Tree:
    """The tree of the recipe that is varied, with the overlay of the scale. Raises RecipeError."""
    if not path.is_file():
        raise RecipeError([fault(tree, ("recipe",), f"there is no file {path}", "a path beside the study")])
    whole = read_tree(path)
    if "vary" in whole.value:
        raise RecipeError([fault(tree, ("recipe",), f"{path} is a study", "name a recipe; extends lays studies over")])
    return yaml.merge(whole, read_tree(scale_file(path, scale))) if scale else whole


def _scaled(tree: Tree, scale: str | None, path: Path) -> Tree:
    """The study with its own overlay for the scale, if it has one. Raises RecipeError with the faults of ``at``."""
    overlays = _overlays(tree, path)
    left = Tree({key: entry for key, entry in tree.value.items() if key != "at"}, tree.mark)
    return yaml.merge(left, overlays[scale]) if scale in overlays else left


def _overlays(tree: Tree, path: Path) -> dict[str, Tree]:
    """What stands under ``at``, by scale. Raises RecipeError if that is no block of blocks, each named for a scale."""
    if "at" not in tree.value:
        return {}
    found = tree.value["at"][1]
    example = "at: {miniature: {seeds: [1, 2]}}"
    if not isinstance(found.value, dict):
        raise RecipeError([at(found.mark, ("at",), "is not a block of scales", example)])
    bad = list[Fault]()
    for name, (mark, overlay) in found.value.items():
        try:
            scale_file(path, name)
        except RecipeError as error:
            bad += [at(mark, ("at", name), one.message, one.hint) for one in error.faults]
        if not isinstance(overlay.value, dict):
            bad.append(at(overlay.mark, ("at", name), "should be a block of fields", example))
    if bad:
        raise RecipeError(bad)
    return {name: overlay for name, (_, overlay) in found.value.items()}


def check_study(path: Path, scale: str | None = None, sets: Sequence[str] = ()) -> LoadedStudy:
    """The study as it is at ``scale``; without one it is also checked at every scale that its file speaks of.

    Raises RecipeError with the faults of all.
    """
    bad, found = list[Fault](), list[LoadedStudy]()
    for one in [scale, *(_overlays(_study_tree(path), path) if scale is None else ())]:
        try:
            found.append(load_study(path, one, sets))
        except RecipeError as error:
            bad += error.faults
    if bad:
        raise RecipeError(bad)
    return found[0]


def _varied(whole: Tree, study: Tree, levels: Levels, about: Study, over: Sequence[Tree]) -> Tree:
    """The tree of one cell's recipe."""
    tree = _laid(whole, study.value["fixed"][1]) if about.fixed else whole
    for axis, level in levels.items():
        tree = _laid(tree, study.value["vary"][1].value[axis][1].value[level][1])
    if about.seeds is not None:
        tree = yaml.merge(tree, Tree({"seeds": study.value["seeds"]}, study.mark))
    for option in over:
        tree = yaml.merge(tree, option)
    return tree


def _laid(tree: Tree, level: Tree) -> Tree:
    """A level's blocks and dotted names over a recipe."""
    for key, (mark, item) in level.value.items():
        block = item
        for name in reversed(key.split(".")):
            block = Tree({name: (mark, block)}, item.mark)
        tree = yaml.merge(tree, block)
    return tree


def is_study(path: Path) -> bool:
    """Whether a YAML file is a study and not a recipe: it has axes, or a question and nothing to run."""
    try:
        tree = read_tree(path)
    except RecipeError:
        return False
    return "vary" in tree.value or "question" in tree.value and not _is_recipe(tree)


def is_recipe(path: Path) -> bool:
    """Whether a YAML file is a recipe; one that cannot be read is not."""
    try:
        return _is_recipe(read_tree(path))
    except RecipeError:
        return False
