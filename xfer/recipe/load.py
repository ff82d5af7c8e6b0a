"""From files and options to a checked recipe, or to every fault of it at once with file, line and column."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from xfer.core import yaml
from xfer.core.errors import Fault, RecipeError, suggest
from xfer.core.yaml import Tree
from xfer.recipe.benchmark import expand
from xfer.recipe.recipe import Recipe
from xfer.recipe.references import references
from xfer.recipe.validation import at, fault, validate

SCALES = ("miniature", "base", "large")


class Loaded(NamedTuple):
    """A checked recipe and the file it came from."""

    recipe: Recipe
    path: Path


def load_recipe(path: str | Path, scale: str | None = None, sets: Sequence[str] = ()) -> Loaded:
    """Reads ``path``, what it extends, the overlay of ``scale`` and every ``--set`` option, and checks all.

    Raises RecipeError with all faults.
    """
    tree = read_tree(Path(path))
    if "vary" in tree.value:
        raise RecipeError([at(tree.value["vary"][0], ("vary",), "makes this a study", "xfer study runs it")])
    if scale:
        tree = yaml.merge(tree, read_tree(scale_file(Path(path), scale)))
    over, bad = options(sets)
    for option in over:
        tree = yaml.merge(tree, option)
    return Loaded(checked(tree, bad), Path(path))


def options(sets: Sequence[str]) -> tuple[list[Tree], list[Fault]]:
    """The trees of ``--set`` options, and the faults of those that have none."""
    trees, bad = [], list[Fault]()
    for text in sets:
        try:
            trees.append(yaml.option(text))
        except RecipeError as error:
            bad += error.faults
    return trees, bad


def checked(tree: Tree, bad: Sequence[Fault] = ()) -> Recipe:
    """The recipe of a whole tree. Raises RecipeError with all faults, those of ``bad`` among them."""
    tree = expand(tree)
    data, faults = yaml.resolve(tree)
    recipe, invalid = validate(data, tree)
    faults += [*bad, *invalid, *(fault(tree, *found) for found in references(data))]
    if faults or recipe is None:
        raise RecipeError(faults)
    return recipe


def read_tree(path: Path, children: tuple[Path, ...] = ()) -> Tree:
    """The tree of a file with its parents (``extends``) merged under it."""
    file = os.path.relpath(path) if path.is_absolute() else str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError([Fault(file, 1, 1, "", f"is not UTF-8 (byte {error.start})", "save it as UTF-8")]) from None
    except OSError as error:
        raise RecipeError([Fault(file, 0, 0, "", f"cannot be read: {error.strerror}", _near(path))]) from None
    tree = yaml.parse(text, file)
    if not isinstance(tree.value, dict):
        raise RecipeError([at(tree.mark, (), "is not a block of keys", "start with name: ...")])
    entry = tree.value.pop("extends", None)
    if entry is None:
        return tree
    parent = entry[1]
    if not isinstance(parent.value, str):
        raise RecipeError([at(parent.mark, ("extends",), "is not a path", "name one file beside this one")])
    above = _parent(path, parent.value)
    if above.resolve() in [child.resolve() for child in (*children, path)]:
        raise RecipeError(
            [at(parent.mark, ("extends",), f"{parent.value} extends this file again", "break the circle")]
        )
    if not above.is_file():
        raise RecipeError([at(parent.mark, ("extends",), f"there is no file {above}", _near(above, path))])
    return yaml.merge(read_tree(above, (*children, path)), tree)


def _parent(path: Path, named: str) -> Path:
    """The file that ``path`` extends: beside it, or, of those in ``_base``, in any folder that may hold them."""
    beside = path.parent / named
    if beside.is_file() or Path(named).parts[:1] != ("_base",):
        return beside
    return next((found for folder in recipe_folders(path) if (found := folder / named).is_file()), beside)


def _near(path: Path, *but: Path) -> str:
    """The files that may have been meant, ``but`` those that are certainly not."""
    folder = path.parent if path.parent.is_dir() else Path()
    return suggest(path.name, [p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and p not in but])


def recipe_folders(start: Path) -> Iterator[Path]:
    """Folders that may hold ``_scale`` and ``_base``: around the recipe, then beside and under the installation."""
    import sys

    yield from (folder for folder in start.resolve().parents)
    yield Path(__file__).parents[2] / "recipes"
    yield Path(sys.prefix) / "share" / "xfer" / "recipes"


def scale_file(path: Path, scale: str) -> Path:
    """The overlay of a scale. Raises RecipeError if there is none of that name."""
    known: set[str] = set()
    for folder in recipe_folders(path):
        file = folder / "_scale" / f"{scale}.yaml"
        if file.is_file():
            return file
        known |= {other.stem for other in (folder / "_scale").glob("*.yaml")}
    raise RecipeError(
        [Fault(f"--scale {scale}", 0, 0, "", f"there is no scale '{scale}'", suggest(scale, known or SCALES))]
    )
