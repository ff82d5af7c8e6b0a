"""What stands against rows that are changed as they are drawn."""

from __future__ import annotations

from collections.abc import Iterator

from xfer.attackers.base import Attacker, ModelFree
from xfer.core.yaml import KeyPath
from xfer.forms.sheet import form_facts
from xfer.readers.base import Reader
from xfer.recipe.checks.lexicons import training_attacker_faults
from xfer.recipe.partial import PartialRecipe, PartialTask, PathFault
from xfer.recipe.recipe import Task
from xfer.trainers.losses.consistency import Consistency

MOVING_ATTACKERS = ("word_order", "context_shuffle", "cross_language")  # after these no word stands where it stood


def augment_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the augmentation of a recipe's stages."""
    for stage in recipe.stages.values():
        for task in stage.tasks.values():
            if task.augmented and task.has_head:
                yield from _discriminator_faults(task)
            elif task.augmented:
                yield from _augmented_task_faults(task, task.augmented, recipe)


def _discriminator_faults(task: PartialTask) -> Iterator[PathFault]:
    what = "belongs to a task that learns labels, and this one has a discriminator"
    for field in ("augment", "consistency"):
        if field in task.fields:
            yield (*task.path, field), what, "leave it out"


def _augmented_task_faults(task: PartialTask, augmented: Task, recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the steps of one task, and against comparing rows with their views."""
    for path, step in zip(task.step_paths, augmented.augment, strict=True):
        if step.attacker:
            yield from _attacker_faults(path, step.attacker, augmented.reader, recipe)
            yield from _moved_words(path, step.attacker, augmented)
    if augmented.consistency:
        yield from _view_faults((*task.path, "consistency"), augmented, augmented.consistency)


def _attacker_faults(path: KeyPath, attacker: Attacker, reader: Reader, recipe: PartialRecipe) -> Iterator[PathFault]:
    """Whether an attacker can change rows of this reader at every draw and leaves their labels true."""
    if isinstance(attacker, ModelFree):
        yield from training_attacker_faults(path, attacker, reader, recipe)
    else:
        what = f"attacker {attacker.type_name} searches against a victim, which is too dear for every draw of a row"
        yield path, what, "use attacked: on the task, or an attacker that needs no model"


def _moved_words(path: KeyPath, attacker: Attacker, task: Task) -> Iterator[PathFault]:
    """An attacker that moves the words whose answers consistency compares."""
    if task.consistency and form_facts(task.reader.form).answers_places and attacker.type_name in MOVING_ATTACKERS:
        what = f"{attacker.type_name} moves words, so that none can be compared with itself"
        yield path, what, "leave out consistency, or take another attacker"


def _view_faults(path: KeyPath, task: Task, consistency: Consistency) -> Iterator[PathFault]:
    if not any(step.is_active for step in task.augment):
        yield path, "compares rows with what augment makes of them, and nothing is augmented", "add augment: ..."
    if form_facts(task.reader.form).masks_text:
        what = "compares answers, and two maskings of a text ask for different words"
        yield path, what, "leave it out"
    if not consistency.weight and consistency.labels == "row":
        yield (*path, "weight"), "leaves the view without any part in the loss", "give a weight, or say labels: both"
