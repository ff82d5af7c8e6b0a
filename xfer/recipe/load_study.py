"""Reads a study and every recipe it stands for, or raises all their faults at once. Touches no data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xfer.core import yaml
from xfer.core.errors import Fault, RecipeError
from xfer.core.references import resolve_references
from xfer.core.yaml import Tree
from xfer.recipe.load import RecipeCheck, checked_recipe, parse_options, read_tree, scale_file
from xfer.recipe.recipe import Recipe
from xfer.recipe.study import Levels, LoadedStudy, Study, StudyCell, matches_levels
from xfer.recipe.study_faults import (
    cell_evaluations,
    foreign_fields,
    other_seeds,
    same_recipes,
    study_field_options,
    unknown_evaluations,
)
from xfer.recipe.validation import mark_fault, path_fault, validate_model


def load_study(
    path: str | Path, scale: str | None = None, sets: Sequence[str] = (), late_check: RecipeCheck | None = None
) -> LoadedStudy:
    """Reads a study and the recipe of each of its cells; ``sets`` are laid over each of these.

    A cell is the recipe, then the overlay of ``scale``, what is ``fixed``, each axis in the order of the file, and
    ``sets``. What stands in the study under ``at: {miniature: ...}`` is laid over the study itself at that scale.
    Raises RecipeError with the faults of the study and of all cells.
    """
    path = Path(path)
    tree = _scaled_tree(_study_tree(path), scale, path)
    study = _checked_study(tree)
    base_tree = _base_tree(tree, path.parent / study.recipe, scale)
    option_trees, faults = parse_options(sets)
    faults += study_field_options(option_trees, Study.model_fields.keys() - {"seeds"})
    if faults:
        raise RecipeError(faults)
    cells, attacked_by_name = [], dict[str, bool]()
    for levels in study.level_combinations():
        varied = _varied_tree(base_tree, tree, levels, study, option_trees)
        for name, is_attacked in cell_evaluations(varied):
            attacked_by_name[name] = is_attacked or attacked_by_name.get(name, False)
        if matches_levels(levels, study.only):
            try:
                cells.append(StudyCell(levels, checked_recipe(varied, late_check=late_check)))
            except RecipeError as error:
                faults += error.faults
    if not faults:
        faults += other_seeds(tree, cells)
        faults += [] if cells else [path_fault(tree, ("skip",), "no cell is left", "skip fewer combinations")]
    if not faults and not sets:  # --set may level what the file tells apart, and take evaluations away
        faults += [*unknown_evaluations(tree, study, attacked_by_name, bool(scale)), *same_recipes(tree, cells)]
    if faults:
        raise RecipeError(faults)
    return LoadedStudy(study, tuple(cells), path, scale)


def _study_tree(path: Path) -> Tree:
    """The tree of a study's file. Raises RecipeError for a recipe, or a study with a recipe's fields."""
    tree = read_tree(path)
    if _is_recipe(tree):
        what, way = "is a recipe and no study", "xfer train runs it; a study names it as recipe: and varies it"
        raise RecipeError([mark_fault(tree.mark, (), what, way)])
    foreign_faults = list(foreign_fields(tree, Recipe.model_fields.keys() - Study.model_fields.keys()))
    if foreign_faults:
        raise RecipeError(foreign_faults)
    return tree


def _is_recipe(tree: Tree) -> bool:
    return "vary" not in tree.value and bool(tree.value.keys() & {"stages", "evaluate", "benchmark"})


def _checked_study(tree: Tree) -> Study:
    """The study of a whole tree. Raises RecipeError with all faults."""
    data, faults = resolve_references(tree)
    # ${...} in what is laid over the recipe speaks of the recipe, and is resolved there.
    faults = [fault for fault in faults if not fault.path.startswith(("vary.", "fixed."))]
    study, invalid = validate_model(data, tree, Study)
    if study is None or faults:
        raise RecipeError([*faults, *invalid])
    return study


def _base_tree(tree: Tree, path: Path, scale: str | None) -> Tree:
    """The tree of the recipe that is varied, with the overlay of the scale. Raises RecipeError."""
    if not path.is_file():
        raise RecipeError([path_fault(tree, ("recipe",), f"there is no file {path}", "a path beside the study")])
    base_tree = read_tree(path)
    if "vary" in base_tree.value:
        raise RecipeError(
            [path_fault(tree, ("recipe",), f"{path} is a study", "name a recipe; extends lays studies over")]
        )
    return yaml.merge_trees(base_tree, read_tree(scale_file(path, scale))) if scale else base_tree


def _scaled_tree(tree: Tree, scale: str | None, path: Path) -> Tree:
    """The study with its own overlay for the scale, if it has one. Raises RecipeError with the faults of ``at``."""
    overlays = _scale_overlays(tree, path)
    unscaled = Tree({key: entry for key, entry in tree.value.items() if key != "at"}, tree.mark)
    return yaml.merge_trees(unscaled, overlays[scale]) if scale in overlays else unscaled


def _scale_overlays(tree: Tree, path: Path) -> dict[str, Tree]:
    """What stands under ``at``, by scale. Raises RecipeError if that is no block of blocks, each named for a scale."""
    if "at" not in tree.value:
        return {}
    block = tree.value["at"][1]
    example = "at: {miniature: {seeds: [1, 2]}}"
    if not isinstance(block.value, dict):
        raise RecipeError([mark_fault(block.mark, ("at",), "is not a block of scales", example)])
    faults = list[Fault]()
    for name, (mark, overlay) in block.value.items():
        try:
            scale_file(path, name)
        except RecipeError as error:
            faults += [mark_fault(mark, ("at", name), fault.message, fault.hint) for fault in error.faults]
        if not isinstance(overlay.value, dict):
            faults.append(mark_fault(overlay.mark, ("at", name), "should be a block of fields", example))
    if faults:
        raise RecipeError(faults)
    return {name: overlay for name, (_, overlay) in block.value.items()}


def check_study(
    path: Path, scale: str | None = None, sets: Sequence[str] = (), late_check: RecipeCheck | None = None
) -> LoadedStudy:
    """The study as it is at ``scale``; without one it is also checked at every scale that its file speaks of.

    Raises RecipeError with the faults of all.
    """
    faults, studies = list[Fault](), list[LoadedStudy]()
    for scale_name in [scale, *(_scale_overlays(_study_tree(path), path) if scale is None else ())]:
        try:
            studies.append(load_study(path, scale_name, sets, late_check))
        except RecipeError as error:
            faults += error.faults
    if faults:
        raise RecipeError(faults)
    return studies[0]


def _varied_tree(
    base_tree: Tree, study_tree: Tree, levels: Levels, definition: Study, option_trees: Sequence[Tree]
) -> Tree:
    """The tree of one cell's recipe."""
    tree = _lay_level(base_tree, study_tree.value["fixed"][1]) if definition.fixed else base_tree
    for axis, level in levels.items():
        tree = _lay_level(tree, study_tree.value["vary"][1].value[axis][1].value[level][1])
    if definition.seeds is not None:
        tree = yaml.merge_trees(tree, Tree({"seeds": study_tree.value["seeds"]}, study_tree.mark))
    for option in option_trees:
        tree = yaml.merge_trees(tree, option)
    return tree


def _lay_level(tree: Tree, level: Tree) -> Tree:
    """A level's blocks and dotted names over a recipe."""
    for key, (mark, item) in level.value.items():
        block = item
        for name in reversed(key.split(".")):
            block = Tree({name: (mark, block)}, item.mark)
        tree = yaml.merge_trees(tree, block)
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
