"""``xfer show``: everything there is to know of one name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from xfer.commands.options import as_json, echo_json


@click.command()
@click.argument("kind")
@click.argument("name")
@as_json
def show(kind: str, name: str, as_json: bool) -> None:
    """Show the fields and defaults of KIND NAME, its data card and where it is defined.

    For example: xfer show reader xnli
    """
    facts = describe(kind, name)
    if as_json:
        echo_json(facts)
        return
    click.echo(f"{facts['kind']} {facts['name']}   ({facts['defined']})\n\n{facts['summary']}\n\nfields")
    for field in facts["fields"]:
        default = "required" if field["required"] else f"default {field['default']}"
        click.echo(f"  {field['name']}: {field['type']}  ({default})\n      {field['description']}")
    for title in ("card", "published", "attack"):
        if facts.get(title):
            click.echo(f"\n{title}")
            for key, value in facts[title].items():
                for line in _lines(key, value, 1):
                    click.echo(line)


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


def describe(kind: str, name: str) -> dict[str, Any]:
    """The same facts as plain data."""
    import inspect

    leaf = _leaf(kind, name)
    _, line = inspect.getsourcelines(leaf)
    facts: dict[str, Any] = {
        "kind": leaf.kind,
        "name": name,
        "version": leaf.version,
        "summary": inspect.cleandoc(leaf.__doc__ or ""),
        "defined": f"{inspect.getsourcefile(leaf)}:{line}",
        "fields": [_field(field, info) for field, info in leaf.model_fields.items()],
    }
    for title in ("card", "published"):
        if hasattr(leaf, title):
            facts[title] = getattr(leaf, title)._asdict()
    if leaf.kind == "attacker":
        facts["attack"] = leaf.facts()
    if isinstance(getattr(leaf, "labels", None), tuple):
        facts["labels"] = list(leaf.labels)
    return facts


def _leaf(kind: str, name: str) -> Any:
    """The class of this kind and name. Raises UsageError."""
    from pydantic_core import PydanticCustomError

    from xfer.core.component import plural
    from xfer.core.errors import UsageError, suggest
    from xfer.core.kinds import kinds

    known = kinds()
    kind = next((one for one in known if kind == plural(one)), kind)
    if kind not in known:
        raise UsageError(f"there is no kind '{kind}'; {suggest(kind, known)}")
    try:
        return known[kind].lookup(name)
    except PydanticCustomError as error:
        raise UsageError(f"{error.message()}; {(error.context or {}).get('hint', '')}") from None


def _field(name: str, info: Any) -> dict[str, Any]:
    import json

    required = info.is_required()
    return {
        "name": name,
        "type": _type(info.annotation),
        "required": required,
        "default": None if required else json.loads(json.dumps(_plain(info.default), default=str)),
        "description": info.description or "",
    }


def _type(annotation: Any) -> str:
    text = (
        str(annotation)
        if "[" in str(annotation) or "|" in str(annotation)
        else getattr(annotation, "__name__", str(annotation))
    )
    for noise in ("typing.", "Literal", "xfer.readers.base."):
        text = text.replace(noise, "")
    return text


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
