"""What is valid of a recipe that may be faulty: a component or block that is faulty by itself is None.

All checks that concern more than one block read this, so that a mistake in one place does not hide those in another.
What is None because it is faulty is reported by validation, and checks pass over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xfer.attackers.base import Attacker
from xfer.core.yaml import KeyPath
from xfer.models.base import Model
from xfer.models.domain.base import Head
from xfer.readers.base import Reader, Source
from xfer.recipe.recipe import Task
from xfer.recipe.rules import reader_source
from xfer.trainers.attacked import AttackedTraining
from xfer.trainers.base import Mixer, Trainer

PathFault = tuple[KeyPath, str, str]  # where in the recipe, what is wrong, a hint


class Mistyped(str):
    """The text of a value that stands in place of a name and is no text, such as a number: its type is the fault."""


@dataclass(frozen=True)
class PartialAttack:
    """``attacked:`` of a task: whom it asks, and the block as a whole."""

    by: str | None
    settings: AttackedTraining | None


@dataclass(frozen=True)
class PartialTask:
    """One task of a stage. ``path`` is its place in the recipe; in the short form of a stage that is the stage."""

    path: KeyPath
    fields: frozenset[str]  # the keys that stand in the file
    reader: Reader | None
    has_head: bool
    head: Head | None
    attacked: PartialAttack | None
    augmented: Task | None  # reader, augment and consistency; None unless one of the two is given and all are valid
    step_paths: tuple[KeyPath, ...]  # the place of the attacker of each step of ``augment``


@dataclass(frozen=True)
class PartialDistil:
    """``distil:`` of a stage that names its teacher."""

    stage: str
    task: str | None


@dataclass(frozen=True)
class PartialStage:
    """One stage. Tasks that learn labels stand before those with a discriminator."""

    path: KeyPath
    fields: frozenset[str]
    start: str | None
    tasks: dict[str, PartialTask]
    mixer: Mixer | None
    trainer: Trainer | None
    distil: PartialDistil | None

    @property
    def readers(self) -> dict[str, Reader | None]:
        """The reader of each task."""
        return {name: task.reader for name, task in self.tasks.items()}

    @property
    def learnt_readers(self) -> dict[str, Reader | None]:
        """The readers of the tasks that learn labels."""
        return {name: task.reader for name, task in self.tasks.items() if not task.has_head}


@dataclass(frozen=True)
class PartialEvaluation:
    """One evaluation."""

    path: KeyPath
    fields: frozenset[str]
    stage: str | None
    task: str | None
    has_reader: bool
    reader: Reader | None
    split: str
    languages: tuple[str, ...] | Literal["all"]
    has_smoothing: bool
    has_probe: bool
    is_attacked: bool
    attacker: Attacker | None


@dataclass(frozen=True)
class PartialRecipe:
    """A whole recipe."""

    start: str | None
    source: Source | None
    model: Model | None
    benchmark_start: str | None
    stages: dict[str, PartialStage]
    evaluations: dict[str, PartialEvaluation | None]
    report_names: dict[str, list[tuple[KeyPath, str]]]  # field of the report -> places and names of evaluations

    def source_of(self, reader: Reader) -> Source:
        """The source of a reader's rows; the usual one where the recipe's is faulty."""
        return reader_source(reader, self.source or "hub")

    def learnt_readers(self, stage: str) -> dict[str, Reader | None]:
        """The readers of the tasks of a stage that learn labels; none where there is no such stage."""
        return self.stages[stage].learnt_readers if stage in self.stages else {}

    def trained_reader(self, evaluation: PartialEvaluation) -> Reader | None:
        """The reader of the task that an evaluation tests: the first of its stage if it names none."""
        stage = self.stages.get(evaluation.stage or "")
        task = stage.tasks.get(evaluation.task or next(iter(stage.tasks), "")) if stage else None
        return task.reader if task else None

    def tested_reader(self, evaluation: PartialEvaluation) -> Reader | None:
        """The reader whose rows an evaluation tests on."""
        return evaluation.reader if evaluation.has_reader else self.trained_reader(evaluation)
