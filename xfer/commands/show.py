"""``xfer show``: everything there is to know of one name, and all fields of a recipe or a study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click

from xfer.commands.options import as_json, echo_json


@click.command()
@click.argument("kind")
@click.argument("name", required=False)
@as_json
def show(kind: str, name: str | None, as_json: bool) -> None:
    """Show the fields and defaults of KIND NAME, its data card and where it is defined; or every field of a recipe
    or a study.

    For example: xfer show reader xnli; xfer show recipe
    """
    facts = describe_component(kind, name)
    if as_json:
        echo_json(facts)
        return
    title = " ".join(filter(None, (facts["kind"], facts["name"])))
    click.echo(f"{title}   ({facts['defined']})\n\n{facts['summary']}\n\nfields")
    for line in _field_lines(facts["fields"], 1):
        click.echo(line)
    for title in ("card", "published", "attack"):
        if facts.get(title):
            click.echo(f"\n{title}")
            for key, value in facts[title].items():
                for line in _fact_lines(key, value, 1):
                    click.echo(line)


def _field_lines(fields: list[dict[str, Any]], depth: int) -> Iterator[str]:
    """Fields for people, those of a block below it."""
    space = "  " * depth
    for field in fields:
        default = field["default"] if isinstance(field["default"], str) else json.dumps(field["default"])
        default = "required" if field["required"] else f"default {default or 'empty'}"
        yield f"{space}{field['name']}: {field['type']}  ({default})\n{space}    {field['description']}"
        yield from _field_lines(field.get("fields", []), depth + 2)


def _fact_lines(key: str, value: Any, depth: int) -> Iterator[str]:
    """A fact for people: tables of facts below their name, lists of them a line each, what is empty not at all."""
    space = "  " * depth
    if value in (None, "", {}, []):
        return
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        yield f"{space}{key}"
        for item in value:
            yield f"{space}  - " + "; ".join(
                f"{name}: {_joined_value(item_value)}" for name, item_value in item.items() if item_value
            )
    elif isinstance(value, dict) and any(isinstance(item_value, dict) for item_value in value.values()):
        yield f"{space}{key}"
        for name, item_value in value.items():
            yield f"{space}  {name}"
            for inner, fact in item_value.items():
                yield from _fact_lines(inner, fact, depth + 2)
    else:
        yield f"{space}{key}: {_joined_value(value)}"


def _joined_value(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def describe_component(kind: str, name: str | None) -> dict[str, Any]:
    """The same facts as plain data."""
    import inspect

    component = _file_class(kind) if name is None else _component_class(kind, name)
    _, line = inspect.getsourcelines(component)
    facts: dict[str, Any] = {
        "kind": getattr(component, "kind", kind),
        "name": name or "",
        "version": getattr(component, "version", None),
        "summary": inspect.cleandoc(component.__doc__ or ""),
        "defined": f"{inspect.getsourcefile(component)}:{line}",
        "fields": [_field_facts(field, info) for field, info in component.model_fields.items()]
        + _file_fields(kind, name),
    }
    for title in ("card", "published"):
        if hasattr(component, title):
            facts[title] = getattr(component, title)._asdict()
    if facts["kind"] == "attacker":
        facts["attack"] = component.display_facts()
    if isinstance(getattr(component, "labels", None), tuple):
        facts["labels"] = list(component.labels)
    return facts


def _file_fields(kind: str, name: str | None) -> list[dict[str, Any]]:
    """What a file may say besides the fields of what it describes."""
    from xfer.recipe.schema import OF_FILE

    descriptions = OF_FILE[kind] if name is None else {}
    types = {"extends": "text", "at": "{name: block}"}
    rest = {"required": False, "default": None}
    return [{"name": field, "type": types[field], **rest, "description": what} for field, what in descriptions.items()]


def _file_class(kind: str) -> Any:
    """The class of a file of this kind. Raises UsageError."""
    from xfer.core.errors import UsageError, suggest_name
    from xfer.recipe.recipe import Recipe
    from xfer.recipe.schema import component_kinds
    from xfer.recipe.study import Study

    files = {"recipe": Recipe, "study": Study}
    if kind in component_kinds():
        raise UsageError(f"name one, such as {component_kinds()[kind].known_names()[0]}; 'xfer list {kind}' prints all")
    if kind not in files:
        raise UsageError(f"there is no kind '{kind}'; {suggest_name(kind, [*files, *component_kinds()])}")
    return files[kind]


def _component_class(kind: str, name: str) -> Any:
    """The class of this kind and name. Raises UsageError."""
    from pydantic_core import PydanticCustomError

    from xfer.core.component import plural_kind
    from xfer.core.errors import UsageError, suggest_name
    from xfer.recipe.schema import component_kinds

    kinds_by_name = component_kinds()
    kind = next((kind_name for kind_name in kinds_by_name if kind == plural_kind(kind_name)), kind)
    if kind not in kinds_by_name:
        raise UsageError(f"there is no kind '{kind}'; {suggest_name(kind, kinds_by_name)}")
    try:
        return kinds_by_name[kind].find_class(name)
    except PydanticCustomError as error:
        raise UsageError(f"{error.message()}; {(error.context or {}).get('hint', '')}") from None


def _field_facts(name: str, info: Any) -> dict[str, Any]:
    required, inner = info.is_required(), _block_class(info.annotation)
    default = None if required else info.get_default(call_default_factory=True)
    facts = {
        "name": name,
        "type": _type_text(info.annotation),
        "required": required,
        "default": json.loads(json.dumps(_plain_default(default), default=str)),
        "description": info.description or "",
    }
    return facts | ({"fields": [_field_facts(*field) for field in inner.model_fields.items()]} if inner else {})


def _block_class(annotation: Any) -> Any:
    """The class of the block that a field holds, in a list or by names too; None where it is chosen by its type."""
    from xfer.core.component import Block, Component

    if isinstance(annotation, type) and issubclass(annotation, Block):
        return None if issubclass(annotation, Component) else annotation
    return next(filter(None, map(_block_class, get_args(annotation))), None)


def _type_text(annotation: Any) -> str:
    """A type in words of YAML."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_text(inner[0])
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " | ".join(map(_type_text, inner))
    if origin is tuple:
        return f"[{_type_text(inner[0])}, ...]"
    if origin is dict:
        return f"{{name: {_type_text(inner[1])}}}"
    return _type_word(annotation)


def _type_word(annotation: Any) -> str:
    from xfer.core.component import Block, Component

    if isinstance(annotation, type) and issubclass(annotation, Component):
        return annotation.kind
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return "block"
    words: dict[Any, str] = {
        NoneType: "null",
        str: "text",
        float: "number",
        int: "whole number",
        bool: "true | false",
        Any: "anything",
    }
    return words.get(annotation) or str(getattr(annotation, "__name__", annotation))


def _plain_default(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_defaults=True) if hasattr(value, "model_dump") else value
