"""Adversaries that raise the task's own loss: fgm, pgd, freeat, freelb; and random smoothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from xfer.trainers.adversaries.base import Adversary, Ascent, Ball

if TYPE_CHECKING:
    import torch

    from xfer.trainers.adversaries.micro_batch import MicroBatch


@Adversary.register("fgm")
class Fgm(Ball):
    """One gradient step of fixed length; the loss is the clean one plus ``weight`` times the perturbed one.

    Miyato, Dai, Goodfellow 2017 ("Adversarial training methods for semi-supervised text classification",
    section 3). Their code (tensorflow/models, adversarial_text) has weight 1 and, for embeddings scaled to unit
    variance, a length of 5 a sequence. Encoders' embeddings are smaller and not scaled: the length here is ours.
    """

    radius: float = Field(1.0, ge=0, description="norm of the perturbation; 0 for plain training")
    weight: float = Field(1.0, ge=0, description="factor of the perturbed loss; 0 for plain training")

    @property
    def is_active(self) -> bool:
        return self.radius > 0 and self.weight > 0

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """The clean pass, and the one under the step along its gradient; returns the sum of both losses, []."""
        from xfer.trainers.adversaries import norm_balls  # late: imports torch

        delta = micro.zeros().requires_grad_()
        clean = micro.backward(micro.loss(micro.logits(delta)))
        assert delta.grad is not None
        delta = self.radius * norm_balls.to_unit_norm(delta.grad * micro.mask(self.special), self.norm, self.per)
        return clean + micro.backward(self.weight * micro.loss(micro.logits(delta)))


@Adversary.register("pgd")
class Pgd(Ascent):
    """Trains on the last point of a projected gradient ascent (Madry et al. 2018), without the clean loss.

    Defaults: the MNLI script of the baseline ``VanillaPGD`` in Zhu et al.'s repository (zhuchen03/FreeLB).
    Dropout masks are the same in all passes, as there.
    """

    steps: int = Field(2, ge=0, description="ascent steps; 0 for plain training")
    rate: float = Field(0.1, ge=0, description="length of an ascent step, in the norm of the ball")
    start: float = Field(0.2, ge=0, description="size of the random perturbation before the first ascent step")
    radius: float | None = Field(0.2, ge=0, description="largest norm; 0 for plain training, null for no bound")

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """One pass at the last point of the ascent; returns its loss, []."""
        delta = self.first_delta(micro)
        for _ in range(self.steps):
            delta = self.ascent_step(delta, micro.slope(delta, 0, micro.loss), micro)
        return micro.backward(micro.loss(micro.logits(delta)))


@Adversary.register("freelb")
class FreeLb(Ascent):
    """The mean of the gradients at every point of the ascent (Zhu et al. 2020, "FreeLB", algorithm 1).

    Each of the ``steps`` + 1 passes gives both the parameters' gradient and the next ascent step. Dropout masks are
    the same in all passes (section 3.3). Defaults: their MNLI script (zhuchen03/FreeLB), whose ``adv-steps`` counts
    ascent steps as ``steps`` does here.
    """

    steps: int = Field(2, ge=0, description="ascent steps; 0 for plain training")
    rate: float = Field(0.1, ge=0, description="length of an ascent step, in the norm of the ball")
    start: float = Field(0.1, ge=0, description="size of the random perturbation before the first ascent step")
    radius: float | None = Field(0.3, ge=0, description="largest norm; 0 for plain training, null for no bound")

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """A pass at each point of the ascent; returns their mean loss, []."""
        delta, total = self.first_delta(micro), None
        for step in range(self.steps + 1):
            delta.requires_grad_()
            loss = micro.backward(micro.loss(micro.logits(delta)) / (self.steps + 1))
            total = loss if total is None else total + loss
            if step < self.steps:
                assert delta.grad is not None
                delta = self.ascent_step(delta, delta.grad, micro)
        assert total is not None
        return total


@Adversary.register("freeat")
class FreeAt(Ascent):
    """Every ascent step is an optimiser update too: the rows are replayed ``steps`` times (Shafahi et al. 2019).

    As the baseline ``FreeAT`` in Zhu et al.'s repository (zhuchen03/FreeLB), whose MNLI script gives the defaults: a
    batch starts from a perturbation of its own, each replay draws dropout masks of its own, and the loss is divided
    by ``steps`` + 1. A step of the run makes ``steps`` updates at the same learning rate.
    """

    version: ClassVar[int] = 2

    steps: int = Field(2, ge=0, description="updates with the same rows, each an ascent step too; 0 for plain training")
    rate: float = Field(0.1, ge=0, description="length of an ascent step, in the norm of the ball")
    start: float = Field(0.01, ge=0, description="size of the random perturbation before the first ascent step")
    radius: float | None = Field(0.2, ge=0, description="largest norm; 0 for plain training, null for no bound")

    @property
    def replay_count(self) -> int:
        return self.steps if self.is_active else 1

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """One pass of a replay, which moves the perturbation of the next; returns its loss over ``steps`` + 1, []."""
        delta = (self.first_delta(micro) if micro.delta is None else micro.delta).requires_grad_()
        loss = micro.backward(micro.loss(micro.logits(delta, micro.replay)) / (self.steps + 1))
        assert delta.grad is not None
        micro.delta, micro.replay = self.ascent_step(delta, delta.grad, micro), micro.replay + 1
        return loss


@Adversary.register("smoothing")
class Smoothing(Ball):
    """Trains on a random perturbation, uniform in a ball (Huang et al. 2021, 2104.08645, "RS-RP").

    The radius is ours (that of ``freelb``): their tables name none. An evaluation's ``smoothing`` votes over copies.
    """

    radius: float = Field(0.3, ge=0, description="radius of the ball; 0 for plain training")

    @property
    def is_active(self) -> bool:
        return self.radius > 0

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """One pass under a random perturbation; returns its loss, []."""
        from xfer.trainers.adversaries import norm_balls  # late: imports torch

        delta = norm_balls.uniform_in_ball(micro, micro.mask(self.special), self.radius, self.norm, self.per)
        return micro.backward(micro.loss(micro.logits(delta)))
