"""What a train node does: one stage, from the rows of its tasks to weights on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xfer.attackers.base import Attacker, ModelFree
from xfer.core.jsonl import add_line
from xfer.core.store import write_json
from xfer.forms.sheet import form_facts
from xfer.graph.training import TrainJob
from xfer.models.base import Origin
from xfer.reports.shortfalls import shortfalls
from xfer.steps.learning import dev_rows, training_warnings
from xfer.steps.portions import PORTIONS_FILE, portion_record, sample_changes
from xfer.steps.rows import Parents, ProgressFunction, RowColumns, read_rows, require_labels, row_dicts, row_texts

if TYPE_CHECKING:
    from xfer.forms.base import Form
    from xfer.models.network import Network
    from xfer.trainers.batches.attacked import AttackedData
    from xfer.trainers.batches.augmented import Augmentation
    from xfer.trainers.distributed import Processes
    from xfer.trainers.loop.fit import TaskData
    from xfer.trainers.losses.base import Teacher


def train_step(
    job: TrainJob, parents: Parents, folder: Path, progress: ProgressFunction, processes: Processes | None = None
) -> dict[str, Any]:
    """One stage: ``selected/<task>`` in Hugging Face layout, ``oracle/<task>`` if another step, ``training.json``.

    ``processes`` train it together; all but the main one write nothing and return an empty summary.
    """
    from xfer.models import threads
    from xfer.models.network import build_network
    from xfer.trainers.loop import checkpoint
    from xfer.trainers.loop.fit import Context

    tasks = _load_tasks(job, parents)
    network = build_network(_encoder_origin(job, parents, tasks, progress), _task_forms(job, tasks), job.seed)
    threads.set_threads(network.encoder.config)
    network.freeze_lowest(job.frozen_layers, job.freeze_embeddings)
    teacher = _load_teacher(job, parents, network)
    context = Context(folder, job.seed, job.limit, job.mixer, progress, teacher, job.label, processes)
    result = job.trainer.fit(network, tasks, context)
    if processes and not processes.main:
        return {}
    network.save_tasks(folder / "out" / "selected")
    oracle = result["oracle"]
    if oracle and oracle[0] != result["selected"][0]:
        checkpoint.restore_weights(folder / "checkpoint", "oracle", oracle[0], network)
        network.save_tasks(folder / "out" / "oracle")
    if network.random_heads:
        result["random_heads"] = network.random_heads
    write_json(folder / "out" / "training.json", result | {"order": list(job.tasks)})
    best = result["selected"][1]
    summary: dict[str, Any] = {"steps": result["steps"], "dev": round(best, 4) if best is not None else None}
    if "attacked" in result:
        summary["attacked"] = sum(task_counts["trained"] for task_counts in result["attacked"])
    return summary | _write_portions(job, parents, tasks, folder) | _write_warnings(job, parents, folder, result)


def _write_warnings(job: TrainJob, parents: Parents, folder: Path, result: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a reader of the log must know of how the stage learnt, written to its log as well."""
    warnings = training_warnings(job, result, dev_rows(job, parents))
    if not warnings:
        return {}
    add_line(folder / "log.jsonl", {"step": result["steps"], "warnings": warnings})
    return {"warnings": warnings}


def _write_portions(job: TrainJob, parents: Parents, tasks: Sequence[TaskData], folder: Path) -> dict[str, str]:
    """Writes how much attackers changed of the rows that a stage learnt; says what falls short of what was asked."""
    portions: list[dict[str, Any]] = [
        portion
        for task in tasks
        for portion in (*_drawn_portions(job, task), *_stored_portion(job, parents, task.name))
    ]
    if portions:
        write_json(folder / "out" / PORTIONS_FILE, portions)
    short = shortfalls(portions)
    return {"short": "; ".join(short)} if short else {}


def _drawn_portions(job: TrainJob, task: TaskData) -> Iterator[dict[str, Any]]:
    """The portion of each attacker that changes rows of a task as they are drawn."""
    for step, state in task.augmentation.steps if task.augmentation else ():
        if isinstance(step.attacker, ModelFree) and step.attacker.asked():
            task_job = job.tasks[task.name]
            language = task_job.augmentation.language if task_job.augmentation else None
            counts = sample_changes(step.attacker, row_dicts(task.train), task_job.form.name, state, language)
            yield portion_record(_portion_name(job, task.name, step.attacker), step.attacker, counts)


def _stored_portion(job: TrainJob, parents: Parents, name: str) -> Iterator[dict[str, Any]]:
    """The portion of the attack node whose rows a task learns; nothing of nodes that were made before it was kept."""
    attacked = job.tasks[name].attacked
    if attacked and f"attacked/{name}" in parents:
        portion = parents[f"attacked/{name}"].read("size.json").get("portion")
        if portion and portion["asked"] is not None:
            yield portion | {"what": _portion_name(job, name, attacked.settings.attacker)}


def _portion_name(job: TrainJob, task: str, attacker: Attacker) -> str:
    return f"stage {job.label.split(' ')[0]}, task {task}: {attacker.type_name}"


