"""The discriminators: domain (DANN), cdan, adan and wasserstein, confusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from pydantic import Field

from xfer.core.errors import XferError
from xfer.models.domain.base import Head, JudgeNetwork, Steady

if TYPE_CHECKING:
    import numpy as np
    import torch

JudgeTensors = dict[str, "torch.Tensor"]


@Head.register("domain")
class Domain(Head):
    """Gradient reversal: the discriminator descends its cross-entropy, the encoder climbs it.

    Ganin et al. 2016 ("Domain-adversarial training of neural networks", equations 14 to 17; the ramp of section
    5.2.2). The size of the discriminator is that of Lee et al. 2019 (two hidden layers of the encoder's width). The
    loss is the mean over all units. fungtion/DANN adds up the means of two domains: with as many units of each that
    is twice as much, which ``weight: 2`` of the task gives.
    """

    def judge_features(self, judge: JudgeNetwork, features: torch.Tensor, batch: JudgeTensors) -> JudgeTensors:
        """``logits`` [units, values] of features [units, width]; their gradient is reversed in training."""
        from xfer.models.domain.judge import reverse_gradient  # late: imports torch

        return {
            "logits": judge.layers(reverse_gradient(features, batch["strength"]) if "strength" in batch else features)
        }

    def unit_losses(self, outputs: JudgeTensors, batch: JudgeTensors) -> torch.Tensor:
        """Cross-entropy of each unit, [units]."""
        from xfer.models.domain.judge import unit_cross_entropy  # late: imports torch

        return unit_cross_entropy(outputs["logits"], batch["labels"])


@Head.register("cdan")
class Cdan(Domain):
    """Gradient reversal on the outer product of features and class probabilities.

    Long et al. 2018 ("Conditional adversarial domain adaptation", section 3.2; no gradient goes through the
    probabilities in the product, as in thuml/CDAN). ``entropy`` (section 3.3, CDAN+E) weights each unit by
    1 + exp(-H) of its probabilities, so that each domain has as large a share; as there, the reversed gradient goes
    through H too, into the task's head. The discriminator's input is width x classes: wide label sets make it large.
    """

    version: ClassVar[int] = 2
    conditional: ClassVar[bool] = True

    task: str | None = Field(
        None, description="the task whose class probabilities it sees; the first that has any if left out"
    )
    entropy: bool = Field(True, strict=True, description="units that the task is sure of count more")

    @property
    def batchwise_loss(self) -> bool:
        return self.entropy  # weights are scaled over the batch

    def judge_features(self, judge: JudgeNetwork, features: torch.Tensor, batch: JudgeTensors) -> JudgeTensors:
        """``logits`` [units, values] from [units, width] and ``chances`` [units, classes], ``weights`` [units]."""
        from xfer.models.domain.judge import certainty_weights, outer_product, reverse_gradient  # late: imports torch

        chances = batch["chances"].detach()
        outputs = super().judge_features(judge, outer_product(features, chances), batch)
        if not self.entropy:
            return outputs
        if "strength" in batch:
            chances = reverse_gradient(batch["chances"], batch["strength"])
        return outputs | {"weights": certainty_weights(chances, batch["labels"])}

    def unit_losses(self, outputs: JudgeTensors, batch: JudgeTensors) -> torch.Tensor:
        """Cross-entropy of each unit, [units], weighted by how sure the task is of it."""
        losses = super().unit_losses(outputs, batch)
        return losses * outputs["weights"] if self.entropy else losses


@Head.register("confusion")
class Confusion(Head):
    """The encoder pulls the discriminator's answer towards uniform; the discriminator learns beside it.

    Lee et al. 2019 ("Domain-agnostic question-answering with adversarial training", section 2; seanie12/mrqa):
    KL(uniform || answer) with a factor of 0.01 through a discriminator that stands still, and cross-entropy on
    features that stand still. The target of maximal confusion is Tzeng et al. 2015's. Both losses are theirs; where
    theirs reads the first subword of the task's own batch and steps the discriminator with an optimiser of its own,
    here a task of its own gives the rows (``states: first`` reads what theirs reads) and one update does both.
    """

    reverse: Steady = Field(Steady(), description="how strongly the encoder is turned against the discriminator")

    def judge_features(self, judge: JudgeNetwork, features: torch.Tensor, batch: JudgeTensors) -> JudgeTensors:
        """``logits`` [units, values] of features [units, width] that stand still; ``encoder``, those of a discriminator
        that stands still, where the encoder is trained.
        """
        outputs = {"logits": judge.layers(features.detach())}
        return outputs | ({"encoder": judge.frozen_outputs(features)} if "strength" in batch else {})

    def unit_losses(self, outputs: JudgeTensors, batch: JudgeTensors) -> torch.Tensor:
        """Cross-entropy of each unit, [units], plus its divergence from uniform answers times ``strength``."""
        from xfer.models.domain.judge import uniform_divergence, unit_cross_entropy  # late: imports torch

        labelled = batch["labels"] >= 0
        return (
            unit_cross_entropy(outputs["logits"], batch["labels"])
            + batch["strength"] * uniform_divergence(outputs["encoder"]) * labelled
        )


@Head.register("wasserstein")
class Wasserstein(Head):
    """The encoder lowers the distance between domains that a critic without batch norm finds: ours, after ADAN.

    Chen et al. 2018 ("Adversarial deep averaging networks", section 3.1): before each step ``critic`` updates of the
    critic on rows of their own, its weights clipped; or the gradient penalty of Gulrajani et al. 2017 (section 4,
    factor 10). There one score tells two languages apart; here each value has a score against all others, so that
    with two values the distance is counted twice. What ADAN's authors have is ``adan``: their factor of 0.01 does not
    carry over, as the slope of their critic is about a hundredth of this one's. A score has no natural zero: accuracy
    is taken with the midpoint between the two means of each score on the dev rows. On a toy problem
    (``tests/models/domain/test_hidden_domains.py``) a factor of 0.01 hid nothing, one of 3 and more did.
    """

    reverse: Steady = Field(Steady(), description="how strongly the encoder is turned against the discriminator")
    learning_rate: float | None = Field(
        5e-4, gt=0, description="the critic's peak rate, on the stage's schedule; the stage's if left out"
    )
    critic: int = Field(5, ge=1, description="updates of the critic before each step")
    bound: Literal["clip", "penalty"] = Field("clip", description="what keeps the critic's slope bounded")
    clip: float = Field(0.01, gt=0, description="bound: clip; largest absolute weight of the critic")
    penalty: float = Field(10.0, gt=0, description="bound: penalty; factor of (norm of the slope - 1)^2")

    @property
    def critic_steps(self) -> int:
        return self.critic

    @property
    def batchwise_loss(self) -> bool:
        return True  # distances are between means over the batch

    def judge_features(self, judge: JudgeNetwork, features: torch.Tensor, batch: JudgeTensors) -> JudgeTensors:
        """``logits`` [units, values] of features [units, width]; ``penalty`` [] where that bounds the critic.

        Raises XferError where the encoder is not trained.
        """
        from xfer.models.domain.judge import slope_penalty  # late: imports torch

        if "critic" not in batch:
            self.require_trained(features, batch)
            return {"logits": judge.frozen_outputs(features)}
        features = features.detach()
        outputs = {"logits": judge.layers(features)}
        if self.bound == "penalty":
            outputs["penalty"] = self.penalty * slope_penalty(judge.layers, features, batch["labels"])
        return outputs

    def require_trained(self, features: torch.Tensor, batch: JudgeTensors) -> None:
        """Raises XferError where the encoder is to be turned and cannot be. Features are [units, width]."""
        if "strength" in batch and not features.requires_grad:
            what = f"head {self.type_name} judges states of an encoder that is not trained"
            raise XferError(f"{what}; use head domain there")

    def unit_losses(self, outputs: JudgeTensors, batch: JudgeTensors) -> torch.Tensor:
        """What each unit adds to the distance, [units]: times ``strength`` for the encoder, negated for the critic."""
        from xfer.models.domain.judge import domain_distance  # late: imports torch

        distance = domain_distance(outputs["logits"], batch["labels"])
        if "critic" not in batch:
            return batch["strength"] * distance
        return outputs["penalty"] - distance if "penalty" in outputs else -distance

    def constrain_weights(self, judge: torch.nn.Module) -> None:
        if self.bound == "clip":
            for parameter in judge.parameters():
                parameter.data.clamp_(-self.clip, self.clip)

    def value_scores(self, logits: torch.Tensor) -> torch.Tensor:
        """The critic's scores as they are, [units, values]."""
        return logits

    def centre_scores(self, scores: np.ndarray, gold: np.ndarray) -> np.ndarray:
        """Each score [rows, values] minus the midpoint of its means inside and outside its value; ``gold`` is [rows].

        Minus infinity for a value that has no rows on one side.
        """
        import numpy as np  # late: listings need no arrays

        shifted = np.full_like(scores, -np.inf)
        for value in range(scores.shape[1]):
            inside, outside = gold == value, (gold >= 0) & (gold != value)
            if inside.any() and outside.any():
                middle = (scores[inside, value].mean() + scores[outside, value].mean()) / 2
                shifted[:, value] = scores[:, value] - middle
        return shifted


@Head.register("adan")
class Adan(Wasserstein):
    """The encoder lowers the distance between languages that a critic with batch norm finds.

    Chen et al. 2018 ("Adversarial deep averaging networks", ADAN, section 3.1) as in their code (ccsasuke/adan), whose
    settings are the defaults: hidden layers are dropout, linear, batch norm, relu; each language goes through the
    critic by itself, and is normalised by its own units; weights are clipped before each update of the critic; one
    score tells the two apart. With more than two languages each has a score against all others, half the sum of the
    distances is lowered, and a batch is normalised as a whole, since few of its units are of one language: ours.
    Theirs gives the critic ten updates in the first 26 steps of a run and in every 500th; here it is ``critic`` in
    all. On dev rows the critic normalises by running means; with several processes those are of the batches that the
    first of them had.
    """

    dropout: float = Field(0.2, ge=0, lt=1, description="in the critic, before each hidden layer")
    bound: Literal["clip"] = Field("clip", description="what keeps the critic's slope bounded")

    def hidden_layer(self, before: int, after: int) -> list[torch.nn.Module]:
        import torch  # late: it is heavy

        linear, norm = torch.nn.Linear(before, after), torch.nn.BatchNorm1d(after)
        return [torch.nn.Dropout(self.dropout), linear, norm, torch.nn.ReLU()]

    def output_count(self, values: int) -> int:
        return 1 if values == 2 else values

    def judge_features(self, judge: JudgeNetwork, features: torch.Tensor, batch: JudgeTensors) -> JudgeTensors:
        """``logits`` [units, values] of features [units, width]; weights are clipped where the critic learns."""
        if "critic" in batch:
            self.constrain_weights(judge.layers)
            return {"logits": self._scores(judge, judge.layers, features.detach(), batch["labels"])}
        self.require_trained(features, batch)
        return {"logits": self._scores(judge, judge.frozen_outputs, features, batch["labels"])}

    @staticmethod
    def _scores(
        judge: JudgeNetwork,
        layers: Callable[[torch.Tensor], torch.Tensor],
        features: torch.Tensor,
        labels: torch.Tensor,
    ) -> torch.Tensor:
        """Scores [units, values] of features [units, width] with labels [units]; by running means in evaluation."""
        from xfer.models.domain.judge import both_signs, normalised_outputs  # late: imports torch

        if not judge.layers.training:  # by running means
            return both_signs(layers(features))
        return normalised_outputs(layers, cast("torch.nn.Linear", judge.layers[-1]).out_features == 1, features, labels)

    def unit_losses(self, outputs: JudgeTensors, batch: JudgeTensors) -> torch.Tensor:
        """Half of what ``wasserstein`` has, [units]: with two values both scores tell the same distance."""
        return super().unit_losses(outputs, batch) / 2
