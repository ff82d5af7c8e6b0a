"""What Pydantic finds wrong with a recipe, as faults with a place in a file and a hint.

Joins the location of an error (a path of keys) with the marks of the tree it was read from.
"""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from xfer.core import yaml
from xfer.core.component import Component
from xfer.core.errors import Fault, spelling_hint, suggest_name
from xfer.core.yaml import Mark, Tree
from xfer.readers.base import Reader
from xfer.recipe.recipe import Recipe

B = TypeVar("B", bound=BaseModel)

_BLOCK_MESSAGE, _LIST_MESSAGE = "should be a block of fields", "should be a list"
_SHAPE_MESSAGES = {
    "model_type": _BLOCK_MESSAGE,
    "dict_type": _BLOCK_MESSAGE,
    "tuple_type": _LIST_MESSAGE,
    "list_type": _LIST_MESSAGE,
}  # in words of YAML


def validate_model(data: object, tree: Tree, model: type[B] = Recipe) -> tuple[B | None, list[Fault]]:  # type: ignore[assignment]
    """The recipe (or what else ``model`` is), or None with a fault for each mistake that validation finds."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        items = [dict(item) for item in error.errors(include_url=False)]
        return None, [_invalid_fault(tree, data, item, model) for item in items if not _follows_from_items(item, items)]


def _follows_from_items(item: dict[str, Any], items: list[dict[str, Any]]) -> bool:
    """Whether a list is too short only because its items are faulty, each of which is told by itself."""
    size = len(item["loc"])
    inner_items = (other for other in items if len(other["loc"]) > size and other["loc"][:size] == item["loc"])
    return item["type"] == "too_short" and any(inner_items)


def _invalid_fault(tree: Tree, data: object, item: dict[str, Any], model: type[BaseModel]) -> Fault:
    path, context = _real_path(data, tuple(item["loc"])), item.get("ctx", {})
    hint = str(context.get("hint", ""))
    if item["type"] == "extra_forbidden":
        block = _block_class(data, path[:-1], model)
        hint = _inner_field_hint(block, _data_at(data, path[:-1], {}), str(path[-1])) or suggest_name(
            str(path[-1]), _field_names(block, model)
        )
        message = "no such field"
        return mark_fault(yaml.locate_mark(tree, path, key=True), path, message, hint)
    if item["type"] == "missing" and path[0] == "stages" and path[2:] == ("tasks",):
        near = spelling_hint(str(path[1]), {*_data_at(data, ("stages",), {})} - {path[1]})
        return path_fault(tree, path[:-1], "trains on nothing", near or "add reader: or tasks:")
    if item["type"] == "missing":
        message, hint = f"'{path[-1]}' is missing", "add it"
        return mark_fault(yaml.locate_mark(tree, path[:-1]), path, message, hint)
    if item["type"] == "literal_error":
        choices = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        near = suggest_name(str(item["input"]), choices)
        hint = "take one of these" if near.startswith("known") else near  # the message names them all
        return path_fault(tree, path, f"'{item['input']}' is not one of {context['expected']}", hint)
    block = _data_at(data, path, {})
    if item["type"] in ("unknown_name", "broken_component") and isinstance(block, dict) and "type" in block:
        path = (*path, "type")
    if item["type"] == "too_short":
        return path_fault(tree, path, "is empty", hint)
    message = _SHAPE_MESSAGES.get(item["type"]) or item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if not hint and not isinstance(item["input"], dict | list):
        message += f", not {'null' if item['input'] is None else repr(item['input'])}"
    return mark_fault(yaml.locate_mark(tree, path, key=item["loc"][-1:] == ("[key]",)), path, message, hint)


def mark_fault(mark: Mark, path: yaml.KeyPath, message: str, hint: str = "") -> Fault:
    """A fault at a place."""
    return Fault(mark.file, mark.line, mark.column, yaml.dotted_path(path), message, hint)


def path_fault(tree: Tree, path: yaml.KeyPath, message: str, hint: str = "") -> Fault:
    """A fault at the value that stands at ``path`` of a tree."""
    return mark_fault(yaml.locate_mark(tree, path), path, message, hint)


def _real_path(data: object, location: tuple[Any, ...]) -> yaml.KeyPath:
    """Where in the file an error stands: unions add parts to the location, and short forms take some away."""
    path: list[str | int] = []
    location = (
        location[:-1] if location and location[-1] == "[key]" else location
    )  # a bad key stands where the key stands
    for i, key in enumerate(location):
        block = _data_at(data, tuple(path), None)
        if isinstance(block, dict) and key == "tasks" and "tasks" not in block and "reader" in block:
            return _real_path(data, (*path, *location[i + 2 :]))
        if isinstance(block, dict | list) or i == len(location) - 1 and isinstance(key, int):
            exists = isinstance(block, dict) and key in block or isinstance(block, list) and isinstance(key, int)
            if (
                exists
                or i == len(location) - 1
                and isinstance(block, dict)
                and not str(key).startswith(("tuple[", "literal["))
            ):
                path.append(key)
    return tuple(path)


def _data_at(data: object, path: yaml.KeyPath, default: object) -> Any:
    for key in path:
        if isinstance(data, dict) and key in data:
            data = data[key]
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return default
    return data


def _block_class(data: object, path: yaml.KeyPath, root: type[BaseModel]) -> type[BaseModel] | None:
    """The class of the block at ``path``."""
    model: Any = root
    block = data
    for key in path:
        block = _data_at(block, (key,), {})
        model = _inner_class(model, key, block)
        if model is None:
            return None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _field_names(model: type[BaseModel] | None, root: type[BaseModel]) -> list[str]:
    """The field names that are possible in a block."""
    if model is None:
        return []
    extra = ["reader"] if "tasks" in model.model_fields else []
    extra += ["extends"] if model is root else []
    return [*model.model_fields, *extra]


def _inner_field_hint(model: type[BaseModel] | None, block: object, name: str) -> str:
    """A hint for a field that stands one block too high; empty if no block within has it."""
    for field in model.model_fields if model else ():
        value = _data_at(block, (field,), {})
        try:
            inner: Any = _inner_class(model, field, {"type": value} if isinstance(value, str) else value)
        except PydanticCustomError:  # a kind of which no type is named
            continue
        is_named = get_origin(inner) is dict
        inner = get_args(inner)[1] if is_named else inner
        if isinstance(inner, type) and issubclass(inner, BaseModel) and name in inner.model_fields:
            return f"it is a field of {'each of ' if is_named else ''}{field}"
    return ""


def _inner_class(model: object, key: str | int, block: object) -> Any:
    """The class of the block that field ``key`` of ``model`` holds, following ``type``."""
    annotation: Any
    if get_origin(model) is dict:
        annotation = get_args(model)[1]
    elif isinstance(model, type) and issubclass(model, BaseModel):
        if key == "reader" and "tasks" in model.model_fields:
            annotation = Reader  # the short form of a stage
        elif key in model.model_fields:
            annotation = model.model_fields[key].annotation
        else:
            return None
    else:
        return None
    options = [annotation, *get_args(annotation)]
    options += [inner for option in options[1:] for inner in get_args(option)]  # what may be null is wrapped twice
    for option in options:
        if isinstance(option, type) and issubclass(option, Component) and isinstance(block, dict):
            return option.find_class(block.get("type") or option.default_type)
    for option in options:
        if get_origin(option) is dict or isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None
