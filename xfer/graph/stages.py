"""The node of a stage: what it trains on, how, and what it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xfer.core.errors import XferError
from xfer.graph.attacks import Target, attack_node, reads
from xfer.graph.augmentation import augmenting
from xfer.graph.compiling import Compiling, form_of
from xfer.graph.node import Node
from xfer.models.domain.base import Head
from xfer.models.needs import missing
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import head_of
from xfer.recipe.checks.discriminators import conditions
from xfer.recipe.checks.distillation import taught
from xfer.recipe.recipe import Recipe, Stage, Task

FEW = 8  # languages that a note names


def stage_node(about: Compiling, name: str, seed: int) -> Node:
    """The training of a stage under one of the recipe's seeds; those it needs come before it in the graph."""
    known = about.graph.stages.get((name, seed))
    if known:
        return known
    recipe, stage = about.recipe, about.recipe.stages[name]
    trainer = stage.trainer.filled(stage.first.reader.published, recipe.limits.least_learning_rate)
    tasks, parents, augmented, problems = _tasks(about, name, trainer, seed)
    job = _job(about, name, trainer, tasks)
    origin, before, problem = _origin(about, name, seed)
    job |= origin | teaching(recipe, name)
    parents |= before
    if "distil" in job and stage.distil:
        parents["teacher"] = stage_node(about, stage.distil.stage, seed)
    own = stage.seed if stage.seed is not None else seed
    label = f"{name}" if stage.seed is not None else f"{name} seed {seed}"
    against = next((each for each in (missing(trainer), problem, *problems) if each), None)
    spec = _spec(about, stage, trainer) | {"augment": augmented}
    node = about.graph.add(Node("train", label, job, parents, own, spec, against))
    about.graph.stages[name, seed] = node
    return node


def _tasks(
    about: Compiling, stage: str, trainer: Any, seed: int
) -> tuple[dict[str, Any], dict[str, Node], dict[str, Any], list[XferError | None]]:
    """What a stage's job says of its tasks, what they need, how their rows are augmented, and what stands against it.

    Victims and further rows come before the stage in the graph.
    """
    tasks: dict[str, Any] = {}
    parents: dict[str, Node] = {}
    augmented: dict[str, Any] = {}
    problems: list[XferError | None] = []
    for name in about.recipe.stages[stage].tasks:
        told, rows = _task(about, stage, name, trainer)
        attacked, needed, problem = _attacked(about, stage, name, seed, rows[f"train/{name}"])
        drawn = augmenting(about, stage, name)
        tasks[name] = told | attacked | drawn.job
        parents |= rows | needed | drawn.parents
        problems += [problem, drawn.problem]
        augmented |= {name: drawn.spec} if drawn.spec else {}
    return tasks, parents, augmented, problems


def _task(about: Compiling, stage: str, name: str, trainer: Any) -> tuple[dict[str, Any], dict[str, Node]]:
    """What a stage's job says of one of its tasks, and the task's rows."""
    recipe, limits = about.recipe, about.recipe.limits
    learnt, task = recipe.stages[stage].learnt, recipe.stages[stage].tasks[name]
    reader, source = task.reader, recipe.source_of(task.reader)
    trained = about.kept(f"stage {stage}", about.trained(reader), reader.offered(source, "train"))
    parents = {f"train/{name}": about.data(reader, "train", trained, limits.train_rows)}
    dev = _dev(about, stage, reader, trained, trainer.oracle and task.head is None)
    if dev:
        rows = min(trainer.dev_rows, limits.dev_rows or trainer.dev_rows)
        parents[f"dev/{name}"] = about.data(reader, "dev", dev, rows)
    job = {**form_of(reader, source), "weight": task.weight, "languages": list(trained)}
    return job | _options(task, learnt), parents


def _dev(about: Compiling, stage: str, reader: Reader, trained: tuple[str, ...], oracle: bool) -> tuple[str, ...]:
    """The languages whose dev rows a task reads: those that it trains on, and for the oracle those of its targets."""
    offered = reader.offered(about.recipe.source_of(reader), "dev") if "dev" in reader.card.splits else ()
    targets, lacking = about.targets(reader) if oracle else ((), ())
    if lacking:
        where = "chooses without them" if targets else "is left out"
        named = (
            ", ".join(lacking) if len(lacking) <= FEW else f"{len(lacking)} languages ({', '.join(lacking[:FEW])}, ...)"
        )
        about.graph.notes.append(f"stage {stage}: {reader.type_name} has no dev set in {named}; the oracle {where}")
    return tuple(language for language in offered if language in trained or oracle and language not in lacking)


