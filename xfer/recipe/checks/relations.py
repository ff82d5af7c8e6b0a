"""All checks of a recipe that concern more than one block: names that point nowhere, and blocks that do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from xfer.recipe.checks.attacked import attacked_faults
from xfer.recipe.checks.augmentation import augment_faults
from xfer.recipe.checks.discriminators import domain_faults
from xfer.recipe.checks.distillation import distil_faults, option_faults
from xfer.recipe.checks.evaluations import evaluation_faults
from xfer.recipe.checks.names import report_faults, start_faults
from xfer.recipe.checks.rows import training_faults
from xfer.recipe.partial import PartialRecipe, PathFault

RELATION_CHECKS = (
    start_faults,
    option_faults,
    domain_faults,
    distil_faults,
    attacked_faults,
    augment_faults,
    evaluation_faults,
    report_faults,
    training_faults,
)


def relation_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """The place, the message and a hint of each fault, in no order: a ``RecipeError`` sorts its faults by place."""
    for check in RELATION_CHECKS:
        yield from check(recipe)
