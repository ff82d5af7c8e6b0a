"""The node of a stage: what it trains on, how, and what it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from xfer.core.errors import XferError
from xfer.graph.attacks import AttackTarget, attack_node, attacker_inputs
from xfer.graph.augmentation import plan_augmentation
from xfer.graph.compiling import GraphBuilder
from xfer.graph.jobs import AttackerInputs, DataJob, Job, ModelState
from xfer.graph.node import Node
from xfer.graph.training import AttackedJob, TaskJob, TeacherJob, TrainJob, starting_task
from xfer.models.needs import missing_package
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import head_task
from xfer.recipe.checks.discriminators import conditioning_task
from xfer.recipe.checks.distillation import teachable_tasks
from xfer.recipe.published import published_settings
from xfer.recipe.recipe import Recipe
from xfer.trainers.settings import FinetuneSettings

FEW = 8  # languages that a note names


class TaskPlan(NamedTuple):
    """One task of a stage, the nodes that it needs, and what stands against it."""

    job: TaskJob
    parents: dict[str, Node[Job]]
    problems: list[XferError | None]


class StageStart(NamedTuple):
    """Where the encoder of a stage comes from, the stage before or the model, and what stands against it."""

    stage: Node[TrainJob] | None
    model: ModelState | None
    problem: XferError | None


class AttackedPlan(NamedTuple):
    """Attacked rows of a task, the nodes that they need, and what stands against them."""

    job: AttackedJob | None
    parents: dict[str, Node[Job]]
    problem: XferError | None = None


def stage_node(builder: GraphBuilder, name: str, seed: int) -> Node[TrainJob]:
    """The training of a stage under one of the recipe's seeds; those it needs come before it in the graph."""
    existing = builder.graph.stages.get((name, seed))
    if existing:
        return existing
    recipe, stage = builder.recipe, builder.recipe.stages[name]
    trainer = stage.trainer.fill_published(
        published_settings(recipe, stage.first.reader), recipe.limits.least_learning_rate
    )
    plans = {task: _plan_task(builder, name, task, trainer, seed) for task in stage.tasks}
    tasks = {task: plan.job for task, plan in plans.items()}
    parents = {role: parent for plan in plans.values() for role, parent in plan.parents.items()}
    start, teacher = _stage_start(builder, name, seed), teacher_job(recipe, name)
    parents |= {"start": start.stage} if start.stage else {}
    if teacher and stage.distil:
        parents["teacher"] = stage_node(builder, stage.distil.stage, seed)
    job = TrainJob(
        label=f"{name}" if stage.seed is not None else f"{name} seed {seed}",
        seed=stage.seed if stage.seed is not None else seed,
        tasks=tasks,
        trainer=trainer,
        asked_length=getattr(stage.trainer, "max_length", None),
        mixer=stage.mixer,
        limit=recipe.limits.steps,
        frozen_layers=recipe.model.freeze_layers,
        freeze_embeddings=recipe.model.freeze_embeddings,
        model=start.model,
        start_task=starting_task(tasks, start.stage.job.tasks) if start.stage else None,
        teacher=teacher,
    )
    builder.note_cut_inputs(name, job.asked_length)
    problems = [missing_package(trainer), start.problem, *(p for plan in plans.values() for p in plan.problems)]
    problem = next((candidate for candidate in problems if candidate), None)
    node = builder.graph.add_node(Node(job, parents, problem))
    builder.graph.stages[name, seed] = node
    return node


def _plan_task(builder: GraphBuilder, stage: str, name: str, trainer: FinetuneSettings, seed: int) -> TaskPlan:
    """What a stage is to do with one of its tasks. Victims and further rows come before the stage in the graph."""
    recipe, task = builder.recipe, builder.recipe.stages[stage].tasks[name]
    reader, learnt = task.reader, recipe.stages[stage].learnt_tasks
    wanted = tuple(reader.train_languages(recipe.source_of(reader)))
    trained = builder.kept_languages(f"stage {stage}", wanted, builder.offered_languages(reader, "train"))
    rows = _task_rows(builder, stage, name, trained, trainer)
    attacked = _plan_attacked(builder, stage, name, seed, rows[f"train/{name}"])
    augmentation = plan_augmentation(builder, stage, name)
    forms = {learnt_name: learnt_task.reader.form for learnt_name, learnt_task in learnt.items()}
    job = TaskJob(
        form=builder.row_form(reader),
        weight=task.weight,
        languages=trained,
        exponent=task.sampling.exponent if task.sampling else None,
        head=task.head,
        condition=conditioning_task(task.head, forms) if task.head else None,
        attacked=attacked.job,
        augmentation=augmentation.job,
    )
    parents: dict[str, Node[Job]] = {**rows, **attacked.parents, **augmentation.parents}
    form_problem = None if task.head else builder.form_problem(job.form)
    return TaskPlan(job, parents, [form_problem, attacked.problem, augmentation.problem])


