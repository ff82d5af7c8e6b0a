"""What a train node does: one stage, from the rows of its tasks to weights on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xfer.core.store import write_json
from xfer.graph.compile import Node
from xfer.reports.learning import learning_warnings
from xfer.reports.shortfalls import shortfalls
from xfer.steps.learning import dev_rows
from xfer.steps.portions import FILE, at_draws, told
from xfer.steps.rows import Parents, ProgressFunction, RowColumns, read_rows, require_labels, row_dicts, row_texts

if TYPE_CHECKING:
    from xfer.trainers.distributed import Processes


def train_step(
    node: Node, parents: Parents, folder: Path, progress: ProgressFunction, processes: Processes | None = None
) -> dict[str, Any]:
    """One stage: ``selected/<task>`` in Hugging Face layout, ``oracle/<task>`` if another step, ``training.json``."""
    from xfer.models import threads
    from xfer.models.network import build_network
    from xfer.trainers.distributed import Processes
    from xfer.trainers.loop import checkpoint
    from xfer.trainers.loop.fit import Context

    job, spec, seed = node.job, node.spec, int(node.seed or 0)
    tasks = _load_tasks(node, parents)
    network = build_network(_encoder_origin(node, parents, tasks, progress), _task_forms(node, tasks), seed)
    threads.set_threads(network.encoder.config)
    network.freeze_lowest(job["freeze"]["layers"], job["freeze"]["embeddings"])
    teacher = _load_teacher(job, parents, network)
    processes = processes or Processes()
    context = Context(folder, seed, spec["limit"], spec["mixer"], progress, teacher, node.label, processes)
    result = spec["trainer"].fit(network, tasks, context)
    if not processes.main:
        return {}
    network.save_tasks(folder / "out" / "selected")
    oracle = result["oracle"]
    if oracle and oracle[0] != result["selected"][0]:
        checkpoint.restore_weights(folder / "checkpoint", "oracle", oracle[0], network)
        network.save_tasks(folder / "out" / "oracle")
    write_json(folder / "out" / "training.json", result | {"order": job["order"]})
    best = result["selected"][1]
    summary: dict[str, Any] = {"steps": result["steps"], "dev": round(best, 4) if best is not None else None}
    if "attacked" in result:
        summary["attacked"] = sum(task_counts["trained"] for task_counts in result["attacked"])
    return summary | _measured(node, parents, tasks, folder) | _warned(node, parents, folder, result)


def _warned(node: Node, parents: Parents, folder: Path, result: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a reader of the log must know of how the stage learnt, written to its log as well."""
    warnings = learning_warnings(node.job, result, dev_rows(node.job, parents))
    if not warnings:
        return {}
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"step": result["steps"], "warnings": warnings}) + "\n")
    return {"warnings": warnings}


def _measured(node: Node, parents: Parents, tasks: list[Any], folder: Path) -> dict[str, str]:
    """Writes how much attackers changed of the rows that a stage learnt; says what falls short of what was asked."""
    found = [one for task in tasks for one in (*_drawn(node, task), *_stored(node, parents, task.name))]
    if found:
        write_json(folder / "out" / FILE, found)
    short = shortfalls(found)
    return {"short": "; ".join(short)} if short else {}


def _drawn(node: Node, task: Any) -> Iterator[dict[str, Any]]:
    """The portion of each attacker that changes rows of a task as they are drawn."""
    stage = node.label.split(" ")[0]
    for step, known in task.augmentation.steps if task.augmentation else ():
        if step.attacker and step.attacker.asked():
            about = node.job["tasks"][task.name]
            counts = at_draws(step.attacker, row_dicts(task.train), about["form"], known, about.get("spoken"))
            yield told(f"stage {stage}, task {task.name}: {step.attacker.type_name}", step.attacker, counts)


def _stored(node: Node, parents: Parents, name: str) -> Iterator[dict[str, Any]]:
    """The portion of the attack node whose rows a task learns; nothing of nodes that were made before it was kept."""
    if f"attacked/{name}" in parents:
        portion = parents[f"attacked/{name}"].read("size.json").get("portion")
        if portion and portion["asked"] is not None:
            attacker, stage = node.parents[f"attacked/{name}"].spec["attacker"], node.label.split(" ")[0]
            yield portion | {"what": f"stage {stage}, task {name}: {attacker.type_name}"}


def _load_tasks(node: Node, parents: Parents) -> list[Any]:
    """The rows of each task, checked for labels where it learns them."""
    from xfer.trainers.loop.fit import TaskData

    tasks = []
    for name in node.job["order"]:
        task_job = node.job["tasks"][name]
        dev = read_rows(parents[f"dev/{name}"]) if f"dev/{name}" in parents else None
        dev = dev if dev and dev["id"] else None  # of a small training file no row may have been held out
        rows = read_rows(parents[f"train/{name}"])
        rows = rows if "head" in task_job else require_labels(rows, task_job["form"])
        rows, changes = _attacked_rows(node, parents, name, rows)
        extras = (
            tuple(task_job["languages"]),
            task_job.get("exponent", 1.0),
            changes,
            _build_augmenter(node, parents, name),
        )
        tasks.append(TaskData(name, task_job["weight"], rows, dev, *extras))
    return tasks


