"""Attackers that write as input methods of East Asia do: their slips, and their widths of characters."""

from __future__ import annotations

from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import EVERY_FORM, ModelFree
from xfer.attackers.writing import Writing
from xfer.forms.edits import Edit


@ModelFree.register("ime")
class Ime(ModelFree):
    """A slip of the input method in a share of the words: Korean keys in the wrong order, twice or without shift,
    and finals as they sound; Japanese not converted, or to the other kana, or with kana of the other size; Chinese
    characters of the same sound; Vietnamese as its Telex keys. Other languages stay as they are."""

    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"
    example: ClassVar[str] = "한국 (ko) -> ㅎ나국; 今日 (ja) -> きょう; tiếng Việt (vi) -> tieesng Vieejt"

    rate: float = Field(0.2, ge=0, le=1, description="share of the words; fewer where fewer can be changed")

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        from xfer.attackers.draws import below
        from xfer.attackers.homophones import han_table
        from xfer.attackers.scripts import language_of
        from xfer.attackers.share import some_words
        from xfer.attackers.slips import slips

        spoken, han = language_of(language), han_table(language, text)

        def change(word: str) -> str:
            found = slips(word, spoken, han)
            return found[below(random, len(found))] if found else word

        return some_words(text, self.rate, random, change, self.type_name)


@ModelFree.register("width")
class Width(Writing):
    """Characters in another width, in Chinese, Japanese and Korean text: Latin words and figures in full width, or
    katakana and what is full width in half (Unicode, Halfwidth and Fullwidth Forms)."""

    example: ClassVar[str] = "NATO が -> ＮＡＴＯ が"

    to: Literal["full", "half", "other"] = Field("other", description="the width; other is full if it was half")

    def rewrite(self, word: str, language: str, random: Random) -> str:
        from xfer.attackers.widths import full, half

        if language not in ("zh", "ja", "ko", "yue"):
            return word
        narrow = half(word)
        if self.to == "half" or self.to == "other" and narrow != word:
            return narrow
        return full(word)