def _attacked(
    about: Compiling, stage: str, name: str, seed: int, rows: Node
) -> tuple[dict[str, Any], dict[str, Node], XferError | None]:
    """What a stage's job says of attacked rows of one of its tasks, what it needs for them, what stands against it."""
    task = about.recipe.stages[stage].tasks[name]
    attacked, reader = task.attacked, task.reader
    if attacked is None or not attacked.share:
        return {}, {}, None
    job: dict[str, Any] = {"weight": attacked.weight, "beside": attacked.beside}
    job |= {"keep": attacked.keep} if attacked.attacker.searches else {}
    target = Target(f"stage {stage}", f"{stage} {name}", reader, rows, {}, name)
    if attacked.refresh is not None:
        read, further, problem = reads(about, attacked.attacker, target)
        job |= {"attacker": attacked.attacker.identity(), "share": attacked.share, "refresh": attacked.refresh} | read
        return {"attacked": job}, {f"further/attacked/{name}": further} if further else {}, problem
    if attacked.by is not None:
        victim = {"train": stage_node(about, attacked.by, seed)}
        head = head_of(attacked, reader, about.recipe.stages[attacked.by].learnt)
        target = target._replace(victim=victim, task=head, label=f"{target.label} seed {seed}")
    node = attack_node(about, attacked.attacker, target, {"share": attacked.share})
    return {"attacked": job}, {f"attacked/{name}": node}, None


def _options(task: Task, learnt: dict[str, Task]) -> dict[str, Any]:
    """What is said of a task's options; nothing of those that are left out."""
    return head_job(task.head, learnt) | ({"exponent": task.sampling.exponent} if task.sampling else {})


def _job(about: Compiling, name: str, trainer: Any, tasks: dict[str, Any]) -> dict[str, Any]:
    model, stage, limit = about.recipe.model, about.recipe.stages[name], about.recipe.limits.steps
    job = {"tasks": tasks, "order": list(tasks), "trainer": trainer.identity(), "mixer": stage.mixer.identity()}
    return job | {"limit": limit, "freeze": {"layers": model.freeze_layers, "embeddings": model.freeze_embeddings}}


def _origin(about: Compiling, name: str, seed: int) -> tuple[dict[str, Any], dict[str, Node], Any]:
    """Where the encoder of a stage comes from: what its job says of it, the stage before, and what stands against."""
    start = about.recipe.start_of(name)
    if start:
        return {}, {"start": stage_node(about, start, seed)}, None
    model, problem = about.model()
    return model, {}, problem


def _spec(about: Compiling, stage: Stage, trainer: Any) -> dict[str, Any]:
    spec = {"trainer": trainer, "mixer": stage.mixer, "model": about.recipe.model, "limit": about.recipe.limits.steps}
    refreshed = {name: task.attacked for name, task in stage.tasks.items() if task.attacked and task.attacked.refresh}
    return spec | {"heads": {n: task.head for n, task in stage.tasks.items() if task.head}, "attacked": refreshed}


def teaching(recipe: Recipe, name: str) -> dict[str, Any]:
    """What a training node's job says of its teacher; nothing where there is none, or one without any weight."""
    distil = recipe.stages[name].distil
    if distil is None or not distil.weight:
        return {}
    tasks = recipe.stages[distil.stage].learnt
    task = distil.task or next(iter(tasks))
    learnt = {own: about.reader for own, about in recipe.stages[name].learnt.items()}
    about: dict[str, Any] = {"temperature": distil.temperature, "weight": distil.weight}
    about |= {"added": True} if distil.added else {}
    return {"distil": about | {"task": task, "taught": taught(tasks[task].reader, learnt)}}


def head_job(head: Head | None, tasks: Mapping[str, Any]) -> dict[str, Any]:
    """What a training node's job says of a task with a discriminator; ``tasks`` are those that learn labels."""
    if head is None:
        return {}
    return {"head": head.identity(), "conditions": conditions(head, {n: t.reader.form for n, t in tasks.items()})}
