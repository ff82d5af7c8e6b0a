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

from xfer.miniature.choice import draw_chance, pick_one, seeded_stream, shuffled_copy
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render_sentence
from xfer.miniature.meaning import CONCEPT_SLOTS, Meaning
from xfer.miniature.sample import EXCLUSIVE, add_detail, change_slot, draw_event, is_sensible
from xfer.miniature.world import SYNONYM

PAWSX_CODES = ("de", "en", "es", "zh")  # of PAWS-X's seven languages, those that the world speaks
PARAPHRASE_SIZES = {"test": 500, "dev": 300, "train": 10000}
QUESTION_SIZES = {"dev": 400, "train": 2000}
SINGLE = 0.8  # of the texts tell one event
CHANGED_SHARE = 0.2  # of the counterparts of two events, a changed word instead of an exchange
TURNED = 0.15  # of the pairs of either label, the two events in the other order
FRONTED_EVENTS = 0.3
# What moves together when two events exchange it, so that each word keeps its form.
EXCHANGED_SLOTS = (("agent", "quality"), ("object", "colour", "number"), ("place",), ("time",))
Events = tuple[Meaning, ...]
_OTHER_WORD = {one: two for pair in SYNONYM.items() for one, two in (pair, pair[::-1])}


@dataclass(frozen=True)
class EventText:
    """One or two events in the order they are told; ``fronted`` says of each whether its time comes first."""

    events: Events
    fronted: tuple[bool, ...]


@dataclass(frozen=True)
class Paraphrase:
    """Two texts, and whether both say the same."""

    first: EventText
    second: EventText

    @cached_property
    def label(self) -> str:
        return str(int(same_events(self.first, self.second)))


def same_events(first: EventText, other: EventText) -> bool:
    """Do both texts tell the same events? Order, word order and synonyms make no difference."""
    return sorted(map(_event_key, first.events)) == sorted(map(_event_key, other.events))


def _event_key(meaning: Meaning) -> tuple[str, ...]:
    """What an event says, the same for synonyms."""
    concepts = (getattr(meaning, slot) for slot in CONCEPT_SLOTS)
    return (*(SYNONYM.get(concept, concept) for concept in concepts), str(meaning.number), str(meaning.negated))


def draw_paraphrases(rng: Random, count: int, seen: set[frozenset[tuple[str, ...]]]) -> list[Paraphrase]:
    """That many pairs, half of them paraphrases, about events that are not ``seen`` together."""
    pairs: list[Paraphrase] = []
    while len(pairs) < count:
        events = tuple(_event(rng) for _ in range(1 if draw_chance(rng, SINGLE) else 2))
        event_keys = frozenset(map(_event_key, events))
        other = _counterpart(rng, events) if any(event.time for event in events) else None
        if other is None or event_keys in seen:
            continue
        seen.add(event_keys)
        first = EventText(events, _fronting(rng, events))
        pairs += [Paraphrase(first, _retold(rng, version, first.fronted)) for version in (events, other)]
    return shuffled_copy(rng, pairs)[:count]


def _event(rng: Random) -> Meaning:
    meaning = add_detail(rng, draw_event(rng), ("place", "time"))
    return add_detail(rng, meaning, ("quality", "colour", "place", "time")) if draw_chance(rng, 0.3) else meaning


def _fronting(rng: Random, events: Events) -> tuple[bool, ...]:
    return tuple(bool(event.time) and draw_chance(rng, FRONTED_EVENTS) for event in events)


def _counterpart(rng: Random, events: Events) -> Events | None:
    """Other events in nearly the same words; None where no word can be changed, or two have nothing to exchange.

    Of two events a word changes only if they could exchange something: the label must not show in the text.
    """
    if len(events) == 1:
        changed: Events = (change_slot(rng, events[0], CONCEPT_SLOTS, EXCLUSIVE),)
        return None if _equal_events(changed, events) else changed
    exchanges = [exchanged for slots in EXCHANGED_SLOTS if (exchanged := _exchanged(events, slots))]
    if not exchanges:
        return None
    if draw_chance(rng, CHANGED_SHARE):
        index = int(draw_chance(rng, 0.5))
        words = change_slot(rng, events[index], CONCEPT_SLOTS, EXCLUSIVE)
        changed = (events[0], words) if index else (words, events[1])
        return None if _equal_events(changed, events) else changed
    return pick_one(rng, exchanges)


def _exchanged(events: Events, slots: tuple[str, ...]) -> Events | None:
    first, second = events
    if not getattr(first, slots[0]) or not getattr(second, slots[0]):
        return None
    given: dict[str, Any] = {slot: getattr(first, slot) for slot in slots}
    taken: dict[str, Any] = {slot: getattr(second, slot) for slot in slots}
    other = replace(first, **taken), replace(second, **given)
    return other if given != taken and all(map(is_sensible, other)) and not _equal_events(other, events) else None


def _equal_events(first: Events, other: Events) -> bool:
    return same_events(EventText(first, ()), EventText(other, ()))


def _retold(rng: Random, events: Events, fronted: tuple[bool, ...]) -> EventText:
    """The events in some other words, and in another word order than ``fronted`` has."""
    events = tuple(_reworded(rng, event) for event in events)
    while (other := _fronting(rng, events)) == fronted:
        pass
    return EventText(events[::-1], other[::-1]) if draw_chance(rng, TURNED) else EventText(events, other)


def _reworded(rng: Random, meaning: Meaning) -> Meaning:
    if meaning.agent in _OTHER_WORD and draw_chance(rng, 0.25):
        return replace(meaning, agent=_OTHER_WORD[meaning.agent])
    return meaning


def paraphrase_sentences(pair: Paraphrase, code: str) -> tuple[str, str]:
    return text_of(pair.first, code), text_of(pair.second, code)


def text_of(text: EventText, code: str) -> str:
    return " ".join(
        render_sentence(meaning, code, fronted=fronted)
        for meaning, fronted in zip(text.events, text.fronted, strict=True)
    )


def write_paraphrases(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """PAWS, PAWS-X and GLUE's QQP; PAWS-X's English training rows are those of PAWS, as they are outside."""
    seen: set[frozenset[tuple[str, ...]]] = set()
    for split, size in PARAPHRASE_SIZES.items():
        pairs = draw_paraphrases(seeded_stream(seed, "paraphrases", split), size, seen)
        for code in (code for code in PAWSX_CODES if code in codes):
            rows = [f"{row}\t{_tsv_cells(pair, code)}" for row, pair in enumerate(pairs, start=1)]
            places = [folder / "x-final" / code / f"{_file_stem(split, code)}.tsv"]
            for path in [*places, folder / "final" / f"{split}.tsv"] if code == "en" else places:
                write_lines(path, ["id\tsentence1\tsentence2\tlabel", *rows])
    for split, size in QUESTION_SIZES.items():
        _write_qqp(
            folder / "QQP" / f"{split}.tsv", draw_paraphrases(seeded_stream(seed, "questions", split), size, seen)
        )


def _file_stem(split: str, code: str) -> str:
    if split == "train":
        return "train" if code == "en" else "translated_train"
    return f"{split}_2k"


def _tsv_cells(pair: Paraphrase, code: str) -> str:
    return "\t".join([*paraphrase_sentences(pair, code), pair.label])


def _write_qqp(path: Path, pairs: Sequence[Paraphrase]) -> None:
    rows = (
        f"{row}\t{2 * row}\t{2 * row + 1}\t{_tsv_cells(pair, 'en').replace('.', '?')}" for row, pair in enumerate(pairs)
    )
    write_lines(path, ["id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", *rows])
