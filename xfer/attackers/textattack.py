"""``textattack``: TextAttack's published recipes against our batching victim."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import Search, Setting
from xfer.attackers.engine.runner import Slot
from xfer.core.errors import MissingPart


@Search.register("textattack")
class TextAttack(Search):
    """A TextAttack recipe by name (DeepWordBug: Gao et al. 2018), its faults for other scripts fixed.

    Needs the package: ``pip install --no-deps textattack==0.3.11`` (``make setup`` does it).
    """

    forms: ClassVar[tuple[str, ...]] = ("classify",)

    recipe: Literal["deepwordbug"] = Field("deepwordbug", description="the recipe's name")
    budget: int | None = Field(None, ge=1, description="queries an example; no limit if left out")
    compat: Literal["fixed", "upstream"] = Field(
        "fixed", description="upstream keeps every choice of TextAttack, also those wrong outside Latin script"
    )

    def slot(self, setting: Setting) -> Slot:
        from xfer.attackers import textattack_shim  # late: textattack is optional

        try:
            textattack_shim.load()
        except textattack_shim.TextAttackMissing as error:
            raise MissingPart(str(error)) from None
        from xfer.attackers.textattack_search import Attacks  # late: it imports TextAttack

        return Attacks(setting.aim, self.recipe, self.protect, self.budget, self.compat)
