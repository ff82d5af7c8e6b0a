"""What Pydantic finds wrong with a recipe, as faults with a place in a file and a hint.

Joins the location of an error (a path of keys) with the marks of the tree it was read from.
"""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from xfer.core import yaml
from xfer.core.component import Component
from xfer.core.errors import Fault, nearest, suggest
from xfer.core.yaml import Mark, Tree
from xfer.readers.base import Reader
from xfer.recipe.recipe import Recipe

B = TypeVar("B", bound=BaseModel)

_BLOCK, _LIST = "should be a block of fields", "should be a list"
_SHAPES = {"model_type": _BLOCK, "dict_type": _BLOCK, "tuple_type": _LIST, "list_type": _LIST}  # in words of YAML


def validate(data: Any, tree: Tree, model: type[B] = Recipe) -> tuple[B | None, list[Fault]]:  # type: ignore[assignment]
    """The recipe (or what else ``model`` is), or None with a fault for each mistake that validation finds."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        items = [dict(item) for item in error.errors(include_url=False)]
        return None, [_invalid(tree, data, item, model) for item in items if not _follows(item, items)]


def _follows(item: dict[str, Any], items: list[dict[str, Any]]) -> bool:
    """Whether a list is too short only because its items are faulty, each of which is told by itself."""
    size = len(item["loc"])
    inner = (one for one in items if len(one["loc"]) > size and one["loc"][:size] == item["loc"])
    return item["type"] == "too_short" and any(inner)


def _invalid(tree: Tree, data: Any, item: dict[str, Any], model: type[BaseModel]) -> Fault:
    path, context = _real_path(data, tuple(item["loc"])), item.get("ctx", {})
    hint = str(context.get("hint", ""))
    if item["type"] == "extra_forbidden":
        block = _class(data, path[:-1], model)
        hint = _home(block, _at(data, path[:-1], {}), str(path[-1])) or suggest(str(path[-1]), _fields(block, model))
        message = "no such field"
        return at(yaml.locate(tree, path, key=True), path, message, hint)
    if item["type"] == "missing" and path[0] == "stages" and path[2:] == ("tasks",):
        near = nearest(str(path[1]), {*data["stages"]} - {path[1]})
        return fault(tree, path[:-1], "trains on nothing", near or "add reader: or tasks:")
    if item["type"] == "missing":
        message, hint = f"'{path[-1]}' is missing", "add it"
        return at(yaml.locate(tree, path[:-1]), path, message, hint)
    if item["type"] == "literal_error":
        choices = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        near = suggest(str(item["input"]), choices)
        hint = "take one of these" if near.startswith("known") else near  # the message names them all
        return fault(tree, path, f"'{item['input']}' is not one of {context['expected']}", hint)
    block = _at(data, path, {})
    if item["type"] in ("unknown_name", "broken_component") and isinstance(block, dict) and "type" in block:
        path = (*path, "type")
    if item["type"] == "too_short":
        return fault(tree, path, "is empty", hint)
    message = _SHAPES.get(item["type"]) or item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if not hint and not isinstance(item["input"], dict | list):
        message += f", not {'null' if item['input'] is None else repr(item['input'])}"
    return at(yaml.locate(tree, path, key=item["loc"][-1:] == ("[key]",)), path, message, hint)


def at(mark: Mark, path: yaml.Path, message: str, hint: str = "") -> Fault:
    """A fault at a place."""
    return Fault(mark.file, mark.line, mark.column, yaml.dotted(path), message, hint)


def fault(tree: Tree, path: yaml.Path, message: str, hint: str = "") -> Fault:
    """A fault at the value that stands at ``path`` of a tree."""
    return at(yaml.locate(tree, path), path, message, hint)


def _real_path(data: Any, loc: tuple[Any, ...]) -> yaml.Path:
    """Where in the file an error stands: unions add parts to the location, and short forms take some away."""
    path: list[str | int] = []
    loc = loc[:-1] if loc and loc[-1] == "[key]" else loc  # a bad key stands where the key stands
    for i, part in enumerate(loc):
        here = _at(data, tuple(path), None)
        if isinstance(here, dict) and part == "tasks" and "tasks" not in here and "reader" in here:
            return _real_path(data, (*path, *loc[i + 2 :]))
        if isinstance(here, dict | list) or i == len(loc) - 1 and isinstance(part, int):
            known = isinstance(here, dict) and part in here or isinstance(here, list) and isinstance(part, int)
            if (
                known
                or i == len(loc) - 1
                and isinstance(here, dict)
                and not str(part).startswith(("tuple[", "literal["))
            ):
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


def _class(data: Any, path: yaml.Path, whole: type[BaseModel]) -> type[BaseModel] | None:
    """The class of the block at ``path``."""
    model: Any = whole
    block = data
    for part in path:
        block = _at(block, (part,), {})
        model = _inner(model, part, block)
        if model is None:
            return None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _fields(model: type[BaseModel] | None, whole: type[BaseModel]) -> list[str]:
    """The field names that are possible in a block."""
    if model is None:
        return []
    extra = ["reader"] if "tasks" in model.model_fields else []
    extra += ["extends"] if model is whole else []
    return [*model.model_fields, *extra]


def _home(model: type[BaseModel] | None, block: Any, name: str) -> str:
    """A hint for a field that stands one block too high; empty if no block within has it."""
    for field in model.model_fields if model else ():
        given = _at(block, (field,), {})
        try:
            inner: Any = _inner(model, field, {"type": given} if isinstance(given, str) else given)
        except PydanticCustomError:  # a kind of which no type is named
            continue
        many = get_origin(inner) is dict
        inner = get_args(inner)[1] if many else inner
        if isinstance(inner, type) and issubclass(inner, BaseModel) and name in inner.model_fields:
            return f"it is a field of {'each of ' if many else ''}{field}"
    return ""


def _inner(model: Any, part: Any, block: Any) -> Any:
    """The class of the block that field ``part`` of ``model`` holds, following ``type``."""
    found: Any
    if get_origin(model) is dict:
        found = get_args(model)[1]
    elif isinstance(model, type) and issubclass(model, BaseModel):
        if part == "reader" and "tasks" in model.model_fields:
            found = Reader  # the short form of a stage
        elif part in model.model_fields:
            found = model.model_fields[part].annotation
        else:
            return None
    else:
        return None
    options = [found, *get_args(found)]
    options += [inner for option in options[1:] for inner in get_args(option)]  # what may be null is wrapped twice
    for option in options:
        if isinstance(option, type) and issubclass(option, Component) and isinstance(block, dict):
            return option.lookup(block.get("type") or option.default_type)
    for option in options:
        if get_origin(option) is dict or isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None
