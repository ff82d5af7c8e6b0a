"""What a task of a stage says of training on attacked text. Light: the work is an attack node's, or the trainer's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import Field, SerializeAsAny, field_validator, model_validator
from pydantic_core import PydanticCustomError

from xfer.attackers.base import Attacker, AttackRow
from xfer.core.component import Block
from xfer.core.seeds import derive_seed

SUCCEEDED = "succeeded"  # of a searched attack: the answer was turned


class AttackedTraining(Block):
    """Training rows whose text an attacker changed, with the labels they had.

    A changed row is trained in the same step as the row it came from, so that a run has as many steps as without.
    """

    attacker: SerializeAsAny[Attacker] = Field(description="changes the text: by rule, or by a search against a victim")
    by: str | None = Field(None, description="the finished stage that a search asks")
    task: str | None = Field(None, description="the task of that stage whose head answers; its first that fits")
    refresh: float | None = Field(
        None,
        gt=0,
        description="a search asks the network in training, anew after so many steps; under 1 a share of the steps. "
        "It attacks rows that come up until the next time",
    )
    share: float = Field(0.2, ge=0, le=1, description="of the rows of each language; 0 is plain training")
    count: Literal["attacked", "succeeded"] = Field(
        "attacked",
        description="what the share counts with refresh: rows that are attacked, or, as TextAttack's trainer does, "
        "rows whose attack succeeded; it attacks until there are as many, or no row is left",
    )
    keep: Literal["succeeded", "all"] = Field(
        "succeeded", description="of a search: only texts that turned the victim's answer, or all that were changed"
    )
    beside: bool = Field(True, strict=True, description="changed rows stand beside those they came from, or in place")
    weight: float = Field(1.0, gt=0, description="factor of the loss of changed rows")

    @field_validator("refresh")
    @classmethod
    def _whole(cls, value: float | None) -> float | None:
        if value is not None and value >= 1 and value != int(value):
            hint = {"hint": "give a whole number, or a share of the stage's steps under 1"}
            raise PydanticCustomError("part_of_a_step", "is no number of steps", hint)
        return value

    @model_validator(mode="after")
    def _asked(self) -> AttackedTraining:
        given = [name for name in ("by", "refresh") if getattr(self, name) is not None]
        if self.attacker.searches and len(given) != 1:
            what = "gives both by and refresh" if given else "names nobody whom the search asks"
            hint = "keep one of them" if given else "add by: <a finished stage>, or refresh: <steps>"
            raise PydanticCustomError("asked", "{what}", {"what": what, "hint": hint})
        if self.count == "succeeded" and self.refresh is None:
            context = {"hint": "add refresh: <steps>, or leave count out"}
            raise PydanticCustomError(
                "counted", "counts successes, which only refresh attacks until there are", context
            )
        given += ["task"] if self.task is not None else []
        if given and not self.attacker.searches:
            context = {"name": given[0], "type": self.attacker.type_name, "hint": "leave it out"}
            raise PydanticCustomError("asks_nobody", "gives {name}, but attacker {type} asks nobody", context)
        if self.task is not None and self.by is None:
            raise PydanticCustomError("no_stage", "gives task, but no stage in by", {"hint": "leave it out"})
        return self


def draw_row_share(
    rows: Sequence[AttackRow], share: float, *names: Any, eligible: Callable[[AttackRow], bool] = lambda row: True
) -> list[int]:
    """The places of a ``share`` of the rows of each language, at least one, drawn by their ids: sorted.

    A larger share holds a smaller one. Other ``names`` draw other rows.
    """
    languages: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        if eligible(row):
            languages.setdefault(row["language"], []).append(index)
    chosen: list[int] = []
    for indices in languages.values():
        chosen += draw_row_order(indices, rows, *names)[: max(1, round(share * len(indices)))]
    return sorted(chosen)


def draw_row_order(indices: Sequence[int], rows: Sequence[AttackRow], *names: Any) -> list[int]:
    """The indices of some rows in an order that is drawn by their ids."""
    marks = {i: derive_seed("attacked", *names, rows[i]["language"], rows[i]["id"]) for i in indices}
    return sorted(indices, key=lambda i: (marks[i], i))
