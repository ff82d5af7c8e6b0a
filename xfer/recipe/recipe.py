"""The recipe as frozen data: model, stages, evaluations, report. Validating it touches no file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SerializeAsAny, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from xfer.attackers.base import Attacker
from xfer.core.component import Block
from xfer.core.errors import suggest_name
from xfer.metrics.benchmarks import published_papers
from xfer.models.base import Model
from xfer.models.domain.base import Head
from xfer.models.probe_settings import Probe
from xfer.models.smoothing.settings import Vote
from xfer.readers.base import Languages, Reader, Source, Split
from xfer.recipe.benchmark import Targets, expand_plain_data
from xfer.recipe.names import EvaluationName, Name, PartName, TaskName
from xfer.recipe.rules import prerequisite_stages, reader_source, short_task_name
from xfer.trainers.attacked import AttackedTraining
from xfer.trainers.augmenting import Augments
from xfer.trainers.base import Mixer, Trainer
from xfer.trainers.finetune import Finetune
from xfer.trainers.losses.consistency import Consistency
from xfer.trainers.mixers import Proportional
from xfer.trainers.options import Distil, Sampling


def _check_seeds(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) != len(seeds):
        raise PydanticCustomError("seeds", "holds a number twice", {"hint": "each seed is one run"})
    return seeds


def _check_paper(value: str) -> str:
    if value not in published_papers():
        hint = {"hint": suggest_name(value, published_papers()), "known": ", ".join(published_papers()), "value": value}
        raise PydanticCustomError("unknown_paper", "no scores of '{value}' are known; there are {known}", hint)
    return value


Seeds = Annotated[tuple[int, ...], AfterValidator(_check_seeds)]


class Task(Block):
    """One data set that a stage trains on."""

    reader: SerializeAsAny[Reader] = Field(description="where the rows come from")
    weight: float = Field(1.0, gt=0, description="factor of this task's loss")
    sampling: Sampling | None = Field(None, description="how often its languages are drawn; as they come if left out")
    head: SerializeAsAny[Head] | None = Field(
        None, description="a discriminator over a column of the rows, in place of the head that learns their labels"
    )
    attacked: AttackedTraining | None = Field(
        None, description="rows whose text is changed, trained beside those they were"
    )
    augment: Augments = Field((), description="what changes a row anew each time it is drawn: one step, or a list")
    consistency: Consistency | None = Field(
        None, description="rows stay as they are, and their augmented views are to be answered alike (xTune)"
    )


class Stage(Block):
    """One training run. ``reader: mnli`` is short for one task of that name."""

    tasks: dict[TaskName, Task] = Field(min_length=1, description="data sets trained together in one encoder")
    start: str | None = Field(
        None, description="the stage whose encoder this one continues; none starts from the model"
    )
    seed: int | None = Field(None, description="a fixed seed: trained once and shared by all seeds of the recipe")
    mixer: SerializeAsAny[Mixer] = Field(Proportional(), description="which task a step trains")
    trainer: SerializeAsAny[Trainer] = Field(Finetune(), description="how the network is fitted")
    distil: Distil | None = Field(None, description="a finished stage to learn from, beside the labels")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if isinstance(value, dict) and "reader" in value and "tasks" in value:
            hint = {"hint": "reader is short for one task: keep one of them; reader: null takes away a parent's"}
            raise PydanticCustomError("reader_and_tasks", "gives both reader and tasks", hint)
        if isinstance(value, dict) and "reader" in value:
            reader = value["reader"]
            rest = {key: item for key, item in value.items() if key != "reader"}
            return rest | {"tasks": {short_task_name(reader): {"reader": reader}}}
        return value

    @field_validator("tasks")
    @classmethod
    def _label_tasks_first(cls, tasks: dict[str, Task]) -> dict[str, Task]:
        """Tasks that learn labels stand before those with a discriminator: the first is what is saved and tested."""
        return dict(sorted(tasks.items(), key=lambda item: item[1].head is not None))

    @property
    def first(self) -> Task:
        """The task whose published settings fill the trainer's gaps."""
        return next(iter(self.tasks.values()))

    @property
    def learnt_tasks(self) -> dict[str, Task]:
        """The tasks that learn labels: all but those with a discriminator."""
        return {name: task for name, task in self.tasks.items() if task.head is None}


