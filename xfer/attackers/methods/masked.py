"""Words replaced by what a masked language model would say there: drawn at random, or chosen against a victim."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from xfer.attackers.base import Attacker, ModelFree, Row
from xfer.attackers.search.base import Search, Setting
from xfer.attackers.search.job import Oracle
from xfer.attackers.search.outcome import Outcome
from xfer.attackers.search.runner import Slot
from xfer.forms.texts import Edits, is_entity_tag, texts
from xfer.text.edits import Edit

_PAIRS = "one word tells whether two nearly equal sentences mean the same"
_AROUND = 3_000  # code points on either side of a word: more than models read
_UNPAIRED = range(0xD800, 0xE000)  # surrogates, which no tokenizer takes
_ROWS = 64  # rows whose words are asked of the model at once


class Word(NamedTuple):
    """A word that may be replaced: ``text[start:end]`` of the text ``name`` of a row."""

    name: str
    start: int
    end: int


class Masked(Attacker):
    """What puts in words of a masked language model. Negations, number words and figures stay, as the names of
    tagged sentences and the questions of contexts do."""

    forms: ClassVar[tuple[str, ...]] = ("classify", "tag", "span")
    breaks: ClassVar[Mapping[str, str]] = {
        "pawsx": _PAIRS,
        "paws": _PAIRS,
        "udpos": "another word may be another part of speech",
        "ccg": "another word may take other words on its left and right",
    }
    needs: ClassVar[str] = "a masked language model: any local folder or hub name"
    example: ClassVar[str] = "the woman reads a book -> the girl reads a book"

    model: str = Field(description="a masked language model: a local folder in Hugging Face layout, or a hub name")
    candidates: int = Field(8, ge=1, description="the model's best words that are considered, without the word itself")

    def models(self) -> tuple[str, ...]:
        return (self.model,)

    def oracle(self) -> Oracle:
        """What answers for the model, made once a process."""
        from xfer.attackers.search.oracles.masked import Masked as MaskedOracle  # late: imports torch

        return MaskedOracle(self.model)

    def words(self, found: Mapping[str, str], row: Row) -> list[Word]:
        """The words of a row that may be replaced, in order."""
        from xfer.text.function_words import is_kept
        from xfer.text.tokens import spans, word_script

        names = _inside_names(row)
        return [
            Word(name, start, end)
            for name, text in found.items()
            if (name, "answers" in row) != ("pair", True) and not any(ord(char) in _UNPAIRED for char in text)
            for start, end in spans(text)
            if not is_kept(text[start:end], row["language"])
            and word_script(text[start:end]) != "Common"
            and not any(start < past and first < end for first, past in names)
        ]

    def blank(self, found: Mapping[str, str], word: Word) -> Any:
        """What the model is asked for a word."""
        from xfer.attackers.search.oracles.masked import Blank  # late: imports torch
        from xfer.text.tokens import word_script

        text = found[word.name]
        before, after = text[max(0, word.start - _AROUND) : word.start], text[word.end : word.end + _AROUND]
        # two more than wanted: the word itself is likely to be among them, once in another case
        return Blank(before, after, word_script(text[word.start : word.end]), self.candidates + 2)

    def options(self, found: Mapping[str, str], word: Word, answer: Sequence[tuple[str, float]], row: Row) -> list[str]:
        """What may stand for a word, likeliest first, in its case."""
        from xfer.attackers.lexicons.dictionaries import fitted
        from xfer.text.function_words import is_kept

        text, span = found[word.name], (word.start, word.end)
        old, tags = text[word.start : word.end], row.get("tags")
        fit = [new for new, _ in answer if new.casefold() != old.casefold() and not is_kept(new, row["language"])]
        if tags and is_entity_tag(tags):  # what looks like a name would be one, and its tag says that it is none
            fit = [new for new in fit if old[:1].isupper() or not new[:1].isupper()]
        return list(dict.fromkeys(fitted(text, span, new) for new in fit))[: self.candidates]


@ModelFree.register("masked_words")
class MaskedWords(Masked, ModelFree):
    """A share of the words, each masked alone and replaced by one of the model's best words for the place, drawn at
    random: whole words of the same script, any language that the model knows (after Garg and Ramakrishnan 2020)."""

    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"

    rate: float = Field(0.15, ge=0, le=1, description="share of the words of a row; fewer where fewer can be replaced")

    def prepare(self, further: Sequence[Row]) -> Any:
        return self.oracle()

    def changes(self, rows: Sequence[Row], form: str, known: Any) -> Iterator[tuple[Row | None, list[dict[str, Any]]]]:
        """Rows whose words are asked together; an answer does not depend on what else is asked."""
        for first in range(0, len(rows), _ROWS):
            block = rows[first : first + _ROWS]
            every = [texts(form, row, self.protect) for row in block]
            drawn = [self._drawn(row, found) for row, found in zip(block, every, strict=True)]
            blanks = [self.blank(found, word) for found, words in zip(every, drawn, strict=True) for word in words]
            asked = list(dict.fromkeys(blanks))
            answers = dict(zip(asked, known(asked), strict=True)) if asked else {}
            told = partial(map, answers.__getitem__)
            yield from (self.change(row, form, told) for row in block)

    def edits(self, found: dict[str, str], row: Row, known: Any) -> Edits:
        from xfer.attackers.lexicons.dictionaries import one_space
        from xfer.text.draws import below

        made: Edits = {}
        words = self._drawn(row, found)
        answers = known([self.blank(found, word) for word in words]) if words else ()
        for word, answer in zip(words, answers, strict=True):
            options = self.options(found, word, answer, row)
            if options:
                new = options[below(self.stream(row, word.name, str(word.start)), len(options))]
                made.setdefault(word.name, []).append(Edit(word.start, word.end, new, self.type_name))
        return {name: one_space(edits) for name, edits in made.items()}

    def _drawn(self, row: Row, found: Mapping[str, str]) -> list[Word]:
        """The words to replace."""
        from xfer.text.draws import rounded, shuffled
        from xfer.text.words import cut

        rng = self.stream(row, "words")
        wanted = rounded(rng, self.rate * sum(len(cut(text)) for text in found.values()))
        return sorted(shuffled(rng, self.words(found, row))[:wanted])


@Search.register("masked_words_search")
class MaskedWordsSearch(Masked, Search):
    """The words that matter most to the victim, one after the other, each replaced by that of the masked language
    model's best words that hurts most, until the aim is reached (Li et al. 2020; Garg and Ramakrishnan 2020). A word
    matters by how much the victim's answer suffers when an unknown word stands in its place."""

    rate: float = Field(0.3, ge=0, le=1, description="share of the words of a row that may be replaced")
    budget: int | None = Field(None, ge=1, description="queries a row; no limit if left out")

    def oracles(self, setting: Setting) -> Mapping[str, Oracle]:
        return {"mlm": self.oracle()}

    def slot(self, setting: Setting) -> Slot:
        from xfer.attackers.search.beam import Hunt, allowed, greedy, searchable

        def search(row: Row) -> Outcome:
            found = searchable(setting.form, row, self.protect)
            hunt = Hunt(setting.aim, setting.form, row, self.type_name, self.budget)
            words = [word for word in self.words(found, row) if hunt.free(word)]
            return greedy(hunt, words, self.proposer(row, self.protect, setting.form), allowed(found, self.rate))

        return search

    def proposer(self, row: Row, protect: Sequence[str], form: str) -> Callable[[Row, tuple[str, int, int]], list[str]]:
        """What gives the options for a word of the row as it has become, at the place where it stands now."""
        from xfer.attackers.search.scheduler import ask

        def propose(now: Row, place: tuple[str, int, int]) -> list[str]:
            found, word = texts(form, now, protect), Word(*place)
            return self.options(found, word, ask("mlm", [self.blank(found, word)])[0], row)

        return propose


def _inside_names(row: Row) -> list[tuple[int, int]]:
    """Where the entities of a tagged sentence stand in its text; nowhere where tags are of another kind."""
    tags = row.get("tags")
    if not tags or not is_entity_tag(tags):
        return []
    places, start = [], 0
    for word, tag in zip(row["words"], tags, strict=True):
        places += [(start, start + len(word))] if tag != "O" else []
        start += len(word) + 1
    return places
