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
    PLACES,
    SOMEONE,
    SYNONYM,
    TIMES,
)

ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
LABELS = (ENTAILMENT, NEUTRAL, CONTRADICTION)
_OPPOSITE = frozenset(OPPOSITE) | frozenset((b, a) for a, b in OPPOSITE)


@cache
def ancestors(concept: str) -> tuple[str, ...]:
    """The concept itself (by its head synonym) and all that are more general."""
    chain = [SYNONYM.get(concept, concept)]
    while chain[-1] in HYPERNYM:
        chain.append(HYPERNYM[chain[-1]])
    return tuple(chain)


@cache
def subsumes(general: str, special: str) -> bool:
    """Is everything `special` also `general`? The empty concept subsumes all."""
    return not general or (bool(special) and ancestors(general)[0] in ancestors(special))


@cache
def exclusive(one: str, other: str) -> bool:
    """Can the two not both be true of one agent (or object) at once?"""
    if (one, other) in _OPPOSITE:
        return True
    for kind in (COLOURS, TIMES):
        if one in kind and other in kind:
            return one != other
    if one in PLACES and other in PLACES:
        return not subsumes(one, other) and not subsumes(other, one)
    return False


def event_entails(premise: Meaning, hypothesis: Meaning) -> bool:
    """Entailment of two events, whether negated or not."""
    return premise.number == hypothesis.number and all(
        subsumes(getattr(hypothesis, slot), getattr(premise, slot)) for slot in CONCEPT_SLOTS
    )


def event_excludes(premise: Meaning, hypothesis: Meaning) -> bool:
    """Contradiction of two events, whether negated or not."""
    # Someone else may do anything else: "someone" is no particular agent.
    if SOMEONE in (premise.agent, hypothesis.agent):
        return False
    if premise.number and hypothesis.number and premise.number != hypothesis.number:
        return True
    return any(exclusive(getattr(premise, slot), getattr(hypothesis, slot)) for slot in CONCEPT_SLOTS)


def relation(premise: Meaning, hypothesis: Meaning) -> str:
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
