"""From a recipe to nodes named by their content.

``world -> data -> train -> predict -> score -> report``, with ``attack`` between data and predict, or data and train.
Compiling reads no data: only digests of files, or one question to the hub for each repository.
"""

from __future__ import annotations

from collections.abc import Mapping

from xfer.graph.compiling import GraphBuilder, Resolver
from xfer.graph.evaluations import checkpoint_roles, evaluation_facts, score_node
from xfer.graph.jobs import Job, ReportJob, ScoreJob
from xfer.graph.node import VERSIONS, Graph, Node, world_node
from xfer.graph.repeated_data import repeated_data_notes
from xfer.graph.stages import stage_node
from xfer.recipe.checks.lexicons import in_source
from xfer.recipe.groups import benchmark_tasks
from xfer.recipe.published import settings_notes
from xfer.recipe.recipe import Recipe
from xfer.reports.changed import ATTACKED_ROLE, GIVEN_ROLE
from xfer.reports.discriminators import TRAINED_ROLE

__all__ = ["VERSIONS", "Graph", "Node", "Resolver", "compile_graph", "world_node"]


def compile_graph(recipe: Recipe, resolver: Resolver) -> Graph:
    """The graph of a recipe. A node that cannot run as things stand carries its ``problem``."""
    recipe, notes = in_source(recipe)
    builder = GraphBuilder(recipe, resolver)
    builder.graph.notes += [*notes, *settings_notes(recipe), *repeated_data_notes(recipe)]
    for name in recipe.stages:
        for seed in recipe.seeds:
            stage_node(builder, name, seed)
    scores: dict[str, Node[ScoreJob]] = {}
    for name, evaluation in recipe.evaluate.items():
        for seed in recipe.seeds:
            for role in checkpoint_roles(builder, name, evaluation):
                scores[f"{name}/{role}/{seed}"] = score_node(builder, name, seed, role)
    if scores:
        builder.graph.report = builder.graph.add_node(_report_node(builder, scores))
    return builder.graph


def _report_node(builder: GraphBuilder, scores: Mapping[str, Node[ScoreJob]]) -> Node[ReportJob]:
    """The tables of a recipe, from its scores and from what its discriminators came to."""
    recipe, discriminators = builder.recipe, recipe_discriminators(builder.recipe)
    job = ReportJob(
        label=recipe.name,
        seeds=recipe.seeds,
        evaluations={name: evaluation_facts(builder, evaluation) for name, evaluation in recipe.evaluate.items()},
        tables=builder.groups,
        benchmark=benchmark_tasks(recipe),
        against=recipe.report.against,
        notes=tuple(dict.fromkeys(builder.graph.notes)),
        discriminators=discriminators,
    )
    parents: dict[str, Node[Job]] = {**scores, **report_attacks(scores)}
    for stage in (discriminator["stage"] for discriminator in discriminators):
        parents |= {f"{TRAINED_ROLE}{stage}/{seed}": stage_node(builder, stage, seed) for seed in recipe.seeds}
    return Node(job, parents)


def recipe_discriminators(recipe: Recipe) -> list[dict[str, str]]:
    """Every discriminator of a recipe: its stage and task, its type and the column that it tells apart."""
    return [
        {"stage": stage, "task": name, "type": task.head.type_name, "of": task.head.of}
        for stage, settings in recipe.stages.items()
        for name, task in settings.tasks.items()
        if task.head is not None
    ]


def report_attacks(scores: Mapping[str, Node[ScoreJob]]) -> dict[str, Node[Job]]:
    """The attacks that scores rest on and the rows that these were given, as further parents of a report.

    ``scores`` maps ``evaluation/role/seed`` to score nodes; the roles are those, after ``ATTACKED`` and ``GIVEN``.
    """
    attacks: dict[str, Node[Job]] = {}
    for role, node in scores.items():
        rows = node.parents["predict"].parents["rows"]
        if rows.kind == "attack":
            attacks |= {ATTACKED_ROLE + role: rows, GIVEN_ROLE + role: rows.parents["rows"]}
    return attacks
