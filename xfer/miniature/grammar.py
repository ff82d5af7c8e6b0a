"""From a meaning to the words of any language: one grammar, eleven sets of settings."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from xfer.miniature.languages import BY_CODE
from xfer.miniature.languages.table import Language
from xfer.miniature.meaning import Meaning
from xfer.miniature.world import NAMES, SOMEONE


class SlotWord(NamedTuple):
    """One written word and the slot of the meaning it speaks for, "not" for free negation."""

    text: str
    slot: str


def render_sentence(meaning: Meaning, code: str, *, fronted: bool = False, headline: bool = False) -> str:
    """The sentence in one language; `fronted` says the time first, `headline` as headlines do (the same meaning)."""
    language = BY_CODE[code]
    spoken = [word.text for word in sentence_words(meaning, code, fronted=fronted)]
    return _capitalised_text(" ".join(_headlined(spoken, language) if headline else spoken), code) + language.stop


def sentence_words(meaning: Meaning, code: str, *, fronted: bool = False) -> list[SlotWord]:
    """The sentence as words in spoken order, without capital letter and final stop."""
    language = BY_CODE[code]
    return [
        SlotWord(text, slot)
        for slot in _slot_order(meaning, code, fronted)
        for text in _slot(meaning, slot, language).split()
    ]


def _headlined(spoken: list[str], language: Language) -> list[str]:
    return [word for word in spoken if word not in language.unheadlined]


def slot_phrase(meaning: Meaning, slot: str, code: str, *, headline: bool = False) -> str:
    """One slot on its own, as in a dictionary; agents with the capital they mostly have."""
    language = BY_CODE[code]
    text = _slot(meaning, slot, language)
    if headline:
        text = " ".join(_headlined(text.split(), language))
    return _capitalised_text(text, code) if slot == "agent" else text


def mixed_sentence(meaning: Meaning, code: str, side: Callable[[], str]) -> str:
    """The phrases of the sentence in the order of one language, each in the language that `side()` names."""
    parts = []
    for slot in _slot_order(meaning, code, False):
        slot_text = _slot(meaning, slot, BY_CODE[side()])
        parts += [slot_text] if slot_text else []
    return " ".join(parts)


def _slot_order(meaning: Meaning, code: str, fronted: bool) -> tuple[str, ...]:
    return _ordered_slots(code, meaning.is_nobody, fronted and bool(meaning.time))


@cache
def _ordered_slots(code: str, nobody: bool, fronted: bool) -> tuple[str, ...]:
    language = BY_CODE[code]
    order = language.nobody_order if nobody and language.nobody_order else language.order
    if not fronted:
        return tuple(order.split())
    if language.fronted:
        return tuple(language.fronted.split())
    return ("time", *(slot for slot in order.split() if slot != "time"))


def _slot(meaning: Meaning, slot: str, language: Language) -> str:
    if slot == "agent":
        return _agent(language.code, meaning.agent, meaning.quality, meaning.is_nobody)
    if slot == "object":
        return _object_phrase(language.code, meaning.object, meaning.colour, meaning.number)
    if slot == "verb":
        return _verb(language.code, meaning.verb, meaning.agent, meaning.negated)
    if slot == "not":
        return _negation(meaning, language)
    if slot == "end":
        return language.ends.get(meaning.verb, "")
    concept = getattr(meaning, slot)
    return language.phrases[concept][0] if concept else ""


@cache
def _agent(code: str, agent: str, quality: str, nobody: bool) -> str:
    language = BY_CODE[code]
    if agent == SOMEONE:
        return language.nobody if nobody else language.someone
    noun, gender = _noun(language.agents[agent])
    adjective = _agreeing(language.qualities[quality], gender, language) if quality else ""
    article = language.subject_articles.get(f"name {gender}" if agent in NAMES else gender, "")
    return _noun_phrase(article, adjective, noun, language)


@cache
def _object_phrase(code: str, concept: str, colour: str, number: int) -> str:
    language = BY_CODE[code]
    if not concept:
        return ""
    forms = language.objects[concept]
    noun, gender = _noun(forms)
    if number:
        return _counted_phrase(noun, gender, forms[2], number, language)
    adjective = _agreeing(language.qualities[colour], gender, language) if colour else ""
    article = language.article_exceptions.get(noun, language.object_articles.get(gender, ""))
    return _noun_phrase(article, adjective, noun, language)


def _noun(forms: tuple[str, ...]) -> tuple[str, str]:
    """The noun and its gender, "" in languages that have none."""
    return forms[0], forms[1] if len(forms) > 1 else ""


def _noun_phrase(article: str, adjective: str, noun: str, language: Language) -> str:
    parts = [noun, adjective] if language.adjective_after else [adjective, noun]
    content = " ".join(word for word in parts if word)
    if article in language.article_before:
        keeping, otherwise = language.article_before[article]
        article = article if content.startswith(keeping) else otherwise
    return f"{article} {content}".strip()


def _counted_phrase(noun: str, gender: str, counted: str, number: int, language: Language) -> str:
    if " / " in counted:  # a dual of its own, then the plural
        dual, counted = counted.split(" / ")
        if number == 2:
            return dual
    numerals = language.numerals
    numeral = numerals.get(f"{number}{gender}") or numerals[str(number)]
    parts = {"numeral": numeral, "noun": counted, "bare": noun}
    return " ".join(parts[piece] for piece in language.count_order.split())


def _agreeing(forms: tuple[str, ...], gender: str, language: Language) -> str:
    """The form that agrees; tables give one form where all genders share it."""
    return forms[0] if len(forms) == 1 else forms[language.genders.index(gender)]


@cache
def _verb(code: str, verb: str, agent: str, negated: bool) -> str:
    language = BY_CODE[code]
    forms = language.verbs[verb]
    nobody = negated and agent == SOMEONE
    negative = negated and (not nobody or language.nobody_negates)
    if language.negative_forms:
        text = forms[1] if negative else forms[0]
    else:
        text = _agreeing(forms, _agent_gender(agent, language), language)
        text = _with_particle(text, language.negation if negative else "", language)
    if nobody and language.nobody_prefix[0]:
        text = text.replace(*language.nobody_prefix, 1)
    return " ".join(text.split())


def _with_particle(verb: str, particle: str, language: Language) -> str:
    """The negation word at its mark, or before the verb, or not here but in its own slot."""
    if "~" in verb:
        return verb.replace("~", particle)
    return verb if "not" in language.order.split() else f"{particle} {verb}"


def _negation(meaning: Meaning, language: Language) -> str:
    """The negation word of languages that place it freely."""
    if not meaning.negated or (meaning.is_nobody and not language.nobody_negates):
        return ""
    return language.negations.get(meaning.verb, language.negation)


def _agent_gender(agent: str, language: Language) -> str:
    if agent == SOMEONE:
        return language.genders[0]
    return _noun(language.agents[agent])[1]


def _capitalised_text(text: str, code: str) -> str:
    if code == "tr" and text.startswith("i"):
        return "İ" + text[1:]
    return text[:1].upper() + text[1:]
