"""``code_mixing_search``: the words of other languages that hurt a victim most (PolyGloss)."""

from __future__ import annotations

from typing import Any, ClassVar

from xfer.attackers.base import AttackRow
from xfer.attackers.methods.words import Mixed
from xfer.attackers.search.base import Search
from xfer.attackers.search.beam import BeamSearch, Site
from xfer.forms.sheet import SEARCHED_FORMS


@Search.register("code_mixing_search")
class CodeMixingSearch(Mixed, BeamSearch):
    """Words replaced by those of their translations into other languages that hurt the model most: a beam search
    from the first word to the last, which ends when the aim is reached (Tan and Joty 2021, PolyGloss). Every
    occurrence of a word in a row changes alike, on both sides of it; words without a translation stay."""

    forms: ClassVar[tuple[str, ...]] = SEARCHED_FORMS

    def edit_sites(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> list[Site]:
        """For each word of a row that a list has, in the order of its first place, all places and translations."""
        from xfer.attackers.lexicons.dictionaries import find_words, fit_replacement

        lists, places_by_word = self.word_lists(row["language"]), dict[str, list[Any]]()
        for name, text in side_texts.items():
            for span, word in find_words(text, lambda word: any(word in table for table in lists)):
                places_by_word.setdefault(word, []).append((name, *span))
        sites = []
        for word, word_places in places_by_word.items():
            others = dict.fromkeys(other for table in lists for other in table.get(word, ()))
            replacements = [
                tuple(fit_replacement(side_texts[name], (start, end), new) for name, start, end in word_places)
                for new in others
            ]
            sites.append(Site(tuple(word_places), tuple(dict.fromkeys(replacements)), len(word_places)))
        return sites
