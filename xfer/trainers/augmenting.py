"""The block ``augment`` of a task: how its rows are changed anew each time they are drawn. Light."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializeAsAny, model_validator
from pydantic_core import PydanticCustomError

from xfer.attackers.base import Attacker
from xfer.core.component import Block


class SubwordSampling(Block):
    """Words cut into other subwords than the tokenizer's own (subword regularisation).

    Byte-pair vocabularies: BPE-dropout (Provilkov et al. 2020, algorithm 1; 0.1 is theirs). Unigram vocabularies
    (XLM-R): a draw from all segmentations by their probability (Kudo 2018, section 3.3; all segmentations are his
    l = infinity, the exponent is ours). Words that we cannot cut exactly as the tokenizer does, such as those with
    unknown letters, stay as they are.
    """

    words: float = Field(1.0, ge=0, le=1, description="share of the words that are cut anew; 0 for none")
    drop: float = Field(0.1, ge=0, le=1, description="of byte-pair vocabularies: chance that a merge is left out")
    alpha: float = Field(
        0.2, ge=0, description="of unigram vocabularies: exponent of a segmentation's probability; 0 is uniform"
    )


class Augment(Block):
    """One change of a task's rows, made anew each time a row is drawn. An attacker alone is short for this."""

    attacker: SerializeAsAny[Attacker] | None = Field(None, description="changes the text; one that needs no model")
    subwords: SubwordSampling | None = Field(None, description="changes no text, but the subwords that it is cut into")
    share: float = Field(1.0, ge=0, le=1, description="chance that a row is changed when it is drawn; 0 for none")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        bare = isinstance(value, str | Attacker) or isinstance(value, dict) and "type" in value
        return {"attacker": value} if bare else value

    @model_validator(mode="after")
    def _one(self) -> Augment:
        if (self.attacker is None) == (self.subwords is None):
            hint = {"hint": "such as {attacker: typos, share: 0.5}; a list holds several"}
            raise PydanticCustomError("one_change", "needs either attacker or subwords", hint)
        return self

    @property
    def is_active(self) -> bool:
        """Whether anything is changed at all; where not, training is what it is without, to the bit."""
        return self.share > 0 and (self.subwords is None or self.subwords.words > 0)


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Augments = Annotated[tuple[Augment, ...], BeforeValidator(_as_list)]
