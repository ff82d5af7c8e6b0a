"""``typos``: one slip of the finger in a share of the words, by script and keyboard layout."""

from __future__ import annotations

from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import EVERY_FORM, ModelFree
from xfer.forms.edits import Edit


@ModelFree.register("typos")
class Typos(ModelFree):
    """Swapped, dropped, doubled and neighbouring letters, on grapheme clusters.

    Languages: any; layouts by language, else by script. Chinese uses confusable characters.
    """

    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"
    example: ClassVar[str] = "the frozen river -> the frzoen river"

    rate: float = Field(0.1, ge=0, le=1, description="share of the words that get one typo")
    operations: tuple[Literal["swap", "drop", "double", "neighbour", "homophone", "diacritic"], ...] = Field(
        ("swap", "drop", "double", "neighbour", "homophone", "diacritic"),
        min_length=1,
        description="the slips to draw from",
    )

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        from xfer.attackers.letters import typos  # late: its layout tables are of no use to `xfer check`

        return typos(text, language, self.rate, random, self.operations)
