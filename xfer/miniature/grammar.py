"""From a meaning to the words of any language: one grammar, eleven sets of settings."""

from functools import lru_cache
from typing import NamedTuple

from xfer.miniature.languages import BY_CODE
from xfer.miniature.languages.table import Language
from xfer.miniature.meaning import Meaning
from xfer.miniature.world import NAMES, SOMEONE


class Word(NamedTuple):
    """One written word and the slot of the meaning it speaks for, "not" for free negation."""

    text: str
    slot: str


def render(meaning: Meaning, code: str, *, fronted: bool = False) -> str:
    """The sentence in one language; `fronted` says the time first (the same meaning)."""
    language = BY_CODE[code]
    text = language.space.join(word.text for word in words(meaning, code, fronted=fronted))
    return _capitalised(text, language) + language.stop


@lru_cache(maxsize=1 << 16)
def words(meaning: Meaning, code: str, *, fronted: bool = False) -> tuple[Word, ...]:
    """The sentence as words in spoken order, without capital letter and final stop."""
    language = BY_CODE[code]
    result: list[Word] = []
    for slot in _order(meaning, language, fronted=fronted):
        result += [Word(text, slot) for text in _slot(meaning, slot, language).split()]
    return tuple(result)


def _order(meaning: Meaning, language: Language, *, fronted: bool) -> list[str]:
    order = language.order
    if meaning.is_nobody and language.nobody_order:
        order = language.nobody_order
    if not (fronted and meaning.time):
        return order.split()
    if language.fronted:
        return language.fronted.split()
    return ["time", *(slot for slot in order.split() if slot != "time")]


def _slot(meaning: Meaning, slot: str, language: Language) -> str:
    if slot == "agent":
        return _agent(language.code, meaning.agent, meaning.quality, meaning.is_nobody)
    if slot == "object":
        return _object(language.code, meaning.object, meaning.colour, meaning.number)
    if slot == "verb":
        return _verb(meaning, language)
    if slot == "not":
        return _negation(meaning, language)
    if slot == "end":
        return language.ends.get(meaning.verb, "")
    concept = getattr(meaning, slot)
    return language.phrases[concept][0] if concept else ""


@lru_cache(maxsize=None)
def _agent(code: str, agent: str, quality: str, nobody: bool) -> str:
    language = BY_CODE[code]
    if agent == SOMEONE:
        return language.nobody if nobody else language.someone
    noun, gender = _noun(language.agents[agent])
    adjective = _agreeing(language.qualities[quality], gender, language) if quality else ""
    article = language.subject_articles.get(f"name {gender}" if agent in NAMES else gender, "")
    return _noun_phrase(article, adjective, noun, language)


@lru_cache(maxsize=None)
def _object(code: str, concept: str, colour: str, number: int) -> str:
    language = BY_CODE[code]
    if not concept:
        return ""
    forms = language.objects[concept]
    noun, gender = _noun(forms)
    if number:
        return _counted(noun, gender, forms[2], number, language)
    adjective = _agreeing(language.qualities[colour], gender, language) if colour else ""
    article = language.article_exceptions.get(noun, language.object_articles.get(gender, ""))
    return _noun_phrase(article, adjective, noun, language)


def _noun(forms: tuple[str, ...]) -> tuple[str, str]:
    """The noun and its gender, "" in languages that have none."""
    return forms[0], forms[1] if len(forms) > 1 else ""


def _noun_phrase(article: str, adjective: str, noun: str, language: Language) -> str:
    parts = [noun, adjective] if language.adjective_after else [adjective, noun]
    content = " ".join(part for part in parts if part)
    if article in language.article_before:
        keeping, otherwise = language.article_before[article]
        article = article if content[0] in keeping else otherwise
    return f"{article} {content}".strip()


def _counted(noun: str, gender: str, counted: str, number: int, language: Language) -> str:
    if " / " in counted:  # a dual of its own, then the plural
        dual, counted = counted.split(" / ")
        if number == 2:
            return dual
    numerals = language.numerals
    numeral = numerals.get(f"{number}{gender}") or numerals[str(number)]
    parts = {"numeral": numeral, "noun": counted, "bare": noun}
    return " ".join(parts[part] for part in language.count_order.split())


def _agreeing(forms: tuple[str, ...], gender: str, language: Language) -> str:
    """The form that agrees; tables give one form where all genders share it."""
    return forms[0] if len(forms) == 1 else forms[language.genders.index(gender)]


def _verb(meaning: Meaning, language: Language) -> str:
    forms = language.verbs[meaning.verb]
    negative = _negates_verb(meaning, language)
    if language.negative_forms:
        text = forms[1] if negative else forms[0]
    else:
        text = _agreeing(forms, _agent_gender(meaning, language), language)
        particle = language.negation if negative else ""
        if "~" in text:
            text = text.replace("~", particle)
        elif "not" not in language.order.split():
            text = f"{particle} {text}"
    if meaning.is_nobody and language.nobody_prefix[0]:
        text = text.replace(*language.nobody_prefix, 1)
    return text


def _negation(meaning: Meaning, language: Language) -> str:
    """The negation word of languages that place it freely."""
    if not _negates_verb(meaning, language):
        return ""
    return language.negations.get(meaning.verb, language.negation)


def _negates_verb(meaning: Meaning, language: Language) -> bool:
    return meaning.negated and (not meaning.is_nobody or language.nobody_negates)


def _agent_gender(meaning: Meaning, language: Language) -> str:
    if meaning.agent == SOMEONE:
        return language.genders[0]
    return _noun(language.agents[meaning.agent])[1]


def _capitalised(text: str, language: Language) -> str:
    if language.code == "tr" and text.startswith("i"):
        return "İ" + text[1:]
    return text[:1].upper() + text[1:]
