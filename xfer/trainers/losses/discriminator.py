"""The loss of a discriminator, which the encoder is turned against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SerializeAsAny

from xfer.models.domain.base import Head
from xfer.trainers.losses.base import Loss

if TYPE_CHECKING:
    from xfer.forms.base import Form


@Loss.register("discriminator")
class Discriminator(Loss):
    """What the head of a task says of its units; how strongly the encoder feels it grows over the run.

    The block ``head`` of a task makes it. No adversary perturbs such a task: it would climb the discriminator's loss as
    the encoder does, and nobody would resist.
    """

    block: ClassVar[str] = "head"
    perturbed: ClassVar[bool] = False

    head: SerializeAsAny[Head] = Field(description="the discriminator")

    def is_batchwise(self, form: Form) -> bool:
        return self.head.batchwise_loss

    def step_values(self, progress: float) -> Mapping[str, float]:
        return {"strength": self.head.reverse.at(progress)}
