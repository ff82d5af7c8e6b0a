"""The node of a stage: what it trains on, how, and what it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xfer.core.errors import XferError
from xfer.graph.attacks import AttackTarget, attack_node, attacker_inputs
from xfer.graph.augmentation import augmentation_job
from xfer.graph.compiling import GraphBuilder, form_job
from xfer.graph.node import Node
from xfer.models.domain.base import Head
from xfer.models.needs import missing_package
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import head_task
from xfer.recipe.checks.discriminators import conditioning_task
from xfer.recipe.checks.distillation import teachable_tasks
from xfer.recipe.recipe import Recipe, Stage, Task

FEW = 8  # languages that a note names
ADDED_VERSION = 2  # of ``distil: {added: true}``; raise it when the same block would give other gradients


def stage_node(builder: GraphBuilder, name: str, seed: int) -> Node:
    """The training of a stage under one of the recipe's seeds; those it needs come before it in the graph."""
    existing = builder.graph.stages.get((name, seed))
    if existing:
        return existing
    recipe, stage = builder.recipe, builder.recipe.stages[name]
    trainer = stage.trainer.fill_published(stage.first.reader.published, recipe.limits.least_learning_rate)
    tasks, parents, augmented, problems = _task_jobs(builder, name, trainer, seed)
    job = _stage_job(builder, name, trainer, tasks)
    start_job, start_parents, problem = _start_job(builder, name, seed)
    job |= start_job | teacher_job(recipe, name)
    parents |= start_parents
    if "distil" in job and stage.distil:
        parents["teacher"] = stage_node(builder, stage.distil.stage, seed)
    stage_seed = stage.seed if stage.seed is not None else seed
    label = f"{name}" if stage.seed is not None else f"{name} seed {seed}"
    first_problem = next((candidate for candidate in (missing_package(trainer), problem, *problems) if candidate), None)
    spec = _stage_spec(builder, stage, trainer) | {"augment": augmented}
    node = builder.graph.add_node(Node("train", label, job, parents, stage_seed, spec, first_problem))
    builder.graph.stages[name, seed] = node
    return node


def _task_jobs(
    builder: GraphBuilder, stage: str, trainer: Any, seed: int
) -> tuple[dict[str, Any], dict[str, Node], dict[str, Any], list[XferError | None]]:
    """What a stage's job says of its tasks, what they need, how their rows are augmented, and what stands against it.

    Victims and further rows come before the stage in the graph.
    """
    tasks: dict[str, Any] = {}
    parents: dict[str, Node] = {}
    augmented: dict[str, Any] = {}
    problems: list[XferError | None] = []
    for name in builder.recipe.stages[stage].tasks:
        task_job, rows = _task_job(builder, stage, name, trainer)
        attacked, needed, problem = _attacked_job(builder, stage, name, seed, rows[f"train/{name}"])
        augmentation = augmentation_job(builder, stage, name)
        tasks[name] = task_job | attacked | augmentation.job
        parents |= rows | needed | augmentation.parents
        problems += [problem, augmentation.problem]
        augmented |= {name: augmentation.spec} if augmentation.spec else {}
    return tasks, parents, augmented, problems


def _task_job(builder: GraphBuilder, stage: str, name: str, trainer: Any) -> tuple[dict[str, Any], dict[str, Node]]:
    """What a stage's job says of one of its tasks, and the task's rows."""
    recipe, limits = builder.recipe, builder.recipe.limits
    learnt, task = recipe.stages[stage].learnt_tasks, recipe.stages[stage].tasks[name]
    reader, source = task.reader, recipe.source_of(task.reader)
    trained = builder.kept(f"stage {stage}", builder.trained(reader), reader.offered_languages(source, "train"))
    parents = {f"train/{name}": builder.data(reader, "train", trained, limits.train_rows)}
    dev = _dev(builder, stage, reader, trained, trainer.oracle and task.head is None)
    if dev:
        rows = min(trainer.dev_rows, limits.dev_rows or trainer.dev_rows)
        parents[f"dev/{name}"] = builder.data(reader, "dev", dev, rows)
    job = {**form_job(reader, source), "weight": task.weight, "languages": list(trained)}
    return job | _option_job(task, learnt), parents


def _dev(about: GraphBuilder, stage: str, reader: Reader, trained: tuple[str, ...], oracle: bool) -> tuple[str, ...]:
    """The languages whose dev rows a task reads: those that it trains on, and for the oracle those of its targets."""
    offered = reader.offered_languages(about.recipe.source_of(reader), "dev") if "dev" in reader.card.splits else ()
    targets, lacking = about.targets(reader) if oracle else ((), ())
    if lacking:
        where = "chooses without them" if targets else "is left out"
        named = (
            ", ".join(lacking) if len(lacking) <= FEW else f"{len(lacking)} languages ({', '.join(lacking[:FEW])}, ...)"
        )
        about.graph.notes.append(f"stage {stage}: {reader.type_name} has no dev set in {named}; the oracle {where}")
    return tuple(language for language in offered if language in trained or oracle and language not in lacking)


