"""What a recipe says of teachers and of options that only some stages can have: faults, and what the graph needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xfer.core.errors import suggest_name
from xfer.forms.sheet import form_facts
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import prerequisite_stages

_PathFault = tuple[tuple[str | int, ...], str, str]
_StageReaders = Mapping[
    str, Mapping[str, Reader | None]
]  # of each stage: the tasks that learn labels; None where faulty


def teachable_tasks(teacher: Reader, tasks: Mapping[str, Reader | None]) -> list[str]:
    """The tasks that a teacher of this data set can teach: those of its form and labels."""
    shape = (teacher.form, teacher.label_names())
    return [name for name, reader in tasks.items() if reader and (reader.form, reader.label_names()) == shape]


def distil_faults(stages: Mapping[str, Any], readers: _StageReaders) -> Iterator[_PathFault]:
    """What stands against the teachers of a recipe's stages (plain data)."""
    for name, stage in stages.items():
        distil = stage.get("distil") if isinstance(stage, dict) else None
        if not isinstance(distil, dict) or not isinstance(distil.get("stage"), str):
            continue
        path, source = ("stages", name, "distil"), distil["stage"]
        if source not in stages:
            yield (*path, "stage"), f"there is no stage '{source}'", suggest_name(source, stages)
        elif name in prerequisite_stages(source, stages):
            yield (*path, "stage"), f"'{source}' waits for '{name}' itself", "learn from a stage that does not need it"
        elif "task" in distil and distil["task"] not in readers[source]:
            what = f"stage '{source}' has no task '{distil['task']}' that learns labels"
            yield (*path, "task"), what, suggest_name(str(distil["task"]), readers[source])
        else:
            yield from _teacher_faults(path, readers[source], distil.get("task"), readers[name])


def _teacher_faults(
    path: tuple[str | int, ...], source: Mapping[str, Reader | None], task: Any, learnt: Mapping[str, Reader | None]
) -> Iterator[_PathFault]:
    teacher = source.get(task or next(iter(source), ""))
    if teacher is None or None in learnt.values():
        return  # faulty by itself
    if form_facts(teacher.form).searches_pool:
        yield path, "the teacher's task is one of retrieval, which has vectors and no answers", "name another stage"
    elif not teachable_tasks(teacher, learnt):
        what = f"no task of the stage has the form and labels of {teacher.type_name}, which the teacher learnt"
        yield path, what, "learn from a stage of the same form and labels"


def option_faults(name: str, trainer: Any, tasks: Mapping[str, Reader | None], model: Any) -> Iterator[_PathFault]:
    """What stands against a trainer's options in a stage with these tasks."""
    forms: Sequence[str] = [reader.form for reader in tasks.values() if reader]
    for path, what, hint in trainer.find_faults(forms) if trainer and None not in tasks.values() else ():
        yield ("stages", name, "trainer", *path), what, hint
    trains_encoder = trainer and model and not (model.freeze_layers or model.freeze_embeddings)
    if trains_encoder and getattr(trainer, "unfreeze", None) and not trainer.freeze_encoder:
        what = "nothing is frozen that could be trained later"
        yield ("stages", name, "trainer", "unfreeze"), what, "add freeze_encoder: true, or model.freeze_layers"
