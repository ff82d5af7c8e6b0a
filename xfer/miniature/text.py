"""Unlabelled text: plain lines of one language, and lines of a sentence and its translation."""

from dataclasses import replace
from random import Random

from xfer.miniature.choice import chance, pick, shuffled
from xfer.miniature.grammar import phrase, render
from xfer.miniature.languages import BY_CODE
from xfer.miniature.pairs import FRONTED, single

PASSAGES = 0.6  # of the plain lines, two sentences of one event
FRAGMENTS = 0.5  # of the translation lines, one phrase instead of a sentence
FRAGMENT_SLOTS = ("agent", "verb", "object", "place", "time", "reason")
ENGLISH = 0.6  # of the translations of another language


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
    """A sentence or phrase and its translation, in either order, separated by one space."""
    others = tuple(other for other in codes if other != code)
    other = "en" if code != "en" and chance(rng, ENGLISH) else pick(rng, others)
    sides = shuffled(rng, (code, other))
    meaning = single(rng).premise
    if chance(rng, FRAGMENTS):
        slot = pick(rng, [slot for slot in FRAGMENT_SLOTS if getattr(meaning, slot)])
        return " ".join(phrase(replace(meaning, negated=False), slot, side) for side in sides)
    fronted = chance(rng, FRONTED)
    return " ".join(render(meaning, side, fronted=fronted) for side in sides)
