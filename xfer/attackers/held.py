"""Our constraints as TextAttack's: what recipes are put together with. Importing this module imports TextAttack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xfer.attackers import textattack_shim
from xfer.attackers.checks import Checks
from xfer.attackers.constraints import Constraints
from xfer.attackers.engine.hub import ask

_textattack: Any = textattack_shim.load()


class Held(_textattack.constraints.Constraint):
    """What a recipe of ours says in ``constraints:``, against the original text; all candidates of a step at once."""

    def __init__(self, constraints: Constraints) -> None:
        super().__init__(compare_against_original=True)
        self.checks = Checks(constraints, ask)

    def call_many(self, transformed_texts: Sequence[Any], reference_text: Any) -> list[Any]:
        allowed = self.checks.allowed(reference_text, transformed_texts)
        return [text for text, kept in zip(transformed_texts, allowed, strict=True) if kept]

    def __call__(self, transformed_text: Any, reference_text: Any) -> bool:
        return self.checks.allowed(reference_text, [transformed_text])[0]

    def _check_constraint(self, transformed_text: Any, reference_text: Any) -> bool:
        return self(transformed_text, reference_text)


class Free(_textattack.constraints.PreTransformationConstraint):
    """Words that are not frozen: edits of the others would come to nothing."""

    def _get_modifiable_indices(self, current_text: Any) -> set[int]:
        return set(range(current_text.num_words)) - current_text.frozen


def held(constraints: Constraints) -> list[Any]:
    """What a ``textattack.Attack`` needs so that its results hold ``constraints`` (and leave frozen words alone)."""
    return [Free(), *([Held(constraints)] if constraints.checked else [])]
