"""Adversaries that keep a prediction where it is: smart, alum, vat, r3f, r4f."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from xfer.trainers.adversaries.base import Adversary, Ball

if TYPE_CHECKING:
    import torch

    from xfer.models.network import Network
    from xfer.trainers.adversaries.micro_batch import MicroBatch

EARLY_SHARE = 0.1  # the share of a run in which SMART's slow weights follow faster


@Adversary.register("smart")
class Smart(Ball):
    """Loss + weight * symmetric KL(f(e), f(e + delta)) + proximal * symmetric KL(f(x), slow f(x)).

    Jiang et al. 2020 ("SMART", section 3): smoothness-inducing regularisation and Bregman proximal point steps, sped
    up by momentum. The first two terms are those of their code (namisan/mt-dnn, ``perturbation.py``), whose defaults
    are these: e is the output of the embedding layer; delta <- noise + rate * slope, then scaled to norm 1 a token,
    however small it was, so that the noise decides most of it; the slope is that of mt-dnn's own divergence
    (``odds_divergence``), summed over rows; the target of each of the two KL stands still. What differs: mt-dnn runs
    e + delta through positions and layer norm a second time, and perturbs padding, which no subword sees. The slow
    network is a moving average of the weights, read without dropout; mt-dnn has none, and the weight of that term and
    its two momenta are ours. Needs an encoder with an embedding layer of its own (XLM has none).
    """

    version: ClassVar[int] = 2

    norm: Literal["l2", "linf"] = Field("linf", description="norm of the perturbation")
    per: Literal["sequence", "token"] = Field("token", description="what one norm is taken over")
    steps: int = Field(1, ge=0, description="ascent steps; 0 for no perturbation")
    rate: float = Field(1e-5, ge=0, description="factor of the slope that is added to the noise")
    start: float = Field(1e-5, ge=0, description="standard deviation of the noise before the first ascent step")
    radius: float = Field(1.0, ge=0, description="norm that a perturbation is scaled to; 0 for no perturbation")
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
        return self.steps > 0 and self.radius > 0 and self.weight > 0 and (self.rate > 0 or self.start > 0)

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """The clean pass, the perturbed one and the slow network's; returns the sum of the terms, []."""
        from xfer.models.embeddings import shifted_layer_output  # late: imports torch
        from xfer.trainers.losses.divergences import detached_symmetric_kl, symmetric_kl

        logits = micro.logits()
        loss, clean = micro.loss(logits), micro.chances(logits)
        if self._is_perturbing:
            delta = self._worst_delta(micro, clean.detach())
            perturbed = micro.chances(micro.logits(delta, self.steps + 1, shifted_layer_output))
            loss = loss + self.weight * micro.mean(detached_symmetric_kl(perturbed, clean))
        if self.proximal:
            slow = micro.chances(micro.twin(micro.kept))
            loss = loss + self.proximal * micro.mean(symmetric_kl(clean, slow))
        return micro.backward(loss)

    def _worst_delta(self, micro: MicroBatch, clean: torch.Tensor) -> torch.Tensor:
        """The perturbation after the ascent, [sequences, subwords, width].

        ``clean`` are log-probabilities, [units, answers] or [units, parts, answers].
        """
        from xfer.models.embeddings import shifted_layer_output  # late: imports torch
        from xfer.trainers.adversaries.norm_balls import rescale_to_norm
        from xfer.trainers.losses.divergences import odds_divergence

        def apart(logits: torch.Tensor) -> torch.Tensor:
            return odds_divergence(micro.chances(logits), clean).sum()

        mask = micro.mask(self.special)
        delta = self.start * micro.normal() * mask
        for step in range(self.steps):
            slope = micro.slope(delta, step + 1, apart, shifted_layer_output)
            delta = rescale_to_norm((delta + self.rate * slope) * mask, self.radius, self.norm, self.per)
        return delta

    def initial_state(self, network: Network) -> dict[str, torch.Tensor]:
        """The slow weights: a copy of each weight in the same shape; nothing without ``proximal``."""
        return {name: tensor.clone() for name, tensor in network.named_weights().items()} if self.proximal else {}

    def after_update(self, network: Network, state: dict[str, torch.Tensor], progress: float) -> None:
        """Moves each slow weight towards the network's own, which has the same shape."""
        weights = network.named_weights() if state else {}
        share = self.momentum[progress > EARLY_SHARE]
        for name, slow in state.items():
            if slow.is_floating_point():
                slow.lerp_(weights[name], 1 - share)
            else:
                slow.copy_(weights[name])


@Adversary.register("alum")
class Alum(Smart):
    """SMART's first two terms with a weight of 10 (Liu et al. 2020, "ALUM", algorithm 1).

    For fine-tuning, as mt-dnn has it: the perturbation of ``smart`` at ``--adv_alpha 10``. Its code for pretraining
    (``alum``) scales the perturbed embedding itself to norm 1 a token; that is not this.
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
        """The clean pass, and one in the direction of power iteration; returns loss + weighted divergence, []."""
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

    Aghajanyan et al. 2020 ("Better fine-tuning by reducing representational collapse"). As fairseq
    (``examples/rxf``), whose defaults are these: both passes have dropout masks of their own, and the word embeddings
    of the second are constants.
    """

    version: ClassVar[int] = 2

    size: float = Field(1e-5, ge=0, description="half width of uniform noise, standard deviation of normal noise")
    noise: Literal["uniform", "normal"] = Field("uniform", description="distribution of each number")
    weight: float = Field(1.0, ge=0, description="factor of the divergence; 0 for plain training")
    special: bool = Field(True, strict=True, description="special tokens are perturbed too; padding never is")

    @property
    def is_active(self) -> bool:
        return self.size > 0 and self.weight > 0

    def perturbed_backward(self, micro: MicroBatch) -> torch.Tensor:
        """The clean pass, and the one under noise; returns loss plus weighted divergence, []."""
        from xfer.models.embeddings import shifted_constants  # late: imports torch
        from xfer.trainers.losses.divergences import symmetric_kl

        logits = micro.logits()
        draw = micro.uniform() if self.noise == "uniform" else micro.normal()
        perturbed_logits = micro.logits(self.size * draw * micro.mask(self.special), 1, shifted_constants)
        divergences = symmetric_kl(micro.chances(perturbed_logits), micro.chances(logits))
        return micro.backward(micro.loss(logits) + self.weight * micro.mean(divergences))


@Adversary.register("r4f")
class R4f(R3f):
    """R3F with a head whose largest singular value is 1 (Aghajanyan et al. 2020).

    As fairseq, each pass divides the last linear layer of a head by that value, through which the gradient goes too.
    Where fairseq estimates it by one power iteration a pass we compute it, and after each update we divide the weight
    itself, so that what is saved is an ordinary head: updates are then relative to a weight of norm 1, not to the one
    that the head began with. A layer that the encoder shares (masked language models) is left alone.
    """

    @property
    def whole_weights(self) -> bool:
        return self.is_active

    def attach_modules(self, network: Network, seed: int) -> None:
        from xfer.models.spectral import divide_outputs  # late: imports torch

        if self.is_active:
            divide_outputs(network)

    def initial_state(self, network: Network) -> dict[str, torch.Tensor]:
        """Divides the weights [outputs, inputs] before the first step; keeps no tensors."""
        self.after_update(network, {}, 0.0)
        return {}

    def after_update(self, network: Network, state: dict[str, torch.Tensor], progress: float) -> None:
        """Divides the last layers' weights [outputs, inputs] by their largest singular values."""
        from xfer.models.spectral import divide_weights  # late: imports torch

        if self.is_active:
            divide_weights(network)
