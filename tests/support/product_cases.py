"""The combinations {adversary} x {head or none} x {mixer} x {form}: all of them, a pairwise sample, recipes of each.

Rows as they are, rows changed as they are drawn, and views beside rows take turns over them: every value of each of the
four meets each of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any, NamedTuple

from xfer.models.domain.base import Head
from xfer.trainers.adversaries.base import Adversary
from xfer.trainers.base import Mixer

NONE = "none"
READERS: dict[str, Any] = {  # one of each form, for what `xfer check` says
    "classify": "mnli",
    "choose": "hellaswag",
    "tag": "panx",
    "span": "squad_v1",
    "mask": {"type": "text", "of": "xnli", "take": ["dev"]},
    "retrieve": "lareqa",
}
MIXERS: dict[str, dict[str, Any]] = {  # what a mixer has no default for; a share of 0 is a task that is never drawn
    "capped": {"cap": 10},
    "explicit": {"given": {"main": 1, "beside": 0, "language": 0}},
    "curriculum": {"first": "uniform", "last": "proportional"},
}


VIEWS = "views"
AUGMENTS = (NONE, "rows", VIEWS)
STEPS = [{"attacker": {"type": "typos", "rate": 0.5}, "share": 0.7}, {"subwords": {"drop": 0.3}}]


class Case(NamedTuple):
    """One combination."""

    adversary: str
    head: str
    mixer: str
    form: str
    augment: str


def every() -> list[Case]:
    """The whole product, from what is registered: a new method is in it without a line here."""
    names = Adversary.known_names(), [NONE, *Head.known_names()], Mixer.known_names(), list(READERS)
    places = product(*(range(len(values)) for values in names))
    return [Case(*values, AUGMENTS[sum(at) % 3]) for values, at in zip(product(*names), places, strict=True)]


def refused(case: Case) -> bool:
    """What the docstrings rule out: a head outside ``joint``, cdan where nothing has class probabilities, two maskings
    that are to be answered alike."""
    if (case.form, case.augment) == ("mask", VIEWS):
        return True
    if case.head == NONE:
        return False
    return case.mixer != "joint" or (case.head == "cdan" and case.form not in ("classify", "tag"))


def pairs(case: Case, size: int = 2) -> set[tuple[tuple[int, str], ...]]:
    """The pairs (or ``size``) of values of a combination, each value with its place."""
    return set(combinations(enumerate(case), size))


def sample(cases: Sequence[Case], size: int = 2) -> list[Case]:
    """A few combinations with every pair of values that any of them holds (every value: size 1): the greedy choice."""
    left = {case: pairs(case, size) for case in cases}
    missing = {pair for found in left.values() for pair in found}
    chosen = []
    while missing:
        best = max(left, key=lambda case: len(left[case] & missing))  # the first of equals
        missing -= left.pop(best)
        chosen.append(best)
    return chosen


def mixer(case: Case) -> dict[str, Any]:
    """The mixer's block, for the tasks that the combination has."""
    block: dict[str, Any] = {"type": case.mixer} | MIXERS.get(case.mixer, {})
    if case.head == NONE and "given" in block:
        block["given"] = {name: share for name, share in block["given"].items() if name != "language"}
    return block


def head(case: Case) -> dict[str, Any]:
    """The head's block: tags have probabilities of subwords."""
    return {"type": case.head} | ({"states": "tokens"} if case.form == "tag" else {})


def augment(case: Case) -> dict[str, Any]:
    """The fields of the form's task that change its rows as they are drawn."""
    return {} if case.augment == NONE else {"augment": STEPS} | ({"consistency": {}} if case.augment == VIEWS else {})


def recipe(case: Case) -> dict[str, Any]:
    """One stage: the form's task, masked text beside it, and with a head unlabelled text in two languages."""
    tasks: dict[str, Any] = {
        "main": {"reader": READERS[case.form]} | augment(case),
        "beside": {"reader": READERS["mask"]},
    }
    if case.head != NONE:
        text = {**READERS["mask"], "languages": ["en", "fr"]}
        tasks["language"] = {"reader": text, "head": head(case)}
    stage = {"tasks": tasks, "mixer": mixer(case), "trainer": {"adversary": case.adversary}}
    return {"name": "product", "model": {"type": "scratch"}, "stages": {"stage": stage}}
