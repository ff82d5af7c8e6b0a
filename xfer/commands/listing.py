"""``xfer list``: every name that a recipe can use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import as_json, echo_json

if TYPE_CHECKING:
    from xfer.core.component import Component

FORM_KIND = "form"


@click.command("list")
@click.argument("kind", required=False)
@as_json
def listing(kind: str | None, as_json: bool) -> None:
    """List readers, forms, models, trainers, mixers, heads, losses, adversaries and attackers; or one KIND."""
    from xfer.core.component import plural_kind
    from xfer.recipe.schema import component_kinds

    kinds_by_name = component_kinds()
    wanted = _wanted_kinds(kind, kinds_by_name)
    lines_by_kind = {name: _kind_lines(name, kinds_by_name.get(name)) for name in wanted}
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


def _wanted_kinds(kind: str | None, kinds_by_name: dict[str, type[Component]]) -> list[str]:
    from xfer.core.component import plural_kind
    from xfer.core.errors import UsageError, suggest_name

    kinds = sorted([*kinds_by_name, FORM_KIND])
    if kind is None:
        return kinds
    wanted = [name for name in kinds if kind in (name, plural_kind(name))]
    if not wanted:
        raise UsageError(f"there is no kind '{kind}'; {suggest_name(kind, map(plural_kind, kinds))}")
    return wanted


def _kind_lines(kind: str, base: type[Component] | None) -> list[dict[str, Any]]:
    """One line for each name of a kind; forms are no components of a recipe and have no ``base``."""
    if base is not None:
        return [_component_line(base, name) for name in base.known_names()]
    from xfer.forms.sheet import form_names

    return [_form_line(name) for name in form_names()]


def _form_line(name: str) -> dict[str, Any]:
    from xfer.forms.sheet import form_facts

    try:
        facts = form_facts(name)
    except Exception as error:  # a plug-in may fail in any way when it is imported, and must not hide the others
        return {"name": name, "summary": f"form '{name}' cannot be imported: {error}"}
    return {"name": name, "summary": facts.summary, "columns": list(facts.columns)}


def _component_line(kind: type[Component], name: str) -> dict[str, Any]:
    from pydantic_core import PydanticCustomError

    from xfer.attackers.base import Attacker

    try:
        component = kind.find_class(name)
    except PydanticCustomError as error:  # a plug-in that does not import must not hide the others
        return {"name": name, "summary": error.message()}
    summary = " ".join((component.__doc__ or "").split("\n\n")[0].split())
    card = getattr(component, "card", None)
    if issubclass(component, Attacker):
        holds = component.label_preservation()
        shown = "; ".join([", ".join(next(iter(holds.values()))), *(key for key in holds if key.startswith("not in "))])
        return {"name": name, "summary": f"{summary} [{shown}]", **holds}
    if card is None:
        return {"name": name, "summary": summary}
    form = getattr(component, "form", None)
    return {
        "name": name,
        "summary": summary,
        "form": form if isinstance(form, str) else "any",
        "languages": list(card.languages),
        "licence": card.licence,
        "sizes": card.sizes,
    }


def _reader_facts(line: dict[str, Any]) -> str:
    """Form, languages, sizes and licence of a reader in columns."""
    languages = " ".join(line["languages"]) if len(line["languages"]) < 5 else f"{len(line['languages'])} languages"
    sizes = ", ".join(f"{split} {size:,}" for split, size in line["sizes"].items()) or "sizes vary"
    return f"{line['form']:8}  {languages or 'any':12}  {sizes:44}  {line['licence']}"
