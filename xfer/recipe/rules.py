"""Rules that hold of a recipe and of what is valid of a faulty one: which stages wait for which, whence rows come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from xfer.readers.base import Reader, Source


class AttackLinks(Protocol):
    """What attacked training rows say of other stages."""

    @property
    def by(self) -> str | None: ...


class TaskLinks(Protocol):
    """What a task says of other stages."""

    @property
    def attacked(self) -> AttackLinks | None: ...


class DistilLinks(Protocol):
    """What distillation says of other stages."""

    @property
    def stage(self) -> str: ...


class StageLinks(Protocol):
    """What a stage says of other stages."""

    @property
    def start(self) -> str | None: ...

    @property
    def distil(self) -> DistilLinks | None: ...

    @property
    def tasks(self) -> Mapping[str, TaskLinks]: ...


def needed_stages(stage: StageLinks) -> list[str]:
    """The stages that must be finished before ``stage``: its start, its teacher, and the victims of its attacks."""
    victims = (task.attacked.by for task in stage.tasks.values() if task.attacked)
    names = (stage.start, stage.distil.stage if stage.distil else None, *victims)
    return [name for name in names if name is not None]


def prerequisite_stages(name: str, stages: Mapping[str, StageLinks]) -> set[str]:
    """``name`` and every stage that it waits for, directly or through others."""
    seen, pending = set[str](), [name]
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            pending += needed_stages(stages[current]) if current in stages else []
    return seen


def reader_source(reader: Reader, recipe_source: Source) -> Source:
    """Where a reader's rows come from: miniature holds for all readers, else the reader's own source wins."""
    return "miniature" if recipe_source == "miniature" else reader.source or recipe_source


def same_labels(reader: Reader, other: Reader) -> bool:
    """Whether a head that learnt the labels of one data set answers for the other."""
    return (reader.form, reader.label_names()) == (other.form, other.label_names())


def short_task_name(reader: object) -> str:
    """The name of the only task of a stage that is written with ``reader:`` alone, from what stands there."""
    name = reader.get("type") if isinstance(reader, dict) else reader
    return ("" if name is None else str(name)).rpartition(":")[2] or "task"
