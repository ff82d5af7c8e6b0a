"""``phrase_mixing``: phrases of the translation of the same row, in the place of those they translate (Bumblebee)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import Attacker, ModelFree, Row
from xfer.attackers.search.base import Search
from xfer.attackers.search.beam import BeamSearch
from xfer.forms.texts import Edits
from xfer.text.edits import Edit

PARALLEL = ("xnli", "xquad", "mlqa", "xcopa", "pawsx")
_UNSPACED = ("th", "lo", "km", "my", "zh", "yue", "ja")
_NAMES = "an alignment may link a name or a word to the wrong one, and here these are what the label hangs on"


class Phrases(Attacker):
    """Phrases that the words of a text and of its translation are aligned to."""

    forms: ClassVar[tuple[str, ...]] = ("classify", "choose", "span")
    breaks: ClassVar[Mapping[str, str]] = {"pawsx": _NAMES, "paws": _NAMES}
    needs: ClassVar[str] = "the same rows in the other languages (XNLI, XQuAD, MLQA, XCOPA), or a bitext"
    example: ClassVar[str] = "the old man sleeps at home (de) -> der alte Mann sleeps at home"

    languages: tuple[str, ...] = Field(min_length=1, description="the languages whose phrases come in")
    words: int = Field(4, ge=1, description="words of the longest phrase that is replaced")
    bitext: str | None = Field(
        None,
        description="instead of the data set's own translations: a folder of <language>-<other>.txt, "
        "lines 'sentence ||| translation', with <language>-<other>.align (Pharaoh) if words are aligned already",
    )

    def faults(self, reader: Any, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        from xfer.text.segment import PIECES, segmenter

        yield from super().faults(reader, languages)
        if self.bitext is None and reader.form in self.forms:
            if reader.type_name not in PARALLEL:
                what = f"{reader.type_name} has no translations of its rows"
                yield "", what, f"give a bitext, or test {', '.join(PARALLEL)}"
            else:
                for language in self.languages:
                    if language not in reader.card.languages:
                        hint = f"it has {', '.join(reader.card.languages)}"
                        yield "languages", f"reader {reader.type_name} has no test data in '{language}'", hint
        cut = [language for language in self.languages if language in _UNSPACED]
        if cut and segmenter() == PIECES:
            yield "languages", f"nothing here finds the words of {', '.join(cut)}", "pip install 'xfer[segment]'"

    def further(self, split: str, languages: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
        return None if self.bitext else (split, tuple(dict.fromkeys((*languages, *self.languages))))

    def files(self, languages: Sequence[str], digest: Callable[[Path], str]) -> Any:
        if self.bitext is None:
            return None
        from xfer.attackers.lexicons.phrases import files

        pairs = [(language, other) for language in languages for other in self.languages if other != language]
        return {"-".join(pair): [digest(file) for file in files(self.bitext, *pair) if file] for pair in pairs}

    def prepare(self, further: Sequence[Row]) -> Any:
        from xfer.attackers.lexicons.phrases import Bitext, Rows

        return Bitext(self.bitext) if self.bitext else Rows(further)

    def found(self, text: str, name: str, row: Row, known: Any) -> list[Any]:
        """The phrases of a text, of all languages, sorted."""
        others = [other for other in self.languages if other != row["language"]]
        return sorted(one for other in others for one in known.phrases(row, name, text, other, self.words))


@ModelFree.register("phrase_mixing")
class PhraseMixing(Phrases, ModelFree):
    """Phrases replaced by what says the same in the translation of the same row, drawn at random (Tan and Joty 2021,
    Bumblebee's candidates). Words are aligned by what the rows themselves teach (IBM model 1 with a preference for
    the diagonal, both directions), phrases follow by the usual rule of consistency. Texts in scripts without spaces
    stay as they are where no segmenter is installed."""

    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"

    rate: float = Field(0.3, ge=0, le=1, description="share of the words of a row; fewer where no phrase fits")

    def edits(self, found: dict[str, str], row: Row, known: Any) -> Edits:
        from xfer.attackers.lexicons.dictionaries import fitted, one_space
        from xfer.text.draws import rounded, shuffled
        from xfer.text.words import cut

        rng = self.stream(row)
        left = rounded(rng, self.rate * sum(len(cut(text)) for text in found.values()))
        if not left:
            return {}
        every = [(name, phrase) for name, text in found.items() for phrase in self.found(text, name, row, known)]
        made: Edits = {}
        for name, phrase in shuffled(rng, every):
            here = made.setdefault(name, [])
            if phrase.words <= left and not any(one.start < phrase.end and phrase.start < one.end for one in here):
                new = fitted(found[name], (phrase.start, phrase.end), phrase.new)
                here.append(Edit(phrase.start, phrase.end, new, self.type_name))
                left -= phrase.words
        return {name: one_space(sorted(here)) for name, here in made.items()}


@Search.register("phrase_mixing_search")
class PhraseMixingSearch(Phrases, BeamSearch):
    """Those phrases of the translations of a row that hurt the model most: a beam search from the first phrase to the
    last, which ends when the aim is reached (Tan and Joty 2021, Bumblebee)."""

    def sites(self, found: dict[str, str], row: Row, known: Any) -> list[Any]:
        """For each phrase, in order, its place and its translations."""
        from xfer.attackers.lexicons.dictionaries import fitted
        from xfer.attackers.search.beam import Site

        sites = []
        for name, text in found.items():
            options: dict[tuple[int, int, int], dict[tuple[str], None]] = {}
            for one in self.found(text, name, row, known):
                new = fitted(text, (one.start, one.end), one.new)
                options.setdefault((one.start, one.end, one.words), {})[(new,)] = None
            sites += [Site(((name, start, end),), tuple(new), size) for (start, end, size), new in options.items()]
        return sites
