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
    facts = describe(kind, name)
    if as_json:
        echo_json(facts)
        return
    title = " ".join(filter(None, (facts["kind"], facts["name"])))
    click.echo(f"{title}   ({facts['defined']})\n\n{facts['summary']}\n\nfields")
    for line in _fields(facts["fields"], 1):
        click.echo(line)
    for title in ("card", "published", "attack"):
        if facts.get(title):
            click.echo(f"\n{title}")
            for key, value in facts[title].items():
                for line in _lines(key, value, 1):
                    click.echo(line)


def _fields(fields: list[dict[str, Any]], depth: int) -> Iterator[str]:
    """Fields for people, those of a block below it."""
    space = "  " * depth
    for field in fields:
        default = field["default"] if isinstance(field["default"], str) else json.dumps(field["default"])
        default = "required" if field["required"] else f"default {default or 'empty'}"
        yield f"{space}{field['name']}: {field['type']}  ({default})\n{space}    {field['description']}"
        yield from _fields(field.get("fields", []), depth + 2)


def _lines(key: str, value: Any, depth: int) -> Iterator[str]:
    """A fact for people: tables of facts below their name, lists of them a line each, what is empty not at all."""
    space = "  " * depth
    if value in (None, "", {}, []):
        return
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        yield f"{space}{key}"
        for item in value:
            yield f"{space}  - " + "; ".join(f"{name}: {_word(part)}" for name, part in item.items() if part)
    elif isinstance(value, dict) and any(isinstance(part, dict) for part in value.values()):
        yield f"{space}{key}"
        for name, part in value.items():
            yield f"{space}  {name}"
            for inner, fact in part.items():
                yield from _lines(inner, fact, depth + 2)
    else:
        yield f"{space}{key}: {_word(value)}"


def _word(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def describe(kind: str, name: str | None) -> dict[str, Any]:
    """The same facts as plain data."""
    import inspect

    leaf = _whole(kind) if name is None else _leaf(kind, name)
    _, line = inspect.getsourcelines(leaf)
    facts: dict[str, Any] = {
        "kind": getattr(leaf, "kind", kind),
        "name": name or "",
        "version": getattr(leaf, "version", None),
        "summary": inspect.cleandoc(leaf.__doc__ or ""),
        "defined": f"{inspect.getsourcefile(leaf)}:{line}",
        "fields": [_field(field, info) for field, info in leaf.model_fields.items()] + _of_file(kind, name),
    }
    for title in ("card", "published"):
        if hasattr(leaf, title):
            facts[title] = getattr(leaf, title)._asdict()
    if facts["kind"] == "attacker":
        facts["attack"] = leaf.facts()
    if isinstance(getattr(leaf, "labels", None), tuple):
        facts["labels"] = list(leaf.labels)
    return facts


def _of_file(kind: str, name: str | None) -> list[dict[str, Any]]:
    """What a file may say besides the fields of what it describes."""
    from xfer.recipe.schema import OF_FILE

    told = OF_FILE[kind] if name is None else {}
    types = {"extends": "text", "at": "{name: block}"}
    rest = {"required": False, "default": None}
    return [{"name": field, "type": types[field], **rest, "description": what} for field, what in told.items()]


def _whole(kind: str) -> Any:
    """The class of a file of this kind. Raises UsageError."""
    from xfer.core.errors import UsageError, suggest
    from xfer.recipe.recipe import Recipe
    from xfer.recipe.schema import kinds
    from xfer.recipe.study import Study

    files = {"recipe": Recipe, "study": Study}
    if kind in kinds():
        raise UsageError(f"name one, such as {kinds()[kind].known()[0]}; 'xfer list {kind}' prints all")
    if kind not in files:
        raise UsageError(f"there is no kind '{kind}'; {suggest(kind, [*files, *kinds()])}")
    return files[kind]


def _leaf(kind: str, name: str) -> Any:
    """The class of this kind and name. Raises UsageError."""
    from pydantic_core import PydanticCustomError

    from xfer.core.component import plural
    from xfer.core.errors import UsageError, suggest
    from xfer.recipe.schema import kinds

    known = kinds()
    kind = next((one for one in known if kind == plural(one)), kind)
    if kind not in known:
        raise UsageError(f"there is no kind '{kind}'; {suggest(kind, known)}")
    try:
        return known[kind].lookup(name)
    except PydanticCustomError as error:
        raise UsageError(f"{error.message()}; {(error.context or {}).get('hint', '')}") from None


def _field(name: str, info: Any) -> dict[str, Any]:
    required, inner = info.is_required(), _block(info.annotation)
    default = None if required else info.get_default(call_default_factory=True)
    facts = {
        "name": name,
        "type": _type(info.annotation),
        "required": required,
        "default": json.loads(json.dumps(_plain(default), default=str)),
        "description": info.description or "",
    }
    return facts | ({"fields": [_field(*field) for field in inner.model_fields.items()]} if inner else {})


def _block(annotation: Any) -> Any:
    """The class of the block that a field holds, in a list or by names too; None where it is chosen by its type."""
    from xfer.core.component import Block, Component

    if isinstance(annotation, type) and issubclass(annotation, Block):
        return None if issubclass(annotation, Component) else annotation
    return next(filter(None, map(_block, get_args(annotation))), None)


def _type(annotation: Any) -> str:
    """A type in words of YAML."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " | ".join(map(_type, inner))
    if origin is tuple:
        return f"[{_type(inner[0])}, ...]"
    if origin is dict:
        return f"{{name: {_type(inner[1])}}}"
    return _word_of(annotation)


def _word_of(annotation: Any) -> str:
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


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_defaults=True) if hasattr(value, "model_dump") else value
