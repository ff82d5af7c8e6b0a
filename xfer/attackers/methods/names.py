"""``name_swap``: the names in a text, or in all texts of a row, replaced by other names of their kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import Attacker, AttackRow, FileDigests, ModelFree
from xfer.attackers.lexicons.located import MINIATURE
from xfer.attackers.methods.words import FileHasher
from xfer.forms.sheet import EVERY_FORM
from xfer.forms.texts import ColumnEdits
from xfer.text.edits import Edit

NameTable = dict[str, tuple[str, ...]]  # name, in small letters -> all names of its kind


@ModelFree.register("name_swap")
class NameSwap(ModelFree):
    """Names replaced by others of the same kind: a name by one and the same everywhere in a row, on both sides of it,
    so that what a pair of sentences says of each other stays true (after RockNER, Lin et al. 2021, for texts without
    tags). Two names never become one. Where entities are tagged, ``entity_swap`` knows where they stand."""

    forms: ClassVar[tuple[str, ...]] = tuple(form for form in EVERY_FORM if form != "tag")
    rate_of: ClassVar[Literal["words", "entities"] | None] = None
    needs: ClassVar[str] = "a folder of <language>.txt: a kind (person, city, ...), a tab and a name a line"
    example: ClassVar[str] = "Anna met Omar. / Omar was met. -> Sara met Ivan. / Ivan was met."

    rate: float = Field(1.0, ge=0, le=1, description="share of the different names of a row that are replaced")
    folder: str = Field(
        MINIATURE,
        description="folder of <language>.txt, here or under $XFER_DATA, as entity_swap takes it; source miniature "
        "always takes the names of its own world",
    )

    def in_source(self, source: str) -> Attacker:
        return self.model_copy(update={"folder": MINIATURE}) if source == MINIATURE else self

    def source_faults(self, source: str) -> Iterator[tuple[str, str, str]]:
        if self.folder == MINIATURE and source != MINIATURE:
            hint = "name a folder of <language>.txt, a kind, a tab and a name a line: folder: lexica/names"
            yield "folder", "the names of the miniature world do not stand in real text", hint

    def file_digests(self, languages: Sequence[str], digest: FileHasher) -> FileDigests:
        from xfer.attackers.lexicons.dictionaries import checked, miniature_names
        from xfer.core.seeds import json_digest as of_words

        if self.folder == MINIATURE:
            return of_words([miniature_names(language) for language in languages])
        return {language: digest(checked(self.folder, language)) for language in languages}

    def names_by_kind(self, language: str) -> NameTable:
        """Each listed name, in small letters, with all names of its kind, in the order of the list."""
        from xfer.attackers.lexicons.dictionaries import miniature_names, read_names_by_kind, word_list_path

        if self.folder == MINIATURE:
            return {name.lower(): names for names in miniature_names(language).values() for name in names}
        return read_names_by_kind(word_list_path(self.folder, language))

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        from xfer.attackers.lexicons.dictionaries import find_words, fit_replacement, single_spaced
        from xfer.text.draws import random_round, shuffle_items

        table, rng = self.names_by_kind(row["language"]), self.random_stream(row)
        hits = {
            name: [hit for hit in find_words(text, table.__contains__) if _may_name(text[hit[0][0]])]
            for name, text in side_texts.items()
        }
        present = sorted({word for side_hits in hits.values() for _, word in side_hits})
        wanted, chosen = random_round(rng, self.rate * len(present)), dict[str, str]()
        taken = set(present)
        for word in shuffle_items(rng, present)[:wanted]:
            others = (other for other in table[word] if other.lower() != word)
            free = [other for other in shuffle_items(rng, others) if other.lower() not in taken]
            if free:
                chosen[word] = free[0]
                taken.add(free[0].lower())
        return {
            name: single_spaced(
                [
                    Edit(*span, fit_replacement(text, span, chosen[word]), self.type_name)
                    for span, word in hits[name]
                    if word in chosen
                ]
            )
            for name, text in side_texts.items()
        }


def _may_name(letter: str) -> bool:
    """Whether a name may begin with this letter: it is a capital, or of a script without capitals."""
    return letter.lower() != letter or letter.upper() == letter
