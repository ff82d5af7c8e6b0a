"""What a train node does: one stage, from the rows of its tasks to weights on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xfer.core.store import write_json
from xfer.graph.compile import Node
from xfer.reports.learning import learning_warnings
from xfer.reports.shortfalls import shortfalls
from xfer.steps.learning import dev_rows
from xfer.steps.portions import FILE, at_draws, told
from xfer.steps.rows import Parents, Progress, Rows, each, labelled, read_rows, texts


def train(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """One stage: ``selected/<task>`` in Hugging Face layout, ``oracle/<task>`` if another step, ``training.json``."""
    from xfer.models import threads
    from xfer.models.network import build
    from xfer.trainers import distributed
    from xfer.trainers.loop import checkpoint
    from xfer.trainers.loop.fit import Context

    job, spec, seed = node.job, node.spec, int(node.seed or 0)
    tasks = _tasks(node, parents)
    network = build(_origin(node, parents, tasks, progress), _forms(node, tasks), seed)
    threads.settle(network.encoder.config)
    network.freeze(job["freeze"]["layers"], job["freeze"]["embeddings"])
    teacher = _teacher(job, parents, network)
    context = Context(folder, seed, spec["limit"], spec["mixer"], progress, teacher, node.label)
    result = spec["trainer"].fit(network, tasks, context)
    if not distributed.here().main:
        return {}
    network.save(folder / "out" / "selected")
    oracle = result["oracle"]
    if oracle and oracle[0] != result["selected"][0]:
        checkpoint.take(folder / "checkpoint", "oracle", oracle[0], network)
        network.save(folder / "out" / "oracle")
    write_json(folder / "out" / "training.json", result | {"order": job["order"]})
    best = result["selected"][1]
    summary: dict[str, Any] = {"steps": result["steps"], "dev": round(best, 4) if best is not None else None}
    if "attacked" in result:
        summary["attacked"] = sum(part["trained"] for part in result["attacked"])
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
    for step, known in task.augmented.steps if task.augmented else ():
        if step.attacker and step.attacker.asked():
            about = node.job["tasks"][task.name]
            counts = at_draws(step.attacker, each(task.train), about["form"], known, about.get("spoken"))
            yield told(f"stage {stage}, task {task.name}: {step.attacker.type_name}", step.attacker, counts)


def _stored(node: Node, parents: Parents, name: str) -> Iterator[dict[str, Any]]:
    """The portion of the attack node whose rows a task learns; nothing of nodes that were made before it was kept."""
    if f"attacked/{name}" in parents:
        portion = parents[f"attacked/{name}"].read("size.json").get("portion")
        if portion and portion["asked"] is not None:
            attacker, stage = node.parents[f"attacked/{name}"].spec["attacker"], node.label.split(" ")[0]
            yield portion | {"what": f"stage {stage}, task {name}: {attacker.type_name}"}


def _tasks(node: Node, parents: Parents) -> list[Any]:
    """The rows of each task, checked for labels where it learns them."""
    from xfer.trainers.loop.fit import TaskData

    tasks = []
    for name in node.job["order"]:
        about = node.job["tasks"][name]
        dev = read_rows(parents[f"dev/{name}"]) if f"dev/{name}" in parents else None
        dev = dev if dev and dev["id"] else None  # of a small training file no row may have been held out
        rows = read_rows(parents[f"train/{name}"])
        rows = rows if "head" in about else labelled(rows, about["form"])
        rows, changes = _changes(node, parents, name, rows)
        more = tuple(about["languages"]), about.get("exponent", 1.0), changes, _augmented(node, parents, name)
        tasks.append(TaskData(name, about["weight"], rows, dev, *more))
    return tasks


def _changes(node: Node, parents: Parents, name: str, rows: Rows) -> tuple[Rows, Any]:
    """The rows of a task, and what stands beside them: changed rows, or whom to attack while the stage trains."""
    from xfer.trainers.batches.attacked import Changes, joined, used

    about = node.job["tasks"][name]
    told = about.get("attacked")
    if told is None:
        return rows, None
    if f"attacked/{name}" not in parents:
        block = node.spec["attacked"][name]
        nothing: Rows = {column: [] for column in rows}
        further = parents.get(f"further/attacked/{name}")
        known = block.attacker.prepare(each(read_rows(further)) if further else [])
        return rows, Changes(told["weight"], told["beside"], nothing, (), block, about["options"], known)
    entry = parents[f"attacked/{name}"]
    named = {(row["language"], row["id"]): row for row in each(read_rows(entry))}
    notes = {(note["language"], note["id"]): note["status"] for note in each(read_rows(entry, "edits.parquet"))}
    keys, sides = list(zip(rows["language"], rows["id"], strict=True)), rows.get("side")
    attacked = [key in notes and not (sides and sides[place] == "candidate") for place, key in enumerate(keys)]
    places = [place for place, found in enumerate(attacked) if found]
    changes = used(about["form"], rows, places, [(named.get(keys[i]), notes[keys[i]]) for i in places], told)
    return (joined(rows, changes), None) if about["form"] == "retrieve" else (rows, changes)


def _augmented(node: Node, parents: Parents, name: str) -> Any:
    """What changes the rows of a task as they are drawn, or None."""
    from xfer.trainers.batches.augmented import Augmented

    about, spec = node.job["tasks"][name], node.spec["augment"].get(name)
    if spec is None:
        return None
    steps = []
    for place, step in enumerate(spec["steps"]):
        further = f"further/{name}/{place}"
        rows = each(read_rows(parents[further])) if further in parents else []
        steps.append((step, step.attacker.prepare(rows) if step.attacker else None))
    return Augmented(tuple(steps), about.get("spoken"), spec["consistency"])


def _origin(node: Node, parents: Parents, tasks: list[Any], progress: Progress) -> Any:
    """Where the encoder comes from: the stage before, or the model, which may learn its tokenizer from the rows."""
    from xfer.models.base import Origin

    if "start" in parents:
        return Origin(parents["start"].out / "selected" / carried(node))
    progress(0, sum(len(task.train["id"]) for task in tasks), doing="preparing the encoder and its tokenizer")
    return node.spec["model"].origin(lambda: (text for task in tasks for text in texts(task.train) if text))


def _forms(node: Node, tasks: list[Any]) -> dict[str, Any]:
    """The form of each task; one with a discriminator judges the form that its rows have."""
    from xfer.forms.base import form
    from xfer.models.domain.form import judged

    kinds = {}
    for task in tasks:
        about = node.job["tasks"][task.name]
        kind = form(about["form"], about["labels"], about["options"])
        head = node.spec["heads"].get(task.name)
        kinds[task.name] = judged(task.name, kind, head, about["conditions"], task.train) if head else kind
    return kinds


def carried(node: Node) -> str:
    """The task of the stage before whose folder a stage starts from: all hold the encoder.

    One of masked LM where the stage has such a task too, as its head is carried along; else the first.
    """
    before = node.parents["start"].job
    masked = [name for name in before["order"] if _masked(before["tasks"][name])]
    wanted = any(map(_masked, node.job["tasks"].values()))
    return str(masked[0] if wanted and masked else before["order"][0])


def _masked(task: Mapping[str, Any]) -> bool:
    return task["form"] == "mask" and "head" not in task


def _teacher(job: Mapping[str, Any], parents: Parents, own: Any) -> Any:
    """The network that a stage learns from beside its labels, or None."""
    if "teacher" not in parents:
        return None
    from xfer.models.network import load
    from xfer.trainers.losses.objective import Teacher, same_subwords

    about = job["distil"]
    network = load(parents["teacher"].out / "selected", about["task"], own.forms[about["taught"][0]])
    same_subwords(network.tokenizer, own.tokenizer)
    told = about["temperature"], about["weight"], about.get("added", False)
    return Teacher(network, about["task"], tuple(about["taught"]), *told)
