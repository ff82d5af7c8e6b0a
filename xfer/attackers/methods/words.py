"""Attackers on words: replaced by what a list gives, and put in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import Attacker, AttackRow, FileDigests, ModelFree
from xfer.attackers.lexicons.located import MINIATURE
from xfer.core.errors import MissingPart
from xfer.forms.sheet import EVERY_FORM
from xfer.forms.texts import ColumnEdits, column_of_side, is_entity_tag
from xfer.readers.base import Reader
from xfer.readers.labels import LabelBreaker
from xfer.text.edits import Edit

FileHasher = Callable[[Path], str]
Lists = list[Mapping[str, tuple[str, ...]]]


class Lexical(ModelFree):
    """Words replaced by what word lists give: the same choice for every occurrence in a row, on both sides of it."""

    version: ClassVar[int] = 2
    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"

    rate: float = Field(0.3, ge=0, le=1, description="share of the words of a row; fewer where fewer are listed")

    def word_lists(self, language: str) -> Lists:
        """The word lists for a text in ``language``."""
        raise NotImplementedError

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        from xfer.attackers.lexicons.dictionaries import find_words, fit_replacement, single_spaced
        from xfer.text.draws import random_below, random_round, shuffle_items
        from xfer.text.words import counted_words

        lists = self.word_lists(row["language"])
        rng = self.random_stream(row)
        hits = {
            name: list(find_words(text, lambda word: any(word in table for table in lists)))
            for name, text in side_texts.items()
        }
        counts: dict[str, int] = {}
        for _, word in (hit for side_hits in hits.values() for hit in side_hits):
            counts[word] = counts.get(word, 0) + 1
        word_budget = random_round(rng, self.rate * sum(len(counted_words(text)) for text in side_texts.values()))
        chosen: dict[str, str] = {}
        for word in shuffle_items(rng, sorted(counts)):
            options = [table[word] for table in lists if word in table]
            others = options[random_below(rng, len(options))]
            new = others[random_below(rng, len(others))]  # drawn for every word, so that the rate changes no choice
            if counts[word] <= word_budget:
                chosen[word] = new
                word_budget -= counts[word]
        side_edits: ColumnEdits = {}
        for name, text in side_texts.items():
            kept = [(span, chosen[word]) for span, word in hits[name] if word in chosen]
            side_edits[name] = single_spaced(
                [Edit(*span, fit_replacement(text, span, new), self.type_name) for span, new in kept]
            )
        return side_edits


@ModelFree.register("synonyms")
class Synonyms(Lexical):
    """Words replaced by synonyms of your own lists: a folder of <language>.txt, a word, a tab and a synonym a line.

    No list comes with xfer: a synonym is only as true as the list that gives it.
    """

    label_breaker: ClassVar[LabelBreaker | None] = "synonyms"
    needs: ClassVar[str] = "a folder of <language>.txt: a word, a tab and a synonym a line"
    example: ClassVar[str] = "a large house -> a big house"

    folder: str = Field(description="folder of <language>.txt")

    def word_lists(self, language: str) -> Lists:
        from xfer.attackers.lexicons.dictionaries import read_word_list, word_list_path

        return [read_word_list(word_list_path(self.folder, language))]

    def file_digests(self, languages: Sequence[str], digest: FileHasher) -> FileDigests:
        from xfer.attackers.lexicons.dictionaries import checked

        return {language: digest(checked(self.folder, language)) for language in languages}


class Mixed(Attacker):
    """What puts in words of other languages: their dictionaries."""

    needs: ClassVar[str] = "dictionaries as MUSE or PanLex have them (MUSE's are CC BY-NC 4.0); in miniature nothing"
    example: ClassVar[str] = "the dog drinks water (de) -> the Hund drinks Wasser"

    languages: tuple[str, ...] = Field(min_length=1, description="the languages mixed in")
    dictionary: str = Field(
        MINIATURE,
        description="folder of dictionaries (en-de.txt, or de2.txt with English first), here or under $XFER_DATA; "
        "languages without one to each other go over English. Source miniature always takes its own words",
    )

    def in_source(self, source: str) -> Attacker:
        if source != MINIATURE or self.dictionary == MINIATURE:
            return self
        from xfer.miniature import LANGUAGES  # late: only this list needs it

        spoken = tuple(language for language in self.languages if language in LANGUAGES)
        return self.model_copy(update={"dictionary": MINIATURE, "languages": spoken or self.languages})

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        yield from super().compatibility_faults(reader, languages)
        if self.dictionary == MINIATURE:
            from xfer.miniature import LANGUAGES  # late: only this list needs it

            for language in self.languages:
                if language not in LANGUAGES:
                    hint = "name a folder of dictionaries, or one of " + ", ".join(LANGUAGES)
                    yield "languages", f"the miniature dictionary has no words in '{language}'", hint

    def source_faults(self, source: str) -> Iterator[tuple[str, str, str]]:
        if self.dictionary == MINIATURE and source != MINIATURE:
            what = "the words of the miniature world are hardly any of those of real text"
            hint = (
                "name a folder of dictionaries of MUSE or PanLex (en-de.txt, or de2.txt with English first), such as "
            )
            yield "dictionary", what, f"{hint}dictionary: lexica/muse_panlex for $XFER_DATA/lexica/muse_panlex"

    def notes(self, languages: Sequence[str]) -> Iterator[str]:
        from xfer.attackers.lexicons.bilingual import detours

        if self.dictionary != MINIATURE and (over := detours(self.dictionary, self.pairs(languages))):
            yield f"{self.type_name} goes over English for {over}, which have no dictionary in {self.dictionary}"

    def other_languages(self, language: str) -> list[str]:
        """The languages that a text in ``language`` takes words from."""
        return [other for other in self.languages if other != language]

    def pairs(self, languages: Sequence[str]) -> list[tuple[str, str]]:
        """Each language and each that it takes words from."""
        return [(language, other) for language in languages for other in self.other_languages(language)]

    def word_lists(self, language: str) -> Lists:
        """The word lists for a text in ``language``."""
        if self.dictionary == MINIATURE:
            from xfer.attackers.lexicons.dictionaries import miniature_words

            return [miniature_words(language, other) for other in self.other_languages(language)]
        from xfer.attackers.lexicons.bilingual import dictionary

        return [dictionary(self.dictionary, language, other) for other in self.other_languages(language)]

    def file_digests(self, languages: Sequence[str], digest: FileHasher) -> FileDigests:
        pairs = self.pairs(languages)
        if not pairs:
            what = f"{self.type_name} mixes {', '.join(self.languages)} into itself; name another language"
            raise MissingPart(what)
        if self.dictionary == MINIATURE:
            from xfer.attackers.lexicons.dictionaries import miniature_words
            from xfer.core.seeds import json_digest as of_words

            return of_words([sorted(miniature_words(*pair).items()) for pair in pairs])
        from xfer.attackers.lexicons.bilingual import digests

        return digests(self.dictionary, pairs, digest)


@ModelFree.register("code_mixing")
class CodeMixing(Mixed, Lexical):
    """Words replaced by their translations into other languages, drawn at random; each word draws its language.

    ``draw: tokens`` is CoSDA-ML's own (Qin et al. 2020; kodenii/CoSDA-ML): every token by itself is taken with the
    chance ``rate`` and draws one of all languages, and stays as it is where that language does not list it. With
    lists of real size fewer words change than the rate says (24% at 0.5 with MUSE's). ``draw: words`` is ours: a word
    draws among the languages that list it, all its occurrences change alike, and the rate is reached where enough
    words are listed. A translation of several words goes into entities, and not into other tagged words.
    """

    draw: Literal["words", "tokens"] = Field("words", description="what draws a language: each word, or each token")

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        if self.draw == "words":
            return super().row_edits(side_texts, row, prepared)
        lists, rng = self.word_lists(row["language"]), self.random_stream(row)
        return {name: self._token_edits(text, lists, rng) for name, text in side_texts.items()}

    def _token_edits(self, text: str, lists: Lists, rng: Random) -> list[Edit]:
        from xfer.attackers.lexicons.dictionaries import find_words, fit_replacement, single_spaced
        from xfer.text.draws import random_below

        edits = []
        for span, word in find_words(text, lambda word: any(word in table for table in lists)):
            is_taken, table, place = rng.random() < self.rate, lists[random_below(rng, len(lists))], rng.random()
            options = table.get(word, ())
            if is_taken and options:
                new = fit_replacement(text, span, options[int(place * len(options))])
                edits.append(Edit(*span, new, self.type_name))
        return single_spaced(edits)


@ModelFree.register("word_order")
class WordOrder(ModelFree):
    """Words shuffled within windows: how far a model goes by the words alone. Entities stay whole and words take
    their tags along."""

    version: ClassVar[int] = 2
    forms: ClassVar[tuple[str, ...]] = ("classify", "choose", "tag", "retrieve")
    label_breaker: ClassVar[LabelBreaker | None] = "word_order"
    example: ClassVar[str] = "the old cat sleeps here -> old the cat here sleeps"

    window: int = Field(3, ge=2, description="words that are shuffled together")
    rate: float = Field(1.0, ge=0, le=1, description="share of the windows that are shuffled")

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        from xfer.text.words import counted_words

        words = counted_words(text)
        order = self.window_order(len(words), random)
        moved = ((old_word, text[words[i].start : words[i].end]) for old_word, i in zip(words, order, strict=True))
        return [
            Edit(old_word.start, old_word.end, new, "word_order")
            for old_word, new in moved
            if new != text[old_word.start : old_word.end]
        ]

    def window_order(self, count: int, random: Random) -> list[int]:
        """A permutation of ``count`` units that moves none out of its window."""
        from xfer.text.draws import random_round, shuffle_items

        windows = [list(range(first, min(first + self.window, count))) for first in range(0, count, self.window)]
        chosen = set(shuffle_items(random, range(len(windows)))[: random_round(random, self.rate * len(windows))])
        return [
            i for n, window in enumerate(windows) for i in (shuffle_items(random, window) if n in chosen else window)
        ]

    def change(
        self, row: AttackRow, form: str = "classify", prepared: Any = None
    ) -> tuple[AttackRow | None, list[dict[str, Any]]]:
        if form != "tag":
            return super().change(row, form, prepared)
        if any(column_of_side(name, form) == "text" for name in self.protect):
            return row, []
        tags = row["tags"]
        entities = tags is not None and is_entity_tag(tags)
        units: list[list[int]] = []
        for i in range(len(row["words"])):
            if entities and i > 0 and tags[i].startswith("I-") and tags[i - 1] != "O":
                units[-1].append(i)
            else:
                units.append([i])
        order = [i for unit in self.window_order(len(units), self.random_stream(row, "text")) for i in units[unit]]
        words = [row["words"][i] for i in order]
        if words == row["words"]:
            # equal words that change places would leave the text, and not the tags, as they were
            return row | {"text": " ".join(words)}, []
        changed_columns = {
            "words": words,
            "tags": None if tags is None else [tags[i] for i in order],
            "text": " ".join(words),
        }
        starts = list(accumulate((len(word) + 1 for word in row["words"]), initial=0))
        places = enumerate(zip(row["words"], words, strict=True))
        edits = [Edit(starts[i], starts[i] + len(old), new, "word_order") for i, (old, new) in places if old != new]
        return row | changed_columns, [{"column": "text", **edit._asdict()} for edit in edits]
