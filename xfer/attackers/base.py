"""The attacker: how a text is changed, and what the change leaves true.

Every random choice comes from ``stream(seed, attacker, language, example id)``, so that order, resume
and the number of workers never change a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, Field

from xfer.attackers.constraints import Bounds
from xfer.attackers.label_facts import kept_and_broken, readers_with_trait
from xfer.core.component import Component
from xfer.core.seeds import seeded_random
from xfer.forms.sheet import SEARCHED_FORMS, SHEET, form_facts
from xfer.forms.texts import ColumnEdits, apply_edits, column_of_side, editable_texts
from xfer.readers.base import Reader
from xfer.readers.labels import LabelBreaker, RowTrait
from xfer.text.edits import Edit
from xfer.text.segment import segmenter_name

AttackRow = dict[str, Any]
FileDigests = Mapping[str, object] | str | None  # what of an attacker's files decides its results, as plain data


def _side_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """Columns for the names of sides that mean the same one in every form."""
    return tuple(dict.fromkeys(name if name == "question" else column_of_side(name, "classify") for name in names))


Sides = Annotated[tuple[str, ...], AfterValidator(_side_columns)]


class Asked(NamedTuple):
    """The share of the words, or of the entities, of a row that an attacker is to change."""

    share: float
    of: Literal["words", "entities"] = "words"


class Attacker(Component, kind="attacker"):
    """A perturbation of the rows of an evaluation."""

    forms: ClassVar[tuple[str, ...]]  # whose rows it can change
    required_trait: ClassVar[RowTrait | None] = None  # what must hold of the rows of a data set, by its card
    label_breaker: ClassVar[LabelBreaker | None] = None  # its kind of change, where cards tell whether labels survive
    needs: ClassVar[str] = ""  # what it reads besides the rows under test
    example: ClassVar[str] = ""  # before -> after
    searches: ClassVar[bool] = False
    by_words: ClassVar[bool] = True  # what finds words in scripts without spaces then decides the result

    seed: int = Field(0, description="another seed draws other changes")
    protect: Sides = Field(
        (), description="sides that no change may touch: text or premise or context, pair or hypothesis, question, ..."
    )
    diagnostic: bool = Field(
        False, description="run it also where labels do not stay true: the score is then no accuracy"
    )

    @classmethod
    def label_preservation(cls) -> dict[str, Any]:
        """``labels stay true in``: forms, or data sets if it needs a trait; ``not in <form or data set>``: why not."""
        kept, broken = kept_and_broken(cls.forms, cls.required_trait, cls.label_breaker)
        return {"labels stay true in": kept} | {f"not in {name}": why for name, why in broken.items()}

    @classmethod
    def fits_form(cls, form: str) -> bool:
        """Whether it can change rows of this form; what fits every built-in form fits those of plug-ins as well."""
        if form in SHEET:
            return form in cls.forms
        facts, searched = form_facts(form), set(SEARCHED_FORMS) <= set(cls.forms)
        return searched and bool(facts.aim_class if cls.searches else facts.text_columns)

    @classmethod
    def display_facts(cls) -> dict[str, Any]:
        """What ``xfer show`` says of it besides its fields."""
        summary = cls.label_preservation() | {"needs": cls.needs or "nothing", "example": cls.example}
        return summary | ({"words without spaces": segmenter_name()} if cls.by_words else {})

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """(field, message, hint) for each reason why rows of ``reader`` cannot be attacked in these languages."""
        name, form = self.type_name, reader.form
        if not self.fits_form(form):
            what = f"attacker {name} does not keep the labels of form {form} true"
            yield "", what, f"it fits {', '.join(self.forms)}"
            return
        if self.required_trait and self.required_trait not in reader.card.traits:
            fitting = readers_with_trait(self.forms, self.required_trait)
            yield "", f"attacker {name} cannot change {reader.type_name}", f"it fits {', '.join(fitting)}"
        if not self.diagnostic:
            yield from self._label_faults(reader)
        known = form_facts(form).text_columns
        for side in self.protect:
            if column_of_side(side, form) not in known:
                yield "protect", f"rows of form {form} have no side '{side}'", f"known: {', '.join(known)}"

    def _label_faults(self, reader: Reader) -> Iterator[tuple[str, str, str]]:
        """A fault where the labels of a data set do not survive the change, or nobody has said whether they do."""
        if self.label_breaker is None:
            return
        reasons = reader.breaker_reasons()
        if reasons is None:
            what = f"reader {reader.type_name} does not say whether its labels survive {self.label_breaker}"
            hint = "name what breaks them in label_breakers (on its card; of reader files in the recipe), "
            yield "", f"attacker {self.type_name}: {what}", hint + "or add diagnostic: true to run it all the same"
        elif self.label_breaker in reasons:
            why = reasons[self.label_breaker]
            what = f"attacker {self.type_name} does not keep the labels of {reader.type_name} true: {why}"
            yield "", what, "add diagnostic: true to run it all the same"

    def file_digests(self, languages: Sequence[str], digest: Callable[[Path], str]) -> FileDigests:
        """What of the files that it reads decides the result, as plain data. Raises XferError if one is missing."""
        return None

    def in_source(self, source: str) -> Attacker:
        """This attacker as it is on rows of a source: mostly itself. Miniature holds for its lists as for readers."""
        return self

    def source_faults(self, source: str) -> Iterator[tuple[str, str, str]]:
        """(field, message, hint) for each list of it that does not fit rows of this source."""
        yield from ()

    def notes(self, languages: Sequence[str]) -> Iterator[str]:
        """What readers of a report must know of how it treats these languages; mostly nothing."""
        yield from ()

    def asked(self) -> Asked | None:
        """How much of a row it is to change; None where that is no share of what is counted."""
        return None

    def model_names(self) -> tuple[str, ...]:
        """The models that it asks besides a victim: hub names or local folders; their revisions decide the result."""
        return ()

    def further_split(self, split: str, languages: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
        """The split and languages of the same data set of which it must see all rows."""
        return None

    def prepare_state(self, further_rows: Sequence[AttackRow]) -> Any:
        """What it is given of the further rows (and of files and models) whenever it changes a row, made once."""
        return None


class ModelFree(Attacker):
    """An attacker without a victim: what becomes of a row depends on the row and on ``further`` rows only."""

    inside_answers: ClassVar[bool] = False  # a change of writing changes answers too; noise leaves them alone
    rate_of: ClassVar[Literal["words", "entities"] | None] = None  # what ``rate`` is a share of, if that is counted

    constraints: Bounds = Field(Bounds(), description="what must hold between a text and what becomes of it")

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        yield from super().compatibility_faults(reader, languages)
        if self.constraints != Bounds() and type(self).change is not ModelFree.change:
            what = f"attacker {self.type_name} changes rows as a whole, so no edit of it can be left out"
            yield "constraints", what, "leave it out"

    def asked(self) -> Asked | None:
        if self.rate_of is None:
            return None
        rate, most = float(getattr(self, "rate", 0)), self.constraints.changed_words
        return Asked(rate if most is None else min(rate, most), self.rate_of)

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        """Non-overlapping edits of ``text``, in order."""
        raise NotImplementedError

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        """The edits of each text of a row."""
        return {
            name: self.edit(text, row["language"], self.random_stream(row, name)) for name, text in side_texts.items()
        }

    def random_stream(self, row: AttackRow, *names: str) -> Random:
        """The random stream of one row, or of one part of it."""
        return seeded_random(self.seed, self.identity(), row["language"], row["id"], *names)

    def change(
        self, row: AttackRow, form: str = "classify", prepared: Any = None
    ) -> tuple[AttackRow | None, list[dict[str, Any]]]:
        """The row with its text changed (None where its label cannot follow), and the edits with the text of each."""
        side_texts = editable_texts(form, row, self.protect)
        wanted = self.constraints.bounded_edits(side_texts, self.row_edits(side_texts, row, prepared))
        changed, applied = apply_edits(form, row, wanted, self.inside_answers)
        return changed, [
            {"column": name, **edit._asdict()} for name, side_texts in applied.items() for edit in side_texts
        ]

    def change_rows(
        self, rows: Sequence[AttackRow], form: str, prepared: Any
    ) -> Iterator[tuple[AttackRow | None, list[dict[str, Any]]]]:
        """``change`` for each row, in order; many at once where that is cheaper."""
        return (self.change(row, form, prepared) for row in rows)
