"""The job of a training node: a stage with its tasks, their attacked and augmented rows, and its teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from xfer.attackers.base import ModelFree
from xfer.forms.sheet import form_facts
from xfer.graph.jobs import AttackerInputs, HashedData, Job, ModelState, RowForm
from xfer.models.domain.base import Head
from xfer.trainers.attacked import AttackedTraining
from xfer.trainers.augmenting import Augment
from xfer.trainers.base import Mixer
from xfer.trainers.losses.consistency import Consistency
from xfer.trainers.settings import FinetuneSettings

ADDED_VERSION = 2  # of ``distil: {added: true}``; raise it when the same block would give other gradients


@dataclass(frozen=True, kw_only=True)
class AttackedJob:
    """Attacked rows beside those of a task: stored by an attack node, or made anew while the stage trains."""

    settings: AttackedTraining
    inputs: AttackerInputs  # of rows that are made anew; those of stored rows belong to the attack node

    def hashed_data(self) -> HashedData:
        settings = self.settings
        data: HashedData = {"weight": settings.weight, "beside": settings.beside}
        data |= {"keep": settings.keep} if settings.attacker.searches else {}
        if settings.refresh is None:
            return data
        data |= {"attacker": settings.attacker.identity(), "share": settings.share, "refresh": settings.refresh}
        return data | self.inputs.hashed_data()


@dataclass(frozen=True)
class AugmentStep:
    """One step of a task's augmentation, and the digests of the files that its attacker reads."""

    settings: Augment
    files: object = None

    def hashed_data(self) -> HashedData:
        settings = self.settings
        data: HashedData = {"share": settings.share}
        data |= {"subwords": settings.subwords.model_dump(mode="json")} if settings.subwords else {}
        data |= {"attacker": settings.attacker.identity()} if isinstance(settings.attacker, ModelFree) else {}
        return data | ({} if self.files is None else {"at": self.files})


@dataclass(frozen=True, kw_only=True)
class AugmentationJob:
    """How the rows of a task are changed as they are drawn."""

    steps: tuple[AugmentStep, ...]
    consistency: Consistency | None
    language: str | None  # that queries are spoken in, where it is not that of their row

    def hashed_data(self) -> HashedData:
        data: HashedData = {"augment": [step.hashed_data() for step in self.steps]}
        data |= {"consistency": self.consistency.identity()} if self.consistency else {}
        return data | ({"spoken": self.language} if self.language else {})


@dataclass(frozen=True, kw_only=True)
class TaskJob:
    """One task of a stage. ``condition`` names the task whose class probabilities a conditional head sees."""

    form: RowForm
    weight: float  # of its loss
    languages: tuple[str, ...]
    exponent: float | None = None  # of the rows of a language, where languages are drawn by their sizes
    head: Head | None = None  # a discriminator in place of the head that learns labels
    condition: str | None = None
    attacked: AttackedJob | None = None
    augmentation: AugmentationJob | None = None

    def hashed_data(self) -> HashedData:
        data: HashedData = {**self.form.hashed_data(), "weight": self.weight, "languages": list(self.languages)}
        data |= {"head": self.head.identity(), "conditions": self.condition} if self.head else {}
        data |= {} if self.exponent is None else {"exponent": self.exponent}
        data |= {"attacked": self.attacked.hashed_data()} if self.attacked else {}
        return data | (self.augmentation.hashed_data() if self.augmentation else {})

    @property
    def is_masked(self) -> bool:
        """Whether it learns masked language modelling."""
        return form_facts(self.form.name).masks_text and self.head is None


@dataclass(frozen=True, kw_only=True)
class TeacherJob:
    """What a stage learns of a finished one: the teacher's task, and the tasks of the stage that it teaches."""

    task: str
    student_tasks: tuple[str, ...]
    temperature: float
    weight: float
    added: bool

    def hashed_data(self) -> HashedData:
        data: HashedData = {"temperature": self.temperature, "weight": self.weight, "task": self.task}
        data |= {"added": True, "version": ADDED_VERSION} if self.added else {}
        return data | {"taught": list(self.student_tasks)}


@dataclass(frozen=True, kw_only=True)
class TrainJob(Job):
    """Trains a stage."""

    kind: ClassVar[str] = "train"
    seed: int
    tasks: Mapping[str, TaskJob]  # in the order of the recipe, those that learn labels first
    trainer: FinetuneSettings  # with every gap filled
    asked_length: int | None = None  # the max_length that the recipe itself writes; no part of the key
    mixer: Mixer
    limit: int | None  # of the optimiser steps
    frozen_layers: int
    freeze_embeddings: bool
    model: ModelState | None  # where it starts from no other stage
    start_task: str | None  # of the stage that it starts from: whose folder the encoder is read from
    teacher: TeacherJob | None

    def hashed_data(self) -> HashedData:
        data: HashedData = {"tasks": {name: task.hashed_data() for name, task in self.tasks.items()}}
        data |= {"order": list(self.tasks), "trainer": self.trainer.identity(), "mixer": self.mixer.identity()}
        data |= {"limit": self.limit, "freeze": {"layers": self.frozen_layers, "embeddings": self.freeze_embeddings}}
        data |= self.model.hashed_data() if self.model else {}
        return data | ({"distil": self.teacher.hashed_data()} if self.teacher else {})


def starting_task(tasks: Mapping[str, TaskJob], start_tasks: Mapping[str, TaskJob]) -> str:
    """The task of the stage before from whose folder a stage with these ``tasks`` starts: all hold the encoder.

    One of masked LM where both stages have such a task, as its head is carried along; else the first.
    """
    masked = [name for name, task in start_tasks.items() if task.is_masked]
    wanted = any(task.is_masked for task in tasks.values())
    return masked[0] if wanted and masked else next(iter(start_tasks))


def cut_inputs(asked: int | None, read: int | None) -> str:
    """A sentence where an encoder reads fewer subwords than the longest input was to have; else nothing.

    ``asked`` is what the recipe itself writes: a published length is meant for the published encoders.
    """
    if asked is None or read is None or asked <= read:
        return ""
    return f"max_length is {asked}, but the encoder reads {read} subwords at most: longer inputs are cut there"
