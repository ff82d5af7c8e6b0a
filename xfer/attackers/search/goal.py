"""``goal:`` of a search: when an answer counts as wrong, for the forms where that is a question of degree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field

from xfer.core.component import Block
from xfer.forms.sheet import form_facts
from xfer.forms.texts import is_entity_tag

DEFAULT_BOUND = 0.5  # of tag and span: half of the tokens are wrong, half of the answer is lost


class Goal(Block):
    """What a search is after. In classify and choose any other answer than the gold one, which takes no option."""

    bound: float | None = Field(
        None,
        gt=0,
        le=1,
        description="tag: the share of gold tokens that must be wrong; span: the F1 below which an answer is lost; "
        "0.5 if left out",
    )
    tokens: Literal["entities", "all"] | None = Field(
        None, description="tag: which gold tokens count; those of entities, if left out, where tags are entities"
    )
    measure: Literal["f1", "exact"] | None = Field(
        None, description="span: what must be lost: F1 below the bound (if left out), or the exact match"
    )
    score: Literal["chance", "f1"] | None = Field(
        None, description="span: what leads the search: 1 - p(gold span) (if left out), or 1 - F1"
    )
    k: int | None = Field(
        None, ge=1, description="retrieve: reached when no right candidate is among the first k; 1 if left out"
    )

    def compatibility_faults(
        self, form: str, labels: Sequence[str], options: dict[str, Any]
    ) -> Iterator[tuple[str, str, str]]:
        """(field, message, hint) of what does not fit tasks of this form."""
        facts = form_facts(form)
        fitting = facts.goal_fields
        for name in type(self).model_fields:
            if getattr(self, name) is not None and name not in fitting:
                hint = f"it takes {', '.join(fitting)}" if fitting else "leave it out"
                yield name, f"the goal of a search on form {form} has no {name}", hint
        if facts.tags_words and self.tokens == "entities" and not is_entity_tag(list(labels)):
            yield "tokens", "the tags of this data set are no entities", "say tokens: all"
        if facts.locates_answers and self.measure == "exact" and self.bound is not None:
            yield "bound", "an exact match is lost or not, without a bound", "leave bound out, or say measure: f1"
        if facts.searches_pool and options.get("task") == "mining" and (self.k or 1) > 1:
            yield "k", "mining extracts one candidate a query", "leave k out"
