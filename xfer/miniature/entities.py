"""Mentions of made-up people and descriptions of them, in the official layout of Mewsli-X.

An entity is one of many people of the same name, told apart by two things that they do and where. Its description
tells both, in one language; a mention tells one of them at some time, mostly in another, so that neither the name
nor equal words alone find the entity.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from xfer.miniature.choice import draw_chance, pick_one, seeded_stream, shuffled_copy
from xfer.miniature.files import write_json_lines
from xfer.miniature.grammar import render_sentence, sentence_words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import draw_event
from xfer.miniature.world import INTRANSITIVE, NAMES, OBJECTS_OF, PLACE_CONCEPTS, TIMES

MENTIONED = ("ar", "de", "en", "es", "tr")  # the languages of the news; people are described in all
# "pairs" are those to select by in training; "more" are never mentioned.
PEOPLE_SIZES = {"train": 1500, "pairs": 100, "dev": 60, "test": 120, "more": 120}
MENTIONS = 2  # of each person in pairs
DOUBLED = 0.5  # share of the articles that mention the next person too

JsonLine = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """An entity: its id and two meanings with the same agent."""

    id: str
    facts: tuple[Meaning, Meaning]


def write_entities(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    people, folder = draw_people(seed), folder / "mewsli_x"
    rng = seeded_stream(seed, "mewsli", "descriptions")
    described = shuffled_copy(rng, [person for group in ("pairs", "dev", "test", "more") for person in people[group]])
    write_json_lines(
        folder / "candidate_set_entities.jsonl", [describe_person(person, pick_one(rng, codes)) for person in described]
    )
    for split in ("dev", "test"):
        rngs = {code: seeded_stream(seed, "mewsli", split, code) for code in MENTIONED if code in codes}
        articles = [article for code in rngs for article in _news_articles(rngs[code], people[split], code)]
        write_json_lines(folder / f"wikinews_mentions-{split}.jsonl", articles)
    for split, group in (("train", "train"), ("dev", "pairs")):
        rng = seeded_stream(seed, "mewsli", "pairs", split)
        pairs = [pair for mentioned in people[group] for pair in _training_pairs(rng, mentioned)]
        write_json_lines(folder / f"wikipedia_pairs-{split}.jsonl", pairs)


def draw_people(seed: int) -> dict[str, list[Person]]:
    """The people of each split; no two of one name do the same thing in the same place."""
    rng = seeded_stream(seed, "mewsli", "people")
    actions = [(verb, "") for verb in INTRANSITIVE] + [(verb, noun) for verb in OBJECTS_OF for noun in OBJECTS_OF[verb]]
    facts = [Meaning("", verb, object=thing, place=where) for verb, thing in actions for where in PLACE_CONCEPTS]
    remaining = {name: [replace(fact, agent=name) for fact in shuffled_copy(rng, facts)] for name in NAMES}
    people: dict[str, list[Person]] = {}
    for split, size in PEOPLE_SIZES.items():
        first = sum(map(len, people.values()))
        fact_lists = [remaining[NAMES[number % len(NAMES)]] for number in range(first, first + size)]
        people[split] = [Person(f"Q{first + i + 1}", (facts.pop(), facts.pop())) for i, facts in enumerate(fact_lists)]
    return people


def describe_person(person: Person, code: str) -> JsonLine:
    """A line of the set of entities."""
    text, spans = _join_sentences([render_sentence(fact, code) for fact in person.facts])
    return {
        "entity_id": person.id,
        "title": BY_CODE[code].agents[person.facts[0].agent][0],
        "description": text,
        "description_url": f"https://{code}.wikipedia.invalid/?curid={person.id[1:]}",
        "description_language": code,
        "sentence_spans": spans,
    }


def _news_articles(rng: Random, people: Sequence[Person], code: str) -> list[JsonLine]:
    """Articles that between them mention everybody once."""
    remaining, articles = shuffled_copy(rng, people), list[JsonLine]()
    while remaining:
        count = 1 + draw_chance(rng, DOUBLED)
        mentioned, remaining = remaining[:count], remaining[count:]
        articles.append(_mention_article(rng, mentioned, code, f"{code}-{mentioned[0].id[1:]}"))
    return articles


def _training_pairs(rng: Random, person: Person) -> list[JsonLine]:
    """Training pairs of one person, in English."""
    pairs = []
    for number in range(MENTIONS):
        article = _mention_article(rng, [person], "en", f"en-{person.id[1:]}-{number}")
        contextual = {"context": article["context"], "mention": article["mentions"][0]}
        pairs.append({"contextual_mention": contextual, "entity": describe_person(person, "en")})
    return pairs


def _mention_article(rng: Random, people: Sequence[Person], code: str, name: str) -> JsonLine:
    """Sentences of which one about each person is marked; the first one is about somebody else."""
    told_facts = [replace(pick_one(rng, person.facts), time=pick_one(rng, TIMES)) for person in people]
    sentences = [render_sentence(meaning, code) for meaning in (_other_event(rng), *told_facts)]
    text, spans = _join_sentences(sentences)
    mentions = []
    for number, (person, fact, span) in enumerate(zip(people, told_facts, spans[1:], strict=True)):
        start, end = _name_span(fact, code)
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


def _other_event(rng: Random) -> Meaning:
    meaning = draw_event(rng)
    while meaning.agent in NAMES:
        meaning = draw_event(rng)
    return meaning


def _name_span(fact: Meaning, code: str) -> tuple[int, int]:
    """Where the name stands in the sentence, without its article."""
    name, offset, borders = BY_CODE[code].agents[fact.agent][0].split(), 0, list[int]()
    for word in sentence_words(fact, code):
        if word.slot == "agent" and word.text in name:
            borders += [offset, offset + len(word.text)]
        offset += len(word.text) + 1
    return borders[0], borders[-1]


def _join_sentences(sentences: Iterable[str]) -> tuple[str, list[dict[str, int]]]:
    """The sentences as one text, and where each stands in it."""
    text, spans = "", []
    for sentence in sentences:
        start = len(text) + (1 if text else 0)
        text = f"{text} {sentence}".strip()
        spans.append({"start": start, "end": len(text)})
    return text, spans
