"""From files and options to a checked recipe, or to every fault of it at once with file, line and column."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from xfer.core import yaml
from xfer.core.component import Component
from xfer.core.errors import Fault, RecipeError, suggest
from xfer.core.recipe import Recipe
from xfer.core.references import references
from xfer.core.yaml import Mark, Tree

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
    if scale:
        tree = yaml.merge(tree, read_tree(scale_file(Path(path), scale)))
    options, bad = [], list[Fault]()
    for text in sets:
        try:
            options.append(yaml.option(text))
        except RecipeError as error:
            bad += error.faults
    for option in options:
        tree = yaml.merge(tree, option)
    data, faults = yaml.resolve(tree)
    recipe, invalid = validate(data, tree)
    faults += bad + invalid + [_fault(tree, *found) for found in references(data)]
    if faults or recipe is None:
        raise RecipeError(faults)
    return Loaded(recipe, Path(path))


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
        raise RecipeError([Fault(*tree.mark, "", "is not a block of keys", "start with name: ...")])
    entry = tree.value.pop("extends", None)
    if entry is None:
        return tree
    parent = entry[1]
    if not isinstance(parent.value, str):
        raise RecipeError([Fault(*parent.mark, "extends", "is not a path", "name one file beside this one")])
    above = path.parent / parent.value
    if above.resolve() in [child.resolve() for child in (*children, path)]:
        raise RecipeError([Fault(*parent.mark, "extends", f"{parent.value} extends this file again", "break the circle")])
    if not above.is_file():
        raise RecipeError([Fault(*parent.mark, "extends", f"there is no file {above}", _near(above))])
    return yaml.merge(read_tree(above, (*children, path)), tree)


def _near(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path()
    return suggest(path.name, [p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml")])


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
    raise RecipeError([Fault(f"--scale {scale}", 0, 0, "", f"there is no scale '{scale}'", suggest(scale, known or SCALES))])


def validate(data: Any, tree: Tree) -> tuple[Recipe | None, list[Fault]]:
    """The recipe, or None with a fault for each mistake that validation finds."""
    try:
        return Recipe.model_validate(data), []
    except ValidationError as error:
        return None, [_invalid(tree, data, dict(item)) for item in error.errors(include_url=False)]


def _invalid(tree: Tree, data: Any, item: dict[str, Any]) -> Fault:
    path, context = _real_path(data, tuple(item["loc"])), item.get("ctx", {})
    hint = str(context.get("hint", ""))
    if item["type"] == "extra_forbidden":
        message, hint = "no such field", suggest(str(path[-1]), _fields(data, path[:-1]))
        return Fault(*yaml.locate(tree, path, key=True), yaml.dotted(path), message, hint)
    if item["type"] == "missing":
        message, hint = f"'{path[-1]}' is missing", "add it"
        return Fault(*yaml.locate(tree, path[:-1]), yaml.dotted(path), message, hint)
    if item["type"] == "literal_error":
        choices = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        return _fault(tree, path, f"'{item['input']}' is not one of {context['expected']}", suggest(str(item["input"]), choices))
    if item["type"] in ("unknown_name", "broken_component") and "type" in _at(data, path, {}):
        path = (*path, "type")
    message = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if not hint and not isinstance(item["input"], dict | list):
        message += f", not {item['input']!r}"
    return _fault(tree, path, message, hint)


def _fault(tree: Tree, path: yaml.Path, message: str, hint: str = "") -> Fault:
    mark: Mark = yaml.locate(tree, path)
    return Fault(*mark, yaml.dotted(path), message, hint)


def _real_path(data: Any, loc: tuple[Any, ...]) -> yaml.Path:
    """Where in the file an error stands: unions add parts to the location, and short forms take some away."""
    path: list[str | int] = []
    for i, part in enumerate(loc):
        here = _at(data, tuple(path), None)
        if isinstance(here, dict) and part == "tasks" and "tasks" not in here and "reader" in here:
            return _real_path(data, (*path, *loc[i + 2 :]))
        if isinstance(here, dict | list) or i == len(loc) - 1 and isinstance(part, int):
            known = isinstance(here, dict) and part in here or isinstance(here, list) and isinstance(part, int)
            if known or i == len(loc) - 1 and isinstance(here, dict) and not str(part).startswith(("tuple[", "literal[")):
                path.append(part)
    return tuple(path)


def _at(data: Any, path: yaml.Path, default: Any) -> Any:
    for part in path:
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return default
    return data


def _fields(data: Any, path: yaml.Path) -> list[str]:
    """The field names that are possible in the block at ``path``."""
    model: Any = Recipe
    block = data
    for part in path:
        block = _at(block, (part,), {})
        model = _inner(model, part, block)
        if model is None:
            return []
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    extra = ["reader"] if "tasks" in model.model_fields else []
    extra += ["extends"] if model is Recipe else []
    return [*model.model_fields, *extra]


def _inner(model: Any, part: Any, block: Any) -> Any:
    """The class of the block that field ``part`` of ``model`` holds, following ``type``."""
    from typing import get_args, get_origin

    if get_origin(model) is dict:
        found = get_args(model)[1]
    elif isinstance(model, type) and issubclass(model, BaseModel):
        if part == "reader" and "tasks" in model.model_fields:
            from xfer.readers.base import Reader as found  # the short form of a stage
        elif part in model.model_fields:
            found = model.model_fields[part].annotation
        else:
            return None
    else:
        return None
    options = [found, *get_args(found)]
    for option in options:
        if isinstance(option, type) and issubclass(option, Component) and isinstance(block, dict):
            return option.lookup(block.get("type") or option.default_type)
    for option in options:
        if get_origin(option) is dict or isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None
