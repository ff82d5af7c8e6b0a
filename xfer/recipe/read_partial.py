"""Reads from a recipe's plain data what is valid of it: each block once, and here alone as raw data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from xfer.attackers.base import Attacker
from xfer.core.yaml import KeyPath
from xfer.models.base import Model
from xfer.models.domain.base import Head
from xfer.readers.base import Reader, Source
from xfer.recipe.partial import (
    Mistyped,
    PartialAttack,
    PartialDistil,
    PartialEvaluation,
    PartialRecipe,
    PartialStage,
    PartialTask,
)
from xfer.recipe.recipe import Task
from xfer.recipe.rules import short_task_name
from xfer.trainers.attacked import AttackedTraining
from xfer.trainers.base import Mixer, Trainer

M = TypeVar("M", bound=BaseModel)
RawBlock = Mapping[str, Any]


def partial_recipe(data: RawBlock) -> PartialRecipe:
    """What is valid of a recipe's plain data."""
    stages, evaluations, source = _block(data.get("stages")), _block(data.get("evaluate")), data.get("source") or "hub"
    report = _block(data.get("report"))
    return PartialRecipe(
        start=_name_text(data.get("start")),
        source=next((valid for valid in get_args(Source) if valid == source), None),
        model=_valid(Model, data.get("model")),
        benchmark_start=_name_text(_block(data.get("benchmark")).get("start")),
        stages={name: _partial_stage(("stages", name), _block(raw)) for name, raw in stages.items()},
        evaluations={
            name: _partial_evaluation(("evaluate", name), raw) if isinstance(raw, dict) else None
            for name, raw in evaluations.items()
        },
        report_names={field: _report_names(field, report.get(field)) for field in ("compare", "baseline")},
    )


def _partial_stage(path: KeyPath, raw: RawBlock) -> PartialStage:
    distil = _block(raw.get("distil"))
    teacher = distil.get("stage")
    return PartialStage(
        path=path,
        fields=frozenset(raw),
        start=_name_text(raw.get("start")),
        tasks=_partial_tasks(path, raw),
        mixer=_valid(Mixer, raw.get("mixer", {})),
        trainer=_valid(Trainer, raw.get("trainer", {})),
        distil=PartialDistil(teacher, _name_text(distil.get("task"))) if isinstance(teacher, str) else None,
    )


def _partial_tasks(path: KeyPath, raw: RawBlock) -> dict[str, PartialTask]:
    """The tasks of a stage, in its long or short form."""
    if "tasks" not in raw:
        reader = raw.get("reader")
        return {} if reader is None else {short_task_name(reader): _partial_task(path, {"reader": reader})}
    tasks = {name: _partial_task((*path, "tasks", name), _block(task)) for name, task in _block(raw["tasks"]).items()}
    return dict(sorted(tasks.items(), key=lambda item: item[1].has_head))


def _partial_task(path: KeyPath, raw: RawBlock) -> PartialTask:
    attacked, head, reader = raw.get("attacked"), raw.get("head"), _valid(Reader, raw.get("reader"))
    changes = {name: raw[name] for name in ("augment", "consistency") if name in raw}
    return PartialTask(
        path=path,
        fields=frozenset(raw),
        reader=reader,
        has_head=head is not None,
        head=_valid(Head, head),
        attacked=PartialAttack(_name_text(attacked.get("by")), _valid(AttackedTraining, attacked))
        if isinstance(attacked, dict)
        else None,
        augmented=_valid(Task, {"reader": reader, **changes}) if changes else None,
        step_paths=_step_paths((*path, "augment"), raw.get("augment", [])),
    )


def _step_paths(path: KeyPath, raw: object) -> tuple[KeyPath, ...]:
    """Where the attacker of each step of ``augment`` stands: in a list or alone."""
    if isinstance(raw, list):
        return tuple(_attacker_path((*path, i), step) for i, step in enumerate(raw))
    return (_attacker_path(path, raw),)


def _attacker_path(path: KeyPath, step: object) -> KeyPath:
    """The place of a step's attacker, which may stand there by itself."""
    return (*path, "attacker") if isinstance(step, dict) and "attacker" in step else path


def _partial_evaluation(path: KeyPath, raw: RawBlock) -> PartialEvaluation:
    return PartialEvaluation(
        path=path,
        fields=frozenset(raw),
        stage=_name_text(raw.get("stage")),
        task=_name_text(raw.get("task")),
        has_reader=raw.get("reader") is not None,
        reader=_valid(Reader, raw.get("reader")),
        split=str(raw.get("split", "test")),
        languages=_languages(raw.get("languages", "all")),
        has_smoothing=raw.get("smoothing") is not None,
        has_probe=raw.get("probe") is not None,
        is_attacked=bool(raw.get("attacker")),
        attacker=_valid(Attacker, raw.get("attacker")),
    )


def _languages(raw: object) -> tuple[str, ...] | Literal["all"]:
    if raw == "all":
        return "all"
    return tuple(code if isinstance(code, str) else Mistyped(code) for code in raw) if isinstance(raw, list) else ()


def _report_names(field: str, raw: object) -> list[tuple[KeyPath, str]]:
    """The evaluations that a field of the report names, one or a list of them, each with its place."""
    path: KeyPath = ("report", field)
    places = [((*path, i), item) for i, item in enumerate(raw)] if isinstance(raw, list) else [(path, raw)]
    return [(place, name) for place, item in places if (name := _name_text(item)) is not None]


def _block(raw: object) -> dict[str, Any]:
    """A block of fields; empty where something else stands."""
    return raw if isinstance(raw, dict) else {}


def _name_text(raw: object) -> str | None:
    return raw if raw is None or isinstance(raw, str) else Mistyped(raw)


def _valid(kind: type[M], raw: object) -> M | None:
    """The component or block, or None where there is none or its own validation reports what is wrong."""
    try:
        return kind.model_validate(raw) if raw is not None else None
    except ValidationError:
        return None