def _attacked_job(
    builder: GraphBuilder, stage: str, name: str, seed: int, rows: Node
) -> tuple[dict[str, Any], dict[str, Node], XferError | None]:
    """What a stage's job says of attacked rows of one of its tasks, what it needs for them, what stands against it."""
    task = builder.recipe.stages[stage].tasks[name]
    attacked, reader = task.attacked, task.reader
    if attacked is None or not attacked.share:
        return {}, {}, None
    job: dict[str, Any] = {"weight": attacked.weight, "beside": attacked.beside}
    job |= {"keep": attacked.keep} if attacked.attacker.searches else {}
    target = AttackTarget(f"stage {stage}", f"{stage} {name}", reader, rows, {}, name)
    if attacked.refresh is not None:
        input_job, further, problem = attacker_inputs(builder, attacked.attacker, target)
        job |= {
            "attacker": attacked.attacker.identity(),
            "share": attacked.share,
            "refresh": attacked.refresh,
        } | input_job
        return {"attacked": job}, {f"further/attacked/{name}": further} if further else {}, problem
    if attacked.by is not None:
        victim = {"train": stage_node(builder, attacked.by, seed)}
        head = head_task(attacked, reader, builder.recipe.stages[attacked.by].learnt_tasks)
        target = target._replace(victim=victim, task=head, label=f"{target.label} seed {seed}")
    node = attack_node(builder, attacked.attacker, target, {"share": attacked.share})
    return {"attacked": job}, {f"attacked/{name}": node}, None


def _option_job(task: Task, learnt: dict[str, Task]) -> dict[str, Any]:
    """What is said of a task's options; nothing of those that are left out."""
    return head_job(task.head, learnt) | ({"exponent": task.sampling.exponent} if task.sampling else {})


def _stage_job(builder: GraphBuilder, name: str, trainer: Any, tasks: dict[str, Any]) -> dict[str, Any]:
    model, stage, limit = builder.recipe.model, builder.recipe.stages[name], builder.recipe.limits.steps
    job = {"tasks": tasks, "order": list(tasks), "trainer": trainer.identity(), "mixer": stage.mixer.identity()}
    return job | {"limit": limit, "freeze": {"layers": model.freeze_layers, "embeddings": model.freeze_embeddings}}


def _start_job(builder: GraphBuilder, name: str, seed: int) -> tuple[dict[str, Any], dict[str, Node], Any]:
    """Where the encoder of a stage comes from: what its job says of it, the stage before, and what stands against."""
    start = builder.recipe.start_of(name)
    if start:
        return {}, {"start": stage_node(builder, start, seed)}, None
    model, problem = builder.model()
    return model, {}, problem


def _stage_spec(builder: GraphBuilder, stage: Stage, trainer: Any) -> dict[str, Any]:
    spec = {
        "trainer": trainer,
        "mixer": stage.mixer,
        "model": builder.recipe.model,
        "limit": builder.recipe.limits.steps,
    }
    refreshed = {name: task.attacked for name, task in stage.tasks.items() if task.attacked and task.attacked.refresh}
    return spec | {"heads": {n: task.head for n, task in stage.tasks.items() if task.head}, "attacked": refreshed}


def teacher_job(recipe: Recipe, name: str) -> dict[str, Any]:
    """What a training node's job says of its teacher; nothing where there is none, or one without any weight."""
    distil = recipe.stages[name].distil
    if distil is None or not distil.weight:
        return {}
    tasks = recipe.stages[distil.stage].learnt_tasks
    task = distil.task or next(iter(tasks))
    learnt = {task_name: settings.reader for task_name, settings in recipe.stages[name].learnt_tasks.items()}
    settings: dict[str, Any] = {"temperature": distil.temperature, "weight": distil.weight}
    settings |= {"added": True, "version": ADDED_VERSION} if distil.added else {}
    return {"distil": settings | {"task": task, "taught": teachable_tasks(tasks[task].reader, learnt)}}


def head_job(head: Head | None, tasks: Mapping[str, Any]) -> dict[str, Any]:
    """What a training node's job says of a task with a discriminator; ``tasks`` are those that learn labels."""
    if head is None:
        return {}
    return {
        "head": head.identity(),
        "conditions": conditioning_task(head, {n: t.reader.form for n, t in tasks.items()}),
    }
