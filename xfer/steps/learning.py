"""What finished stages learnt, read from the store: warnings for the log, ``xfer explain`` and the page of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from xfer.core.store import Entry
from xfer.forms.chance import baseline
from xfer.graph.jobs import Job
from xfer.graph.node import Graph, Node
from xfer.graph.training import TrainJob, cut_inputs
from xfer.recipe.study import Levels
from xfer.reports.collapse import ANSWERS, collapse_sentence
from xfer.reports.learning import DevTask, learning_warnings
from xfer.steps.rows import Parents, RowColumns, read_rows

DEV = "dev/"  # begins the role of a training node's parent that holds the dev rows of a task
_RANDOM_HEAD = "task {}: what the stage starts from holds no masked-LM head, so that it began with random weights"
EntryFinder = Callable[[Node[Job]], Entry | None]


def dev_rows(job: TrainJob, parents: Parents) -> dict[str, RowColumns]:
    """What is needed of the dev rows of the tasks of a stage: ids, languages, gold and choices."""
    rows = {}
    for name, task in job.tasks.items():
        if DEV + name in parents:
            base = baseline(task.form.name, task.form.labels, task.form.options)
            columns = ("id", "language", *((base.gold, *base.columns) if base else ()))
            rows[name] = read_rows(parents[DEV + name], columns=columns)
    return rows


def dev_tasks(job: TrainJob) -> dict[str, DevTask]:
    """What dev scores of the tasks of a stage are held against; those of a discriminator against nothing."""
    return {
        name: DevTask(
            None if task.head else baseline(task.form.name, task.form.labels, task.form.options), task.languages
        )
        for name, task in job.tasks.items()
    }


def stage_warnings(node: Node[TrainJob], find: EntryFinder) -> list[str]:
    """What must be said of a finished training node; nothing where it, or its dev rows, are not in the store."""
    entry = find(node)
    parents = {role: find(parent) for role, parent in node.parents.items() if role.startswith(DEV)}
    there = {role: parent for role, parent in parents.items() if parent is not None}
    if entry is None or len(there) < len(parents):
        return []
    return training_warnings(node.job, entry.read("training.json"), dev_rows(node.job, there))


def training_warnings(job: TrainJob, result: Mapping[str, Any], dev: Mapping[str, RowColumns]) -> list[str]:
    """What must be said of a stage: what it did not learn, inputs cut shorter than asked, heads that began random.

    ``result`` is its training.json, ``dev`` are its dev rows.
    """
    lengths = _length_warnings(job, result.get("max_length"))
    heads = [_RANDOM_HEAD.format(task) for task in result.get("random_heads", ())]
    return [*learning_warnings(dev_tasks(job), result, dev), *lengths, *heads]


def _length_warnings(job: TrainJob, length: int | None) -> list[str]:
    """A sentence where the encoder has fewer positions than the longest input was to have subwords."""
    sentence = cut_inputs(job.asked_length, length)
    return [sentence] if sentence else []


def node_warnings(node: Node[Job], find: EntryFinder) -> list[str]:
    """What must be said of a finished node: what a stage learnt, or the answers of one model under one evaluation."""
    if isinstance(node.job, TrainJob):
        return stage_warnings(cast("Node[TrainJob]", node), find)
    entry = find(node) if node.kind == "score" else None
    sentence = collapse_sentence(entry.read(ANSWERS)) if entry else ""
    return [sentence] if sentence else []


def graph_warnings(graph: Graph, find: EntryFinder) -> Iterator[dict[str, str]]:
    """``what`` and ``warning`` of every finished stage of a recipe, each node once."""
    for node in {node.key: node for node in graph.stages.values()}.values():
        yield from ({"what": f"stage {node.label}", "warning": text} for text in stage_warnings(node, find))


def gathered_warnings(cells: Iterable[tuple[Levels, Iterable[Mapping[str, str]]]]) -> list[dict[str, Any]]:
    """Each warning once, with the levels of all cells that have it."""
    levels_by: dict[tuple[str, str], list[Levels]] = {}
    for levels, warnings in cells:
        for row in warnings:
            levels_by.setdefault((row["what"], row["warning"]), []).append(levels)
    return [{"what": what, "warning": warning, "cells": where} for (what, warning), where in levels_by.items()]
