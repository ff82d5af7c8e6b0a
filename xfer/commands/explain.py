"""``xfer explain``: why a node is stale, what differs from the nearest finished one, what failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import echo_json, recipe_options

if TYPE_CHECKING:
    from xfer.core.store import Store
    from xfer.graph.jobs import Job
    from xfer.graph.node import Node


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.argument("stage", required=False)
@recipe_options
def explain(
    recipe: Path, stage: str | None, scale: str | None, sets: tuple[str, ...], store: Path | None, as_json: bool
) -> None:
    """Say for every node of RECIPE (or those of one STAGE or evaluation) how it stands and why."""
    from xfer.core.errors import UsageError, suggest_name
    from xfer.core.store import Store
    from xfer.execution.explain import explain_node
    from xfer.execution.walk import default_store, open_graph
    from xfer.recipe.load import load_recipe

    loaded = load_recipe(recipe, scale, sets)
    names = [*loaded.recipe.stages, *loaded.recipe.evaluate]
    if stage is not None and stage not in names:
        raise UsageError(f"{recipe} has no stage or evaluation '{stage}'; {suggest_name(stage, names)}")
    opened = Store(store or default_store())
    graph = open_graph(loaded.recipe, opened)
    nodes = [node for node in graph.nodes.values() if stage is None or _belongs_to(node, stage)]
    explanations = [_with_warnings(explain_node(node, opened), node, opened) for node in nodes]
    if as_json:
        echo_json(explanations)
        return
    for line in explanations:
        click.echo(f"{line['kind']:8} {line['key'][:6]}  {line['label']}  {line['state']}")
        for detail in line["why"]:
            click.echo(f"           {detail}")


def _with_warnings(line: dict[str, Any], node: Node[Job], store: Store) -> dict[str, Any]:
    """The reasons of a node, and of a finished one what must be said of what it learnt or answers."""
    from xfer.core.errors import StoreDamaged
    from xfer.steps.learning import node_warnings

    if line["state"] != "in the store":
        return line
    try:
        warnings = node_warnings(node, lambda wanted: store.find(wanted.kind, wanted.key))
    except StoreDamaged as error:
        warnings = [str(error)]
    return line | {"why": line["why"] + [f"warning: {warning}" for warning in warnings]}


def _belongs_to(node: Node[Job], stage: str) -> bool:
    return node.kind in ("train", "attack", "predict", "score") and node.label.split(" ")[0] == stage
