"""The adversary as a kind: what perturbs the word embeddings while a network trains.

The loop hands each micro-batch over as a ``MicroBatch`` and lets the adversary do the backward passes. All that is
random is drawn through it, so that a step stays a pure function of (seed, step, micro-batch) and of the tensors that
``initial_state`` gave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from xfer.core.component import Component

if TYPE_CHECKING:
    import torch

    from xfer.models.network import Network
    from xfer.trainers.adversaries.micro_batch import MicroBatch


class Adversary(Component, kind="adversary"):
    """Perturbs the word embeddings while a network trains. The default does not."""

    default_type: ClassVar[str] = "none"

    @property
    def is_active(self) -> bool:
        """Whether anything is perturbed at all; where not, training is plain, to the bit."""
        return False

    @property
    def replay_count(self) -> int:
        """Optimiser updates that each step makes with the same rows."""
        return 1

    @property
    def whole_weights(self) -> bool:
        """Whether it reads or changes whole weights, which no process has where ``trainer.shard`` spreads them."""
        return False

    def backward(self, micro: MicroBatch) -> torch.Tensor:
        """Adds the gradient of one micro-batch to the parameters; returns the loss that was descended, []."""
        if self.is_active:
            return self.perturbed_backward(micro)
        loss = micro.loss(micro.logits())
        return micro.backward(loss)

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """What ``backward`` does where the adversary is active; returns the loss, []."""
        raise NotImplementedError

    def attach_modules(self, network: Network, seed: int) -> None:
        """Puts what is trained beside the network into ``network.aside``, before the optimiser is made."""

    def initial_state(self, network: Network) -> dict[str, torch.Tensor]:
        """Tensors of any shape, which each keeps, that live as long as the run and stand in its checkpoints.

        ``after_update`` changes them in place.
        """
        return {}

    def after_update(self, network: Network, state: dict[str, torch.Tensor], progress: float) -> None:
        """What follows an optimiser update; ``progress`` is the share of the run's steps that are done.

        ``state`` holds the tensors of ``initial_state``, of any shape; they keep it.
        """


class Ball(Adversary):
    """Where a perturbation may lie."""

    norm: Literal["l2", "linf"] = Field("l2", description="norm of the ball")
    per: Literal["sequence", "token"] = Field("sequence", description="what one norm is taken over")
    special: bool = Field(True, strict=True, description="special tokens are perturbed too; padding never is")


class Ascent(Ball):
    """Perturbations that climb the gradient: delta <- project(delta + rate * gradient / norm(gradient))."""

    steps: int = Field(description="ascent steps; 0 for plain training", ge=0)
    rate: float = Field(description="length of an ascent step, in the norm of the ball", ge=0)
    start: float = Field(0.0, ge=0, description="size of the random perturbation before the first ascent step")
    radius: float | None = Field(None, ge=0, description="largest norm; 0 for plain training, no bound if left out")

    @property
    def is_active(self) -> bool:
        return self.steps > 0 and self.radius != 0 and (self.rate > 0 or self.start > 0)

    def first_delta(self, micro: MicroBatch) -> torch.Tensor:
        """The perturbation before the first ascent step, [sequences, subwords, width]: uniform, up to ``start``."""
        from xfer.trainers.adversaries import norm_balls  # late: imports torch

        mask = micro.mask(self.special)
        return norm_balls.project_to_ball(
            norm_balls.uniform_in_cube(micro, mask, self.start, self.norm, self.per), self.radius, self.norm, self.per
        )

    def ascent_step(self, delta: torch.Tensor, gradient: torch.Tensor, micro: MicroBatch) -> torch.Tensor:
        """The perturbation one ascent step on, [sequences, subwords, width], cut off from the graph."""
        from xfer.trainers.adversaries import norm_balls  # late: imports torch

        gradient = gradient * micro.mask(self.special)
        ascended = delta.detach() + self.rate * norm_balls.to_unit_norm(gradient, self.norm, self.per)
        return norm_balls.project_to_ball(ascended, self.radius, self.norm, self.per)


@Adversary.register("none")
class Plain(Adversary):
    """Plain training."""
