"""Blocks of a trainer, a task and a stage that say how a network is carried from one task to another. Light."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from xfer.core.component import Block, field_version


class Unfreeze(Block):
    """When what is frozen at first is trained as well (Howard and Ruder 2018, "ULMFiT", section 3.3)."""

    at: float = Field(0.5, ge=0, le=1, description="share of the steps after which everything is trained")
    gradual: bool = Field(
        False, strict=True, description="one layer at a time from the top, at equal distances up to ``at``"
    )


class Average(Block):
    """Which mean of a run's weights is scored on dev sets, selected and saved."""

    last: int | None = Field(None, ge=1, description="mean of the weights at this many dev scores, the latest included")
    decay: float | None = Field(
        None, ge=0, lt=1, description="moving average: the share kept at a step, lower in the first steps"
    )

    @model_validator(mode="after")
    def _one(self) -> Average:
        if (self.last is None) == (self.decay is None):
            raise PydanticCustomError("one_average", "needs either last or decay", {"hint": "such as {last: 3}"})
        return self


class Adapt(Block):
    """Parameter-efficient training: the encoder keeps its weights and small parts are added.

    ``lora``, ``dora`` and ``ia3`` come from the package peft. What is saved is merged into the encoder's weights, so
    that any later stage, or transformers alone, reads it. ``houlsby`` and ``pfeiffer`` are bottleneck adapters, which
    cannot be merged: they are saved beside the encoder, and later stages and predictions of xfer put them back.
    ``houlsby`` trains the encoder's layer norms too, as its authors do.
    """

    method: Literal["lora", "dora", "ia3", "houlsby", "pfeiffer"] = Field(
        "lora",
        description="Hu et al. 2022; Liu et al. 2024; Liu et al. 2022; Houlsby et al. 2019; Pfeiffer et al. 2021",
        json_schema_extra=field_version(2, "houlsby", "pfeiffer"),
    )
    rank: int = Field(8, ge=1, description="of lora and dora; of houlsby and pfeiffer the width of the bottleneck")
    alpha: float = Field(16, gt=0, description="of lora and dora: the added part is scaled by alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1, description="of lora and dora: on what goes into the added part")
    targets: tuple[str, ...] | Literal["all"] | None = Field(
        None, description="names of linear layers, or all; if left out peft's choice, query and value in XLM-R"
    )

    @property
    def bottleneck(self) -> bool:
        """Whether the parts are bottleneck adapters."""
        return self.method in ("houlsby", "pfeiffer")

    @model_validator(mode="after")
    def _check_targets(self) -> Adapt:
        if self.bottleneck and self.targets is not None:
            context = {"method": self.method, "hint": "leave targets out"}
            raise PydanticCustomError("no_targets", "gives targets, but {method} has places of its own", context)
        return self


class Sampling(Block):
    """How often the languages of one task are drawn."""

    exponent: float = Field(
        ge=0, le=1, description="a language of n rows is drawn by n ** exponent (XLM-R: 0.3); 1 takes rows as they come"
    )


class Distil(Block):
    """Learning from a finished stage beside the labels (Hinton et al. 2015, section 2).

    Loss: (1 - weight) * task + weight * temperature ** 2 * KL(teacher || network), both softened by ``temperature``.
    The tasks that have the teacher task's form and labels are taught; others of the stage are not. With ``added`` and
    a temperature of 1 the last term is model consistency (Zheng et al. 2021, xTune's R2): the task counts in full, the
    divergence is averaged over the labels of forms classify and tag, and of a task with ``consistency.copies`` the
    copies alone are taught, as a mean over them. Weights of their scripts: 5, PAWS-X 2, UDPOS 0.3, MLQA 0.5.
    """

    stage: str = Field(description="the stage whose network teaches")
    task: str | None = Field(None, description="the task of that stage whose head teaches; its first if left out")
    temperature: float = Field(2.0, gt=0, description="divides the logits of both")
    weight: float = Field(0.5, ge=0, description="share of the teacher in the loss, at most 1; 0 for labels alone")
    added: bool = Field(
        False, strict=True, description="the teacher is added to the loss of the labels, with any weight"
    )

    @model_validator(mode="after")
    def _share(self) -> Distil:
        if self.weight > 1 and not self.added:
            hint = {"hint": "give at most 1, or say added: true"}
            raise PydanticCustomError("share", "gives a share of the loss above 1", hint)
        return self
