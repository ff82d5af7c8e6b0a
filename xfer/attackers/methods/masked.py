"""Words replaced by what a masked language model would say there: drawn at random, or chosen against a victim."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from xfer.attackers.base import Attacker, AttackRow, ModelFree
from xfer.attackers.search.base import Search, Setting
from xfer.attackers.search.job import Oracle
from xfer.attackers.search.outcome import SearchOutcome
from xfer.attackers.search.runner import Slot
from xfer.forms.texts import ColumnEdits, editable_texts, is_entity_tag
from xfer.readers.labels import LabelBreaker
from xfer.text.edits import Edit

_CONTEXT_LENGTH = 3_000  # code points on either side of a word: more than models read
_SURROGATES = range(0xD800, 0xE000)  # surrogates, which no tokenizer takes
_BLOCK_ROWS = 64  # rows whose words are asked of the model at once


class MaskableWord(NamedTuple):
    """A word that may be replaced: ``text[start:end]`` of the text ``name`` of a row."""

    name: str
    start: int
    end: int


class MaskedAttacker(Attacker):
    """What puts in words of a masked language model. Negations, number words and figures stay, as the names of
    tagged sentences and the questions of contexts do."""

    forms: ClassVar[tuple[str, ...]] = ("classify", "tag", "span")
    label_breaker: ClassVar[LabelBreaker | None] = "substitutions"
    needs: ClassVar[str] = "a masked language model: any local folder or hub name"
    example: ClassVar[str] = "the woman reads a book -> the girl reads a book"

    model: str = Field(description="a masked language model: a local folder in Hugging Face layout, or a hub name")
    candidates: int = Field(8, ge=1, description="the model's best words that are considered, without the word itself")

    def model_names(self) -> tuple[str, ...]:
        return (self.model,)

    def oracle(self) -> Oracle:
        """What answers for the model, made once a process."""
        from xfer.attackers.search.oracles.masked import MaskOracle as MaskedOracle  # late: imports torch

        return MaskedOracle(self.model)

    def words(self, side_texts: Mapping[str, str], row: AttackRow) -> list[MaskableWord]:
        """The words of a row that may be replaced, in order."""
        from xfer.text.function_words import is_function_word
        from xfer.text.scripts import word_script
        from xfer.text.words import searchable_words

        names = _name_spans(row)
        return [
            MaskableWord(name, start, end)
            for name, text in side_texts.items()
            if (name, "answers" in row) != ("pair", True) and not any(ord(char) in _SURROGATES for char in text)
            for start, end in searchable_words(text)
            if not is_function_word(text[start:end], row["language"])
            and word_script(text[start:end])
            and not any(start < past and first < end for first, past in names)
        ]

    def blank(self, side_texts: Mapping[str, str], word: MaskableWord) -> Any:
        """What the model is asked for a word."""
        from xfer.attackers.search.oracles.masked import Blank  # late: imports torch
        from xfer.text.scripts import word_script

        text = side_texts[word.name]
        before, after = (
            text[max(0, word.start - _CONTEXT_LENGTH) : word.start],
            text[word.end : word.end + _CONTEXT_LENGTH],
        )
        # two more than wanted: the word itself is likely to be among them, once in another case
        return Blank(before, after, word_script(text[word.start : word.end]), self.candidates + 2)

    def options(
        self, side_texts: Mapping[str, str], word: MaskableWord, answer: Sequence[tuple[str, float]], row: AttackRow
    ) -> list[str]:
        """What may stand for a word, likeliest first, in its case."""
        from xfer.attackers.lexicons.dictionaries import fit_replacement
        from xfer.text.function_words import is_function_word

        text, span = side_texts[word.name], (word.start, word.end)
        old, tags = text[word.start : word.end], row.get("tags")
        allowed = [
            new for new, _ in answer if new.casefold() != old.casefold() and not is_function_word(new, row["language"])
        ]
        if tags and is_entity_tag(tags):  # what looks like a name would be one, and its tag says that it is none
            allowed = [new for new in allowed if old[:1].isupper() or not new[:1].isupper()]
        return list(dict.fromkeys(fit_replacement(text, span, new) for new in allowed))[: self.candidates]


@ModelFree.register("masked_words")
class MaskedWords(MaskedAttacker, ModelFree):
    """A share of the words, each masked alone and replaced by one of the model's best words for the place, drawn at
    random: whole words of the same script, any language that the model knows (after Garg and Ramakrishnan 2020)."""

    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"

    rate: float = Field(0.15, ge=0, le=1, description="share of the words of a row; fewer where fewer can be replaced")

    def prepare_state(self, further_rows: Sequence[AttackRow]) -> Any:
        return self.oracle()

    def change_rows(
        self, rows: Sequence[AttackRow], form: str, prepared: Any
    ) -> Iterator[tuple[AttackRow | None, list[dict[str, Any]]]]:
        """Rows whose words are asked together; an answer does not depend on what else is asked."""
        for first in range(0, len(rows), _BLOCK_ROWS):
            block = rows[first : first + _BLOCK_ROWS]
            row_texts = [editable_texts(form, row, self.protect) for row in block]
            row_words = [self._drawn_words(row, side_texts) for row, side_texts in zip(block, row_texts, strict=True)]
            blanks = [
                self.blank(side_texts, word)
                for side_texts, words in zip(row_texts, row_words, strict=True)
                for word in words
            ]
            questions = list(dict.fromkeys(blanks))
            answers = dict(zip(questions, prepared(questions), strict=True)) if questions else {}
            lookup = partial(map, answers.__getitem__)
            yield from (self.change(row, form, lookup) for row in block)

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        from xfer.attackers.lexicons.dictionaries import single_spaced
        from xfer.text.draws import random_below

        side_edits: ColumnEdits = {}
        words = self._drawn_words(row, side_texts)
        answers = prepared([self.blank(side_texts, word) for word in words]) if words else ()
        for word, answer in zip(words, answers, strict=True):
            options = self.options(side_texts, word, answer, row)
            if options:
                new = options[random_below(self.random_stream(row, word.name, str(word.start)), len(options))]
                side_edits.setdefault(word.name, []).append(Edit(word.start, word.end, new, self.type_name))
        return {name: single_spaced(edits) for name, edits in side_edits.items()}

    def _drawn_words(self, row: AttackRow, side_texts: Mapping[str, str]) -> list[MaskableWord]:
        """The words to replace."""
        from xfer.text.draws import random_round, shuffle_items
        from xfer.text.words import counted_words

        rng = self.random_stream(row, "words")
        wanted = random_round(rng, self.rate * sum(len(counted_words(text)) for text in side_texts.values()))
        return sorted(shuffle_items(rng, self.words(side_texts, row))[:wanted])


@Search.register("masked_words_search")
class MaskedWordsSearch(MaskedAttacker, Search):
    """The words that matter most to the victim, one after the other, each replaced by that of the masked language
    model's best words that hurts most, until the aim is reached (Li et al. 2020; Garg and Ramakrishnan 2020). A word
    matters by how much the victim's answer suffers when an unknown word stands in its place."""

    rate: float = Field(0.3, ge=0, le=1, description="share of the words of a row that may be replaced")
    budget: int | None = Field(None, ge=1, description="queries a row; no limit if left out")

    def extra_oracles(self, setting: Setting) -> Mapping[str, Oracle]:
        return {"mlm": self.oracle()}

    def make_slot(self, setting: Setting) -> Slot:
        from xfer.attackers.search.beam import RowSearch, greedy_search, searchable_texts, word_budget

        def search(row: AttackRow) -> SearchOutcome:
            side_texts = searchable_texts(setting.form, row, self.protect)
            row_search = RowSearch(setting.aim, setting.form, row, self.type_name, self.budget)
            words = [word for word in self.words(side_texts, row) if row_search.free(word)]
            return greedy_search(
                row_search,
                words,
                self.word_proposer(row, self.protect, setting.form),
                word_budget(side_texts, self.rate),
            )

        return search

    def word_proposer(
        self, row: AttackRow, protect: Sequence[str], form: str
    ) -> Callable[[AttackRow, tuple[str, int, int]], list[str]]:
        """What gives the options for a word of the row as it has become, at the place where it stands now."""
        from xfer.attackers.search.scheduler import ask_oracle

        def propose(changed_row: AttackRow, location: tuple[str, int, int]) -> list[str]:
            side_texts, word = editable_texts(form, changed_row, protect), MaskableWord(*location)
            return self.options(side_texts, word, ask_oracle("mlm", [self.blank(side_texts, word)])[0], row)

        return propose


def _name_spans(row: AttackRow) -> list[tuple[int, int]]:
    """Where the entities of a tagged sentence stand in its text; nowhere where tags are of another kind."""
    tags = row.get("tags")
    if not tags or not is_entity_tag(tags):
        return []
    spans, start = [], 0
    for word, tag in zip(row["words"], tags, strict=True):
        spans += [(start, start + len(word))] if tag != "O" else []
        start += len(word) + 1
    return spans
