"""Attackers that write the same words otherwise: without marks, in look-alike letters, in another case or script.

Each changes a share of the words, by script; a word of a script for which it has no rule stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import ModelFree
from xfer.forms.sheet import EVERY_FORM
from xfer.text.draws import random_round, shuffle_items
from xfer.text.edits import Edit, minimal_edits
from xfer.text.words import TextWord, counted_words

_RATE_DESCRIPTION = "share of the words; fewer where fewer can be changed"


class Writing(ModelFree):
    """An attacker that leaves every word the same word for a reader, and so every label."""

    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"
    inside_answers: ClassVar[bool] = True  # else the answer were the one piece that is written as before

    rate: float = Field(1.0, ge=0, le=1, description=_RATE_DESCRIPTION)

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        def change(word: str) -> str:
            return self.rewrite_word(word, language.replace("_", "-").split("-")[0].lower(), random)

        return edit_words(text, self.rate, random, change, self.type_name)

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        """The word as it is written now; the same where nothing applies."""
        raise NotImplementedError


@ModelFree.register("diacritics")
class Diacritics(Writing):
    """Words without the marks that writers in a hurry leave out: accents of Latin and Greek, dots of ё, vowel signs
    of Arabic and Hebrew. Elsewhere marks are vowels and stay."""

    example: ClassVar[str] = "une vieille clé -> une vieille cle"

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.marks import strip_marks

        return strip_marks(word)


@ModelFree.register("homoglyphs")
class Homoglyphs(Writing):
    """Letters replaced by those of the same shape in another script (Boucher et al. 2022): Latin, Cyrillic, Greek,
    Armenian, and Arabic letters with a twin in Persian and Urdu."""

    example: ClassVar[str] = "paper (Latin p) -> рaper (Cyrillic р)"

    rate: float = Field(0.3, ge=0, le=1, description=_RATE_DESCRIPTION)
    every: bool = Field(False, description="every such letter of a word, not one")

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.draws import random_below
        from xfer.text.lookalikes import homoglyph_table

        table = homoglyph_table()
        places = [i for i, char in enumerate(word) if char in table]
        for i in places if self.every or not places else [places[random_below(random, len(places))]]:
            word = word[:i] + table[word[i]][random_below(random, len(table[word[i]]))] + word[i + 1 :]
        return word


_INVISIBLE = {"zero width space": "\u200b", "word joiner": "\u2060", "soft hyphen": "\u00ad"}


@ModelFree.register("invisible")
class Invisible(Writing):
    """A character without width inside a word (Boucher et al. 2022). Joiners are left out: in Arabic and Indic
    scripts they are spelling."""

    example: ClassVar[str] = "river -> ri<U+200B>ver"
    inside_answers: ClassVar[bool] = False

    rate: float = Field(0.3, ge=0, le=1, description=_RATE_DESCRIPTION)
    character: Literal["zero width space", "word joiner", "soft hyphen"] = Field(
        "zero width space", description="what is put in"
    )

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.draws import random_below
        from xfer.text.scripts import grapheme_spans

        ends = [end for _, end in grapheme_spans(word)][:-1]
        if not ends:
            return word
        position = ends[random_below(random, len(ends))]
        return word[:position] + _INVISIBLE[self.character] + word[position:]


@ModelFree.register("case")
class Case(Writing):
    """Words in another case, by the rules of the language (Turkish and Azerbaijani i, Greek capitals without
    accents). Scripts without case stay."""

    example: ClassVar[str] = "ışıklı İzmir (tr, upper) -> IŞIKLI İZMİR"

    to: Literal["lower", "upper", "title", "swap"] = Field("lower", description="the case")

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.cases import apply_case

        return apply_case(word, language, self.to)


@ModelFree.register("ocr")
class Ocr(Writing):
    """One letter of a word as a scanner misreads it, in 19 scripts: rn for m, ר for ד, 末 for 未. Figures, number
    words and negations stay."""

    example: ClassVar[str] = "modern -> modem"
    inside_answers: ClassVar[bool] = False

    rate: float = Field(0.1, ge=0, le=1, description=_RATE_DESCRIPTION)

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.draws import random_below
        from xfer.text.lookalikes import word_misreadings

        readings = word_misreadings(word, language)
        if not readings:
            return word
        start, end, new = readings[random_below(random, len(readings))]
        return word[:start] + new + word[end:]


_SPELLINGS = ("alef", "yeh", "teh", "hamza", "kaf", "joiner", "nukta", "nasal", "length", "virama", "umlaut",
              "cedilla", "sara_am")  # fmt: skip


@ModelFree.register("spelling")
class Spelling(Writing):
    """One other spelling of a word: Arabic script (alef, yeh, teh marbuta, hamza, Persian kaf and joiner), Indic
    scripts (nukta, nasal sign, long and short vowel signs, virama), German, Nordic, Romanian, Thai."""

    example: ClassVar[str] = "أحمد -> احمد"

    rate: float = Field(0.3, ge=0, le=1, description=_RATE_DESCRIPTION)
    operations: tuple[Literal[_SPELLINGS], ...] = Field(  # type: ignore[valid-type]
        _SPELLINGS, min_length=1, description="the spellings to draw from"
    )

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.draws import shuffle_items
        from xfer.text.scripts import script_of
        from xfer.text.spelling import BY_SCRIPT

        rules = BY_SCRIPT.get(script_of(word[0]), {})
        for name in shuffle_items(random, [name for name in rules if name in self.operations]):
            new = rules[name](word, language)
            if new and new != word:
                return new
        return word


@ModelFree.register("transliterate")
class Transliterate(Writing):
    """Words in the letters of another script, by rules: to Latin from Cyrillic, Greek, Arabic, Hebrew, Georgian,
    Indic scripts, Hangul and kana; from Latin to Cyrillic, Greek, Arabic and Devanagari."""

    example: ClassVar[str] = "Вчера шёл дождь -> Vchera shyol dozhd"

    to: Literal["latin", "cyrillic", "greek", "arabic", "devanagari"] = Field("latin", description="the script")

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.romanization import transliterate_word

        return transliterate_word(word, language, self.to)


@ModelFree.register("numbers")
class Numbers(ModelFree):
    """Numbers and dates in another notation of the language: its own figures, a mark between thousands, dates in
    its order. The value stays."""

    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    inside_answers: ClassVar[bool] = False
    example: ClassVar[str] = "am 2020-05-03 (de) -> am 3.5.2020"

    rate: float = Field(1.0, ge=0, le=1, description="share of the numbers; fewer where fewer can be changed")
    operations: tuple[Literal["digits", "thousands", "dates"], ...] = Field(
        ("digits", "thousands", "dates"), min_length=1, description="the notations to draw from"
    )

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        from xfer.text.numerals import notation_edits

        return notation_edits(text, language, self.rate, random, self.operations)


def edit_words(text: str, rate: float, rng: Random, rewrite: Callable[[str], str], kind: str) -> list[Edit]:
    """``change`` applied to a share ``rate`` of the words of ``text``, as sorted edits.

    All words count, those without letters too; a word that ``change`` leaves as it is gives way to another,
    so that fewer are changed only where fewer can be.
    """
    words = counted_words(text)
    wanted = random_round(rng, rate * len(words))
    edits: list[Edit] = []
    for word in shuffle_items(rng, filter(_has_letters, words)) if wanted else ():
        edits += minimal_edits(text, word.start, word.end, rewrite(text[word.start : word.end]), kind)
        if len(edits) == wanted:
            break
    return sorted(edits)


def _has_letters(word: TextWord) -> bool:
    return word.script not in ("", "digit")  # addresses and figures; a word of one letter is a word here


@ModelFree.register("ime")
class Ime(ModelFree):
    """A slip of the input method in a share of the words: Korean keys in the wrong order, twice or without shift,
    and finals as they sound; Japanese not converted, or to the other kana, or with kana of the other size; Chinese
    characters of the same sound; Vietnamese as its Telex keys. Other languages stay as they are."""

    forms: ClassVar[tuple[str, ...]] = EVERY_FORM
    rate_of: ClassVar[Literal["words", "entities"] | None] = "words"
    example: ClassVar[str] = "한국 (ko) -> ㅎ나국; 今日 (ja) -> きょう; tiếng Việt (vi) -> tieesng Vieejt"

    rate: float = Field(0.2, ge=0, le=1, description="share of the words; fewer where fewer can be changed")

    def edit(self, text: str, language: str, random: Random) -> list[Edit]:
        from xfer.text.draws import random_below
        from xfer.text.homophones import han_table
        from xfer.text.input_methods import input_slips
        from xfer.text.scripts import language_of

        primary_language, han = language_of(language), han_table(language, text)

        def change(word: str) -> str:
            candidates = input_slips(word, primary_language, han)
            return candidates[random_below(random, len(candidates))] if candidates else word

        return edit_words(text, self.rate, random, change, self.type_name)


@ModelFree.register("width")
class Width(Writing):
    """Characters in another width, in Chinese, Japanese and Korean text: Latin words and figures in full width, or
    katakana and what is full width in half (Unicode, Halfwidth and Fullwidth Forms)."""

    example: ClassVar[str] = "NATO が -> ＮＡＴＯ が"

    to: Literal["full", "half", "other"] = Field("other", description="the width; other is full if it was half")

    def rewrite_word(self, word: str, language: str, random: Random) -> str:
        from xfer.text.widths import full_width, half_width

        if language not in ("zh", "ja", "ko", "yue"):
            return word
        narrow = half_width(word)
        if self.to == "half" or self.to == "other" and narrow != word:
            return narrow
        return full_width(word)
