"""What a recipe says of attacked training rows: faults, the nodes that attack them, and what a stage's job says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from xfer.attackers.base import Attacker
from xfer.attackers.constraints import Tagged
from xfer.attackers.search.base import Search
from xfer.core.errors import suggest_name
from xfer.forms.sheet import form_facts
from xfer.readers.base import Reader
from xfer.recipe.checks.lexicons import attacker_faults
from xfer.trainers.attacked import AttackedTraining

_Path = tuple[str | int, ...]
_PathFault = tuple[_Path, str, str]
_StageReaders = Mapping[
    str, Mapping[str, Reader | None]
]  # of each stage: the tasks that learn labels; None where faulty


def attacked_faults(stages: Mapping[str, Any], readers: _StageReaders, source: Any) -> Iterator[_PathFault]:
    """What stands against the attacked training rows of a recipe's stages (plain data)."""
    for stage, block in stages.items():
        for task, (reader, raw) in _attacked_blocks(block, readers[stage]).items():
            path: _Path = ("stages", stage, "tasks", task, "attacked")
            if reader is _DISCRIMINATOR:
                yield path, "belongs to a task that learns labels, and this one has a discriminator", "leave it out"
                continue
            try:
                attacked = AttackedTraining.model_validate(raw)
            except ValidationError:
                continue  # told by itself
            if isinstance(reader, Reader):
                yield from _attacker_faults(path, attacked, reader, source)
            if attacked.by is not None:
                yield from _victim_faults(path, stage, attacked, reader, stages, readers)


_DISCRIMINATOR = object()


def _attacked_blocks(stage: Any, learnt: Mapping[str, Reader | None]) -> dict[str, tuple[Any, Any]]:
    tasks = stage.get("tasks") if isinstance(stage, dict) else None
    blocks = {}
    for name, task in tasks.items() if isinstance(tasks, dict) else ():
        if isinstance(task, dict) and isinstance(task.get("attacked"), dict):
            blocks[name] = (learnt.get(name) if name in learnt else _DISCRIMINATOR, task["attacked"])
    return blocks


def _attacker_faults(path: _Path, attacked: AttackedTraining, reader: Reader, source: Any) -> Iterator[_PathFault]:
    """Whether the attacker can change training rows of this reader and leaves their labels true."""
    attacker = attacked.attacker
    origin = "miniature" if source == "miniature" else reader.source or source or "hub"
    languages = reader.train_languages(origin)
    misfits = list(attacker_faults(attacker, reader, languages, origin))
    for field, what, hint in misfits:
        yield (*path, "attacker", *filter(None, field.split("."))), what, hint
    if tagging_stage(attacker):
        what = "a search of training rows cannot wait for a stage that tags"
        yield (*path, "attacker", "constraints", "part_of_speech"), what, "say tagger: {model: <a folder>}"
    if attacker.diagnostic:
        what = "lets labels become untrue, and nothing true could be learnt of them"
        yield (*path, "attacker", "diagnostic"), what, "leave it out, and take an attacker that keeps labels true"
    if not misfits:
        further_source = attacker.further_split("train", languages)
        offered = reader.offered_languages(origin, further_source[0]) if further_source else ()
        for language in further_source[1] if further_source else ():
            if language not in offered:
                what = f"takes rows from the {further_source[0] if further_source else ''} split of {reader.type_name}"
                yield (*path, "attacker"), f"{what}, which has none in '{language}'", f"it has {', '.join(offered)}"
    if form_facts(reader.form).searches_pool:
        for field in ("refresh", "weight"):
            if getattr(attacked, field) != AttackedTraining.model_fields[field].default:
                what = "the loss of a row of retrieval depends on the others of its batch, so its rows stand together"
                yield (*path, field), what, "leave it out"


def _victim_faults(
    path: _Path, stage: str, attacked: AttackedTraining, reader: Any, stages: Mapping[str, Any], readers: _StageReaders
) -> Iterator[_PathFault]:
    victim_stage, task = str(attacked.by), attacked.task
    if victim_stage not in stages:
        yield (*path, "by"), f"there is no stage '{victim_stage}'", suggest_name(victim_stage, stages)
        return
    if stage in prerequisite_stages(victim_stage, stages):
        yield (
            (*path, "by"),
            f"'{victim_stage}' waits for '{stage}' itself",
            "ask a stage that does not need it, or say refresh",
        )
    elif task is not None and task not in readers[victim_stage]:
        what = f"stage '{victim_stage}' has no task '{task}' that learns labels"
        yield (*path, "task"), what, suggest_name(task, readers[victim_stage])
    elif isinstance(reader, Reader) and None not in readers[victim_stage].values():
        learners = {name: other for name, other in readers[victim_stage].items() if other and task in (None, name)}
        if not any(_same_labels(reader, other) for other in learners.values()):
            what = (
                f"no task of stage '{victim_stage}' has"
                if task is None
                else f"task '{task}' of stage '{victim_stage}' does not have"
            )
            what += f" the form and labels of {reader.type_name}"
            yield (*path, "task" if task else "by"), what, "ask one that learnt them"


def _same_labels(reader: Reader, other: Reader) -> bool:
    return (reader.form, reader.label_names()) == (other.form, other.label_names())


def head_task(attacked: AttackedTraining, reader: Reader, tasks: Mapping[str, Any]) -> str:
    """The task of the victim's stage whose head answers."""
    return attacked.task or next(name for name, task in tasks.items() if _same_labels(reader, task.reader))


def prerequisite_stages(name: str, stages: Mapping[str, Any]) -> set[str]:
    """``name`` and every stage that it waits for, in plain data."""
    seen, pending = set[str](), [name]
    while pending:
        current = pending.pop()
        stage = stages.get(current)
        if current in seen or not isinstance(stage, dict):
            continue
        seen.add(current)
        distil, tasks = stage.get("distil"), stage.get("tasks")
        needed = [stage.get("start"), distil.get("stage") if isinstance(distil, dict) else None]
        for task in tasks.values() if isinstance(tasks, dict) else ():
            attacked = task.get("attacked") if isinstance(task, dict) else None
            needed.append(attacked.get("by") if isinstance(attacked, dict) else None)
        pending += [other for other in needed if isinstance(other, str)]
    return seen


def tagging_stage(attacker: Attacker) -> Tagged | None:
    """The stage of the recipe that tells an attacker parts of speech."""
    return attacker.constraints.tagger_stage if isinstance(attacker, Search) else None


def tagging_task(tagging: Tagged, tasks: Mapping[str, Reader | None]) -> tuple[str, Any]:
    """The task that tags, and its reader; "" and None where there is none."""
    fitting = {name: reader for name, reader in tasks.items() if reader and form_facts(reader.form).tags_words}
    name = tagging.task or next(iter(fitting), "")
    return (name, fitting[name]) if name in fitting else ("", None)
