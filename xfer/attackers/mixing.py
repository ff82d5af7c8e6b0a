"""``code_mixing_search``: the words of other languages that hurt a victim most (PolyGloss)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from xfer.attackers.base import Search, Setting
from xfer.attackers.beams import Hunt, Row, Site, allowed, beam, searchable
from xfer.attackers.engine.outcome import Outcome
from xfer.attackers.engine.runner import Slot
from xfer.attackers.words import Mixed

SEARCHED = ("classify", "choose", "tag", "span", "retrieve")


@Search.register("code_mixing_search")
class CodeMixingSearch(Mixed, Search):
    """Words replaced by those of their translations into other languages that hurt the model most: a beam search
    from the first word to the last, which ends when the aim is reached (Tan and Joty 2021, PolyGloss). Every
    occurrence of a word in a row changes alike, on both sides of it; words without a translation stay."""

    forms: ClassVar[tuple[str, ...]] = SEARCHED

    rate: float = Field(1.0, ge=0, le=1, description="share of the words of a row that may change")
    beam: int = Field(2, ge=1, description="changed texts that are kept at each word")
    budget: int | None = Field(None, ge=1, description="queries a row; no limit if left out")

    def slot(self, setting: Setting) -> Slot:
        def search(row: Row) -> Outcome:
            found = searchable(setting.form, row, self.protect)
            hunt = Hunt(setting.aim, setting.form, row, self.type_name, self.budget)
            sites = [site for site in self.sites(found, row["language"]) if all(map(hunt.free, site.places))]
            return beam(hunt, sites, self.beam, allowed(found, self.rate))

        return search

    def sites(self, found: dict[str, str], language: str) -> list[Site]:
        """For each word of a row that a list has, in the order of its first place, all places and translations."""
        from xfer.attackers.dictionaries import fitted, places

        lists, where = self.lists(language), dict[str, list[Any]]()
        for name, text in found.items():
            for span, word in places(text, lambda word: any(word in one for one in lists)):
                where.setdefault(word, []).append((name, *span))
        sites = []
        for word, here in where.items():
            others = dict.fromkeys(other for one in lists for other in one.get(word, ()))
            fit = [tuple(fitted(found[name], (start, end), new) for name, start, end in here) for new in others]
            sites.append(Site(tuple(here), tuple(dict.fromkeys(fit)), len(here)))
        return sites
