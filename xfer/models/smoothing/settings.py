"""What an evaluation says of a vote over noisy copies, and the radius that a vote certifies. Light."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.core.component import Block


class Vote(Block):
    """Predict by the majority of noisy copies of the word embeddings, each uniform in a ball around them.

    A row's ``radius``, in the norm of the ball, is that within which no perturbation of its embeddings changes the
    vote, but for a chance of ``alpha``; 0 where the vote is not that clear. As in Cohen et al. 2019 (Certify), other
    copies choose the answer than bound its share.
    """

    FORMS: ClassVar[tuple[str, ...]] = ("classify", "choose")  # one answer a row, out of a few

    radius: float = Field(0.3, gt=0, description="radius of the ball that copies are drawn from")
    norm: Literal["l2", "linf"] = Field("l2", description="norm of the ball, over all subwords of a row")
    copies: int = Field(100, ge=10, description="noisy copies of each row; a tenth more choose the answer")
    alpha: float = Field(0.001, gt=0, lt=1, description="chance that a certified radius is too large")
    at: tuple[float, ...] = Field((0.0,), description="radii to report the share of rows that are certainly right at")

    def certified_radius(self, votes: int, dimensions: int) -> float:
        """The radius around a row of ``dimensions`` numbers whose answer has ``votes`` of the copies.

        Two balls (cubes) of radius r whose centres are apart share part of their volume, and the share of an answer
        differs between them by at most the rest. That rest must stay below the lead, lower bound - 1/2:
        the caps of a ball follow a beta distribution; cubes moved by v keep prod(1 - |v_i| / 2r).
        """
        from scipy.special import betaincinv  # late: it is heavy

        if not 2 * votes > self.copies:
            return 0.0
        lead = float(betaincinv(votes, self.copies - votes + 1, self.alpha)) - 0.5  # Clopper and Pearson's bound
        if lead <= 0:
            return 0.0
        if self.norm == "linf":
            return 2 * self.radius * -math.expm1(math.log1p(-lead) / dimensions)
        half = (dimensions + 1) / 2
        return self.radius * max(0.0, 2 - 4 * float(betaincinv(half, half, (1 - lead) / 2)))

    def metric_ratios(self, columns: dict[str, list[Any]]) -> dict[str, tuple[list[float], list[float]]]:
        """Each metric ``certified@r`` over graded predictions, as numerators and denominators of their rows."""
        graded = list(zip(columns["credit"], columns["radius"], strict=True))
        ones = [1.0] * len(graded)
        return {
            f"certified@{r:g}": ([float(c == 1 and radius > 0 and radius >= r) for c, radius in graded], ones)
            for r in self.at
        }
