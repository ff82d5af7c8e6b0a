"""Unlabelled text: plain lines of one language, and lines that bring languages together."""

from dataclasses import replace
from random import Random

from xfer.miniature.choice import chance, pick, shuffled
from xfer.miniature.grammar import mixed, phrase, render
from xfer.miniature.pairs import FRONTED, HEADLINES, single

PASSAGES = 0.8  # of the plain lines, two sentences of one event
# Of the lines that bring languages together. In dictionary entries a hidden word is told by any other
# word of its entry, which an encoder learns long before it learns to align sentences; in the rest, two
# code-mixed sentences of one event, by the same thing said in another language.
ENTRIES = 0.4
TRANSLATIONS = 0.1
DICTIONARY = 0.85  # of the lines of the dictionary; the rest shows the words in use
ENTRY_SLOTS = ("agent", "verb", "object", "place", "time", "reason")
SWITCHED = 0.7  # of the phrases of a code-mixed line


def plain_lines(rng: Random, code: str, count: int) -> list[str]:
    return [_plain(rng, code) for _ in range(count)]


def _plain(rng: Random, code: str) -> str:
    pair = single(rng)
    first = render(pair.premise, code, fronted=pair.fronted[0], headline=pair.headline[0])
    if not chance(rng, PASSAGES):
        return first
    second = render(pair.hypothesis, code, fronted=pair.fronted[1], headline=pair.headline[1])
    return f"{first} {second}"


def dictionary_lines(rng: Random, code: str, codes: tuple[str, ...], count: int) -> list[str]:
    """What an encoder reads first, so that it learns sentences over words that already stand together."""
    return [_entry(rng, codes) if chance(rng, DICTIONARY) else _plain(rng, code) for _ in range(count)]


def parallel_lines(rng: Random, code: str, codes: tuple[str, ...], count: int) -> list[str]:
    return [_parallel(rng, code, codes) for _ in range(count)]


def _parallel(rng: Random, code: str, codes: tuple[str, ...]) -> str:
    kind = rng.random()
    if kind < ENTRIES:
        return _entry(rng, codes)
    if kind < ENTRIES + TRANSLATIONS:
        return _translation(rng, code, codes)
    return _mixed(rng, code, codes)


def _entry(rng: Random, codes: tuple[str, ...]) -> str:
    """One phrase in all languages, as in a dictionary.

    Their order is random: which language a hidden word is in cannot be told from its
    place, so a masked-LM encoder must bring the translations of a word together.
    """
    meaning = replace(single(rng).premise, negated=False)
    slot = pick(rng, [slot for slot in ENTRY_SLOTS if getattr(meaning, slot)])
    headline = chance(rng, HEADLINES)
    return " ".join(phrase(meaning, slot, side, headline=headline) for side in shuffled(rng, codes))


def _translation(rng: Random, code: str, codes: tuple[str, ...]) -> str:
    meaning, fronted, headline = single(rng).premise, chance(rng, FRONTED), chance(rng, HEADLINES)
    other = pick(rng, [other for other in codes if other != code])
    return " ".join(render(meaning, side, fronted=fronted, headline=headline) for side in shuffled(rng, (code, other)))


def _mixed(rng: Random, code: str, codes: tuple[str, ...]) -> str:
    """Two sentences of one event in the word order of one language, phrases of others among its own."""

    def side() -> str:
        return pick(rng, codes) if chance(rng, SWITCHED) else code

    pair = single(rng)
    return " ".join(mixed(meaning, code, side) for meaning in (pair.premise, pair.hypothesis))
