"""The head as a kind: a discriminator that reads a column of the rows off the encoder. Light: torch comes late."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from pydantic import Field

from xfer.core.component import Block, Component

if TYPE_CHECKING:
    import numpy as np
    import torch


class JudgeNetwork(Protocol):
    """What a head uses of its discriminator (``judge.Judge``)."""

    layers: torch.nn.Sequential

    def frozen_outputs(self, features: torch.Tensor) -> torch.Tensor:
        """The outputs [units, values] for features [units, width], with no gradient for the weights."""
        ...


class Reverse(Block):
    """How strongly the encoder is turned against the discriminator, over a run."""

    peak: float = Field(1.0, ge=0, description="factor of the encoder's part; 0 leaves the encoder alone")
    ramp: Literal["dann", "linear", "constant"] = Field(
        "dann", description="from 0 up to the peak: 2 / (1 + exp(-10 progress)) - 1, in a line, or at once"
    )

    def at(self, progress: float) -> float:
        """The strength when ``progress`` (0 to 1) of the steps are done (Ganin et al. 2016, section 5.2.2)."""
        ramps = {"dann": 2 / (1 + math.exp(-10 * progress)) - 1, "linear": progress, "constant": 1.0}
        return self.peak * ramps[self.ramp]


class Steady(Reverse):
    """The same, with the defaults of methods that were published with a small constant factor."""

    peak: float = Field(0.01, ge=0, description="factor of the encoder's part; 0 leaves the encoder alone")
    ramp: Literal["dann", "linear", "constant"] = Field(
        "constant", description="from 0 up to the peak: 2 / (1 + exp(-10 progress)) - 1, in a line, or at once"
    )


class Head(Component, kind="head"):
    """A discriminator in place of a task's own head. The labels of the rows are not used."""

    default_type: ClassVar[str] = "domain"
    conditional: ClassVar[bool] = False  # whether it sees the class probabilities of another task

    of: str = Field("language", description="the column of the rows that is told apart")
    states: Literal["pooled", "first", "tokens"] = Field(
        "pooled", description="what is judged: the mean of a sequence's subwords, its first one, or each of them"
    )
    layer: int | None = Field(None, ge=0, description="hidden state, 0 being the embeddings; the last if left out")
    width: int | None = Field(None, ge=1, description="of the discriminator's hidden layers; the encoder's if left out")
    depth: int = Field(2, ge=0, description="hidden layers of the discriminator")
    dropout: float = Field(0.1, ge=0, lt=1, description="in the discriminator, whatever the stage's own is")
    learning_rate: float | None = Field(
        None, gt=0, description="the discriminator's peak rate, on the stage's schedule; the stage's if left out"
    )
    reverse: Reverse = Field(Reverse(), description="how strongly the encoder is turned against the discriminator")

    @property
    def critic_steps(self) -> int:
        """Updates of the discriminator alone before each step."""
        return 0

    @property
    def batchwise_loss(self) -> bool:
        """Whether the loss of a unit depends on the other units of its batch."""
        return False

    def hidden_layer(self, before: int, after: int) -> list[torch.nn.Module]:
        """A hidden layer of the discriminator, from ``before`` to ``after`` numbers."""
        import torch  # late: it is heavy

        return [torch.nn.Linear(before, after), torch.nn.ReLU(), torch.nn.Dropout(self.dropout)]

    def output_count(self, values: int) -> int:
        """Outputs of the discriminator of ``values`` domains."""
        return values

    def judge_features(
        self, judge: JudgeNetwork, features: torch.Tensor, batch: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """What ``losses`` needs, from features [units, width]: ``logits`` [units, values] and what else there is.

        ``batch`` holds ``strength`` where the encoder is trained, and ``critic`` where the discriminator alone is.
        """
        raise NotImplementedError

    def unit_losses(self, outputs: dict[str, torch.Tensor], batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """The loss of each unit, shape [units]; units with label -100 have none."""
        raise NotImplementedError

    def constrain_weights(self, judge: torch.nn.Module) -> None:
        """What is done to the discriminator's weights after an update of its own."""

    def value_scores(self, logits: torch.Tensor) -> torch.Tensor:
        """The evidence for each value, to be averaged over what belongs to a row, [units, values]."""
        return logits.log_softmax(-1)

    def centre_scores(self, scores: np.ndarray, gold: np.ndarray) -> np.ndarray:
        """Scores whose largest names the value, [rows, values]."""
        return scores
