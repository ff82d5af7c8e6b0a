"""From a recipe to nodes named by their content.

``world -> data -> train -> predict -> score -> report``, with ``attack`` between data and predict, or data and train.
Compiling reads no data: only digests of files, or one question to the hub for each repository.
"""

from __future__ import annotations

from typing import Any

from xfer.core.attacked import attacks_of
from xfer.core.domains import TRAINED, discriminators
from xfer.core.evaluations import roles, score_node, told
from xfer.core.groups import benchmark_tasks
from xfer.core.inputs import Compiling, Resolver
from xfer.core.lexica import in_source
from xfer.core.nodes import VERSIONS, Graph, Node, world
from xfer.core.recipe import Recipe
from xfer.core.stages import stage_node

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