def _attacked_rows(node: Node, parents: Parents, name: str, rows: RowColumns) -> tuple[RowColumns, Any]:
    """The rows of a task, and what stands beside them: changed rows, or whom to attack while the stage trains."""
    from xfer.trainers.batches.attacked import AttackedData, join_attacked, usable_attacks

    task_job = node.job["tasks"][name]
    attacked_job = task_job.get("attacked")
    if attacked_job is None:
        return rows, None
    if f"attacked/{name}" not in parents:
        block = node.spec["attacked"][name]
        no_rows: RowColumns = {column: [] for column in rows}
        further = parents.get(f"further/attacked/{name}")
        prepared = block.attacker.prepare_state(row_dicts(read_rows(further)) if further else [])
        return rows, AttackedData(
            attacked_job["weight"], attacked_job["beside"], no_rows, (), block, task_job["options"], prepared
        )
    entry = parents[f"attacked/{name}"]
    changed_by_key = {(row["language"], row["id"]): row for row in row_dicts(read_rows(entry))}
    notes = {(note["language"], note["id"]): note["status"] for note in row_dicts(read_rows(entry, "edits.parquet"))}
    keys, sides = list(zip(rows["language"], rows["id"], strict=True)), rows.get("side")
    attacked = [key in notes and not (sides and sides[index] == "candidate") for index, key in enumerate(keys)]
    indices = [index for index, found in enumerate(attacked) if found]
    changes = usable_attacks(
        task_job["form"], rows, indices, [(changed_by_key.get(keys[i]), notes[keys[i]]) for i in indices], attacked_job
    )
    return (join_attacked(rows, changes), None) if task_job["form"] == "retrieve" else (rows, changes)


def _build_augmenter(node: Node, parents: Parents, name: str) -> Any:
    """What changes the rows of a task as they are drawn, or None."""
    from xfer.trainers.batches.augmented import Augmentation

    task_job, spec = node.job["tasks"][name], node.spec["augment"].get(name)
    if spec is None:
        return None
    steps = []
    for number, step in enumerate(spec["steps"]):
        further = f"further/{name}/{number}"
        rows = row_dicts(read_rows(parents[further])) if further in parents else []
        steps.append((step, step.attacker.prepare_state(rows) if step.attacker else None))
    return Augmentation(tuple(steps), task_job.get("spoken"), spec["consistency"])


def _encoder_origin(node: Node, parents: Parents, tasks: list[Any], progress: ProgressFunction) -> Any:
    """Where the encoder comes from: the stage before, or the model, which may learn its tokenizer from the rows."""
    from xfer.models.base import Origin

    if "start" in parents:
        return Origin(parents["start"].out / "selected" / carried_task(node))
    progress(0, sum(len(task.train["id"]) for task in tasks), doing="preparing the encoder and its tokenizer")
    return node.spec["model"].load_origin(lambda: (text for task in tasks for text in row_texts(task.train) if text))


def _task_forms(node: Node, tasks: list[Any]) -> dict[str, Any]:
    """The form of each task; one with a discriminator judges the form that its rows have."""
    from xfer.forms.base import build_form
    from xfer.models.domain.form import build_domain_form

    kinds = {}
    for task in tasks:
        task_job = node.job["tasks"][task.name]
        kind = build_form(task_job["form"], task_job["labels"], task_job["options"])
        head = node.spec["heads"].get(task.name)
        kinds[task.name] = (
            build_domain_form(task.name, kind, head, task_job["conditions"], task.train) if head else kind
        )
    return kinds


def carried_task(node: Node) -> str:
    """The task of the stage before whose folder a stage starts from: all hold the encoder.

    One of masked LM where the stage has such a task too, as its head is carried along; else the first.
    """
    start_job = node.parents["start"].job
    masked = [name for name in start_job["order"] if _is_masked(start_job["tasks"][name])]
    wanted = any(map(_is_masked, node.job["tasks"].values()))
    return str(masked[0] if wanted and masked else start_job["order"][0])


def _is_masked(task: Mapping[str, Any]) -> bool:
    return task["form"] == "mask" and "head" not in task


def _load_teacher(job: Mapping[str, Any], parents: Parents, student: Any) -> Any:
    """The network that a stage learns from beside its labels, or None."""
    if "teacher" not in parents:
        return None
    from xfer.models.network import load_network
    from xfer.trainers.losses.base import Teacher
    from xfer.trainers.losses.distillation import require_same_vocabulary

    distil_job = job["distil"]
    network = load_network(
        parents["teacher"].out / "selected", distil_job["task"], student.forms[distil_job["taught"][0]]
    )
    require_same_vocabulary(network.tokenizer, student.tokenizer)
    settings = distil_job["temperature"], distil_job["weight"], distil_job.get("added", False)
    return Teacher(network, distil_job["task"], tuple(distil_job["taught"]), *settings)
