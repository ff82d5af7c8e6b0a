"""``cross_language``: one side of a pair in another language, from the same row of a parallel test set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import AttackRow, ModelFree
from xfer.forms.texts import column_of_side
from xfer.readers.base import Reader
from xfer.readers.labels import RowTrait
from xfer.text.edits import Edit


@ModelFree.register("cross_language")
class CrossLanguage(ModelFree):
    """One side in another language (XNLI, PAWS-X) or the question in another than its context (XQuAD, MLQA: Lewis
    et al. 2020, G-XLT). No text is altered: it is the translation of the same row, so labels hold exactly. Rows
    without one are dropped and counted; MLQA's languages are parallel in part only."""

    by_words: ClassVar[bool] = False
    forms: ClassVar[tuple[str, ...]] = ("classify", "span")
    required_trait: ClassVar[RowTrait | None] = "parallel"
    needs: ClassVar[str] = "the same rows in the other language"
    example: ClassVar[str] = "premise and hypothesis in Swahili -> premise in Swahili, hypothesis in English"

    other: str = Field(description="language of the other side (ISO 639-1)")
    side: Literal["text", "premise", "pair", "hypothesis", "question"] = Field(
        "pair", description="the side that comes in it: premise, or hypothesis or question; pair is the second"
    )

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        yield from super().compatibility_faults(reader, languages)
        if self.other not in reader.card.languages:
            hint = f"it has {', '.join(reader.card.languages)}"
            yield "other", f"reader {reader.type_name} has no test data in '{self.other}'", hint
        if reader.form == "span" and self.translated_column(reader.form) != "pair":
            yield "side", "a context in another language has its answer in that language", "use side: question"
        if reader.form == "classify" and self.side == "question":
            yield "side", "a pair of sentences has no side 'question'", "use premise or hypothesis"
        if self.translated_column(reader.form) in {column_of_side(name, reader.form) for name in self.protect}:
            yield "protect", "protects the side that is to change", "leave it out"

    def translated_column(self, form: str) -> str:
        """The column that comes in the other language."""
        return "pair" if self.side == "question" else column_of_side(self.side, form)

    def further_split(self, split: str, languages: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
        return split, (self.other,)

    def prepare_state(self, further_rows: Sequence[AttackRow]) -> Any:
        return {row["id"]: row for row in further_rows if row["language"] == self.other}

    def change(
        self, row: AttackRow, form: str = "classify", prepared: Any = None
    ) -> tuple[AttackRow | None, list[dict[str, Any]]]:
        name, translated_row = self.translated_column(form), (prepared or {}).get(row["id"])
        if translated_row is None or form == "classify" and translated_row["label"] != row["label"]:
            return None, []
        if translated_row[name] == row[name]:
            return row, []
        edit = Edit(0, len(row[name]), translated_row[name], "cross_language")
        return row | {name: translated_row[name]}, [{"column": name, **edit._asdict()}]
