"""What an evaluation says of a linear probe. Light."""

from __future__ import annotations

from pydantic import Field

from xfer.core.component import Block
from xfer.forms.sheet import Pooling


class Probe(Block):
    """A linear classifier, fitted anew on the states of the tested encoder, answers instead of a head.

    The encoder stays as it is: what the classifier tells is there to be read in its states (Alain and Bengio 2017).
    It learns from the train split of the evaluation's reader, as many rows of each language.
    """

    layer: int | None = Field(None, ge=0, description="the hidden state, 0 being the embeddings; the last if left out")
    pooling: Pooling = Field("mean", description="how the states of a text become one vector")
    rows: int = Field(500, ge=2, description="training rows of each language, the same rows every time")
    l2: float = Field(1e-3, gt=0, description="weight of half the squared norm beside the mean cross-entropy")

    def describe(self) -> str:
        """What it is, for the notes of a report."""
        layer = "last hidden states" if self.layer is None else f"hidden states {self.layer}"
        return (
            f"a linear probe on {self.pooling}-pooled {layer}, fitted on at most {self.rows:,} rows of each language "
            f"(l2 {self.l2:g})"
        )
