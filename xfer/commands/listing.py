"""``xfer list``: every name that a recipe can use."""

from __future__ import annotations

from typing import Any

import click

from xfer.commands.options import as_json, echo_json


@click.command("list")
@click.argument("kind", required=False)
@as_json
def listing(kind: str | None, as_json: bool) -> None:
    """List readers, models, trainers, mixers, heads, adversaries and attackers; or one KIND of them."""
    from xfer.core.component import plural
    from xfer.recipe.schema import kinds

    known = kinds()
    wanted = _wanted(kind, known)
    found = {name: [_line(known[name], one) for one in known[name].known()] for name in wanted}
    if as_json:
        echo_json(found)
        return
    for name, lines in found.items():
        click.echo(plural(name))
        width = max(len(line["name"]) for line in lines)
        for line in lines:
            first = _facts(line) if "sizes" in line else line["summary"]
            click.echo(f"  {line['name']:{width}}  {first}")
            if "sizes" in line:
                click.echo(f"  {'':{width}}  {line['summary']}")


def _wanted(kind: str | None, known: dict[str, Any]) -> list[str]:
    from xfer.core.component import plural
    from xfer.core.errors import UsageError, suggest

    if kind is None:
        return sorted(known)
    wanted = [name for name in known if kind in (name, plural(name))]
    if not wanted:
        raise UsageError(f"there is no kind '{kind}'; {suggest(kind, [plural(name) for name in known])}")
    return wanted


def _line(kind: Any, name: str) -> dict[str, Any]:
    from pydantic_core import PydanticCustomError

    try:
        leaf = kind.lookup(name)
    except PydanticCustomError as error:  # a plug-in that does not import must not hide the others
        return {"name": name, "summary": error.message()}
    summary = " ".join((leaf.__doc__ or "").split("\n\n")[0].split())
    card = getattr(leaf, "card", None)
    if getattr(leaf, "kind", "") == "attacker":
        holds = leaf.preserves()
        shown = "; ".join([", ".join(next(iter(holds.values()))), *(key for key in holds if key.startswith("not in "))])
        return {"name": name, "summary": f"{summary} [{shown}]", **holds}
    if card is None:
        return {"name": name, "summary": summary}
    form = leaf.form if isinstance(getattr(leaf, "form", None), str) else "any"
    return {
        "name": name,
        "summary": summary,
        "form": form,
        "languages": list(card.languages),
        "licence": card.licence,
        "sizes": card.sizes,
    }


def _facts(line: dict[str, Any]) -> str:
    """Form, languages, sizes and licence of a reader in columns."""
    languages = " ".join(line["languages"]) if len(line["languages"]) < 5 else f"{len(line['languages'])} languages"
    sizes = ", ".join(f"{split} {size:,}" for split, size in line["sizes"].items()) or "sizes vary"
    return f"{line['form']:8}  {languages or 'any':12}  {sizes:44}  {line['licence']}"
