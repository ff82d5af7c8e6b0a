"""The search over TextAttack's own texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xfer.attackers.search.outcome import SearchRefused
from xfer.attackers.textattack.search import RecipeSearch
from xfer.attackers.textattack.text import EditableText, SpanText, plain_text

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText


class UpstreamSearch(RecipeSearch):
    """Searches over TextAttack's own texts, whose splitting costs the cube of the length (``compat: upstream``)."""

    longest = 4_000

    def _refuse(self, fields: tuple[str, ...]) -> None:
        super()._refuse(fields)
        if any("<SPLIT>" in field for field in fields):
            raise SearchRefused("upstream TextAttack cannot attack a text that holds its own mark <SPLIT>")

    def _entered(self, before: SpanText) -> AttackedText:
        return plain_text(before.fields)

    def _left(self, final: AttackedText, fields: tuple[str, ...]) -> EditableText:
        return EditableText.split(fields)
