"""InfoBERT: FreeLB's ascent with two terms on what the encoder's states tell of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from xfer.trainers.adversaries.base import Adversary
from xfer.trainers.adversaries.losses import FreeLb

if TYPE_CHECKING:
    import torch

    from xfer.models.network import Network
    from xfer.trainers.adversaries.micro_batch import MicroBatch


@Adversary.register("infobert")
class InfoBert(FreeLb):
    """FreeLB; in each pass loss + bottleneck * U - anchor * I (Wang et al. 2021, "InfoBERT", sections 3.1 and 3.2).

    U bounds what the states of subwords tell of the input: the mean of |t - t'|^2 / 2 over subwords of the batch, t'
    drawn among them. I bounds from below what the sentence's state tells of its anchored subwords (InfoNCE): those
    whose gradient is neither small nor among the largest, ranked by its norm. t is what the embeddings give, with
    positions and layer norm; the sentence's state is the encoder's first. As in the authors' code (AI-secure/InfoBERT,
    ``ANLI``, estimators of version 6): the ascent follows loss and U but not I; I is a mean over groups of as many
    pairs as the batch has sequences; its estimator is one hidden layer of 300, trained with the stage's rate and
    never saved. Defaults: their README's MNLI and ANLI run, whose 3 passes are 2 ascent steps; it has no bound.
    With several processes each takes its pairs from its own rows.
    """

    steps: int = Field(2, ge=0, description="ascent steps; a pass more gives gradients")
    rate: float = Field(0.04, ge=0, description="length of an ascent step, in the norm of the ball")
    start: float = Field(0.08, ge=0, description="size of the random perturbation before the first ascent step")
    radius: float | None = Field(None, ge=0, description="largest norm; 0 for no perturbation, no bound if left out")
    bottleneck: float = Field(5e-3, ge=0, description="factor of the bound on what states tell of inputs; 0 for none")
    anchor: float = Field(5e-3, ge=0, description="factor of what sentences tell of anchored subwords; 0 for none")
    between: tuple[float, float] = Field(
        (0.5, 0.9), description="anchored subwords: shares of the sentence's, from the least gradient to the largest"
    )

    @field_validator("between")
    @classmethod
    def _check_rising(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 1:
            raise PydanticCustomError("rising", "needs two shares that rise", {"hint": "such as [0.5, 0.9]"})
        return value

    @property
    def is_active(self) -> bool:
        return super().is_active or self._uses_information

    @property
    def _uses_information(self) -> bool:
        return self.bottleneck > 0 or self.anchor > 0

    @property
    def whole_weights(self) -> bool:
        return self.anchor > 0

    def attach_modules(self, network: Network, seed: int) -> None:
        from xfer.trainers.adversaries import information  # late: imports torch

        if self.anchor:
            network.aside["infobert"] = information.build_estimator(network, seed)

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """FreeLB's passes with the bounds of information in each; returns the mean loss and bounds of a pass, []."""
        if not self._uses_information:
            return super().perturbed_backward(micro)
        import torch

        from xfer.trainers.adversaries import information

        unperturbed = not super().is_active
        passes = 1 if unperturbed else self.steps + 1
        delta, total = micro.zeros() if unperturbed else self.first_delta(micro), torch.zeros((), device=micro.device)
        for step in range(passes):
            delta.requires_grad_()
            with information.watch_states(micro.inner) as recorded:
                loss = micro.loss(micro.logits(delta))
            if self.bottleneck:
                loss = loss + self.bottleneck * micro.share * information.bottleneck_bound(micro, recorded)
            total = total + micro.backward(loss / passes, again=self.anchor > 0)
            assert delta.grad is not None
            gradient = delta.grad.clone()
            if self.anchor:
                anchor_bound = information.anchor_information(micro, recorded, gradient, self.between)
                total = total + micro.backward(-self.anchor * micro.share * anchor_bound / passes)
            if step < passes - 1:
                delta = self.ascent_step(delta, gradient, micro)
        return total