def _task_rows(
    builder: GraphBuilder, stage: str, name: str, trained: tuple[str, ...], trainer: FinetuneSettings
) -> dict[str, Node[DataJob]]:
    """The rows that a task trains on, and those of its dev sets."""
    task, limits = builder.recipe.stages[stage].tasks[name], builder.recipe.limits
    nodes = {f"train/{name}": builder.data_node(task.reader, "train", trained, limits.train_rows)}
    dev = _dev_languages(builder, stage, task.reader, trained, trainer.oracle and task.head is None)
    if dev:
        rows = min(trainer.dev_rows, limits.dev_rows or trainer.dev_rows)
        nodes[f"dev/{name}"] = builder.data_node(task.reader, "dev", dev, rows)
    return nodes


def _dev_languages(
    builder: GraphBuilder, stage: str, reader: Reader, trained: tuple[str, ...], oracle: bool
) -> tuple[str, ...]:
    """The languages whose dev rows a task reads: those that it trains on, and for the oracle those of its targets."""
    offered = builder.offered_languages(reader, "dev") if "dev" in reader.card.splits else ()
    targets, lacking = builder.target_languages(reader) if oracle else ((), ())
    if lacking:
        where = "chooses without them" if targets else "is left out"
        named = (
            ", ".join(lacking) if len(lacking) <= FEW else f"{len(lacking)} languages ({', '.join(lacking[:FEW])}, ...)"
        )
        builder.graph.notes.append(f"stage {stage}: {reader.type_name} has no dev set in {named}; the oracle {where}")
    return tuple(language for language in offered if language in trained or oracle and language not in lacking)


def _plan_attacked(builder: GraphBuilder, stage: str, name: str, seed: int, rows: Node[DataJob]) -> AttackedPlan:
    """Attacked rows of one of a stage's tasks, if it has any."""
    task = builder.recipe.stages[stage].tasks[name]
    attacked, reader = task.attacked, task.reader
    if attacked is None or not attacked.share:
        return AttackedPlan(None, {})
    target = AttackTarget(f"stage {stage}", f"{stage} {name}", reader, rows, {}, name)
    if attacked.refresh is not None:
        inputs, further, problem = attacker_inputs(builder, attacked.attacker, target)
        job = AttackedJob(settings=attacked, inputs=inputs)
        return AttackedPlan(job, {f"further/attacked/{name}": further} if further else {}, problem)
    if attacked.by is not None:
        victim = {"train": stage_node(builder, attacked.by, seed)}
        head = head_task(attacked, reader, builder.recipe.stages[attacked.by].learnt_tasks)
        target = target._replace(victim=victim, task=head, label=f"{target.label} seed {seed}")
    node = attack_node(builder, attacked.attacker, target, attacked.share)
    return AttackedPlan(AttackedJob(settings=attacked, inputs=AttackerInputs()), {f"attacked/{name}": node})


def _stage_start(builder: GraphBuilder, name: str, seed: int) -> StageStart:
    """Where the encoder of a stage comes from."""
    start = builder.recipe.start_of(name)
    if start:
        return StageStart(stage_node(builder, start, seed), None, None)
    return StageStart(None, *builder.model_state())


def teacher_job(recipe: Recipe, name: str) -> TeacherJob | None:
    """What a stage learns of its teacher; None where there is none, or one without any weight."""
    distil = recipe.stages[name].distil
    if distil is None or not distil.weight:
        return None
    tasks = recipe.stages[distil.stage].learnt_tasks
    task = distil.task or next(iter(tasks))
    learnt: Mapping[str, Reader] = {n: settings.reader for n, settings in recipe.stages[name].learnt_tasks.items()}
    return TeacherJob(
        task=task,
        student_tasks=tuple(teachable_tasks(tasks[task].reader, learnt)),
        temperature=distil.temperature,
        weight=distil.weight,
        added=distil.added,
    )
