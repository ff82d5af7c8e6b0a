"""What the searches of our own that run a beam over the sites of a row have in common: its fields and its course."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from pydantic import Field

from xfer.attackers.base import Row, Search, Setting
from xfer.attackers.engine.outcome import Outcome
from xfer.attackers.engine.runner import Slot

if TYPE_CHECKING:
    from xfer.attackers.beams import Site


class BeamSearch(Search):
    """A beam search from the first site to the last, which ends when the aim is reached."""

    rate: float = Field(1.0, ge=0, le=1, description="share of the words of a row that may change")
    beam: int = Field(2, ge=1, description="changed texts that are kept at each place")
    budget: int | None = Field(None, ge=1, description="queries a row; no limit if left out")

    @abstractmethod
    def sites(self, found: dict[str, str], row: Row, known: Any) -> list[Site]:
        """What may change in the texts of a row, in the order in which it is tried."""

    def slot(self, setting: Setting) -> Slot:
        from xfer.attackers.beams import Hunt, allowed, beam, searchable  # late: a recipe is checked without them

        def search(row: Row) -> Outcome:
            found = searchable(setting.form, row, self.protect)
            hunt = Hunt(setting.aim, setting.form, row, self.type_name, self.budget)
            sites = [site for site in self.sites(found, row, setting.known) if all(map(hunt.free, site.places))]
            return beam(hunt, sites, self.beam, allowed(found, self.rate))

        return search
