"""From files and options to a checked recipe, or to every fault of it at once with file, line and column."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from xfer.core import yaml
from xfer.core.errors import Fault, RecipeError, suggest_name
from xfer.core.references import resolve_references
from xfer.core.yaml import Tree
from xfer.recipe.benchmark import expand_benchmark
from xfer.recipe.checks.relations import relation_faults
from xfer.recipe.partial import PartialRecipe, PathFault
from xfer.recipe.read_partial import partial_recipe
from xfer.recipe.recipe import Recipe
from xfer.recipe.validation import mark_fault, path_fault, validate_model

SCALES = ("miniature", "base", "large")
RecipeCheck = Callable[[PartialRecipe], Iterator[PathFault]]


class LoadedRecipe(NamedTuple):
    """A checked recipe and the file it came from."""

    recipe: Recipe
    path: Path


LARGEST_FILE = 1_000_000  # bytes of a recipe or study; ours have at most 10,000
DEEPEST_EXTENDS = 50  # files that extend one another


def load_recipe(
    path: str | Path, scale: str | None = None, sets: Sequence[str] = (), late_check: RecipeCheck | None = None
) -> LoadedRecipe:
    """Reads ``path``, what it extends, the overlay of ``scale`` and every ``--set`` option, and checks all.

    ``late_check`` looks at a recipe that has no other fault. Raises RecipeError with all faults.
    """
    tree = read_tree(Path(path))
    if "vary" in tree.value:
        raise RecipeError([mark_fault(tree.value["vary"][0], ("vary",), "makes this a study", "xfer study runs it")])
    if scale:
        tree = yaml.merge_trees(tree, read_tree(scale_file(Path(path), scale)))
    option_trees, option_faults = parse_options(sets)
    for option in option_trees:
        tree = yaml.merge_trees(tree, option)
    return LoadedRecipe(checked_recipe(tree, option_faults, late_check), Path(path))


def parse_options(sets: Sequence[str]) -> tuple[list[Tree], list[Fault]]:
    """The trees of ``--set`` options, and the faults of those that have none."""
    trees, faults = [], list[Fault]()
    for text in sets:
        try:
            trees.append(yaml.parse_option(text))
        except RecipeError as error:
            faults += error.faults
    return trees, faults


def checked_recipe(tree: Tree, option_faults: Sequence[Fault] = (), late_check: RecipeCheck | None = None) -> Recipe:
    """The recipe of a whole tree. Raises RecipeError with all faults, those of ``bad`` among them."""
    tree = expand_benchmark(tree)
    data, faults = resolve_references(tree)
    recipe, invalid = validate_model(data, tree)
    partial = partial_recipe(data)
    broken = [path_fault(tree, *fault) for fault in relation_faults(partial)]
    faults += [*option_faults, *invalid, *broken]
    if late_check and not faults:
        faults += [path_fault(tree, *fault) for fault in late_check(partial)]
    if faults or recipe is None:
        raise RecipeError(faults)
    return recipe


def read_tree(path: Path, children: tuple[Path, ...] = ()) -> Tree:
    """The tree of a file with its parents (``extends``) merged under it."""
    file = os.path.relpath(path) if path.is_absolute() else str(path)
    if len(children) > DEEPEST_EXTENDS:
        raise RecipeError([Fault(file, 1, 1, "extends", f"more than {DEEPEST_EXTENDS} files extend one another")])
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RecipeError([Fault(file, 0, 0, "", f"is larger than {LARGEST_FILE:,} bytes: that is no recipe")])
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError([Fault(file, 1, 1, "", f"is not UTF-8 (byte {error.start})", "save it as UTF-8")]) from None
    except OSError as error:
        raise RecipeError([Fault(file, 0, 0, "", f"cannot be read: {error.strerror}", _nearby_names(path))]) from None
    tree = yaml.parse_tree(text, file)
    if not isinstance(tree.value, dict):
        raise RecipeError([mark_fault(tree.mark, (), "is not a block of keys", "start with name: ...")])
    entry = tree.value.pop("extends", None)
    if entry is None:
        return tree
    parent = entry[1]
    if not isinstance(parent.value, str):
        raise RecipeError([mark_fault(parent.mark, ("extends",), "is not a path", "name one file beside this one")])
    if "\0" in parent.value:
        raise RecipeError([mark_fault(parent.mark, ("extends",), "is not a path: it holds a character 0")])
    parent_path = _parent_file(path, parent.value)
    if parent_path.resolve() in [child.resolve() for child in (*children, path)]:
        raise RecipeError(
            [mark_fault(parent.mark, ("extends",), f"{parent.value} extends this file again", "break the circle")]
        )
    if not parent_path.is_file():
        raise RecipeError(
            [mark_fault(parent.mark, ("extends",), f"there is no file {parent_path}", _nearby_names(parent_path, path))]
        )
    return yaml.merge_trees(read_tree(parent_path, (*children, path)), tree)


def _parent_file(path: Path, name: str) -> Path:
    """The file that ``path`` extends: beside it, or, of those in ``_base``, in any folder that may hold them."""
    sibling = path.parent / name
    if sibling.is_file() or Path(name).parts[:1] != ("_base",):
        return sibling
    return next((candidate for folder in recipe_folders(path) if (candidate := folder / name).is_file()), sibling)


def _nearby_names(path: Path, *excluded: Path) -> str:
    """The files that may have been meant, ``but`` those that are certainly not."""
    folder = path.parent if path.parent.is_dir() else Path()
    return suggest_name(
        path.name, [p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and p not in excluded]
    )


def recipe_folders(start: Path) -> Iterator[Path]:
    """Folders that may hold ``_scale`` and ``_base``: around the recipe, then beside and under the installation."""
    import sys

    yield from (folder for folder in start.resolve().parents)
    yield Path(__file__).parents[2] / "recipes"
    yield Path(sys.prefix) / "share" / "xfer" / "recipes"


def scale_file(path: Path, scale: str) -> Path:
    """The overlay of a scale. Raises RecipeError if there is none of that name."""
    scales: set[str] = set()
    for folder in recipe_folders(path):
        file = folder / "_scale" / f"{scale}.yaml"
        if file.is_file():
            return file
        scales |= {other.stem for other in (folder / "_scale").glob("*.yaml")}
    raise RecipeError(
        [Fault(f"--scale {scale}", 0, 0, "", f"there is no scale '{scale}'", suggest_name(scale, scales or SCALES))]
    )
