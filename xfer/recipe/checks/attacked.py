"""What a recipe says of attacked training rows: faults, the nodes that attack them, and what a stage's job says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from xfer.attackers.base import Attacker
from xfer.attackers.constraints import Tagged
from xfer.attackers.search.base import Search
from xfer.core.errors import suggest
from xfer.readers.base import Reader
from xfer.recipe.checks.lexicons import attacker_faults
from xfer.trainers.attacked import Attacked

Path = tuple[str | int, ...]
Found = tuple[Path, str, str]
Readers = Mapping[str, Mapping[str, Reader | None]]  # of each stage: the tasks that learn labels; None where faulty


def attacked_faults(stages: Mapping[str, Any], readers: Readers, source: Any) -> Iterator[Found]:
    """What stands against the attacked training rows of a recipe's stages (plain data)."""
    for stage, block in stages.items():
        for task, (reader, raw) in _blocks(block, readers[stage]).items():
            here: Path = ("stages", stage, "tasks", task, "attacked")
            if reader is _HEAD:
                yield here, "belongs to a task that learns labels, and this one has a discriminator", "leave it out"
                continue
            try:
                attacked = Attacked.model_validate(raw)
            except ValidationError:
                continue  # told by itself
            if isinstance(reader, Reader):
                yield from _fits(here, attacked, reader, source)
            if attacked.by is not None:
                yield from _victim(here, stage, attacked, reader, stages, readers)


_HEAD = object()


def _blocks(stage: Any, learnt: Mapping[str, Reader | None]) -> dict[str, tuple[Any, Any]]:
    tasks = stage.get("tasks") if isinstance(stage, dict) else None
    found = {}
    for name, task in tasks.items() if isinstance(tasks, dict) else ():
        if isinstance(task, dict) and isinstance(task.get("attacked"), dict):
            found[name] = (learnt.get(name) if name in learnt else _HEAD, task["attacked"])
    return found


def _fits(here: Path, attacked: Attacked, reader: Reader, source: Any) -> Iterator[Found]:
    """Whether the attacker can change training rows of this reader and leaves their labels true."""
    attacker = attacked.attacker
    at = "miniature" if source == "miniature" else reader.source or source or "hub"
    languages = reader.train_languages(at)
    misfits = list(attacker_faults(attacker, reader, languages, at))
    for field, what, hint in misfits:
        yield (*here, "attacker", *filter(None, field.split("."))), what, hint
    if tagging(attacker):
        what = "a search of training rows cannot wait for a stage that tags"
        yield (*here, "attacker", "constraints", "part_of_speech"), what, "say tagger: {model: <a folder>}"
    if attacker.diagnostic:
        what = "lets labels become untrue, and nothing true could be learnt of them"
        yield (*here, "attacker", "diagnostic"), what, "leave it out, and take an attacker that keeps labels true"
    if not misfits:
        further = attacker.further("train", languages)
        offered = reader.offered(at, further[0]) if further else ()
        for language in further[1] if further else ():
            if language not in offered:
                what = f"takes rows from the {further[0] if further else ''} split of {reader.type_name}"
                yield (*here, "attacker"), f"{what}, which has none in '{language}'", f"it has {', '.join(offered)}"
    if reader.form == "retrieve":
        for field in ("refresh", "weight"):
            if getattr(attacked, field) != Attacked.model_fields[field].default:
                what = "the loss of a row of retrieval depends on the others of its batch, so its rows stand together"
                yield (*here, field), what, "leave it out"


def _victim(
    here: Path, stage: str, attacked: Attacked, reader: Any, stages: Mapping[str, Any], readers: Readers
) -> Iterator[Found]:
    by, task = str(attacked.by), attacked.task
    if by not in stages:
        yield (*here, "by"), f"there is no stage '{by}'", suggest(by, stages)
        return
    if stage in before(by, stages):
        yield (*here, "by"), f"'{by}' waits for '{stage}' itself", "ask a stage that does not need it, or say refresh"
    elif task is not None and task not in readers[by]:
        what = f"stage '{by}' has no task '{task}' that learns labels"
        yield (*here, "task"), what, suggest(task, readers[by])
    elif isinstance(reader, Reader) and None not in readers[by].values():
        found = {name: other for name, other in readers[by].items() if other and task in (None, name)}
        if not any(_same(reader, other) for other in found.values()):
            what = f"no task of stage '{by}' has" if task is None else f"task '{task}' of stage '{by}' does not have"
            what += f" the form and labels of {reader.type_name}"
            yield (*here, "task" if task else "by"), what, "ask one that learnt them"


def _same(one: Reader, other: Reader) -> bool:
    return (one.form, one.label_names()) == (other.form, other.label_names())


def head_of(attacked: Attacked, reader: Reader, tasks: Mapping[str, Any]) -> str:
    """The task of the victim's stage whose head answers."""
    return attacked.task or next(name for name, task in tasks.items() if _same(reader, task.reader))


def before(name: str, stages: Mapping[str, Any]) -> set[str]:
    """``name`` and every stage that it waits for, in plain data."""
    seen, left = set[str](), [name]
    while left:
        here = left.pop()
        stage = stages.get(here)
        if here in seen or not isinstance(stage, dict):
            continue
        seen.add(here)
        distil, tasks = stage.get("distil"), stage.get("tasks")
        after = [stage.get("start"), distil.get("stage") if isinstance(distil, dict) else None]
        for task in tasks.values() if isinstance(tasks, dict) else ():
            attacked = task.get("attacked") if isinstance(task, dict) else None
            after.append(attacked.get("by") if isinstance(attacked, dict) else None)
        left += [other for other in after if isinstance(other, str)]
    return seen


def tagging(attacker: Attacker) -> Tagged | None:
    """The stage of the recipe that tells an attacker parts of speech."""
    return attacker.constraints.tagger if isinstance(attacker, Search) else None


def tagging_task(named: Tagged, tasks: Mapping[str, Reader | None]) -> tuple[str, Any]:
    """The task that tags, and its reader; "" and None where there is none."""
    fitting = {name: reader for name, reader in tasks.items() if reader and reader.form == "tag"}
    name = named.task or next(iter(fitting), "")
    return (name, fitting[name]) if name in fitting else ("", None)
