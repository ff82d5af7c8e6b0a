"""Adversaries that keep a prediction where it is: smart, alum, vat, r3f, r4f."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from xfer.trainers.adversaries.base import Adversary, Ascent, Ball

if TYPE_CHECKING:
    import torch

    from xfer.models.network import Network
    from xfer.trainers.adversaries.micro_batch import MicroBatch

EARLY_SHARE = 0.1  # the share of a run in which SMART's slow weights follow faster


@Adversary.register("smart")
class Smart(Ascent):
    """Loss + weight * max symmetric KL(f(x), f(x + delta)) + proximal * symmetric KL(f(x), slow f(x)).

    Jiang et al. 2020 ("SMART", section 3): smoothness-inducing regularisation and Bregman proximal point steps, sped
    up by momentum. The slow network is a moving average of the weights, read without dropout. Defaults of the first
    two terms: mt-dnn's code (namisan/mt-dnn, ``perturbation.py``), which has no projection and no proximal term; the
    weight of that term and its two momenta are ours.
    """

    norm: Literal["l2", "linf"] = Field("linf", description="norm of the ball")
    per: Literal["sequence", "token"] = Field("token", description="what one norm is taken over")
    steps: int = Field(1, ge=0, description="ascent steps; 0 for no perturbation")
    rate: float = Field(1e-3, ge=0, description="length of an ascent step, in the norm of the ball")
    start: float = Field(1e-5, ge=0, description="standard deviation of the noise before the first ascent step")
    weight: float = Field(1.0, ge=0, description="factor of the divergence under the perturbation")
    proximal: float = Field(1.0, ge=0, description="factor of the divergence from the slow network; 0 for none")
    momentum: tuple[float, float] = Field(
        (0.99, 0.999), description="share that the slow weights keep at an update: in the first tenth, and later"
    )

    @property
    def is_active(self) -> bool:
        return self._is_perturbing or self.proximal > 0

    @property
    def whole_weights(self) -> bool:
        return self.proximal > 0

    @property
    def _is_perturbing(self) -> bool:
        return super().is_active and self.weight > 0

    def first_delta(self, micro: MicroBatch) -> torch.Tensor:
        from xfer.trainers.adversaries import norm_balls  # late: imports torch

        noise = self.start * micro.normal() * micro.mask(self.special)
        return norm_balls.project_to_ball(noise, self.radius, self.norm, self.per)

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        from xfer.trainers.losses.divergences import symmetric_kl  # late: imports torch

        logits = micro.logits()
        loss, clean = micro.loss(logits), micro.chances(logits)
        if self._is_perturbing:
            delta = self._worst_delta(micro, clean.detach())
            perturbed = micro.chances(micro.logits(delta, self.steps + 1))
            loss = loss + self.weight * micro.mean(symmetric_kl(perturbed, clean))
        if self.proximal:
            slow = micro.chances(micro.twin(micro.kept))
            loss = loss + self.proximal * micro.mean(symmetric_kl(clean, slow))
        return micro.backward(loss)

    def _worst_delta(self, micro: MicroBatch, clean: torch.Tensor) -> torch.Tensor:
        from xfer.trainers.losses.divergences import symmetric_kl  # late: imports torch

        def apart(logits: Any) -> Any:
            return micro.mean(symmetric_kl(micro.chances(logits), clean))

        delta = self.first_delta(micro)
        for step in range(self.steps):
            delta = self.ascent_step(delta, micro.slope(delta, step + 1, apart), micro)
        return delta

    def initial_state(self, network: Network) -> dict[str, torch.Tensor]:
        return {name: tensor.clone() for name, tensor in network.named_weights().items()} if self.proximal else {}

    def after_update(self, network: Network, state: dict[str, torch.Tensor], progress: float) -> None:
        weights = network.named_weights() if state else {}
        share = self.momentum[progress > EARLY_SHARE]
        for name, slow in state.items():
            if slow.is_floating_point():
                slow.lerp_(weights[name], 1 - share)
            else:
                slow.copy_(weights[name])


@Adversary.register("alum")
class Alum(Smart):
    """SMART's first two terms with more weight on the second (Liu et al. 2020, "ALUM", algorithm 1).

    Defaults of the perturbation: mt-dnn's code (``alum``). Its weight is 1 if none is given; 10 is what our notes
    on the paper name.
    """

    weight: float = Field(10.0, ge=0, description="factor of the divergence under the perturbation")
    proximal: float = Field(0.0, ge=0, description="factor of the divergence from the slow network; 0 for none")


@Adversary.register("vat")
class Vat(Ball):
    """Loss + weight * KL(f(x) || f(x + delta)), delta in the direction that power iteration finds.

    Miyato, Dai, Goodfellow 2017 (section 3). Iterations, ``probe`` and weight are those of their code
    (tensorflow/models, adversarial_text). It has a length of 5 a sequence, for embeddings scaled to unit variance;
    encoders' embeddings are smaller and not scaled: the length here is ours.
    """

    steps: int = Field(1, ge=0, description="power iterations; 0 for plain training")
    radius: float = Field(1.0, ge=0, description="norm of the perturbation; 0 for plain training")
    probe: float = Field(0.1, gt=0, description="norm of the random perturbation whose gradient is taken")
    weight: float = Field(1.0, ge=0, description="factor of the divergence; 0 for plain training")

    @property
    def is_active(self) -> bool:
        return self.steps > 0 and self.radius > 0 and self.weight > 0

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        from xfer.trainers.adversaries import norm_balls  # late: imports torch
        from xfer.trainers.losses.divergences import kl_divergence

        logits = micro.logits()
        loss, clean = micro.loss(logits), micro.chances(logits).detach()

        def apart(perturbed_logits: Any) -> Any:
            return micro.mean(kl_divergence(clean, micro.chances(perturbed_logits)))

        mask = micro.mask(self.special)
        direction = norm_balls.to_unit_norm(micro.normal() * mask, self.norm, self.per)
        for _ in range(self.steps):  # with the clean pass' dropout: its noise would hide so small a divergence
            direction = norm_balls.to_unit_norm(
                micro.slope(self.probe * direction, 0, apart) * mask, self.norm, self.per
            )
        return micro.backward(loss + self.weight * apart(micro.logits(self.radius * direction)))


@Adversary.register("r3f")
class R3f(Adversary):
    """Loss + weight * symmetric KL(f(x), f(x + noise)) with noise that follows no gradient.

    Aghajanyan et al. 2020 ("Better fine-tuning by reducing representational collapse"). Defaults: fairseq
    (``examples/rxf``). Both passes have dropout masks of their own, as there.
    """

    size: float = Field(1e-5, ge=0, description="half width of uniform noise, standard deviation of normal noise")
    noise: Literal["uniform", "normal"] = Field("uniform", description="distribution of each number")
    weight: float = Field(1.0, ge=0, description="factor of the divergence; 0 for plain training")
    special: bool = Field(True, strict=True, description="special tokens are perturbed too; padding never is")

    @property
    def is_active(self) -> bool:
        return self.size > 0 and self.weight > 0

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        from xfer.trainers.losses.divergences import symmetric_kl  # late: imports torch

        logits = micro.logits()
        draw = micro.uniform() if self.noise == "uniform" else micro.normal()
        perturbed_logits = micro.logits(self.size * draw * micro.mask(self.special), 1)
        divergences = symmetric_kl(micro.chances(perturbed_logits), micro.chances(logits))
        return micro.backward(micro.loss(logits) + self.weight * micro.mean(divergences))


@Adversary.register("r4f")
class R4f(R3f):
    """R3F with a head whose Lipschitz constant is at most 1 (Aghajanyan et al. 2020).

    Where fairseq divides the weight by its largest singular value in each pass, we divide the weight itself after
    each update, and only where that value is above 1: what is saved is an ordinary head that keeps the bound. The
    last linear layer of each head is bound, unless the encoder shares it (masked language models).
    """

    @property
    def whole_weights(self) -> bool:
        return self.is_active

    def initial_state(self, network: Network) -> dict[str, torch.Tensor]:
        self.after_update(network, {}, 0.0)
        return {}

    def after_update(self, network: Network, state: dict[str, torch.Tensor], progress: float) -> None:
        import torch  # late: it is heavy

        if not self.is_active:
            return
        encoder_modules = set(network.encoder.modules())
        encoder_parameters = {id(parameter) for parameter in network.encoder.parameters()}
        for head in network.heads.values():
            layers = [m for m in head.modules() if isinstance(m, torch.nn.Linear) and m not in encoder_modules]
            if layers and id(layers[-1].weight) not in encoder_parameters:
                weight = layers[-1].weight.detach()
                weight.div_(torch.linalg.matrix_norm(weight, 2).clamp(min=1))
