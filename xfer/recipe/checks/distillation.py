"""What a recipe says of teachers and of options that only some stages can have: faults, and what the graph needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xfer.core.errors import suggest_name
from xfer.forms.sheet import form_facts
from xfer.readers.base import Reader
from xfer.recipe.checks.names import unknown_name
from xfer.recipe.partial import PartialDistil, PartialRecipe, PartialStage, PathFault
from xfer.recipe.rules import prerequisite_stages, same_labels
from xfer.trainers.settings import FinetuneSettings


def teachable_tasks(teacher: Reader, tasks: Mapping[str, Reader | None]) -> list[str]:
    """The tasks that a teacher of this data set can teach: those of its form and labels."""
    return [name for name, reader in tasks.items() if reader and same_labels(teacher, reader)]


def distil_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the teachers of a recipe's stages."""
    for name, stage in recipe.stages.items():
        if stage.distil:
            yield from _teacher_stage_faults(name, stage, stage.distil, recipe)


def _teacher_stage_faults(
    name: str, stage: PartialStage, distil: PartialDistil, recipe: PartialRecipe
) -> Iterator[PathFault]:
    """What stands against the teacher of one stage."""
    path, teacher_stage, task = (*stage.path, "distil"), distil.stage, distil.task
    taught = recipe.learnt_readers(teacher_stage)
    if teacher_stage not in recipe.stages:
        yield from unknown_name((*path, "stage"), teacher_stage, recipe.stages, "stage")
    elif name in prerequisite_stages(teacher_stage, recipe.stages):
        what = f"'{teacher_stage}' waits for '{name}' itself"
        yield (*path, "stage"), what, "learn from a stage that does not need it"
    elif task is not None and task not in taught:
        what = f"stage '{teacher_stage}' has no task '{task}' that learns labels"
        yield (*path, "task"), what, suggest_name(task, taught)
    else:
        teacher = taught.get(task or next(iter(taught), ""))
        for what, hint in _teacher_faults(teacher, stage.learnt_readers):
            yield path, what, hint


def _teacher_faults(teacher: Reader | None, learnt: Mapping[str, Reader | None]) -> Iterator[tuple[str, str]]:
    """(message, hint) of what stands against a teacher's data set for a stage that learns these."""
    if teacher is None or None in learnt.values():
        return  # faulty by itself
    if form_facts(teacher.form).searches_pool:
        yield "the teacher's task is one of retrieval, which has vectors and no answers", "name another stage"
    elif not teachable_tasks(teacher, learnt):
        what = f"no task of the stage has the form and labels of {teacher.type_name}, which the teacher learnt"
        yield what, "learn from a stage of the same form and labels"


def option_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the trainers and mixers of a recipe's stages with the tasks that they have."""
    for stage in recipe.stages.values():
        for path, what, hint in stage.mixer.find_faults(stage.tasks) if stage.mixer else ():
            yield (*stage.path, "mixer", *path), what, hint
        forms = [reader.form for reader in stage.learnt_readers.values() if reader]
        all_valid = len(forms) == len(stage.learnt_readers)
        for path, what, hint in stage.trainer.find_faults(forms) if stage.trainer and all_valid else ():
            yield (*stage.path, "trainer", *path), what, hint
        yield from _unfreeze_faults(stage, recipe)


def _unfreeze_faults(stage: PartialStage, recipe: PartialRecipe) -> Iterator[PathFault]:
    """``unfreeze`` where the model and the trainer freeze nothing."""
    trainer, model = stage.trainer, recipe.model
    if not isinstance(trainer, FinetuneSettings) or model is None or model.freeze_layers or model.freeze_embeddings:
        return
    if trainer.unfreeze and not trainer.freeze_encoder:
        what = "nothing is frozen that could be trained later"
        yield (*stage.path, "trainer", "unfreeze"), what, "add freeze_encoder: true, or model.freeze_layers"
