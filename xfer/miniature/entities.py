"""Mentions of made-up people and descriptions of them, in the official layout of Mewsli-X.

An entity is one of many people of the same name, told apart by two things that they do and where. Its description
tells both, in one language; a mention tells one of them at some time, mostly in another, so that neither the name
nor equal words alone find the entity.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from xfer.miniature.choice import chance, pick, shuffled, stream
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render, words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import event
from xfer.miniature.world import INTRANSITIVE, NAMES, OBJECTS_OF, PLACES, TIMES

MENTIONED = ("ar", "de", "en", "es", "tr")  # the languages of the news; people are described in all
# "pairs" are those to select by in training; "more" are never mentioned.
PEOPLE = {"train": 1500, "pairs": 100, "dev": 60, "test": 120, "more": 120}
MENTIONS = 2  # of each person in pairs
DOUBLED = 0.5  # share of the articles that mention the next person too

Line = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """An entity: its id and two meanings with the same agent."""

    id: str
    facts: tuple[Meaning, Meaning]


def write_entities(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    people, folder = draw_people(seed), folder / "mewsli_x"
    rng = stream(seed, "mewsli", "descriptions")
    known = shuffled(rng, [person for part in ("pairs", "dev", "test", "more") for person in people[part]])
    _write(folder / "candidate_set_entities.jsonl", [describe(person, pick(rng, codes)) for person in known])
    for split in ("dev", "test"):
        rngs = {code: stream(seed, "mewsli", split, code) for code in MENTIONED if code in codes}
        articles = [article for code in rngs for article in _news(rngs[code], people[split], code)]
        _write(folder / f"wikinews_mentions-{split}.jsonl", articles)
    for split, part in (("train", "train"), ("dev", "pairs")):
        rng = stream(seed, "mewsli", "pairs", split)
        pairs = [pair for one in people[part] for pair in _pairs(rng, one)]
        _write(folder / f"wikipedia_pairs-{split}.jsonl", pairs)


def draw_people(seed: int) -> dict[str, list[Person]]:
    """The people of each split; no two of one name do the same thing in the same place."""
    rng = stream(seed, "mewsli", "people")
    done = [(verb, "") for verb in INTRANSITIVE] + [(verb, one) for verb in OBJECTS_OF for one in OBJECTS_OF[verb]]
    facts = [Meaning("", verb, object=thing, place=place) for verb, thing in done for place in PLACES]
    left = {name: [replace(fact, agent=name) for fact in shuffled(rng, facts)] for name in NAMES}
    found: dict[str, list[Person]] = {}
    for split, size in PEOPLE.items():
        first = sum(map(len, found.values()))
        own = [left[NAMES[number % len(NAMES)]] for number in range(first, first + size)]
        found[split] = [Person(f"Q{first + i + 1}", (facts.pop(), facts.pop())) for i, facts in enumerate(own)]
    return found


def describe(person: Person, code: str) -> Line:
    """A line of the set of entities."""
    text, spans = _told([render(fact, code) for fact in person.facts])
    return {
        "entity_id": person.id,
        "title": BY_CODE[code].agents[person.facts[0].agent][0],
        "description": text,
        "description_url": f"https://{code}.wikipedia.invalid/?curid={person.id[1:]}",
        "description_language": code,
        "sentence_spans": spans,
    }


def _news(rng: Random, people: Sequence[Person], code: str) -> list[Line]:
    """Articles that between them mention everybody once."""
    left, articles = shuffled(rng, people), list[Line]()
    while left:
        count = 1 + chance(rng, DOUBLED)
        told, left = left[:count], left[count:]
        articles.append(_article(rng, told, code, f"{code}-{told[0].id[1:]}"))
    return articles


def _pairs(rng: Random, person: Person) -> list[Line]:
    """Training pairs of one person, in English."""
    found = []
    for number in range(MENTIONS):
        article = _article(rng, [person], "en", f"en-{person.id[1:]}-{number}")
        contextual = {"context": article["context"], "mention": article["mentions"][0]}
        found.append({"contextual_mention": contextual, "entity": describe(person, "en")})
    return found


def _article(rng: Random, people: Sequence[Person], code: str, name: str) -> Line:
    """Sentences of which one about each person is marked; the first one is about somebody else."""
    told = [replace(pick(rng, person.facts), time=pick(rng, TIMES)) for person in people]
    sentences = [render(one, code) for one in (_other(rng), *told)]
    text, spans = _told(sentences)
    mentions = []
    for number, (person, fact, span) in enumerate(zip(people, told, spans[1:], strict=True)):
        start, end = _name(fact, code)
        start, end = span["start"] + start, span["start"] + end
        mentions.append(
            {
                "example_id": f"{name}-{number}",
                "mention_span": {"start": start, "end": end, "text": text[start:end]},
                "entity_id": person.id,
            }
        )
    context = {
        "document_title": sentences[0],
        "document_url": f"https://{code}.wikinews.invalid/?curid={name}",
        "document_id": name,
        "language": code,
        "text": text,
        "sentence_spans": spans,
    }
    return {"context": context, "mentions": mentions}


def _other(rng: Random) -> Meaning:
    found = event(rng)
    while found.agent in NAMES:
        found = event(rng)
    return found


def _name(fact: Meaning, code: str) -> tuple[int, int]:
    """Where the name stands in the sentence, without its article."""
    name, place, found = BY_CODE[code].agents[fact.agent][0].split(), 0, list[int]()
    for word in words(fact, code):
        if word.slot == "agent" and word.text in name:
            found += [place, place + len(word.text)]
        place += len(word.text) + 1
    return found[0], found[-1]


def _told(sentences: Iterable[str]) -> tuple[str, list[dict[str, int]]]:
    """The sentences as one text, and where each stands in it."""
    text, spans = "", []
    for sentence in sentences:
        start = len(text) + (1 if text else 0)
        text = f"{text} {sentence}".strip()
        spans.append({"start": start, "end": len(text)})
    return text, spans


def _write(path: Path, lines: Iterable[Line]) -> None:
    write_lines(path, (json.dumps(line, ensure_ascii=False) for line in lines))
