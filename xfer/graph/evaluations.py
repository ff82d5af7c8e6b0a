"""The nodes of an evaluation: its rows, what an attack makes of them, the predictions and their scores."""

from __future__ import annotations

from typing import Any

from xfer.core.seeds import json_digest
from xfer.forms.sheet import RETRIEVE, form_facts
from xfer.graph.attacks import AttackTarget, attack_node
from xfer.graph.compiling import GraphBuilder
from xfer.graph.jobs import AttackJob, DataJob, Job, NetworkJob, PredictJob, ProbeJob, RowForm, ScoreJob
from xfer.graph.node import Node
from xfer.graph.stages import stage_node
from xfer.models.probe_settings import Probe
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import tagging_stage
from xfer.recipe.recipe import Evaluation


def evaluation_facts(builder: GraphBuilder, evaluation: Evaluation) -> dict[str, Any]:
    """What the report says of an evaluation."""
    recipe = builder.recipe
    attacker = evaluation.attacker.identity() if evaluation.attacker else None
    asked = evaluation.attacker.asked() if evaluation.attacker else None
    tasks = recipe.stages[evaluation.stage].learnt_tasks.values() if evaluation.stage else ()
    languages = sorted({language for task in tasks for language in builder.trained_languages(task.reader)})
    reader = recipe.reader_of(evaluation)
    rows = json_digest([_test_identity(reader, evaluation.split), evaluation.split, recipe.source_of(reader)])
    shown = {"stage": evaluation.stage, "attacker": attacker, "trained": languages, "rows": rows}
    return shown | ({"asked": asked._asdict()} if asked else {})


def checkpoint_roles(builder: GraphBuilder, name: str, evaluation: Evaluation) -> tuple[str, ...]:
    """The checkpoints an evaluation tests: the selected one, and the oracle's beside the clean scores."""
    if evaluation.stage is None or evaluation.probe:
        return ("selected",)
    stage = builder.recipe.stages[evaluation.stage]
    clean = name in builder.compared and getattr(stage.trainer, "oracle", False)
    readers = [task.reader for task in stage.learnt_tasks.values()]
    learnt = builder.recipe.reader_of(evaluation).form in {reader.form for reader in readers}
    targets = any(builder.target_languages(reader)[0] for reader in readers)
    return ("selected", "oracle") if clean and learnt and targets else ("selected",)


def score_node(builder: GraphBuilder, name: str, seed: int, role: str) -> Node[ScoreJob]:
    """The scores of an evaluation under one of the recipe's seeds; all that they need comes before in the graph."""
    recipe, evaluation = builder.recipe, builder.recipe.evaluate[name]
    stage_name, reader = recipe.tested_stage(evaluation), recipe.reader_of(evaluation)
    tasks = recipe.stages[stage_name].tasks if stage_name else {}
    task = evaluation.task or next(iter(tasks), reader.type_name)
    form = builder.row_form(reader)
    if evaluation.probe:
        return _probe_node(builder, name, seed, task, evaluation.probe)
    rows = _tested_rows(builder, name, seed, task)
    trained = {"train": stage_node(builder, stage_name, seed)} if stage_name else {}
    model, problem = (None, None) if stage_name else builder.model_state()
    searches_pool = form_facts(reader.form).searches_pool
    is_learnt = not searches_pool or task in tasks and form_facts(tasks[task].reader.form).searches_pool
    max_length = None if is_learnt else reader.published.max_length
    network = NetworkJob(task=task, form=form, role=role, max_length=max_length, model=model)
    label = f"{name} seed {seed}" if role == "selected" else f"{name} {role} seed {seed}"
    prediction = PredictJob(label=label, network=network, smoothing=evaluation.smoothing)
    problem = problem or builder.form_problem(form)
    predict_node = builder.graph.add_node(Node(prediction, {**trained, "rows": rows}, problem))
    searched = {"rows": rows} if searches_pool else {}  # chance depends on how many candidates there are
    score_job = ScoreJob(label=label, form=form, smoothing=evaluation.smoothing)
    return builder.graph.add_node(Node(score_job, {"predict": predict_node, **searched}))


