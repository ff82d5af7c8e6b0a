"""Natural language inference pairs whose labels are true by construction.

The hypothesis is drawn first and one premise of each label is then built for it, so
that hypotheses tell nothing about the label, whatever words they hold.
"""

from dataclasses import dataclass, replace
from random import Random

from xfer.miniature.choice import chance, pick
from xfer.miniature.logic import CONTRADICTION, ENTAILMENT, LABELS, NEUTRAL, relation
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import (
    DETAILS,
    EXCLUSIVE,
    MORE_GENERAL,
    MORE_SPECIAL,
    add_detail,
    change,
    drop_detail,
    event,
)
from xfer.miniature.world import NUMBERS

NEGATED_HYPOTHESES = 0.05
NEGATED_PREMISES = 0.05  # of the two labels that allow one
FRONTED = 0.1
# Of the sentences to learn from, those told as headlines, which have no articles in English. Without them the
# models compare sentences by their articles, and fail where a language has none.
HEADLINES = 0.3
# Of the steps to another premise: a detail added or dropped instead of a more special or
# general word. Details can be told by their place alone, words must be known: most pairs are of
# the first kind, so that an encoder of a few hundred thousand weights learns the task at all.
ADDED = 0.75
DROPPED = 0.75
SECOND = 0.3  # of the premises, one more detail that changes nothing
TRIES = 16

# Under a negation only these slots may differ: "the dog does not sleep" and "the old
# dog sleeps" may or may not be about one dog, so no label would be safe.
FREE = ("verb", "place", "time")
CIRCUMSTANCES = ("place", "time")
ALL = ("agent", "verb", "object", "quality", "colour", "place", "time")


@dataclass(frozen=True)
class Pair:
    """One premise and hypothesis; `fronted` says of each whether its time comes first, `headline` its style."""

    premise: Meaning
    hypothesis: Meaning
    label: str
    fronted: tuple[bool, bool] = (False, False)
    headline: tuple[bool, bool] = (False, False)


def triple(rng: Random) -> list[Pair]:
    """Three pairs with one hypothesis, one of each label."""
    while True:
        hypothesis = _hypothesis(rng)
        premises = [_premise(rng, hypothesis, label) for label in LABELS]
        if all(premises):
            break
    fronted = chance(rng, FRONTED)
    return [
        Pair(premise, hypothesis, label, (chance(rng, FRONTED), fronted), _styles(rng))
        for premise, label in zip(premises, LABELS, strict=True)
        if premise
    ]


def single(rng: Random) -> Pair:
    """One pair of any label."""
    label = pick(rng, LABELS)
    while (premise := _premise(rng, hypothesis := _hypothesis(rng), label)) is None:
        pass
    return Pair(premise, hypothesis, label, (chance(rng, FRONTED), chance(rng, FRONTED)), _styles(rng))


def _styles(rng: Random) -> tuple[bool, bool]:
    return chance(rng, HEADLINES), chance(rng, HEADLINES)


def _hypothesis(rng: Random) -> Meaning:
    claim = add_detail(rng, event(rng), CIRCUMSTANCES)
    if chance(rng, 0.5):
        claim = add_detail(rng, claim, DETAILS)
    negatable = not (claim.number or claim.reason)
    return replace(claim, negated=negatable and chance(rng, NEGATED_HYPOTHESES))


def _premise(rng: Random, hypothesis: Meaning, label: str) -> Meaning | None:
    """A premise under which the hypothesis has the label; None where none was found."""
    claim = replace(hypothesis, negated=False)
    never_negated = CONTRADICTION if hypothesis.negated else ENTAILMENT
    for attempt in range(TRIES):
        # The last tries force what some hypotheses need: only "nobody" contradicts "someone".
        negated = label != never_negated and (chance(rng, NEGATED_PREMISES) or attempt > TRIES // 4)
        if negated:
            premise = _not_happening(rng, claim, label)
        else:
            premise = _happening(rng, claim, label, hypothesis.negated)
        if premise != hypothesis and relation(premise, hypothesis) == label:
            return premise
    return None


def _happening(rng: Random, claim: Meaning, label: str, negated: bool) -> Meaning:
    """A premise that tells an event, for a claim that is or is not negated."""
    if label == NEUTRAL:
        premise = _widened(rng, claim, CIRCUMSTANCES if negated else DETAILS, FREE if negated else ALL)
        return add_detail(rng, premise, DETAILS) if chance(rng, 0.5) else premise
    if (label == CONTRADICTION) == negated:
        return _narrowed(rng, claim)
    premise = add_detail(rng, claim, DETAILS) if chance(rng, SECOND) else claim
    if premise.number and chance(rng, 0.5):
        return replace(premise, number=pick(rng, [n for n in NUMBERS if n != premise.number]))
    return change(rng, premise, FREE if negated else ALL, EXCLUSIVE)


def _not_happening(rng: Random, claim: Meaning, label: str) -> Meaning:
    """A premise that denies an event."""
    if label == NEUTRAL:
        # Denied in one narrower way, the claim may still be true in another.
        step = add_detail(rng, claim, CIRCUMSTANCES)
        if chance(rng, 0.3):
            step = change(rng, claim, FREE, MORE_SPECIAL)
    elif chance(rng, 0.7):
        step = _widened(rng, claim, CIRCUMSTANCES, ALL)
    else:
        step = claim
    return replace(step, reason="", negated=not step.number)


def _narrowed(rng: Random, meaning: Meaning) -> Meaning:
    """One or two steps to what entails the meaning."""
    for _ in range(1 + chance(rng, SECOND)):
        if chance(rng, ADDED):
            meaning = add_detail(rng, meaning, DETAILS)
        else:
            meaning = change(rng, meaning, ALL, MORE_SPECIAL)
    return meaning


def _widened(rng: Random, meaning: Meaning, droppable: tuple[str, ...], general: tuple[str, ...]) -> Meaning:
    """One step to what the meaning entails."""
    if chance(rng, DROPPED):
        return drop_detail(rng, meaning, droppable)
    return change(rng, meaning, general, MORE_GENERAL)
