"""What follows from what: the labels' ground truth, apart from how pairs are made.

Two sentences of a pair speak of the same event: the same agent ("the dog" may be
"the animal") at one time in one place, and objects named alike are the same ones.
"""

from functools import cache

from xfer.miniature.meaning import CONCEPT_SLOTS, Meaning
from xfer.miniature.world import (
    COLOURS,
    HYPERNYM,
    OPPOSITE,
    PLACE_CONCEPTS,
    SOMEONE,
    SYNONYM,
    TIMES,
)

ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
RELATION_LABELS = (ENTAILMENT, NEUTRAL, CONTRADICTION)
_OPPOSITE = frozenset(OPPOSITE) | frozenset((b, a) for a, b in OPPOSITE)


@cache
def concept_ancestors(concept: str) -> tuple[str, ...]:
    """The concept itself (by its head synonym) and all that are more general."""
    chain = [SYNONYM.get(concept, concept)]
    while chain[-1] in HYPERNYM:
        chain.append(HYPERNYM[chain[-1]])
    return tuple(chain)


@cache
def concept_subsumes(general: str, special: str) -> bool:
    """Is everything `special` also `general`? The empty concept subsumes all."""
    return not general or (bool(special) and concept_ancestors(general)[0] in concept_ancestors(special))


@cache
def are_exclusive(concept: str, other: str) -> bool:
    """Can the two not both be true of one agent (or object) at once?"""
    if (concept, other) in _OPPOSITE:
        return True
    for kind in (COLOURS, TIMES):
        if concept in kind and other in kind:
            return concept != other
    if concept in PLACE_CONCEPTS and other in PLACE_CONCEPTS:
        return not concept_subsumes(concept, other) and not concept_subsumes(other, concept)
    return False


def event_entails(premise: Meaning, hypothesis: Meaning) -> bool:
    """Entailment of two events, whether negated or not."""
    return premise.number == hypothesis.number and all(
        concept_subsumes(getattr(hypothesis, slot), getattr(premise, slot)) for slot in CONCEPT_SLOTS
    )


def event_excludes(premise: Meaning, hypothesis: Meaning) -> bool:
    """Contradiction of two events, whether negated or not."""
    # Someone else may do anything else: "someone" is no particular agent.
    if SOMEONE in (premise.agent, hypothesis.agent):
        return False
    if premise.number and hypothesis.number and premise.number != hypothesis.number:
        return True
    return any(are_exclusive(getattr(premise, slot), getattr(hypothesis, slot)) for slot in CONCEPT_SLOTS)


def pair_relation(premise: Meaning, hypothesis: Meaning) -> str:
    """The label of a pair."""
    if premise.negated:
        # That a wider event did not happen settles every narrower one.
        if not event_entails(hypothesis, premise):
            return NEUTRAL
        return ENTAILMENT if hypothesis.negated else CONTRADICTION
    if event_entails(premise, hypothesis):
        return CONTRADICTION if hypothesis.negated else ENTAILMENT
    if event_excludes(premise, hypothesis):
        return ENTAILMENT if hypothesis.negated else CONTRADICTION
    return NEUTRAL
