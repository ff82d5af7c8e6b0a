"""Stress tests for natural language inference (Naik et al. 2018): phrases that say nothing, added to a side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import AttackRow, ModelFree
from xfer.forms.texts import ColumnEdits
from xfer.readers.base import Reader
from xfer.text.edits import Edit

STRESS_LABELS = {"entailment", "neutral", "contradiction"}
_TIMES = 5


class Stress(ModelFree):
    """A phrase that is always true, added before the final punctuation of one side."""

    by_words: ClassVar[bool] = False
    forms: ClassVar[tuple[str, ...]] = ("classify",)
    needs: ClassVar[str] = "labels of inference; a phrase for each language but English"
    phrase: ClassVar[str]  # in English; other languages need a reader's own, since none was published

    phrases: dict[str, str] = Field({}, description="the phrase in other languages, by code; English is known")

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        yield from super().compatibility_faults(reader, languages)
        if reader.form == "classify" and set(reader.label_names()) != STRESS_LABELS:
            what = f"attacker {self.type_name} keeps the labels of inference true, and no other"
            yield "", what, f"it fits labels {', '.join(sorted(STRESS_LABELS))}"
        without = [language for language in languages if language != "en" and language not in self.phrases]
        if without:
            what = f"attacker {self.type_name} has no phrase in {', '.join(without)}"
            yield "", what, f"add phrases: {{{without[0]}: ...}}, saying '{self.phrase}', or test other languages"

    def target_side(self) -> tuple[str, int]:
        """The column that gets the phrase, and how often."""
        return "pair", 1

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        from xfer.text.sentences import before_stop, is_unspaced

        name, times = self.target_side()
        if name not in side_texts:
            return {}
        phrase = self.phrases.get(row["language"]) or self.phrase
        position = before_stop(side_texts[name])
        gap = "" if is_unspaced(phrase) else " "
        return {name: [Edit(position, position, (gap + phrase) * times, self.type_name)]}

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        return self.row_edits({self.target_side()[0]: text}, {"language": language}, None)[self.target_side()[0]]


@ModelFree.register("tautology")
class Tautology(Stress):
    """The phrase "and true is true", once at the end of the hypothesis (word overlap), or five times at the end
    of the premise (length mismatch), after Naik et al. 2018. Other languages than English need a phrase."""

    example: ClassVar[str] = "A man sleeps. -> A man sleeps and true is true."
    phrase: ClassVar[str] = "and true is true"

    test: Literal["overlap", "length"] = Field("overlap", description="hypothesis once, or premise five times")

    def target_side(self) -> tuple[str, int]:
        return ("pair", 1) if self.test == "overlap" else ("text", _TIMES)


@ModelFree.register("negation")
class Negation(Stress):
    """The phrase "and false is not true" at the end of the hypothesis: a negation that says nothing (Naik et al.
    2018). Other languages than English need a phrase."""

    example: ClassVar[str] = "A man sleeps. -> A man sleeps and false is not true."
    phrase: ClassVar[str] = "and false is not true"
