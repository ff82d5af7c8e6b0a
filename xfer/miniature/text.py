"""Unlabelled text: plain lines of one language, and lines of a sentence and its translation."""

from dataclasses import replace
from random import Random

from xfer.miniature.choice import chance, pick, shuffled
from xfer.miniature.grammar import phrase, render
from xfer.miniature.languages import BY_CODE
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import FRONTED, single

PASSAGES = 0.6  # of the plain lines, two sentences of one event
FRAGMENTS = 0.6  # of the translation lines, dictionary entries instead of sentences
ENTRY_LANGUAGES = 9
FRAGMENT_SLOTS = ("agent", "verb", "object", "place", "time", "reason")
ENGLISH = 0.8  # of the translations of another language


def plain_lines(rng: Random, code: str, count: int) -> list[str]:
    return [_plain(rng, code) for _ in range(count)]


def _plain(rng: Random, code: str) -> str:
    pair = single(rng)
    first = render(pair.premise, code, fronted=pair.fronted[0])
    if not chance(rng, PASSAGES):
        return first
    second = render(pair.hypothesis, code, fronted=pair.fronted[1])
    return first + BY_CODE[code].sentence_space + second


def parallel_lines(rng: Random, code: str, codes: tuple[str, ...], count: int) -> list[str]:
    return [_parallel(rng, code, codes) for _ in range(count)]


def _parallel(rng: Random, code: str, codes: tuple[str, ...]) -> str:
    meaning = single(rng).premise
    if chance(rng, FRAGMENTS):
        return _entry(rng, meaning, code, codes)
    others = tuple(other for other in codes if other != code)
    other = "en" if code != "en" and chance(rng, ENGLISH) else pick(rng, others)
    fronted = chance(rng, FRONTED)
    return " ".join(
        render(meaning, side, fronted=fronted) for side in shuffled(rng, (code, other))
    )


def _entry(rng: Random, meaning: Meaning, code: str, codes: tuple[str, ...]) -> str:
    """One phrase in several languages, as in a dictionary; English is always among them.

    Their order is random: which language a hidden word is in cannot be told from its
    place, so a masked-LM encoder must bring the translations of a word together.
    """
    slot = pick(rng, [slot for slot in FRAGMENT_SLOTS if getattr(meaning, slot)])
    own = tuple(dict.fromkeys((code, "en")))
    others = shuffled(rng, [other for other in codes if other not in own])
    sides = shuffled(rng, (*own, *others[:ENTRY_LANGUAGES - len(own)]))
    affirmed = replace(meaning, negated=False)
    return " ".join(_entry_side(affirmed, slot, side) for side in sides)


def _entry_side(meaning: Meaning, slot: str, code: str) -> str:
    """In Chinese and Thai in brackets: words after a space are others to tokenizers that
    mark it, and in running text only the first word, the agent, stands after one."""
    text = phrase(meaning, slot, code)
    return text if slot == "agent" or BY_CODE[code].space else f"({text})"
