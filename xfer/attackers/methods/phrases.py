"""``phrase_mixing``: phrases of the translation of the same row, in the place of those they translate (Bumblebee)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import Attacker, AttackRow, FileDigests, ModelFree
from xfer.attackers.label_facts import readers_with_trait
from xfer.attackers.search.base import Search
from xfer.attackers.search.beam import BeamSearch
from xfer.forms.texts import ColumnEdits
from xfer.readers.base import Reader
from xfer.readers.labels import LabelBreaker
from xfer.text.edits import Edit

_UNSPACED_LANGUAGES = ("th", "lo", "km", "my", "zh", "yue", "ja")


class Phrases(Attacker):
    """Phrases that the words of a text and of its translation are aligned to."""

    forms: ClassVar[tuple[str, ...]] = ("classify", "choose", "span")
    label_breaker: ClassVar[LabelBreaker | None] = "aligned_phrases"
    needs: ClassVar[str] = "the same rows in the other languages (XNLI, XQuAD, MLQA, XCOPA), or a bitext"
    example: ClassVar[str] = "the old man sleeps at home (de) -> der alte Mann sleeps at home"

    languages: tuple[str, ...] = Field(min_length=1, description="the languages whose phrases come in")
    words: int = Field(4, ge=1, description="words of the longest phrase that is replaced")
    bitext: str | None = Field(
        None,
        description="instead of the data set's own translations: a folder of <language>-<other>.txt, "
        "lines 'sentence ||| translation', with <language>-<other>.align (Pharaoh) if words are aligned already",
    )

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        from xfer.text.segment import PIECES, segmenter_name

        yield from super().compatibility_faults(reader, languages)
        if self.bitext is None and reader.form in self.forms:
            if "parallel" not in reader.card.traits:
                what = f"{reader.type_name} has no translations of its rows"
                yield "", what, f"give a bitext, or test {', '.join(readers_with_trait(self.forms, 'parallel'))}"
            else:
                for language in self.languages:
                    if language not in reader.card.languages:
                        hint = f"it has {', '.join(reader.card.languages)}"
                        yield "languages", f"reader {reader.type_name} has no test data in '{language}'", hint
        unspaced = [language for language in self.languages if language in _UNSPACED_LANGUAGES]
        if unspaced and segmenter_name() == PIECES:
            yield "languages", f"nothing here finds the words of {', '.join(unspaced)}", "pip install 'xfer[segment]'"

    def further_split(self, split: str, languages: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
        return None if self.bitext else (split, tuple(dict.fromkeys((*languages, *self.languages))))

    def file_digests(self, languages: Sequence[str], digest: Callable[[Path], str]) -> FileDigests:
        if self.bitext is None:
            return None
        from xfer.attackers.lexicons.phrases import bitext_files

        pairs = [(language, other) for language in languages for other in self.languages if other != language]
        return {"-".join(pair): [digest(file) for file in bitext_files(self.bitext, *pair) if file] for pair in pairs}

    def prepare_state(self, further_rows: Sequence[AttackRow]) -> Any:
        from xfer.attackers.lexicons.phrases import Bitext, ParallelRows

        return Bitext(self.bitext) if self.bitext else ParallelRows(further_rows)

    def row_phrases(self, text: str, name: str, row: AttackRow, prepared: Any) -> list[Any]:
        """The phrases of a text, of all languages, sorted."""
        others = [other for other in self.languages if other != row["language"]]
        return sorted(
            phrase for other in others for phrase in prepared.aligned_phrases(row, name, text, other, self.words)
        )


@ModelFree.register("phrase_mixing")
class PhraseMixing(Phrases, ModelFree):
    """Phrases replaced by what says the same in the translation of the same row, drawn at random (Tan and Joty 2021,
    Bumblebee's candidates). Words are aligned by what the rows themselves teach (IBM model 1 with a preference for
    the diagonal, both directions), phrases follow by the usual rule of consistency. Texts in scripts without spaces
    stay as they are where no segmenter is installed."""

    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"

    rate: float = Field(0.3, ge=0, le=1, description="share of the words of a row; fewer where no phrase fits")

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        from xfer.attackers.lexicons.dictionaries import fit_replacement, single_spaced
        from xfer.text.draws import random_round, shuffle_items
        from xfer.text.words import counted_words

        rng = self.random_stream(row)
        word_budget = random_round(rng, self.rate * sum(len(counted_words(text)) for text in side_texts.values()))
        if not word_budget:
            return {}
        candidates = [
            (name, phrase)
            for name, text in side_texts.items()
            for phrase in self.row_phrases(text, name, row, prepared)
        ]
        side_edits: ColumnEdits = {}
        for name, phrase in shuffle_items(rng, candidates):
            taken = side_edits.setdefault(name, [])
            if phrase.words <= word_budget and not any(
                other.start < phrase.end and phrase.start < other.end for other in taken
            ):
                new = fit_replacement(side_texts[name], (phrase.start, phrase.end), phrase.new)
                taken.append(Edit(phrase.start, phrase.end, new, self.type_name))
                word_budget -= phrase.words
        return {name: single_spaced(sorted(taken)) for name, taken in side_edits.items()}


@Search.register("phrase_mixing_search")
class PhraseMixingSearch(Phrases, BeamSearch):
    """Those phrases of the translations of a row that hurt the model most: a beam search from the first phrase to the
    last, which ends when the aim is reached (Tan and Joty 2021, Bumblebee)."""

    def edit_sites(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> list[Any]:
        """For each phrase, in order, its place and its translations."""
        from xfer.attackers.lexicons.dictionaries import fit_replacement
        from xfer.attackers.search.beam import Site

        sites = []
        for name, text in side_texts.items():
            options: dict[tuple[int, int, int], dict[tuple[str], None]] = {}
            for phrase in self.row_phrases(text, name, row, prepared):
                new = fit_replacement(text, (phrase.start, phrase.end), phrase.new)
                options.setdefault((phrase.start, phrase.end, phrase.words), {})[(new,)] = None
            sites += [Site(((name, start, end),), tuple(new), size) for (start, end, size), new in options.items()]
        return sites