class Evaluation(Block):
    """One test of one stage: clean, or under an attacker. Retrieval needs no stage of its own, or none at all."""

    stage: str | None = Field(
        None, description="the stage to test; for retrieval any, or none: the recipe's start or model as it is"
    )
    task: str | None = Field(None, description="the task whose head answers; the stage's first if left out")
    reader: SerializeAsAny[Reader] | None = Field(
        None, description="another data set of the same form and labels, one of retrieval, or one for a probe"
    )
    split: Split = Field("test", description="the split to test on")
    languages: Languages = Field("all", description="languages to test (ISO 639-1), or all")
    rows: int | None = Field(None, ge=1, description="at most this many rows a language, the same rows every time")
    attacker: SerializeAsAny[Attacker] | None = Field(None, description="changes the text first")
    smoothing: Vote | None = Field(None, description="predict by a vote over noisy copies, with certified radii")
    probe: Probe | None = Field(
        None, description="a fresh linear classifier on the states of the encoder answers, instead of a trained head"
    )


class Report(Block):
    """What the report shows beside the scores."""

    table: Literal["language"] = Field("language", description="one row a language")
    compare: str | tuple[str, ...] | None = Field(
        None,
        description="the clean evaluation that is laid beside the baseline, the first if left out; one for each data "
        "set. An attack is measured against it where its own stage has no clean evaluation",
    )
    baseline: str | tuple[str, ...] | None = Field(
        None, description="an evaluation without the intermediate stage; one for each data set"
    )
    against: Annotated[str, AfterValidator(_check_paper)] | None = Field(
        None, description="a publication whose verified scores are laid beside"
    )

    def named(self, field: Literal["compare", "baseline"]) -> tuple[str, ...]:
        """The evaluations that a field names."""
        value = getattr(self, field)
        return (value,) if isinstance(value, str) else value or ()


class Limits(Block):
    """Bounds laid over a whole recipe, by the miniature scale for one."""

    train_rows: int | None = Field(None, ge=1, description="rows of each training set and language")
    test_rows: int | None = Field(None, ge=1, description="rows of each evaluation and language")
    dev_rows: int | None = Field(None, ge=1, description="rows of each dev set and language")
    steps: int | None = Field(None, ge=1, description="optimiser steps of each stage")
    least_learning_rate: float | None = Field(
        None,
        gt=0,
        description="no stage trains at a smaller peak rate (published ones are too small for small encoders); "
        "a rate that is raised warms up over a tenth of the steps or more",
    )


class Recipe(Block):
    """One YAML file: what to train, what to test, what to report."""

    name: Name = Field(description="names the folder of results")
    description: str = Field("", description="one or two sentences for people")
    source: Source = Field("hub", description="where rows come from; a reader may name another, except in miniature")
    languages: Literal["all", "available"] = Field(
        "all",
        description="available: languages whose files the mirror lacks are left out, and the report says which; all: "
        "they are a fault",
    )
    model: SerializeAsAny[Model] = Field(description="the encoder that first stages start from")
    start: str | None = Field(None, description="the stage that stages without a start of their own continue")
    seeds: Seeds = Field((1,), min_length=1, description="every stage is trained once a seed")
    settings: Literal["phang2020", "xtreme", "xtreme_r"] | None = Field(
        None,
        description="the published table that fills what stages do not say, for the data sets it has; each data set's "
        "own (xfer show) if left out",
    )
    benchmark: Targets | None = Field(
        None, description="a benchmark whose targets become stages and evaluations, beside those named here"
    )
    stages: dict[PartName, Stage] = Field(
        {}, description="training runs, in any order; reader: in one is short for a task"
    )
    evaluate: dict[EvaluationName, Evaluation] = Field({}, description="tests of finished stages")
    report: Report = Field(Report(), description="what to lay side by side")
    limits: Limits = Field(Limits(), description="bounds on rows, steps and rates")

    @model_validator(mode="before")
    @classmethod
    def _expand_block(cls, value: object) -> object:
        return expand_plain_data(value)

    @model_validator(mode="after")
    def _check_not_empty(self) -> Recipe:
        if not self.stages and not self.evaluate:
            missing: Any = {"type": "missing", "loc": ("stages",), "input": {}}
            raise ValidationError.from_exception_data("Recipe", [missing])
        return self

    def start_of(self, name: str) -> str | None:
        """The stage that ``name`` continues, or None if it starts from the model.

        The recipe's own start holds for all stages but those that lead to it.
        """
        start = self.stages[name].start
        if start or self.start is None:
            return start
        return None if name in prerequisite_stages(self.start, self.stages) else self.start

    def tested_stage(self, evaluation: Evaluation) -> str | None:
        """The stage that an evaluation tests, or None if it tests the model."""
        return evaluation.stage or self.start

    def reader_of(self, evaluation: Evaluation) -> Reader:
        """The data set that an evaluation tests on."""
        if evaluation.reader:
            return evaluation.reader
        stage = self.stages[str(evaluation.stage)]
        return stage.tasks[evaluation.task or next(iter(stage.tasks))].reader

    def source_of(self, reader: Reader) -> Source:
        """The source of a reader's rows."""
        return reader_source(reader, self.source)
