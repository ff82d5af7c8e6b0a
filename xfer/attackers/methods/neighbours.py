"""``neighbour_words``: each word drawn from itself and its neighbours, the augmentation of RS-DA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import Attacker, FileDigests, ModelFree
from xfer.attackers.lexicons.located import MINIATURE
from xfer.attackers.methods.words import FileHasher
from xfer.forms.sheet import EVERY_FORM
from xfer.readers.labels import LabelBreaker
from xfer.text.edits import Edit

TOKEN = re.compile(r"[^ ]+")


@ModelFree.register("neighbour_words")
class NeighbourWords(ModelFree):
    """Each word becomes one of itself and its neighbours, all of them equally likely (RS-DA: Huang et al. 2021;
    perturb.py of uclanlp/Robust-XLT, whose counterfitted_neighbors.json this reads; SAFER: Ye et al. 2020).

    A word with n neighbours changes with the chance n / (n + 1); words without any stay. With the authors' file that is
    a third of the words of NLI. In miniature a short list of ours stands in, which changes far fewer.
    """

    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    rate_of: ClassVar[Literal["words", "entities"] | None] = None
    label_breaker: ClassVar[LabelBreaker | None] = "synonyms"
    needs: ClassVar[str] = (
        "neighbours of words: counter-fitted ones as JSON, a folder of word lists, or WordNet's files"
    )
    example: ClassVar[str] = "the movie was nice -> the film was pleasant"

    neighbours: str = Field(
        MINIATURE,
        description="a JSON file of words and their neighbours (English), a folder of <language>.txt (a word, a tab "
        "and a neighbour a line), or a folder of WordNet; here or under $XFER_DATA. In miniature its own list",
    )
    draw: Literal["tokens", "words"] = Field(
        "tokens",
        description="what is looked up: tokens between blanks, as they stand, as the authors do; or every word in "
        "small letters, which finds more, beside punctuation and at the start of sentences",
    )
    rate: float = Field(1.0, ge=0, le=1, description="share of the words that draw, each by itself; published: all")

    def in_source(self, source: str) -> Attacker:
        return self.model_copy(update={"neighbours": MINIATURE}) if source == MINIATURE else self

    def source_faults(self, source: str) -> Iterator[tuple[str, str, str]]:
        if self.neighbours == MINIATURE and source != MINIATURE:
            what = "the 64 words of the miniature list are hardly any of those of real text"
            hint = "name counter-fitted neighbours, such as neighbours: lexica/counterfitted_neighbors.json for "
            yield "neighbours", what, f"{hint}$XFER_DATA/lexica/counterfitted_neighbors.json of uclanlp/Robust-XLT"

    def file_digests(self, languages: Sequence[str], digest: FileHasher) -> FileDigests:
        from xfer.attackers.lexicons.neighbours import neighbour_files

        return {name: digest(path) for name, path in neighbour_files(self.neighbours, languages).items()}

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        from xfer.attackers.lexicons.dictionaries import fit_replacement, single_spaced
        from xfer.attackers.lexicons.neighbours import word_neighbours

        look_up, edits = word_neighbours(self.neighbours, language), []
        for span in self._spans(text):
            draws, place = random.random() < self.rate, random.random()  # drawn for every word: no list moves others
            word = text[slice(*span)]
            near = look_up(word if self.draw == "tokens" else word.lower()) if draws else ()
            number = int(place * (len(near) + 1))
            if number:  # 0 is the word itself
                edits.append(Edit(*span, fit_replacement(text, span, near[number - 1]), self.type_name))
        return single_spaced(edits)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where the tokens or words stand that are looked up."""
        from xfer.text.words import searchable_words

        if self.draw == "words":
            return [(word.start, word.end) for word in searchable_words(text)]
        return [match.span() for match in TOKEN.finditer(text)]
