"""Random events of the world, and small truth-preserving or -breaking steps from them."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from xfer.miniature import world
from xfer.miniature.choice import draw_chance, pick_one, shuffled_copy
from xfer.miniature.logic import are_exclusive, concept_subsumes
from xfer.miniature.meaning import Meaning

CONCEPTS_BY_SLOT = {
    "agent": world.AGENTS,
    "verb": world.VERBS,
    "object": world.OBJECTS,
    "quality": world.QUALITIES,
    "colour": world.COLOURS,
    "place": world.PLACE_CONCEPTS,
    "time": world.TIMES,
    "reason": world.REASONS,
}
NEIGHBOUR_TRIES = 3
DETAILS = ("quality", "colour", "place", "time", "reason")


def _neighbours(test: Callable[[str, str], bool]) -> dict[str, tuple[str, ...]]:
    return {
        concept: tuple(other for other in kind if other != concept and test(concept, other))
        for kind in CONCEPTS_BY_SLOT.values()
        for concept in kind
    }


MORE_SPECIAL = _neighbours(lambda concept, other: concept_subsumes(concept, other))
MORE_GENERAL = _neighbours(lambda concept, other: concept_subsumes(other, concept))
EXCLUSIVE = _neighbours(are_exclusive)


def draw_event(rng: Random) -> Meaning:
    """A random event with a verb its agent can do and an object the verb can take."""
    agent = pick_one(rng, world.AGENTS)
    animal = agent in world.ANIMALS
    verb = pick_one(rng, world.ANIMAL_VERBS if animal else world.VERBS)
    meaning = Meaning(agent, verb)
    if verb in world.OBJECTS_OF:
        meaning = replace(meaning, object=pick_one(rng, world.OBJECTS_OF[verb]))
    if meaning.object in world.COUNTED and draw_chance(rng, 0.2):
        meaning = replace(meaning, number=pick_one(rng, world.NUMBERS))
    return meaning


def possible_concepts(meaning: Meaning, slot: str) -> tuple[str, ...]:
    """The concepts that may fill an open detail."""
    if slot == "quality":
        if meaning.agent in world.NAMES or meaning.agent == world.SOMEONE:
            return ()
        return world.ANIMAL_QUALITIES if meaning.agent in world.ANIMALS else world.QUALITIES
    if slot == "colour" and (meaning.number or meaning.object not in world.COLOURED):
        return ()
    return CONCEPTS_BY_SLOT[slot]


def is_sensible(meaning: Meaning) -> bool:
    """Does every filled slot suit the others?"""
    if meaning.verb in world.OBJECTS_OF:
        if meaning.object not in world.OBJECTS_OF[meaning.verb]:
            return False
    elif meaning.object:
        return False
    if meaning.agent in world.ANIMALS and meaning.verb not in world.ANIMAL_VERBS:
        return False
    if meaning.number and meaning.object not in world.COUNTED:
        return False
    return all(
        not getattr(meaning, slot) or getattr(meaning, slot) in possible_concepts(meaning, slot)
        for slot in ("quality", "colour")
    )


def _with(meaning: Meaning, slot: str, concept: str) -> Meaning:
    changed: dict[str, Any] = {slot: concept}
    return replace(meaning, **changed)


def add_detail(rng: Random, meaning: Meaning, slots: tuple[str, ...]) -> Meaning:
    """Fill one open detail; the same meaning where none is open."""
    open_slots = [s for s in slots if not getattr(meaning, s) and possible_concepts(meaning, s)]
    if not open_slots:
        return meaning
    slot = pick_one(rng, open_slots)
    return _with(meaning, slot, pick_one(rng, possible_concepts(meaning, slot)))


def change_slot(rng: Random, meaning: Meaning, slots: tuple[str, ...], table: dict[str, tuple[str, ...]]) -> Meaning:
    """Replace one concept by its neighbour in `table`; the same meaning where none fits."""
    # The slot first, so that slots with many neighbours are not drawn more often.
    for slot in shuffled_copy(rng, [slot for slot in slots if table.get(getattr(meaning, slot))]):
        for _ in range(NEIGHBOUR_TRIES):
            changed = _with(meaning, slot, pick_one(rng, table[getattr(meaning, slot)]))
            if is_sensible(changed):
                return changed
    return meaning


def drop_detail(rng: Random, meaning: Meaning, slots: tuple[str, ...]) -> Meaning:
    """Empty one filled detail; the same meaning where none is filled."""
    filled = [slot for slot in slots if getattr(meaning, slot)]
    return _with(meaning, pick_one(rng, filled), "") if filled else meaning