def _load_tasks(job: TrainJob, parents: Parents) -> list[TaskData]:
    """The rows of each task, checked for labels where it learns them."""
    from xfer.trainers.loop.fit import TaskData

    tasks = []
    for name, task_job in job.tasks.items():
        dev = read_rows(parents[f"dev/{name}"]) if f"dev/{name}" in parents else None
        dev = dev if dev and dev["id"] else None  # of a small training file no row may have been held out
        rows = read_rows(parents[f"train/{name}"])
        rows = rows if task_job.head else require_labels(rows, task_job.form.name)
        rows, changes = _attacked_rows(job, parents, name, rows)
        exponent = 1.0 if task_job.exponent is None else task_job.exponent
        extras = (task_job.languages, exponent, changes, build_augmentation(job, parents, name))
        tasks.append(TaskData(name, task_job.weight, rows, dev, *extras))
    return tasks


def _attacked_rows(
    job: TrainJob, parents: Parents, name: str, rows: RowColumns
) -> tuple[RowColumns, AttackedData | None]:
    """The rows of a task, and what stands beside them: changed rows, or whom to attack while the stage trains."""
    from xfer.trainers.batches.attacked import AttackedData, join_attacked, usable_attacks

    form, attacked_job = job.tasks[name].form, job.tasks[name].attacked
    if attacked_job is None:
        return rows, None
    settings = attacked_job.settings
    if settings.refresh is not None:
        no_rows: RowColumns = {column: [] for column in rows}
        further = parents.get(f"further/attacked/{name}")
        prepared = settings.attacker.prepare_state(row_dicts(read_rows(further)) if further else [])
        return rows, AttackedData(settings.weight, settings.beside, no_rows, (), settings, form.options, prepared)
    entry = parents[f"attacked/{name}"]
    changed_by_key = {(row["language"], row["id"]): row for row in row_dicts(read_rows(entry))}
    notes = {(note["language"], note["id"]): note["status"] for note in row_dicts(read_rows(entry, "edits.parquet"))}
    keys, sides = list(zip(rows["language"], rows["id"], strict=True)), rows.get("side")
    attacked = [key in notes and not (sides and sides[index] == "candidate") for index, key in enumerate(keys)]
    indices = [index for index, is_attacked in enumerate(attacked) if is_attacked]
    outcomes = [(changed_by_key.get(keys[index]), notes[keys[index]]) for index in indices]
    changes = usable_attacks(form.name, rows, indices, outcomes, settings)
    return (join_attacked(rows, changes), None) if form_facts(form.name).searches_pool else (rows, changes)


def build_augmentation(job: TrainJob, parents: Parents, name: str) -> Augmentation | None:
    """What changes the rows of a task as they are drawn, or None."""
    from xfer.trainers.batches.augmented import Augmentation

    augmentation = job.tasks[name].augmentation
    if augmentation is None:
        return None
    steps = []
    for number, step in enumerate(step_job.settings for step_job in augmentation.steps):
        further = f"further/{name}/{number}"
        rows = row_dicts(read_rows(parents[further])) if further in parents else []
        steps.append((step, step.attacker.prepare_state(rows) if step.attacker else None))
    return Augmentation(tuple(steps), augmentation.language, augmentation.consistency)


def _encoder_origin(job: TrainJob, parents: Parents, tasks: Sequence[TaskData], progress: ProgressFunction) -> Origin:
    """Where the encoder comes from: the stage before, or the model, which may learn its tokenizer from the rows."""
    if job.model is None:
        return Origin(parents["start"].out / "selected" / str(job.start_task))
    progress(0, sum(len(task.train["id"]) for task in tasks), doing="preparing the encoder and its tokenizer")
    return job.model.model.load_origin(lambda: (text for task in tasks for text in row_texts(task.train) if text))


def _task_forms(job: TrainJob, tasks: Sequence[TaskData]) -> dict[str, Form]:
    """The form of each task; one with a discriminator judges the form that its rows have."""
    from xfer.forms.base import build_form
    from xfer.models.domain.form import build_domain_form

    forms: dict[str, Form] = {}
    for task in tasks:
        task_job = job.tasks[task.name]
        form = build_form(task_job.form.name, task_job.form.labels, task_job.form.options)
        head = task_job.head
        forms[task.name] = build_domain_form(task.name, form, head, task_job.condition, task.train) if head else form
    return forms


def _load_teacher(job: TrainJob, parents: Parents, student: Network) -> Teacher | None:
    """The network that a stage learns from beside its labels, or None."""
    if job.teacher is None:
        return None
    from xfer.models.network import load_network
    from xfer.trainers.losses.base import Teacher
    from xfer.trainers.losses.distillation import require_same_vocabulary

    teacher = job.teacher
    form = student.forms[teacher.student_tasks[0]]
    network = load_network(parents["teacher"].out / "selected", teacher.task, form)
    require_same_vocabulary(network.tokenizer, student.tokenizer)
    return Teacher(network, teacher.task, teacher.student_tasks, teacher.temperature, teacher.weight, teacher.added)
