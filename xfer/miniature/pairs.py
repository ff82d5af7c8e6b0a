"""Natural language inference pairs whose labels are true by construction.

The hypothesis is drawn first and one premise of each label is then built for it, so
that hypotheses tell nothing about the label, whatever words they hold.
"""

from dataclasses import dataclass, replace
from random import Random

from xfer.miniature.choice import draw_chance, pick_one
from xfer.miniature.logic import CONTRADICTION, ENTAILMENT, NEUTRAL, RELATION_LABELS, pair_relation
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import (
    DETAILS,
    EXCLUSIVE,
    MORE_GENERAL,
    MORE_SPECIAL,
    add_detail,
    change_slot,
    draw_event,
    drop_detail,
)
from xfer.miniature.world import NUMBERS

NEGATED_HYPOTHESES = 0.05
NEGATED_PREMISES = 0.05  # of the two labels that allow one
FRONTED_SHARE = 0.1
# Of the sentences to learn from, those told as headlines, which have no articles in English. Without them the
# models compare sentences by their articles, and fail where a language has none.
HEADLINES = 0.3
# Of the steps to another premise: a detail added or dropped instead of a more special or
# general word. Details can be told by their place alone, words must be known: most pairs are of
# the first kind, so that an encoder of a few hundred thousand weights learns the task at all.
ADDED_DETAILS = 0.75
DROPPED_DETAILS = 0.75
SECOND = 0.3  # of the premises, one more detail that changes nothing
PREMISE_TRIES = 16

# Under a negation only these slots may differ: "the dog does not sleep" and "the old
# dog sleeps" may or may not be about one dog, so no label would be safe.
NEGATION_SLOTS = ("verb", "place", "time")
CIRCUMSTANCES = ("place", "time")
ALL_SLOTS = ("agent", "verb", "object", "quality", "colour", "place", "time")


@dataclass(frozen=True)
class InferencePair:
    """One premise and hypothesis; `fronted` says of each whether its time comes first, `headline` its style."""

    premise: Meaning
    hypothesis: Meaning
    label: str
    fronted: tuple[bool, bool] = (False, False)
    headline: tuple[bool, bool] = (False, False)


def draw_triple(rng: Random) -> list[InferencePair]:
    """Three pairs with one hypothesis, one of each label."""
    while True:
        hypothesis = _hypothesis(rng)
        premises = [_draw_premise(rng, hypothesis, label) for label in RELATION_LABELS]
        if all(premises):
            break
    fronted = draw_chance(rng, FRONTED_SHARE)
    return [
        InferencePair(premise, hypothesis, label, (draw_chance(rng, FRONTED_SHARE), fronted), _styles(rng))
        for premise, label in zip(premises, RELATION_LABELS, strict=True)
        if premise
    ]


def draw_pair(rng: Random) -> InferencePair:
    """One pair of any label."""
    label = pick_one(rng, RELATION_LABELS)
    while (premise := _draw_premise(rng, hypothesis := _hypothesis(rng), label)) is None:
        pass
    return InferencePair(
        premise, hypothesis, label, (draw_chance(rng, FRONTED_SHARE), draw_chance(rng, FRONTED_SHARE)), _styles(rng)
    )


def _styles(rng: Random) -> tuple[bool, bool]:
    return draw_chance(rng, HEADLINES), draw_chance(rng, HEADLINES)


def _hypothesis(rng: Random) -> Meaning:
    claim = add_detail(rng, draw_event(rng), CIRCUMSTANCES)
    if draw_chance(rng, 0.5):
        claim = add_detail(rng, claim, DETAILS)
    negatable = not (claim.number or claim.reason)
    return replace(claim, negated=negatable and draw_chance(rng, NEGATED_HYPOTHESES))


def _draw_premise(rng: Random, hypothesis: Meaning, label: str) -> Meaning | None:
    """A premise under which the hypothesis has the label; None where none was found."""
    claim = replace(hypothesis, negated=False)
    never_negated = CONTRADICTION if hypothesis.negated else ENTAILMENT
    for attempt in range(PREMISE_TRIES):
        # The last tries force what some hypotheses need: only "nobody" contradicts "someone".
        negated = label != never_negated and (draw_chance(rng, NEGATED_PREMISES) or attempt > PREMISE_TRIES // 4)
        if negated:
            premise = _not_happening(rng, claim, label)
        else:
            premise = _happening(rng, claim, label, hypothesis.negated)
        if premise != hypothesis and pair_relation(premise, hypothesis) == label:
            return premise
    return None


def _happening(rng: Random, claim: Meaning, label: str, negated: bool) -> Meaning:
    """A premise that tells an event, for a claim that is or is not negated."""
    if label == NEUTRAL:
        premise = _widened(rng, claim, CIRCUMSTANCES if negated else DETAILS, NEGATION_SLOTS if negated else ALL_SLOTS)
        return add_detail(rng, premise, DETAILS) if draw_chance(rng, 0.5) else premise
    if (label == CONTRADICTION) == negated:
        return _narrowed(rng, claim)
    premise = add_detail(rng, claim, DETAILS) if draw_chance(rng, SECOND) else claim
    if premise.number and draw_chance(rng, 0.5):
        return replace(premise, number=pick_one(rng, [n for n in NUMBERS if n != premise.number]))
    return change_slot(rng, premise, NEGATION_SLOTS if negated else ALL_SLOTS, EXCLUSIVE)


def _not_happening(rng: Random, claim: Meaning, label: str) -> Meaning:
    """A premise that denies an event."""
    if label == NEUTRAL:
        # Denied in one narrower way, the claim may still be true in another.
        step = add_detail(rng, claim, CIRCUMSTANCES)
        if draw_chance(rng, 0.3):
            step = change_slot(rng, claim, NEGATION_SLOTS, MORE_SPECIAL)
    elif draw_chance(rng, 0.7):
        step = _widened(rng, claim, CIRCUMSTANCES, ALL_SLOTS)
    else:
        step = claim
    return replace(step, reason="", negated=not step.number)


def _narrowed(rng: Random, meaning: Meaning) -> Meaning:
    """One or two steps to what entails the meaning."""
    for _ in range(1 + draw_chance(rng, SECOND)):
        if draw_chance(rng, ADDED_DETAILS):
            meaning = add_detail(rng, meaning, DETAILS)
        else:
            meaning = change_slot(rng, meaning, ALL_SLOTS, MORE_SPECIAL)
    return meaning


def _widened(rng: Random, meaning: Meaning, droppable: tuple[str, ...], general: tuple[str, ...]) -> Meaning:
    """One step to what the meaning entails."""
    if draw_chance(rng, DROPPED_DETAILS):
        return drop_detail(rng, meaning, droppable)
    return change_slot(rng, meaning, general, MORE_GENERAL)
