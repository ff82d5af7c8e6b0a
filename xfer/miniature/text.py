"""Unlabelled text: plain lines of one language, and lines that bring languages together."""

from dataclasses import replace
from random import Random

from xfer.miniature.choice import draw_chance, pick_one, shuffled_copy
from xfer.miniature.grammar import mixed_sentence, render_sentence, slot_phrase
from xfer.miniature.pairs import FRONTED_SHARE, HEADLINES, draw_pair

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
    return [_plain_line(rng, code) for _ in range(count)]


def _plain_line(rng: Random, code: str) -> str:
    pair = draw_pair(rng)
    first = render_sentence(pair.premise, code, fronted=pair.fronted[0], headline=pair.headline[0])
    if not draw_chance(rng, PASSAGES):
        return first
    second = render_sentence(pair.hypothesis, code, fronted=pair.fronted[1], headline=pair.headline[1])
    return f"{first} {second}"


def dictionary_lines(rng: Random, code: str, codes: tuple[str, ...], count: int) -> list[str]:
    """What an encoder reads first, so that it learns sentences over words that already stand together."""
    return [_entry(rng, codes) if draw_chance(rng, DICTIONARY) else _plain_line(rng, code) for _ in range(count)]


def parallel_lines(rng: Random, code: str, codes: tuple[str, ...], count: int) -> list[str]:
    return [_parallel(rng, code, codes) for _ in range(count)]


def _parallel(rng: Random, code: str, codes: tuple[str, ...]) -> str:
    kind = rng.random()
    if kind < ENTRIES:
        return _entry(rng, codes)
    if kind < ENTRIES + TRANSLATIONS:
        return _translation(rng, code, codes)
    return _mixed_line(rng, code, codes)


def _entry(rng: Random, codes: tuple[str, ...]) -> str:
    """One phrase in all languages, as in a dictionary.

    Their order is random: which language a hidden word is in cannot be told from its
    place, so a masked-LM encoder must bring the translations of a word together.
    """
    meaning = replace(draw_pair(rng).premise, negated=False)
    slot = pick_one(rng, [slot for slot in ENTRY_SLOTS if getattr(meaning, slot)])
    headline = draw_chance(rng, HEADLINES)
    return " ".join(slot_phrase(meaning, slot, side, headline=headline) for side in shuffled_copy(rng, codes))


def _translation(rng: Random, code: str, codes: tuple[str, ...]) -> str:
    meaning, fronted, headline = draw_pair(rng).premise, draw_chance(rng, FRONTED_SHARE), draw_chance(rng, HEADLINES)
    other = pick_one(rng, [other for other in codes if other != code])
    return " ".join(
        render_sentence(meaning, side, fronted=fronted, headline=headline) for side in shuffled_copy(rng, (code, other))
    )


def _mixed_line(rng: Random, code: str, codes: tuple[str, ...]) -> str:
    """Two sentences of one event in the word order of one language, phrases of others among its own."""

    def side() -> str:
        return pick_one(rng, codes) if draw_chance(rng, SWITCHED) else code

    pair = draw_pair(rng)
    return " ".join(mixed_sentence(meaning, code, side) for meaning in (pair.premise, pair.hypothesis))
