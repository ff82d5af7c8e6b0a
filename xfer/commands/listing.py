"""``xfer list``: every name that a recipe can use."""

from __future__ import annotations

from typing import Any

import click

from xfer.commands.options import as_json, echo_json


@click.command("list")
@click.argument("kind", required=False)
@as_json
def listing(kind: str | None, as_json: bool) -> None:
    """List readers, models, trainers, mixers, heads, losses, adversaries and attackers; or one KIND of them."""
    from xfer.core.component import plural_kind
    from xfer.recipe.schema import component_kinds

    kinds_by_name = component_kinds()
    wanted = _wanted_kinds(kind, kinds_by_name)
    lines_by_kind = {
        name: [_component_line(kinds_by_name[name], type_name) for type_name in kinds_by_name[name].known_names()]
        for name in wanted
    }
    if as_json:
        echo_json(lines_by_kind)
        return
    for name, lines in lines_by_kind.items():
        click.echo(plural_kind(name))
        width = max(len(line["name"]) for line in lines)
        for line in lines:
            first = _reader_facts(line) if "sizes" in line else line["summary"]
            click.echo(f"  {line['name']:{width}}  {first}")
            if "sizes" in line:
                click.echo(f"  {'':{width}}  {line['summary']}")


def _wanted_kinds(kind: str | None, kinds_by_name: dict[str, Any]) -> list[str]:
    from xfer.core.component import plural_kind
    from xfer.core.errors import UsageError, suggest_name

    if kind is None:
        return sorted(kinds_by_name)
    wanted = [name for name in kinds_by_name if kind in (name, plural_kind(name))]
    if not wanted:
        raise UsageError(
            f"there is no kind '{kind}'; {suggest_name(kind, [plural_kind(name) for name in kinds_by_name])}"
        )
    return wanted


def _component_line(kind: Any, name: str) -> dict[str, Any]:
    from pydantic_core import PydanticCustomError

    try:
        component = kind.find_class(name)
    except PydanticCustomError as error:  # a plug-in that does not import must not hide the others
        return {"name": name, "summary": error.message()}
    summary = " ".join((component.__doc__ or "").split("\n\n")[0].split())
    card = getattr(component, "card", None)
    if getattr(component, "kind", "") == "attacker":
        holds = component.label_preservation()
        shown = "; ".join([", ".join(next(iter(holds.values()))), *(key for key in holds if key.startswith("not in "))])
        return {"name": name, "summary": f"{summary} [{shown}]", **holds}
    if card is None:
        return {"name": name, "summary": summary}
    form = component.form if isinstance(getattr(component, "form", None), str) else "any"
    return {
        "name": name,
        "summary": summary,
        "form": form,
        "languages": list(card.languages),
        "licence": card.licence,
        "sizes": card.sizes,
    }


def _reader_facts(line: dict[str, Any]) -> str:
    """Form, languages, sizes and licence of a reader in columns."""
    languages = " ".join(line["languages"]) if len(line["languages"]) < 5 else f"{len(line['languages'])} languages"
    sizes = ", ".join(f"{split} {size:,}" for split, size in line["sizes"].items()) or "sizes vary"
    return f"{line['form']:8}  {languages or 'any':12}  {sizes:44}  {line['licence']}"
