"""Paraphrase pairs in PAWS's manner: both labels keep most words, and who did what decides.

A text tells two events, or one. Its paraphrase says the same in another order or with a synonym; its counterpart
lets the two events exchange a participant or circumstance, which keeps every word, or changes one word. Each
text is used once with either label, and an exchange is as likely as its reverse: no side tells the label alone.
The texts of one event are there for the encoder of a laptop, which in its few hundred steps learns no exchange.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from xfer.miniature.choice import chance, pick, shuffled, stream
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render
from xfer.miniature.meaning import CONCEPT_SLOTS, Meaning
from xfer.miniature.sample import EXCLUSIVE, add_detail, change, event, sensible
from xfer.miniature.world import SYNONYM

CODES = ("de", "en", "es", "zh")  # of PAWS-X's seven languages, those that the world speaks
SIZES = {"test": 500, "dev": 300, "train": 10000}
QUESTIONS = {"dev": 400, "train": 2000}
SINGLE = 0.8  # of the texts tell one event
CHANGED = 0.2  # of the counterparts of two events, a changed word instead of an exchange
TURNED = 0.15  # of the pairs of either label, the two events in the other order
FRONTED = 0.3
# What moves together when two events exchange it, so that each word keeps its form.
MOVES = (("agent", "quality"), ("object", "colour", "number"), ("place",), ("time",))
Events = tuple[Meaning, ...]
_OTHER_WORD = {one: two for pair in SYNONYM.items() for one, two in (pair, pair[::-1])}


@dataclass(frozen=True)
class Text:
    """One or two events in the order they are told; ``fronted`` says of each whether its time comes first."""

    events: Events
    fronted: tuple[bool, ...]


@dataclass(frozen=True)
class Paraphrase:
    """Two texts, and whether both say the same."""

    first: Text
    second: Text

    @cached_property
    def label(self) -> str:
        return str(int(same(self.first, self.second)))


def same(one: Text, other: Text) -> bool:
    """Do both texts tell the same events? Order, word order and synonyms make no difference."""
    return sorted(map(_told, one.events)) == sorted(map(_told, other.events))


def _told(meaning: Meaning) -> tuple[str, ...]:
    """What an event says, the same for synonyms."""
    concepts = (getattr(meaning, slot) for slot in CONCEPT_SLOTS)
    return (*(SYNONYM.get(concept, concept) for concept in concepts), str(meaning.number), str(meaning.negated))


def draw(rng: Random, count: int, seen: set[frozenset[tuple[str, ...]]]) -> list[Paraphrase]:
    """That many pairs, half of them paraphrases, about events that are not ``seen`` together."""
    pairs: list[Paraphrase] = []
    while len(pairs) < count:
        events = tuple(_event(rng) for _ in range(1 if chance(rng, SINGLE) else 2))
        about = frozenset(map(_told, events))
        other = _counterpart(rng, events) if any(event.time for event in events) else None
        if other is None or about in seen:
            continue
        seen.add(about)
        first = Text(events, _fronting(rng, events))
        pairs += [Paraphrase(first, _retold(rng, told, first.fronted)) for told in (events, other)]
    return shuffled(rng, pairs)[:count]


def _event(rng: Random) -> Meaning:
    meaning = add_detail(rng, event(rng), ("place", "time"))
    return add_detail(rng, meaning, ("quality", "colour", "place", "time")) if chance(rng, 0.3) else meaning


def _fronting(rng: Random, events: Events) -> tuple[bool, ...]:
    return tuple(bool(event.time) and chance(rng, FRONTED) for event in events)


def _counterpart(rng: Random, events: Events) -> Events | None:
    """Other events in nearly the same words; None where no word can be changed, or two have nothing to exchange.

    Of two events a word changes only if they could exchange something: the label must not show in the text.
    """
    if len(events) == 1:
        changed: Events = (change(rng, events[0], CONCEPT_SLOTS, EXCLUSIVE),)
        return None if _equal(changed, events) else changed
    exchanges = [found for slots in MOVES if (found := _exchanged(events, slots))]
    if not exchanges:
        return None
    if chance(rng, CHANGED):
        place = int(chance(rng, 0.5))
        words = change(rng, events[place], CONCEPT_SLOTS, EXCLUSIVE)
        changed = (events[0], words) if place else (words, events[1])
        return None if _equal(changed, events) else changed
    return pick(rng, exchanges)


def _exchanged(events: Events, slots: tuple[str, ...]) -> Events | None:
    one, two = events
    if not getattr(one, slots[0]) or not getattr(two, slots[0]):
        return None
    given: dict[str, Any] = {slot: getattr(one, slot) for slot in slots}
    taken: dict[str, Any] = {slot: getattr(two, slot) for slot in slots}
    other = replace(one, **taken), replace(two, **given)
    return other if given != taken and all(map(sensible, other)) and not _equal(other, events) else None


def _equal(one: Events, other: Events) -> bool:
    return same(Text(one, ()), Text(other, ()))


def _retold(rng: Random, events: Events, fronted: tuple[bool, ...]) -> Text:
    """The events in some other words, and in another word order than ``fronted`` has."""
    events = tuple(_reworded(rng, event) for event in events)
    while (other := _fronting(rng, events)) == fronted:
        pass
    return Text(events[::-1], other[::-1]) if chance(rng, TURNED) else Text(events, other)


def _reworded(rng: Random, meaning: Meaning) -> Meaning:
    if meaning.agent in _OTHER_WORD and chance(rng, 0.25):
        return replace(meaning, agent=_OTHER_WORD[meaning.agent])
    return meaning


def sentences(pair: Paraphrase, code: str) -> tuple[str, str]:
    return text_of(pair.first, code), text_of(pair.second, code)


def text_of(text: Text, code: str) -> str:
    return " ".join(
        render(meaning, code, fronted=fronted) for meaning, fronted in zip(text.events, text.fronted, strict=True)
    )


def write_paraphrases(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """PAWS, PAWS-X and GLUE's QQP; PAWS-X's English training rows are those of PAWS, as they are outside."""
    seen: set[frozenset[tuple[str, ...]]] = set()
    for split, size in SIZES.items():
        pairs = draw(stream(seed, "paraphrases", split), size, seen)
        for code in (code for code in CODES if code in codes):
            rows = [f"{row}\t{_cells(pair, code)}" for row, pair in enumerate(pairs, start=1)]
            places = [folder / "x-final" / code / f"{_name(split, code)}.tsv"]
            for path in [*places, folder / "final" / f"{split}.tsv"] if code == "en" else places:
                write_lines(path, ["id\tsentence1\tsentence2\tlabel", *rows])
    for split, size in QUESTIONS.items():
        _write_qqp(folder / "QQP" / f"{split}.tsv", draw(stream(seed, "questions", split), size, seen))


def _name(split: str, code: str) -> str:
    if split == "train":
        return "train" if code == "en" else "translated_train"
    return f"{split}_2k"


def _cells(pair: Paraphrase, code: str) -> str:
    return "\t".join([*sentences(pair, code), pair.label])


def _write_qqp(path: Path, pairs: Sequence[Paraphrase]) -> None:
    rows = (
        f"{row}\t{2 * row}\t{2 * row + 1}\t{_cells(pair, 'en').replace('.', '?')}" for row, pair in enumerate(pairs)
    )
    write_lines(path, ["id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", *rows])