def _probe_node(builder: GraphBuilder, name: str, seed: int, task: str, probe: Probe) -> Node[ScoreJob]:
    """The scores of a linear probe of the tested encoder; its training rows come before it in the graph."""
    recipe, evaluation = builder.recipe, builder.recipe.evaluate[name]
    stage_name, reader = recipe.tested_stage(evaluation), recipe.reader_of(evaluation)
    form = builder.row_form(reader)
    caps = [cap for cap in (probe.rows, recipe.limits.train_rows) if cap]
    languages = builder.offered_languages(reader, "train")
    parents: dict[str, Node[Job]] = {"rows": _tested_rows(builder, name, seed, task)}
    parents["fit"] = builder.data_node(reader, "train", languages, min(caps))
    parents |= {"train": stage_node(builder, stage_name, seed)} if stage_name else {}
    model, problem = (None, None) if stage_name else builder.model_state()
    vectors = RowForm(RETRIEVE.name, (), {"layer": probe.layer, "pooling": probe.pooling})
    network = NetworkJob(task=task, form=vectors, max_length=reader.published.max_length, model=model)
    label = f"{name} seed {seed}"
    builder.graph.notes.append(f"evaluation {name}: {probe.describe()}")
    prediction = PredictJob(label=label, network=network, smoothing=None, probe=ProbeJob(probe.l2, form))
    predict_node = builder.graph.add_node(Node(prediction, parents, problem or builder.form_problem(vectors)))
    return builder.graph.add_node(Node(ScoreJob(label=label, form=form, smoothing=None), {"predict": predict_node}))


def _tested_rows(builder: GraphBuilder, name: str, seed: int, task: str) -> Node[DataJob] | Node[AttackJob]:
    """The rows that an evaluation tests on, changed by its attacker if it has one; victims come before them."""
    recipe, evaluation = builder.recipe, builder.recipe.evaluate[name]
    stage_name, attacker = recipe.tested_stage(evaluation), evaluation.attacker
    rows = _test_rows(builder, name, evaluation)
    if attacker is None:
        return rows
    victim = {"train": stage_node(builder, stage_name, seed)} if stage_name else {}
    label = f"{name} seed {seed}" if attacker.searches else name
    tagger = tagging_stage(attacker)
    victim |= {"tagger": stage_node(builder, str(tagger.stage), seed)} if tagger else {}
    model = None if stage_name else builder.model_state()[0]  # what stands against it, the prediction says
    target = AttackTarget(f"evaluation {name}", label, recipe.reader_of(evaluation), rows, victim, task, model)
    return attack_node(builder, attacker, target)


def _test_rows(builder: GraphBuilder, name: str, evaluation: Evaluation) -> Node[DataJob]:
    """The rows that an evaluation tests on, as they come."""
    reader = builder.recipe.reader_of(evaluation)
    offered = reader.offered_languages(builder.recipe.source_of(reader), evaluation.split)
    wanted = offered if evaluation.languages == "all" else evaluation.languages
    kept = builder.offered_languages(reader, evaluation.split)
    languages = builder.kept_languages(f"evaluation {name}", tuple(wanted), kept)
    caps = [cap for cap in (evaluation.rows, builder.recipe.limits.test_rows) if cap]
    return builder.data_node(reader, evaluation.split, languages, min(caps) if caps else None)


def _test_identity(reader: Reader, split: str) -> dict[str, Any]:
    """What of a reader decides the rows of one split: not its training side."""
    split_files = getattr(reader, split, None)
    ignored = {"languages", "test_languages", *reader.form_options()} | (
        {"train", "dev", "test"} - {split} if split_files else set()
    )
    return {name: value for name, value in reader.identity().items() if name not in ignored}
