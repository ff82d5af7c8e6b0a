"""``code_mixing_search``: the words of other languages that hurt a victim most (PolyGloss)."""

from __future__ import annotations

from typing import Any, ClassVar

from xfer.attackers.base import Row
from xfer.attackers.methods.words import Mixed
from xfer.attackers.search.base import Search
from xfer.attackers.search.beam import BeamSearch, Site

SEARCHED = ("classify", "choose", "tag", "span", "retrieve")


@Search.register("code_mixing_search")
class CodeMixingSearch(Mixed, BeamSearch):
    """Words replaced by those of their translations into other languages that hurt the model most: a beam search
    from the first word to the last, which ends when the aim is reached (Tan and Joty 2021, PolyGloss). Every
    occurrence of a word in a row changes alike, on both sides of it; words without a translation stay."""

    forms: ClassVar[tuple[str, ...]] = SEARCHED

    def sites(self, found: dict[str, str], row: Row, known: Any) -> list[Site]:
        """For each word of a row that a list has, in the order of its first place, all places and translations."""
        from xfer.attackers.lexicons.dictionaries import fitted, places

        lists, where = self.lists(row["language"]), dict[str, list[Any]]()
        for name, text in found.items():
            for span, word in places(text, lambda word: any(word in one for one in lists)):
                where.setdefault(word, []).append((name, *span))
        sites = []
        for word, here in where.items():
            others = dict.fromkeys(other for one in lists for other in one.get(word, ()))
            fit = [tuple(fitted(found[name], (start, end), new) for name, start, end in here) for new in others]
            sites.append(Site(tuple(here), tuple(dict.fromkeys(fit)), len(here)))
        return sites
