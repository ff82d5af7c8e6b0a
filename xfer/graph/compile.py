"""From a recipe to nodes named by their content.

``world -> data -> train -> predict -> score -> report``, with ``attack`` between data and predict, or data and train.
Compiling reads no data: only digests of files, or one question to the hub for each repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xfer.graph.compiling import Compiling, Resolver
from xfer.graph.evaluations import roles, score_node, told
from xfer.graph.node import VERSIONS, Graph, Node, world
from xfer.graph.stages import stage_node
from xfer.recipe.checks.lexicons import in_source
from xfer.recipe.groups import benchmark_tasks
from xfer.recipe.recipe import Recipe
from xfer.reports.changed import ATTACKED, GIVEN
from xfer.reports.discriminators import TRAINED

__all__ = ["VERSIONS", "Graph", "Node", "Resolver", "compile_graph", "world"]


def compile_graph(recipe: Recipe, resolver: Resolver) -> Graph:
    """The graph of a recipe. A node that cannot run as things stand carries its ``problem``."""
    recipe, notes = in_source(recipe)
    about = Compiling(recipe, resolver)
    about.graph.notes += notes
    for name in recipe.stages:
        for seed in recipe.seeds:
            stage_node(about, name, seed)
    scores: dict[str, Node] = {}
    for name, evaluation in recipe.evaluate.items():
        for seed in recipe.seeds:
            for role in roles(about, name, evaluation):
                scores[f"{name}/{role}/{seed}"] = score_node(about, name, seed, role)
    if scores:
        about.graph.report = about.graph.add(_report(about, scores))
    return about.graph


def _report(about: Compiling, scores: dict[str, Node]) -> Node:
    """The tables of a recipe, from its scores and from what its discriminators came to."""
    recipe, graph = about.recipe, about.graph
    job: dict[str, Any] = {"name": recipe.name, "seeds": list(recipe.seeds), "order": list(recipe.evaluate)}
    job |= {"tables": about.groups, "against": recipe.report.against, "benchmark": benchmark_tasks(recipe)}
    shown = {name: told(about, evaluation) for name, evaluation in recipe.evaluate.items()}
    scores |= attacks_of(scores)
    if graph.notes:
        job["notes"] = list(dict.fromkeys(graph.notes))
    if judges := discriminators(recipe):
        job["discriminators"] = judges
        for part in judges:
            scores |= {f"{TRAINED}{part['stage']}/{s}": stage_node(about, part["stage"], s) for s in recipe.seeds}
    return Node("report", recipe.name, job | {"evaluations": shown}, scores)


def discriminators(recipe: Recipe) -> list[dict[str, str]]:
    """Every discriminator of a recipe: its stage and task, its type and the column that it tells apart."""
    return [
        {"stage": stage, "task": name, "type": task.head.type_name, "of": task.head.of}
        for stage, about in recipe.stages.items()
        for name, task in about.tasks.items()
        if task.head is not None
    ]


def attacks_of(scores: Mapping[str, Node]) -> dict[str, Node]:
    """The attacks that scores rest on and the rows that these were given, as further parents of a report.

    ``scores`` maps ``evaluation/role/seed`` to score nodes; the roles are those, after ``ATTACKED`` and ``GIVEN``.
    """
    found: dict[str, Node] = {}
    for role, node in scores.items():
        rows = node.parents["predict"].parents["rows"]
        if rows.kind == "attack":
            found |= {ATTACKED + role: rows, GIVEN + role: rows.parents["rows"]}
    return found
